//! `POST /v1/access_token` ("Login with Webex", "Integrations"): both grants, client credentials in the body or by
//! HTTP Basic.

mod credentials;
mod error;
mod respond;
mod revoke;

use std::time::Duration;

use axum::body::Bytes;
use axum::response::Response;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use self::credentials::Credentials;
pub(crate) use self::credentials::basic_client;
use self::error::{Style, TokenError};
pub(crate) use self::respond::bare;
pub(crate) use self::revoke::post as revoke;
use super::params::Params;
use super::registry::{Exchange, Issued, Refusal};
use crate::context::{Context, Note};
use crate::secret::fingerprint;
use crate::world::State;

/// Answers a token request. What was asked for is done before the answer is held back or lost, as with a slow or a broken
/// network: a client that gives up has its code spent and its token issued all the same.
pub(crate) async fn post(context: Context, headers: HeaderMap, body: Bytes) -> Response {
    let now = context.world.clock.now();
    let (outcome, lost, delay, style) = {
        let mut state = context.world.state();
        let outcome = grant(&context, &mut state, &headers, &body, now);
        let person = outcome.as_ref().ok().and_then(|issued| {
            let person = state.directory.people.get(&issued.person);
            person.map(|person| person.email().to_owned())
        });
        let lost = outcome.is_ok() && state.lose_answers > 0;
        state.lose_answers -= u32::from(lost);
        let settings = &state.settings;
        (
            (outcome, person),
            lost,
            settings.token_endpoint_delay_ms,
            Style::of(settings),
        )
    };
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if lost {
        context.connection.reset().await;
    }
    match outcome {
        (Ok(issued), person) => Note {
            person,
            ..Note::default()
        }
        .on(respond::issued(&issued, &context.tracking)),
        (Err(error), _) => {
            let note = Note {
                oauth_error: error.code().map(str::to_owned),
                ..Note::default()
            };
            note.on(error.render(&context.tracking, style))
        }
    }
}

/// The form, and the client that has proved who it is.
fn read(state: &State, headers: &HeaderMap, body: &[u8]) -> Result<(Params, Credentials), TokenError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(TokenError::NotAForm(content_type.to_owned()));
    }
    let params = Params::parse(body);
    if let Some(name) = params.repeated() {
        return Err(TokenError::Repeated(name.to_owned()));
    }
    let client = Credentials::of(headers, &params)?;
    if client.are_those_of(&state.integration) {
        Ok((params, client))
    } else {
        Err(TokenError::InvalidClient)
    }
}

fn grant(
    context: &Context,
    state: &mut State,
    headers: &HeaderMap,
    body: &[u8],
    now: jiff::Timestamp,
) -> Result<Issued, TokenError> {
    let (params, client) = read(state, headers, body)?;
    let required = |name| params.get(name).ok_or(TokenError::Blank(name));
    let random = context.world.random.as_ref();
    let State {
        registry,
        settings,
        violations,
        ..
    } = state;
    match required("grant_type")? {
        "authorization_code" => {
            let exchange = Exchange {
                client_id: &client.id,
                code: required("code")?,
                redirect_uri: params.get("redirect_uri"),
                code_verifier: params.get("code_verifier"),
            };
            if registry.was_presented(&client.id, exchange.code) {
                violations.code_again(&client.id, &fingerprint(exchange.code), now);
            }
            Ok(registry.exchange(&exchange, settings, now, random)?)
        }
        "refresh_token" => {
            let token = required("refresh_token")?;
            violations.refresh(&client.id, now);
            let issued = registry.refresh(&client.id, token, settings, now, random);
            if issued == Err(Refusal::Replaced) {
                violations.reuse(&client.id, &fingerprint(token), now);
            }
            if matches!(
                issued,
                Err(Refusal::RefreshToken | Refusal::RotatingRefreshToken | Refusal::Replaced)
            ) {
                violations.refused_refresh(&client.id, &fingerprint(token), now);
            }
            Ok(issued?)
        }
        _ => Err(TokenError::UnsupportedGrant),
    }
}
