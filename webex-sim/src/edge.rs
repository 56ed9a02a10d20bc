//! What stands in front of the operations, as Webex's edge does: it notes what clients do that they should not do, counts
//! requests against the limit, and lets fault rules have their way. In this order: a request that is over the limit meets no
//! rule, and one that a rule breaks has been counted.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use uuid::Uuid;

use crate::api::caller::{bearer, credentials};
use crate::api::operation::{Family, path};
use crate::context::{Context, Form, Note};
use crate::faults::{Plan, Seen, too_many_requests};
use crate::limits::Exceeded;
use crate::oauth::params::Params;
use crate::secret::fingerprint;
use crate::server::listen::Act;
use crate::violations::retry_after;
use crate::world::State;

/// Who comes, and with what.
#[derive(Debug)]
struct Visit {
    /// The access token.
    bearer: Option<String>,
    /// Refresh token and code of the form.
    presented: Vec<String>,
    grant_type: Option<String>,
    /// Whose the first of the tokens is that belongs to anybody.
    person: Option<(Uuid, String)>,
    /// Whether the access token is good.
    admitted: bool,
}

/// What is to be done with a request.
enum Way {
    Free,
    Limited(Exceeded),
    Faulted(Plan),
}

/// See the module.
pub(crate) async fn edge(context: Context, request: Request, next: Next) -> Response {
    let now = context.world.clock.now();
    let (visit, way) = {
        let mut state = context.world.state();
        let visit = Visit::of(&request, &state, now);
        let way = visit.way(&context, &request, &mut state, now);
        (visit, way)
    };
    let mut response = match way {
        Way::Free => next.run(request).await,
        Way::Limited(exceeded) => too_many_requests(&context, HeaderValue::from(exceeded.wait_s)),
        Way::Faulted(plan) => plan.carry_out(&context, request, next).await,
    };
    visit.note_on(&mut response);
    visit.learns(&context, &response);
    response
}

impl Visit {
    fn of(request: &Request, state: &State, now: Timestamp) -> Self {
        let form = request.extensions().get::<Form>().cloned().unwrap_or_default();
        let params = Params::parse(&form.0);
        let field = |name| params.get(name).map(str::to_owned);
        let bearer = credentials(request.headers()).and_then(bearer).map(str::to_owned);
        let presented: Vec<_> = ["refresh_token", "code"].into_iter().filter_map(field).collect();
        let holder = |token: &String| state.registry.holder(token, now);
        let person = bearer.iter().chain(&presented).find_map(|token| {
            let id = holder(token)?.person;
            let person = state.directory.people.get(&id)?;
            Some((id, person.email().to_owned()))
        });
        Self {
            admitted: bearer.as_ref().and_then(holder).is_some_and(|holder| holder.good),
            grant_type: field("grant_type"),
            bearer,
            presented,
            person,
        }
    }

    /// Notes what the client does wrong, counts the request, and asks the rules.
    fn way(&self, context: &Context, request: &Request, state: &mut State, now: Timestamp) -> Way {
        let operation = context.operation;
        let client_id = state.integration.client_id.clone();
        if let (Some(operation), Some((id, email))) = (operation, &self.person) {
            state.violations.call(&client_id, operation.id, (*id, email), now);
        }
        if let Some(fingerprint) = self.revoked(state, now) {
            let question = operation.is_some_and(|operation| operation.path == path::ROOT);
            state
                .violations
                .dead_token(&client_id, &fingerprint, question, now);
        }
        if let Some((person, _)) = self.person.as_ref().filter(|_| self.admitted) {
            let family = operation.map_or(Family::Api, |operation| operation.family);
            if let Err(exceeded) = state.limits.take(*person, family, &state.settings, now) {
                return Way::Limited(exceeded);
            }
        }
        if state.faults.is_empty() {
            return Way::Free;
        }
        let tokens: Vec<_> = self
            .bearer
            .iter()
            .chain(&self.presented)
            .map(String::as_str)
            .collect();
        let seen = Seen {
            operation: operation.map(|operation| operation.id),
            method: request.method().as_str(),
            path: request.uri().path(),
            headers: request.headers(),
            person: self.person.as_ref().map(|(_, email)| email.as_str()),
            tokens: &tokens,
            grant_type: self.grant_type.as_deref(),
        };
        state.faults.ask(&seen, now).map_or(Way::Free, Way::Faulted)
    }

    /// The fingerprint of the access token, if it is revoked.
    fn revoked(&self, state: &State, now: Timestamp) -> Option<String> {
        let token = self.bearer.as_deref()?;
        let holder = state.registry.holder(token, now)?;
        holder.revoked.then(|| fingerprint(token))
    }

    /// The person, where no handler has noted one.
    fn note_on(&self, response: &mut Response) {
        let Some((_, email)) = self.person.as_ref().filter(|_| self.admitted) else {
            return;
        };
        let note = response.extensions_mut().get_or_insert_default::<Note>();
        note.person.get_or_insert_with(|| email.clone());
    }

    /// What the client knows once it has the answer.
    fn learns(&self, context: &Context, response: &Response) {
        let lost = response
            .extensions()
            .get::<Act>()
            .is_some_and(|act| act.is_silent());
        let waits = matches!(
            response.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::LOCKED | StatusCode::SERVICE_UNAVAILABLE
        );
        let refused = response.status() == StatusCode::UNAUTHORIZED;
        if lost || !(waits || refused) {
            return;
        }
        let now = context.world.clock.now();
        let mut state = context.world.state();
        if let (true, Some(operation), Some((person, _)), Some(until)) = (
            waits,
            context.operation,
            &self.person,
            retry_after(response.headers(), now),
        ) {
            state.violations.told_to_wait(operation.id, *person, until);
        }
        if let Some(fingerprint) = self.revoked(&state, now).filter(|_| refused) {
            state.violations.told_dead(&fingerprint);
        }
    }
}
