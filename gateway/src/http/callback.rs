//! `/api/v01/webex/auth/…`: the only routes that the internet can reach, through nginx.

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;

use super::login_cookie::{LoginCookies, crowded_out};
use super::{Services, audit, own_status, sealed};
use crate::authorization::Callback;
use crate::authorization::login::label;
use crate::authorization::refusal::Refusal;
use crate::pages::{CONTENT_SECURITY_POLICY, Page};
use crate::token::lifecycle::AuthState;

/// The redirect URI's path, as registered with the integration.
pub const CODE_PATH: &str = "/api/v01/webex/auth/code";
/// Starts a flow.
pub const LOGIN_PATH: &str = "/api/v01/webex/auth/login";
/// Where a browser lands, so that no code stays in its address bar.
pub const DONE_PATH: &str = "/api/v01/webex/auth/done";

#[derive(Deserialize)]
struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Services> {
    Router::new()
        .route(CODE_PATH, get(code).fallback(not_allowed))
        .route(LOGIN_PATH, get(login).fallback(not_allowed))
        .route(DONE_PATH, get(done).fallback(not_allowed))
}

/// For everything else that nginx lets through.
pub async fn not_found() -> Response {
    let page = Page::failed("Not found", "There is nothing at this address.", "");
    respond(StatusCode::NOT_FOUND, &page)
}

/// For what no browser does on its own.
async fn not_allowed() -> Response {
    let page = Page::failed("Not possible", "This address can only be opened.", "");
    let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, &page);
    // RFC 9110 section 15.5.6: a 405 names what is allowed.
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

async fn code(State(services): State<Services>, request: Request) -> Response {
    if *request.method() == Method::HEAD || is_prefetch(request.headers()) {
        // A look ahead is no authorisation, and a code works only once.
        return secured(own_status(StatusCode::NO_CONTENT))
            .body(Body::empty())
            .expect("constant parts are valid");
    }
    let cookies = LoginCookies::new(services.authorizer.is_secure());
    let sent = cookies.sent(request.headers());
    let browser = audit::Browser::of(&request);
    let callback = match Query::<CallbackQuery>::try_from_uri(request.uri()) {
        Ok(Query(CallbackQuery { code, state, error })) => Some(Callback {
            code: code.filter(|code| !code.is_empty()),
            state,
            error,
            cookies: sent.iter().map(|(_, value)| (*value).to_owned()).collect(),
            ..Callback::default()
        }),
        Err(_) => None,
    };
    let state = callback.as_ref().and_then(|callback| callback.state.as_deref());
    let label = label(state.unwrap_or_default());
    let over = sent.iter().any(|(sent, _)| *sent == label);
    match audit::complete(&services, callback, &browser).await {
        Ok(()) => see_other(DONE_PATH, over.then(|| cookies.clear(&label))),
        Err(refusal) => refused(&refusal),
    }
}

async fn login(State(services): State<Services>, request: Request) -> Response {
    if *request.method() == Method::HEAD || is_prefetch(request.headers()) {
        return secured(own_status(StatusCode::NO_CONTENT))
            .body(Body::empty())
            .expect("constant parts are valid");
    }
    let authorizer = &services.authorizer;
    let (started, cookies) = (authorizer.start(), LoginCookies::new(authorizer.is_secure()));
    audit::login_started(&services, &audit::Browser::of(&request));
    let crowd = crowded_out(cookies.sent(request.headers()), |cookie| {
        authorizer.remaining(cookie)
    });
    let lines = crowd.into_iter().map(|label| cookies.clear(label));
    let own = cookies.set(&started.label, &started.cookie);
    see_other(started.location.as_str(), lines.chain([own]))
}

async fn done(State(services): State<Services>) -> Response {
    let snapshot = services.forwarder.keeper.snapshot();
    match (snapshot.state, &snapshot.unsaved) {
        (AuthState::Unauthorised, _) => {
            let remedy = "Open the authorisation address and log in as a Partner Full Admin.";
            let page = Page::failed(
                "Not authorised yet",
                "This gateway holds no tokens of Webex.",
                remedy,
            );
            respond(StatusCode::OK, &page)
        }
        (_, Some(_)) => {
            let text = "The gateway calls Webex on your behalf, but it could not store its tokens: a restart would lose them.";
            let remedy = "Ask the operator to look at /health and at the log of the gateway.";
            respond(
                StatusCode::OK,
                &Page::good("Authorised, but not stored", text, remedy),
            )
        }
        (AuthState::Reauthorise | AuthState::Misconfigured, None) => {
            let text = "Webex does not renew the authorisation of this gateway.";
            let remedy = "Ask the operator to look at /health, which names the cause.";
            respond(
                StatusCode::OK,
                &Page::failed("Authorisation is not renewed", text, remedy),
            )
        }
        _ => {
            let text = "The gateway now calls Webex on your behalf. You can close this page.";
            respond(StatusCode::OK, &Page::good("Authorised", text, ""))
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let (status, title) = match refusal {
        Refusal::MissingCode | Refusal::MalformedCode => {
            (StatusCode::BAD_REQUEST, "This address is not complete")
        }
        Refusal::CodeRejected(_) => (StatusCode::BAD_REQUEST, "The code is not valid"),
        Refusal::InvalidScope => (StatusCode::BAD_REQUEST, "A scope is not allowed"),
        Refusal::WebexError => (StatusCode::BAD_GATEWAY, "Webex reported an error"),
        Refusal::NotStartedHere
        | Refusal::OtherBrowser
        | Refusal::LoginExpired
        | Refusal::LoginUsed
        | Refusal::LoginUnknown => (StatusCode::BAD_REQUEST, "Please start again"),
        Refusal::Declined => (StatusCode::FORBIDDEN, "The authorisation was declined"),
        Refusal::WrongOrganization { .. } => (StatusCode::FORBIDDEN, "Wrong organisation"),
        Refusal::TokenRejected | Refusal::UnknownOrganization => {
            (StatusCode::FORBIDDEN, "The administrator is not known")
        }
        Refusal::NoRefreshToken => (StatusCode::BAD_GATEWAY, "The authorisation would not last"),
        Refusal::Misconfigured(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The gateway is not configured for this integration",
        ),
        Refusal::Unreachable(_) => (StatusCode::BAD_GATEWAY, "Webex could not be reached"),
        Refusal::NoTokens(_) | Refusal::NotVerified(_) => (
            StatusCode::BAD_GATEWAY,
            "Webex did not complete the authorisation",
        ),
        Refusal::UnknownPin => (StatusCode::SERVICE_UNAVAILABLE, "The organisation is not known"),
        Refusal::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many attempts"),
        Refusal::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    };
    let text = format!("Nothing has changed: {}.", public_text(refusal));
    let mut response = respond(status, &Page::failed(title, &text, refusal.remedy()));
    if status == StatusCode::TOO_MANY_REQUESTS {
        // The limit is one of a minute.
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

/// What the world may read. The texts of servers and the ids of organisations are for the log.
fn public_text(refusal: &Refusal) -> String {
    match refusal {
        Refusal::CodeRejected(_) => "Webex did not accept the code".to_owned(),
        Refusal::Misconfigured(_) => "Webex did not accept this gateway".to_owned(),
        Refusal::Unreachable(_) => "Webex could not be asked".to_owned(),
        Refusal::NoTokens(_) => "Webex answered, but not with tokens".to_owned(),
        Refusal::NotVerified(_) => "Webex could not say whose the new token is".to_owned(),
        Refusal::WrongOrganization { .. } => {
            "you belong to another organisation than this gateway".to_owned()
        }
        other => other.to_string(),
    }
}

fn respond(status: StatusCode, page: &Page<'_>) -> Response {
    secured(own_status(status))
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(Body::from(page.html()))
        .expect("constant parts are valid")
}

fn see_other(location: &str, cookies: impl IntoIterator<Item = String>) -> Response {
    let mut response = secured(own_status(StatusCode::SEE_OTHER)).header(header::LOCATION, location);
    for cookie in cookies {
        response = response.header(header::SET_COOKIE, cookie);
    }
    response
        .body(Body::empty())
        .expect("a URL, hex digits and base64url are header values")
}

fn secured(response: http::response::Builder) -> http::response::Builder {
    sealed(response, &CONTENT_SECURITY_POLICY)
}

/// Browsers and scanners that look ahead say so in one of these fields.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .any(|name| {
            let values = headers.get_all(*name).iter();
            values
                .filter_map(|value| value.to_str().ok())
                .any(|value| value.contains("prefetch") || value.contains("preview"))
        })
}
