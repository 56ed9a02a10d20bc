//! `/v1/authorize` ("Login with Webex"): the page on which a person signs in and agrees, or the scripted answer that a
//! test has queued. Stateless: the page carries the request along, and each step checks it again.

mod page;
mod redirect;
mod request;

use axum::body::Bytes;
use axum::response::Response;
use http::{Method, Uri};

use self::request::{AuthorizeRequest, Failure};
use super::params::Params;
use super::registry::Authorization;
use crate::context::{Context, Note};
use crate::control::types::Consent;
use crate::world::State;

/// What was decided, before it becomes an answer.
enum Decision {
    Accept {
        email: String,
    },
    Decline,
    Error {
        error: String,
        description: Option<String>,
    },
}

/// How far a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// See the page.
    Look,
    /// See the page, or get the scripted answer.
    Ask,
    /// Answer the page.
    Decide,
}

/// Shows the page, or answers at once if something is queued.
pub(crate) async fn get(context: Context, method: Method, uri: Uri) -> Response {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes());
    // A look ahead decides nothing: HEAD shows what the page is like, and only the page's buttons bring a decision.
    let step = if method == Method::HEAD {
        Step::Look
    } else {
        Step::Ask
    };
    answer(&context, &params, step)
}

/// What the buttons of the page send. Without a decision it is an authorize request that came by POST, which
/// `OpenID` Connect Core allows (section 3.1.2.1).
pub(crate) async fn post(context: Context, body: Bytes) -> Response {
    let params = Params::parse(&body);
    answer(&context, &params, Step::Decide)
}

fn answer(context: &Context, params: &Params, step: Step) -> Response {
    let mut state = context.world.state();
    let request = match request::parse(params, &state.integration, &state.settings) {
        Ok(request) => request,
        Err(Failure::Page(problem)) => return page::problem(&problem),
        Err(Failure::Redirect {
            target,
            error,
            description,
            state,
        }) => {
            return redirect::error(&target, &error, Some(&description), state.as_deref());
        }
    };
    let scripted = if step == Step::Look {
        None
    } else {
        state.consent.pop_front()
    };
    if let Some(consent) = scripted {
        return decide(context, &mut state, &request, consent.into());
    }
    match params.get("decision").filter(|_| step == Step::Decide) {
        None => show(&state, &request, params),
        Some("decline") => decide(context, &mut state, &request, Decision::Decline),
        Some("blocked") => page::blocked(&state),
        Some(other) => match page::outcome(other) {
            Some(outcome) => decide(context, &mut state, &request, outcome),
            None => sign_in(context, &mut state, &request, params),
        },
    }
}

/// Step one, who are you; step two, sign in and agree, for whom `login_hint` names.
fn show(state: &State, request: &AuthorizeRequest, params: &Params) -> Response {
    if request.prompt_none {
        let text = "The user must sign in, which prompt=none forbids.";
        return redirect::error(
            &request.target,
            "login_required",
            Some(text),
            request.state.as_deref(),
        );
    }
    match &request.login_hint {
        None => page::choose(state, params, None),
        Some(hint) => match state.person(hint) {
            Some(person) if !person.login_enabled => page::disabled(state, person),
            Some(person) => page::sign_in(state, request, params, person, false),
            None => page::choose(state, params, Some(hint)),
        },
    }
}

/// The person named on the page accepts, if the password is theirs.
fn sign_in(context: &Context, state: &mut State, request: &AuthorizeRequest, params: &Params) -> Response {
    let named = params.get("person").unwrap_or_default();
    match state.person(named) {
        None => page::choose(state, params, Some(named)),
        Some(person) if !person.login_enabled => page::disabled(state, person),
        Some(person)
            if person
                .password
                .matches(params.get("password").unwrap_or_default()) =>
        {
            let email = person.email().to_owned();
            decide(context, state, request, Decision::Accept { email })
        }
        Some(person) => page::sign_in(state, request, params, person, true),
    }
}

fn decide(context: &Context, state: &mut State, request: &AuthorizeRequest, decision: Decision) -> Response {
    let echoed = request.state.as_deref();
    match decision {
        Decision::Accept { email } => {
            let Some(person) = state.person(&email) else {
                let text = format!("There is nobody called {email}.");
                return redirect::error(&request.target, "server_error", Some(&text), echoed);
            };
            if !person.login_enabled {
                return page::disabled(state, person);
            }
            let authorization = Authorization {
                client_id: state.integration.client_id.clone(),
                person: person.id,
                organization: person.organization,
                scopes: request.scopes.clone(),
                redirect_uri: request.sent_redirect_uri.clone(),
                challenge: request.challenge.clone(),
            };
            let State {
                registry, settings, ..
            } = state;
            let world = &context.world;
            let code = registry.issue_code(authorization, settings, world.clock.now(), world.random.as_ref());
            let note = Note {
                person: Some(email),
                ..Note::default()
            };
            note.on(redirect::code(&request.target, &code, echoed))
        }
        Decision::Decline => redirect::error(
            &request.target,
            "access_denied",
            Some("The resource owner or authorization server denied the request."),
            echoed,
        ),
        Decision::Error { error, description } => {
            redirect::error(&request.target, &error, description.as_deref(), echoed)
        }
    }
}

impl From<Consent> for Decision {
    fn from(consent: Consent) -> Self {
        match consent {
            Consent::Accept { email } => Self::Accept { email },
            Consent::Decline => Self::Decline,
            Consent::Error { error, description } => Self::Error { error, description },
        }
    }
}
