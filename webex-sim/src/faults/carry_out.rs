//! Does to a request what a rule says.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use super::rule::Plan;
use super::wire;
use crate::context::{Context, Note};
use crate::control::types::When;

/// Bodies are read up to this size before an answer is broken: more than any request of the API has.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

impl Plan {
    /// The answer, or what the listener does instead of one.
    pub(crate) async fn carry_out(self, context: &Context, request: Request, next: Next) -> Response {
        context.fired.set(self.id);
        let version = request.version();
        let request = read_whole(request).await;
        let action = &self.action;
        let silent = action.is_silent();
        let answer = match self.when {
            When::Before => {
                tokio::time::sleep(self.delay).await;
                match &action.answer {
                    Some(answer) => answer.render(context),
                    None if silent => Response::new(Body::empty()),
                    None => next.run(request).await,
                }
            }
            When::After => {
                let own = next.run(request).await;
                tokio::time::sleep(self.delay).await;
                match &action.answer {
                    Some(answer) => for_whom(&own, answer.render(context)),
                    None => own,
                }
            }
        };
        match action.wire {
            None => answer,
            Some(wire) => wire::broken(wire, answer, &context.connection, version).await,
        }
    }
}

/// Reads the request's body and puts it back. A connection that is closed while something unread is in it is reset, which
/// can take the answer with it.
async fn read_whole(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    Request::from_parts(parts, Body::from(body))
}

/// Notes on `answer` whom the operation has happened for.
fn for_whom(own: &Response, mut answer: Response) -> Response {
    let person = own
        .extensions()
        .get::<Note>()
        .and_then(|note| note.person.clone());
    let note = answer.extensions_mut().get_or_insert_default::<Note>();
    note.person = person;
    answer
}
