//! The listeners: which path is answered by whom, and what surrounds every answer.

pub mod access_log;
pub mod audit;
pub mod callback;
pub mod connection;
pub mod error;
pub mod head_limit;
pub mod in_flight;
pub mod login_cookie;
pub mod observe;
pub mod probes;
pub mod serve;
pub mod site;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};

use crate::authorization::Authorizer;
use crate::error::GatewayError;
use crate::health::HealthCheck;
use crate::overview::Overview;
use crate::proxy::target::{ServedAt, decode_once};
use crate::proxy::{Forwarder, FromWebex, target, tracking};
use crate::secret::GatewayKey;
use crate::tracking_id::TrackingId;
use error::Failed;
use in_flight::InFlight;
use site::Site;

/// Everything below this is the gateway's own and never goes to Webex: it is what nginx lets the internet reach.
const OWN_PREFIX: [&str; 3] = ["api", "v01", "webex"];

/// What machines ask of the gateway itself. Everything else is forwarded, but for [`OWN_PREFIX`].
const PROBES: [&str; 5] = [
    "/health",
    "/livez",
    "/readyz",
    observe::METRICS_PATH,
    observe::STATUS_PATH,
];

/// What the handlers share.
#[derive(Clone)]
pub struct Services {
    /// Sends requests to Webex.
    pub forwarder: Forwarder,
    /// Answers `/health`.
    pub health: HealthCheck,
    /// Takes authorisations.
    pub authorizer: Authorizer,
    /// Answers `/status` and `/metrics`.
    pub overview: Overview,
    /// What proxied requests have to carry, if anything.
    pub gateway_key: Option<GatewayKey>,
    /// What is on its way to Webex.
    pub in_flight: InFlight,
}

/// The main listener. With a separate callback listener, the callback routes are not here.
#[must_use]
pub fn main_site(services: Services, with_callback: bool) -> Site {
    let probes = Router::new()
        .route(PROBES[0], get(probes::health))
        .route(PROBES[1], get(probes::live))
        .route(PROBES[2], get(probes::ready))
        .route(PROBES[3], get(observe::metrics))
        .route(PROBES[4], get(observe::status))
        .method_not_allowed_fallback(not_allowed);
    let routes = if with_callback {
        probes.merge(callback::routes())
    } else {
        probes
    };
    Site::forwarding(own_routes(routes, &services), services)
}

/// The listener for the internet alone: nothing but the callback routes.
#[must_use]
pub fn callback_site(services: &Services) -> Site {
    Site::of(own_routes(callback::routes(), services), services)
}

fn own_routes(routes: Router<Services>, services: &Services) -> Router {
    let heads = middleware::from_fn_with_state(services.clone(), whole_head);
    let routes = routes.fallback(callback::not_found).layer(heads);
    routes.with_state(services.clone())
}

/// The gateway's own routes ask of a request's head what the forwarded ones do.
async fn whole_head(
    State(services): State<Services>,
    request: Request,
    next: middleware::Next,
) -> Result<Response, Failed> {
    check_head(&services, &request)?;
    Ok(next.run(request).await)
}

/// For what is no question to a probe.
async fn not_allowed(State(services): State<Services>, headers: HeaderMap) -> Failed {
    Failed {
        error: GatewayError::MethodNotAllowed,
        tracking_id: tracking::of(&headers, &services.forwarder.tracking_prefix),
    }
}

fn check_head(services: &Services, request: &Request) -> Result<(), Failed> {
    target::check_head(request.version(), request.headers()).map_err(|error| Failed {
        error,
        tracking_id: tracking::of(request.headers(), &services.forwarder.tracking_prefix),
    })
}

async fn forward(
    services: &Services,
    request: &mut Request,
    served_at: &ServedAt,
) -> Result<http::Response<FromWebex>, Failed> {
    let tracking_id = tracking::of(request.headers(), &services.forwarder.tracking_prefix);
    match to_webex(services, request, served_at, &tracking_id).await {
        Ok(mut response) => {
            tracking_id.set_where_there_is_none(response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(Failed { error, tracking_id }),
    }
}

async fn to_webex(
    services: &Services,
    request: &mut Request,
    served_at: &ServedAt,
    tracking_id: &TrackingId,
) -> Result<http::Response<FromWebex>, GatewayError> {
    if let Some(problem) = key_problem(services, request) {
        return Err(problem);
    }
    let snapshot = services.forwarder.sight.snapshot();
    let token = snapshot.grant.as_ref().map(|grant| &grant.tokens.access_token);
    let flight = services
        .in_flight
        .begin(tracking_id.as_str(), request.headers(), token);
    let _flight = flight.ok_or(GatewayError::CallsItself)?;
    services.forwarder.forward(request, served_at, tracking_id).await
}

fn key_problem(services: &Services, request: &Request<Body>) -> Option<GatewayError> {
    let expected = services.gateway_key.as_ref()?;
    let mut sent = request.headers().get_all("x-gateway-key").iter();
    let key = match (sent.next(), sent.next()) {
        (Some(key), None) => key.to_str().ok().and_then(|key| GatewayKey::new(key).ok()),
        _ => None,
    };
    (key.as_ref() != Some(expected)).then_some(GatewayError::KeyRequired)
}

/// Whether a request for the path goes to Webex.
fn is_forwarded(path: &str) -> bool {
    !PROBES.contains(&path) && !is_own(path)
}

/// Whether the path is the gateway's own, also when it is written with another case, with escapes, or with more slashes.
fn is_own(path: &str) -> bool {
    // Most paths begin otherwise.
    let first = path.bytes().find(|byte| !matches!(byte, b'/' | b'\\'));
    if !matches!(first, Some(b'a' | b'A' | b'%')) {
        return false;
    }
    let decoded = String::from_utf8_lossy(&decode_once(path.as_bytes())).to_ascii_lowercase();
    let mut segments = decoded.split(['/', '\\']).filter(|segment| !segment.is_empty());
    OWN_PREFIX.iter().all(|own| segments.next() == Some(own))
}

/// A page or a text of the gateway itself must not be stored by anybody on the way.
fn own_status(status: StatusCode) -> http::response::Builder {
    Response::builder()
        .status(status)
        .header(http::header::CACHE_CONTROL, "no-store")
}

/// A browser loads nothing for a page, sends its address nowhere, and shows it in no frame.
fn sealed(response: http::response::Builder, policy: &str) -> http::response::Builder {
    response
        .header(http::header::CONTENT_SECURITY_POLICY, policy)
        .header(http::header::REFERRER_POLICY, "no-referrer")
        .header(http::header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(http::header::X_FRAME_OPTIONS, "DENY")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    use super::serve::{Limits, Seat, serve};
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_one_request_and_not_the_connection() {
        async fn broken() -> &'static str {
            panic!("this handler is broken on purpose")
        }
        let router = Router::new()
            .route("/broken", get(broken))
            .route("/", get(|| async { "hello" }));
        let site = Site::plain(router, "WW".to_owned(), Arc::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let limits = Limits::new(10, Duration::ZERO);
        tokio::spawn(serve(
            listener,
            Seat::here(site),
            CancellationToken::new(),
            limits,
        ));
        let requests = b"GET /broken HTTP/1.1\r\nHost: gw\r\n\r\nGET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
        client.write_all(requests).await.unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 500 "), "{answers}");
        assert!(
            answers.contains("x-webex-gateway-error: internal\r\n"),
            "{answers}"
        );
        assert!(!answers.contains("on purpose"), "{answers}");
        assert!(answers.ends_with("\r\n\r\nhello"), "{answers}");
    }

    #[test]
    fn nothing_below_the_callback_prefix_is_ever_forwarded() {
        for path in [
            "/api/v01/webex",
            "/api/v01/webex/",
            "/api/v01/webex/x",
            "//api/v01/webex/auth/code",
            "/API/v01/Webex/x",
            "/api//v01/webex/auth/code",
            "/api/v01/%77ebex/auth/code",
            "/api/v01/webex%2fauth/code",
        ] {
            assert!(is_own(path), "{path}");
        }
        for path in ["/v1/people", "/api/v01/webexy", "/api/v01"] {
            assert!(!is_own(path), "{path}");
        }
    }
}
