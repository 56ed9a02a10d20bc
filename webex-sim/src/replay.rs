//! Recorded answers that are given again, byte for byte: an HTTP Archive (HAR 1.2) of the real service, or of this journal,
//! becomes a test. Requests that are not in it go to the simulation.

mod archive;

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::context::{Context, Note};
use crate::control::types::{ReplayList, ReplayedExchange};
use crate::journal::record::Sent;

pub use archive::ArchiveError;
pub(crate) use archive::read;

/// The recording of a world.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// What [`Replay::reset`] goes back to.
    start: Recording,
    now: Mutex<Recording>,
}

/// What was read from an archive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording {
    pub(crate) fixtures: Vec<Fixture>,
    /// Exchanges of the archive that are left to the simulation.
    pub(crate) skipped: usize,
}

/// A request and the answer it gets.
#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Decoded, in ascending order: the order of parameters says nothing.
    pub(crate) query: Vec<(String, String)>,
    /// Absent if any body will do.
    pub(crate) body: Option<Payload>,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: Bytes,
    pub(crate) hits: u64,
}

/// A body to compare with: JSON by its content, anything else by its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Payload {
    Json(Value),
    Bytes(Bytes),
}

// === impl Replay ===

impl Replay {
    pub(crate) fn new(start: Recording) -> Self {
        Self {
            now: Mutex::new(start.clone()),
            start,
        }
    }

    /// The recording of the start again, as if nothing of it had been given.
    pub(crate) fn reset(&self) {
        self.load(self.start.clone());
    }

    /// Takes a recording in the place of the one before.
    pub(crate) fn load(&self, recording: Recording) {
        *self.recording() = recording;
    }

    /// The recording of this moment, with what has been given of it.
    pub(crate) fn kept(&self) -> Recording {
        self.recording().clone()
    }

    pub(crate) fn list(&self) -> ReplayList {
        let recording = self.recording();
        ReplayList {
            exchanges: recording.fixtures.iter().map(Fixture::shown).collect(),
            skipped: recording.skipped,
        }
    }

    /// The answer to a request, if it was recorded. Several recordings of one request are given in their order; the last one stays.
    pub(crate) fn answer(&self, method: &Method, path: &str, query: &str, body: &Bytes) -> Option<Response> {
        let mut recording = self.recording();
        if recording.fixtures.is_empty() {
            return None;
        }
        let (query, body) = (sorted(query), Payload::of(body.clone()));
        let matching = recording.fixtures.iter_mut().filter(|fixture| {
            fixture.method == *method
                && fixture.path == path
                && fixture.query == query
                && fixture.body.as_ref().is_none_or(|recorded| *recorded == body)
        });
        let mut chosen = None;
        for fixture in matching {
            let fresh = fixture.hits == 0;
            chosen = Some(fixture);
            if fresh {
                break;
            }
        }
        let fixture = chosen?;
        fixture.hits += 1;
        let mut response = Response::new(Body::from(fixture.answer.clone()));
        *response.status_mut() = fixture.status;
        response.headers_mut().clone_from(&fixture.headers);
        Some(response)
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The layer that answers what was recorded.
pub(crate) async fn layer(context: Context, request: Request, next: Next) -> Response {
    let body = request
        .extensions()
        .get::<Sent>()
        .map(|sent| sent.0.clone())
        .unwrap_or_default();
    let uri = request.uri();
    let recorded = context.world.replay.answer(
        request.method(),
        uri.path(),
        uri.query().unwrap_or_default(),
        &body,
    );
    match recorded {
        Some(response) => Note {
            scripted: true,
            ..Note::default()
        }
        .on(response),
        None => next.run(request).await,
    }
}

/// The parameters of a query, decoded, in ascending order.
fn sorted(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

// === impl Fixture, Payload ===

impl Fixture {
    fn shown(&self) -> ReplayedExchange {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.query)
            .finish();
        let separator = if query.is_empty() { "" } else { "?" };
        ReplayedExchange {
            method: self.method.to_string(),
            target: format!("{}{separator}{query}", self.path),
            status: self.status.as_u16(),
            hits: self.hits,
        }
    }
}

impl Payload {
    fn of(body: Bytes) -> Self {
        match serde_json::from_slice(&body) {
            Ok(value) => Self::Json(value),
            Err(_) => Self::Bytes(body),
        }
    }
}
