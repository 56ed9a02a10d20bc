//! The pages a person sees. They work without scripts, and say on each that this is a simulator.

mod scopes;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};

use super::Decision;
use super::request::{AuthorizeRequest, Problem};
use crate::oauth::params::Params;
use crate::world::{Person, Role, State};

/// Parameters that go with the person from page to page.
const CARRIED: [&str; 9] = [
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "max_age",
];

/// Nothing is loaded from anywhere. There is no `form-action`: browsers apply it to the redirect that follows, too.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Errors with which Webex redirects, beside the one of Decline, and their texts: for whoever wants to see what a client does.
const OUTCOMES: [(&str, &str); 4] = [
    ("server_error", "The server has a problem"),
    ("invalid_scope", "The requested scope is invalid."),
    ("invalid_request", "Parameter:response_type is blank"),
    ("login_required", "The user must sign in."),
];

/// Step one: who are you?
#[derive(Template)]
#[template(path = "choose.html", whitespace = "minimize")]
struct Choose<'a> {
    integration: &'a str,
    people: Vec<Card<'a>>,
    carried: Vec<(&'a str, &'a str)>,
    /// A `login_hint` that names nobody.
    unknown: Option<&'a str>,
}

/// Step two: sign in and agree.
#[derive(Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
struct SignIn<'a> {
    integration: &'a str,
    person: Card<'a>,
    password: &'a str,
    wrong_password: bool,
    scopes: Vec<scopes::Shown<'a>>,
    target: &'a str,
    carried: Vec<(&'a str, &'a str)>,
    /// Query of step one.
    others: String,
    /// Error codes of [`OUTCOMES`].
    outcomes: Vec<&'static str>,
}

/// The organisation does not allow the integration.
#[derive(Template)]
#[template(path = "blocked.html", whitespace = "minimize")]
struct Blocked<'a> {
    integration: &'a str,
}

/// Somebody who may not sign in.
#[derive(Template)]
#[template(path = "disabled.html", whitespace = "minimize")]
struct Disabled<'a> {
    integration: &'a str,
    email: &'a str,
}

/// A request that leads nowhere.
#[derive(Template)]
#[template(path = "problem.html", whitespace = "minimize")]
struct ProblemPage<'a> {
    text: String,
    /// What was sent, and what would have been right.
    redirect_uris: Option<(&'a str, &'a [String])>,
}

/// A person as the pages show them.
struct Card<'a> {
    name: &'a str,
    email: &'a str,
    organization: &'a str,
    role: &'static str,
    /// Whether the integration will be able to do its work with this person's consent.
    is_partner_admin: bool,
    initials: String,
}

/// Step one. `unknown` is a name that was given and belongs to nobody.
pub(super) fn choose(state: &State, params: &Params, unknown: Option<&str>) -> Response {
    let page = Choose {
        integration: &state.integration.name,
        people: state
            .directory
            .people
            .values()
            .map(|person| card(state, person))
            .collect(),
        carried: carried(params),
        unknown,
    };
    html(StatusCode::OK, &page)
}

/// Step two.
pub(super) fn sign_in(
    state: &State,
    request: &AuthorizeRequest,
    params: &Params,
    person: &Person,
    wrong_password: bool,
) -> Response {
    let carried = carried(params);
    let page = SignIn {
        integration: &state.integration.name,
        person: card(state, person),
        password: person.password.expose(),
        wrong_password,
        scopes: scopes::shown(&request.scopes),
        target: &request.target,
        others: form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&carried)
            .finish(),
        carried,
        outcomes: OUTCOMES.iter().map(|(error, _)| *error).collect(),
    };
    html(StatusCode::OK, &page)
}

/// The error redirect that a button asks for.
pub(super) fn outcome(decision: &str) -> Option<Decision> {
    let (error, description) = OUTCOMES.iter().find(|(error, _)| *error == decision)?;
    Some(Decision::Error {
        error: (*error).to_owned(),
        description: Some((*description).to_owned()),
    })
}

/// The policy of an organisation can block an integration: Webex says so on a page and does not redirect.
pub(super) fn blocked(state: &State) -> Response {
    let integration = &state.integration.name;
    html(StatusCode::FORBIDDEN, &Blocked { integration })
}

/// An administrator has disabled the account: the person stays here, the client never hears of it.
pub(super) fn disabled(state: &State, person: &Person) -> Response {
    let page = Disabled {
        integration: &state.integration.name,
        email: person.email(),
    };
    html(StatusCode::FORBIDDEN, &page)
}

/// No redirect is possible.
pub(super) fn problem(problem: &Problem) -> Response {
    let redirect_uris = match problem {
        Problem::RedirectUri { sent, registered } => {
            Some((sent.as_deref().unwrap_or("none"), registered.as_slice()))
        }
        Problem::NoClient | Problem::UnknownClient(_) | Problem::Repeated(_) => None,
    };
    html(
        StatusCode::BAD_REQUEST,
        &ProblemPage {
            text: problem.to_string(),
            redirect_uris,
        },
    )
}

fn card<'a>(state: &'a State, person: &'a Person) -> Card<'a> {
    let organization = state.directory.organizations.get(&person.organization);
    let role = state.directory.role(person);
    Card {
        name: &person.display_name,
        email: person.email(),
        organization: organization.map_or("", |organization| &organization.display_name),
        role: role.label(),
        is_partner_admin: role == Role::PartnerFullAdmin,
        initials: [&person.first_name, &person.last_name]
            .iter()
            .filter_map(|name| name.as_ref()?.chars().next())
            .collect(),
    }
}

fn carried(params: &Params) -> Vec<(&str, &str)> {
    params.iter().filter(|(name, _)| CARRIED.contains(name)).collect()
}

fn html(status: StatusCode, page: &impl Template) -> Response {
    let body = page.render().expect("the templates do not fail");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html;charset=UTF-8"));
    // The page shows a password, even if it is a made-up one.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
