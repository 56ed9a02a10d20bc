//! The outermost layer of the API listener: finds the world a request acts on, gives the request its tracking id, and
//! writes the journal and one log line. An entry is in the journal before its answer is sent, so that a client that has
//! seen the answer finds the entry.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::{HeaderName, HeaderValue, Method, Version};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::time::Instant;

use super::redact;
use crate::api::error::ApiError;
use crate::api::operation::Operation;
use crate::api::tracking::TrackingId;
use crate::context::{Context, Note};
use crate::control::types::{Entry, Version as WireVersion};
use crate::server::listen::{Connection, Peer};
use crate::world::World;
use crate::worlds::Worlds;

/// Largest form that is read: an authorize request with every parameter fits many times.
const FORM_LIMIT: usize = 64 * 1024;

/// Milliseconds the request took inside Webex; `GET /` and the token endpoint have it in the recorded answers.
const UPSTREAM_TIME: HeaderName = HeaderName::from_static("x-envoy-upstream-service-time");

/// An entry in the making. Dropped before the answer, it is written without status: the client went away, or the
/// connection was reset.
struct Pending {
    world: Arc<World>,
    entry: Option<Entry>,
    start: Instant,
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
    let (request, form) = match buffer_form(request).await {
        Ok((request, form)) => (request, Ok(form)),
        Err((request, error)) => (request, Err(error)),
    };
    let world = worlds.of_request(&request, form.as_deref().unwrap_or_default());
    let now = world.clock.now();
    let tracking = TrackingId::of(&request, world.random.as_ref());
    let entry = entry_of(&request, &world, now, &tracking);
    let mut pending = Pending {
        world: Arc::clone(&world),
        entry: Some(entry),
        start,
    };
    let connection = request.extensions().get::<Connection>().cloned();
    let context = Context {
        world,
        tracking,
        operation,
        connection: connection.unwrap_or_default(),
    };
    let mut response = match form {
        Ok(form) => {
            pending.form(&form);
            let mut request = request;
            request.extensions_mut().insert(context.clone());
            next.run(request).await
        }
        Err(error) => error.render(&context),
    };
    if response.extensions().get::<Panicked>().is_some() {
        response = ApiError::Internal.render(&context);
    }
    finish_head(&mut response, now, start);
    pending.finish(&response);
    response
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

/// Reads the body of a form, and puts it back. Other bodies stream past.
async fn buffer_form(request: Request) -> Result<(Request, Bytes), (Request, ApiError)> {
    let is_form = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .to_ascii_lowercase()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if !is_form || request.method() != Method::POST {
        return Ok((request, Bytes::new()));
    }
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, FORM_LIMIT).await {
        Ok(form) => Ok((Request::from_parts(parts, Body::from(form.clone())), form)),
        Err(_) => Err((Request::from_parts(parts, Body::empty()), ApiError::Malformed)),
    }
}

fn entry_of(request: &Request, world: &World, now: Timestamp, tracking: &TrackingId) -> Entry {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    Entry {
        sequence: 0,
        time: format!("{now:.3}"),
        wall_time: format!("{:.3}", world.clock.wall()),
        method: request.method().to_string(),
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
    }
}

/// The header fields, and for HTTP/2 the authority, which takes the place of `host` there.
fn headers_of(request: &Request) -> Vec<(String, String)> {
    let authority = request
        .uri()
        .authority()
        .filter(|_| !request.headers().contains_key(HOST));
    let authority = authority.map(|authority| ("host".to_owned(), redact::tokens(authority.as_str())));
    let fields = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), redact::header(name.as_str(), &value))
    });
    authority.into_iter().chain(fields).collect()
}

// === impl Pending ===

impl Pending {
    fn form(&mut self, form: &[u8]) {
        if let Some(entry) = &mut self.entry {
            entry.form = form_urlencoded::parse(form)
                .map(|(name, value)| (redact::tokens(&name), redact::field(&name, &value)))
                .collect();
        }
    }

    fn finish(mut self, response: &Response) {
        if let Some(entry) = &mut self.entry {
            entry.status = Some(response.status().as_u16());
            if let Some(note) = response.extensions().get::<Note>() {
                entry.oauth_error.clone_from(&note.oauth_error);
                entry.person.clone_from(&note.person);
                entry.not_simulated = note.not_simulated;
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut entry) = self.entry.take() {
            entry.duration_ms = self.start.elapsed().as_secs_f64() * 1_000.0;
            redact::known(&mut entry, &self.world.vault);
            log(&entry);
            self.world.journal.append(entry);
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
        tracking_id = entry.tracking_id,
        "{} {}",
        entry.method,
        entry.path,
    );
}
