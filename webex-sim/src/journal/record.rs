//! The outermost layer of the API listener: finds the world a request acts on, gives the request its tracking id, and
//! writes the journal and one log line. An entry is in the journal before its answer is sent, so that a client that has
//! seen the answer finds the entry.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use http_body::Body as _;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::time::Instant;

use super::{content, redact};
use crate::api::error::ApiError;
use crate::api::operation::Operation;
use crate::api::tracking::TrackingId;
use crate::context::{Context, Fired, Form, Note, Shown};
use crate::control::types::{Entry, Exchange, Version as WireVersion};
use crate::server::listen::{Act, Connection, Peer};
use crate::world::World;
use crate::worlds::Worlds;

/// Largest body of a request that is read: a hundred SCIM users in one bulk request fit many times.
const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// Bytes of a form that are read for the entry: an authorize request with every parameter fits many times.
const FORM_KEPT: usize = 64 * 1024;

/// Milliseconds the request took inside Webex; `GET /` and the token endpoint have it in the recorded answers.
const UPSTREAM_TIME: HeaderName = HeaderName::from_static("x-envoy-upstream-service-time");

/// An entry in the making. Dropped before the answer, it is written without status: the client went away, or the
/// connection was reset.
struct Pending {
    world: Arc<World>,
    exchange: Option<Exchange>,
    start: Instant,
    fired: Fired,
}

/// Marks the answer of a handler that panicked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panicked;

/// See the module.
pub(crate) async fn record(State(worlds): State<Worlds>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let operation = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| Operation::of(request.method(), path.as_str()));
    let (mut request, body) = buffer(request).await;
    let sent = body.as_ref().ok().cloned().unwrap_or_default();
    let form = if is_form(&request) {
        sent.clone()
    } else {
        Bytes::new()
    };
    let world = worlds.of_request(&request, &form);
    let now = world.clock.now();
    let tracking = TrackingId::of(&request, world.random.as_ref());
    let mut entry = entry_of(&request, &world, now, &tracking);
    entry.operation = operation.map(|operation| operation.id.to_owned());
    entry.form = form_of(&form);
    let request_body = content::content(media_type(request.headers()), &sent);
    let pending = Pending {
        world: Arc::clone(&world),
        exchange: Some(Exchange {
            entry,
            request_body,
            response_headers: Vec::new(),
            response_body: None,
        }),
        start,
        fired: Fired::default(),
    };
    let connection = request.extensions().get::<Connection>().cloned();
    let context = Context {
        world,
        tracking,
        operation,
        connection: connection.unwrap_or_default(),
        fired: pending.fired.clone(),
    };
    let mut response = match body {
        Ok(body) => {
            request.extensions_mut().insert(context.clone());
            request.extensions_mut().insert(Sent(body));
            request.extensions_mut().insert(Form(form));
            next.run(request).await
        }
        Err(error) => error.render(&context),
    };
    if response.extensions().get::<Panicked>().is_some() {
        response = ApiError::Internal.render(&context);
    }
    finish_head(&mut response, now, start);
    let (response, body) = look_into(response).await;
    pending.finish(&response, &body, operation);
    response
}

/// The whole body of a request; put into each request.
#[derive(Debug, Clone)]
pub(crate) struct Sent(pub(crate) Bytes);

/// The answer, and its body if that is all there at once.
async fn look_into(mut response: Response) -> (Response, Bytes) {
    if let Some(Shown(body)) = response.extensions_mut().remove() {
        return (response, body);
    }
    // What is never sent says nothing.
    if response
        .extensions()
        .get::<Act>()
        .is_some_and(|act| act.is_silent())
    {
        return (response, Bytes::new());
    }
    if response.body().size_hint().exact().is_none() {
        return (response, Bytes::new());
    }
    let (parts, body) = response.into_parts();
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => (Response::from_parts(parts, Body::from(body.clone())), body),
        // A body that breaks although its size is known: the break is the answer.
        Err(error) => {
            let broken = futures_util::stream::once(std::future::ready(Err::<Bytes, _>(error)));
            (
                Response::from_parts(parts, Body::from_stream(broken)),
                Bytes::new(),
            )
        }
    }
}

/// The time of the answer, as Webex shows it: `Date` and the time spent upstream.
fn finish_head(response: &mut Response, now: Timestamp, start: Instant) {
    let date = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .expect("simulated time has four-digit years");
    let headers = response.headers_mut();
    headers.insert(DATE, HeaderValue::from_str(&date).expect("a date is ASCII"));
    if headers.contains_key(UPSTREAM_TIME) {
        headers.insert(
            UPSTREAM_TIME,
            HeaderValue::from(u64::try_from(start.elapsed().as_millis()).unwrap_or(0)),
        );
    }
}

/// Reads the body, and puts it back.
async fn buffer(request: Request) -> (Request, Result<Bytes, ApiError>) {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(body) => (Request::from_parts(parts, Body::from(body.clone())), Ok(body)),
        Err(_) => (Request::from_parts(parts, Body::empty()), Err(ApiError::TooLarge)),
    }
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn is_form(request: &Request) -> bool {
    media_type(request.headers())
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
}

fn form_of(form: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(&form[..form.len().min(FORM_KEPT)])
        .map(|(name, value)| (redact::tokens(&name), redact::field(&name, &value)))
        .collect()
}

fn entry_of(request: &Request, world: &World, now: Timestamp, tracking: &TrackingId) -> Entry {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    Entry {
        sequence: 0,
        time: format!("{now:.3}"),
        wall_time: format!("{:.3}", world.clock.wall()),
        method: redact::tokens(request.method().as_str()),
        path: redact::tokens(request.uri().path()),
        query: redact::query(request.uri().query().unwrap_or_default()),
        http_version: match request.version() {
            Version::HTTP_09 | Version::HTTP_10 => WireVersion::Http10,
            Version::HTTP_2 => WireVersion::Http2,
            _ => WireVersion::Http11,
        },
        tls: peer.tls,
        client_ip: peer.ip.to_string(),
        headers: headers_of(request),
        form: Vec::new(),
        status: None,
        oauth_error: None,
        person: None,
        tracking_id: redact::tokens(tracking.as_str()),
        duration_ms: 0.0,
        not_simulated: false,
        operation: None,
        nearest: None,
        fault: None,
    }
}

/// The header fields, and for HTTP/2 the authority, which takes the place of `host` there.
fn headers_of(request: &Request) -> Vec<(String, String)> {
    let authority = request
        .uri()
        .authority()
        .filter(|_| !request.headers().contains_key(HOST));
    let authority = authority.map(|authority| ("host".to_owned(), redact::tokens(authority.as_str())));
    let fields = request.headers().iter().map(field_of);
    authority.into_iter().chain(fields).collect()
}

fn field_of((name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
    let value = String::from_utf8_lossy(value.as_bytes());
    (
        redact::tokens(name.as_str()),
        redact::header(name.as_str(), &value),
    )
}

// === impl Pending ===

impl Pending {
    fn finish(mut self, response: &Response, body: &[u8], operation: Option<&Operation>) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let (act, note) = (
            response.extensions().get::<Act>(),
            response.extensions().get::<Note>(),
        );
        let entry = &mut exchange.entry;
        if !act.is_some_and(|act| act.is_silent()) {
            entry.status = Some(response.status().as_u16());
            exchange.response_headers = response.headers().iter().map(field_of).collect();
            exchange.response_body = content::content(media_type(response.headers()), body);
        }
        if let Some(note) = note {
            entry.oauth_error.clone_from(&note.oauth_error);
            entry.person.clone_from(&note.person);
            entry.not_simulated = note.not_simulated;
            if note.not_simulated {
                let method = Method::from_bytes(entry.method.as_bytes()).unwrap_or_default();
                let nearest = Operation::nearest(&method, &entry.path);
                entry.nearest = nearest.map(|nearest| format!("{} {}", nearest.method, nearest.path));
            }
        }
        if let (Some(operation), Some(status)) = (operation, entry.status) {
            let scripted = self.fired.id().is_some() || note.is_some_and(|note| note.scripted);
            self.world.answers.count(operation, status, scripted);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.entry.fault = self.fired.id().cloned();
            exchange.entry.duration_ms = self.start.elapsed().as_secs_f64() * 1_000.0;
            redact::known(&mut exchange, &self.world.vault);
            log(&exchange.entry);
            self.world.journal.append(exchange);
        }
    }
}

/// The one line a request has in the log. Everything in an entry is free of secrets.
fn log(entry: &Entry) {
    tracing::info!(
        status = entry.status,
        duration_ms = entry.duration_ms,
        person = entry.person,
        oauth_error = entry.oauth_error,
        not_simulated = entry.not_simulated,
        fault = entry.fault,
        tracking_id = entry.tracking_id,
        "{} {}",
        entry.method,
        entry.path,
    );
}
