//! The routes of the control listener, and how its answers look: JSON, errors as a [`Rejection`].

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode, Uri};

use super::fields::rejection;
use super::handlers::{clock, consent, journal, people, settings, tokens, violations};
use super::types::{Health, Rejection};
use crate::worlds::Worlds;

/// What every control handler can reach.
#[derive(Clone)]
pub(super) struct Control {
    pub(super) worlds: Worlds,
    authority_pem: String,
}

/// The answer of a handler.
pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// A request that changed nothing.
#[derive(Debug)]
pub(super) enum Refused {
    /// 400.
    Invalid(Rejection),
    /// 404: it names something that is not there.
    Absent(Rejection),
}

/// Everything under `/__sim/`.
pub(crate) fn control(worlds: Worlds, authority_pem: String) -> Router {
    let routes = Router::new()
        .route("/health", get(health))
        .route("/reset", post(reset))
        .route("/clock", get(clock::get).post(clock::post))
        .route(
            "/consent",
            get(consent::get).post(consent::post).delete(consent::delete),
        )
        .route("/tokens", get(tokens::get))
        .route("/tokens/expire", post(tokens::expire))
        .route("/tokens/revoke", post(tokens::revoke))
        .route("/tokens/lose-answers", post(tokens::lose_answers))
        .route("/people/{person}", delete(people::delete))
        .route("/people/{person}/password", post(people::password))
        .route("/journal", get(journal::get).delete(journal::delete))
        .route("/journal/count", get(journal::count))
        .route("/journal/wait", get(journal::wait))
        .route("/settings", get(settings::get).patch(settings::patch))
        .route("/violations", get(violations::get).delete(violations::delete))
        .route("/ca.pem", get(ca));
    Router::new()
        .nest("/__sim", routes)
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Control {
            worlds,
            authority_pem,
        })
}

async fn health() -> Json<Health> {
    Json(Health {
        status: "ok".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

async fn reset(State(control): State<Control>, body: Bytes) -> Answer<Health> {
    super::fields::Fields::json(&body)?.finish()?;
    control.worlds.controlled().reset();
    Ok(health().await)
}

async fn ca(State(control): State<Control>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/x-pem-file")], control.authority_pem)
}

async fn unknown(uri: Uri) -> Refused {
    Refused::Absent(rejection(
        "path",
        &format!("{} is unknown", uri.path()),
        "see docs/simulator.md, control API",
    ))
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let body = rejection(
        "method",
        &format!("{method} is not for {}", uri.path()),
        "see the Allow field",
    );
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}

/// The person of the path, for errors.
pub(super) fn absent_person(Path(person): &Path<String>, known: impl Iterator<Item = String>) -> Refused {
    let known: Vec<_> = known.collect();
    Refused::Absent(rejection(
        "person",
        &format!("{person} is unknown"),
        &known.join(", "),
    ))
}

// === impl Refused ===

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Invalid(rejection)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Invalid(rejection) => (StatusCode::BAD_REQUEST, Json(rejection)).into_response(),
            Self::Absent(rejection) => (StatusCode::NOT_FOUND, Json(rejection)).into_response(),
        }
    }
}
