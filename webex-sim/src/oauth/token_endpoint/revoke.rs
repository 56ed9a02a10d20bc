//! Revocation by the client (RFC 7009), where the JavaScript SDK asks for it: at the identity broker, whose path is served
//! here beside the API's.

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::HeaderMap;

use super::error::{Style, TokenError};
use crate::context::{Context, Note};

/// Ends an access token, or a refresh token with all access tokens of its grant. A token that is unknown, dead or another
/// client's is answered in the same way (RFC 7009, section 2.2).
pub(crate) async fn post(context: Context, headers: HeaderMap, body: Bytes) -> Response {
    let mut state = context.world.state();
    let style = Style::of(&state.settings);
    let outcome = super::read(&state, &headers, &body).and_then(|(params, client)| {
        let token = params.get("token").ok_or(TokenError::Blank("token"))?;
        state
            .registry
            .revoke_token(&client.id, token, context.world.clock.now());
        Ok(())
    });
    match outcome {
        Ok(()) => Response::new(Body::empty()),
        Err(error) => {
            let note = Note {
                oauth_error: error.code().map(str::to_owned),
                ..Note::default()
            };
            note.on(error.render(&context.tracking, style))
        }
    }
}
