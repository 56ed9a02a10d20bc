//! The routes of the control listener, and how its answers look: JSON, errors as a [`Rejection`].

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use serde::Deserialize;

use super::fields::rejection;
use super::guard::guard;
use super::operation::Operation;
use super::page::{self, Notes};
use super::types::{Health, Rejection};
use super::{openapi, routes};
use crate::server::running::Addresses;
use crate::world::World;
use crate::worlds::{FIRST, Worlds};

/// Largest seed or state that is read: a hundred thousand people fit.
const LARGEST_BODY: usize = 128 * 1024 * 1024;

/// What every control handler can reach.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) worlds: Worlds,
    authority_pem: String,
    /// Where the listeners are, for the page.
    pub(crate) addresses: Addresses,
    /// What the page says about the last changes.
    pub(crate) notes: Arc<Notes>,
    /// Those above all worlds, and those of each.
    operations: [Arc<[Operation]>; 2],
}

/// The answer of a handler.
pub(crate) type Answer<T> = Result<Json<T>, Refused>;

/// A request that changed nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// 400.
    Invalid(Rejection),
    /// 404: it names something that is not there.
    Absent(Rejection),
}

/// Everything under `/__sim/`, and the page.
pub(crate) fn control(worlds: Worlds, authority_pem: String, addresses: Addresses) -> Router {
    let (of_worlds, of_a_world) = (routes::of_worlds(), routes::of_a_world());
    Router::new()
        .nest("/__sim", of_worlds.router)
        .nest("/__sim", of_a_world.router.clone())
        .nest("/__sim/worlds/{world}", of_a_world.router)
        .merge(page::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(guard))
        .with_state(Control {
            worlds,
            authority_pem,
            addresses,
            notes: Arc::default(),
            operations: [of_worlds.operations, of_a_world.operations].map(Arc::from),
        })
}

pub(super) async fn health() -> Json<Health> {
    Json(Health {
        status: "ok".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

pub(super) async fn reset(
    State(control): State<Control>,
    Controlled(world): Controlled,
    body: Bytes,
) -> Answer<Health> {
    super::fields::Fields::json(&body)?.finish()?;
    let client_id = world.first_client_id();
    control
        .worlds
        .replace_state(&world, client_id, || world.reset())?;
    Ok(health().await)
}

pub(super) async fn ca(State(control): State<Control>) -> impl IntoResponse {
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

/// The body of a request that brings a seed or a state.
pub(super) async fn large_body(request: Request) -> Result<Bytes, Refused> {
    axum::body::to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|_| {
            let reason = "is too large, or did not come to its end";
            let accepted = format!("at most {LARGEST_BODY} bytes");
            rejection("body", reason, &accepted).into()
        })
}

/// Whom a path is about.
#[derive(Deserialize)]
pub(crate) struct PersonPath {
    pub(crate) person: String,
}

/// The world that a request is about: the one in the path, else the first.
pub(crate) struct Controlled(pub(crate) Arc<World>);

#[derive(Deserialize)]
struct WorldPath {
    world: Option<String>,
}

impl FromRequestParts<Control> for Controlled {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refused> {
        let path = Path::<WorldPath>::from_request_parts(parts, control).await;
        let name = path.ok().and_then(|Path(path)| path.world);
        let name = name.as_deref().unwrap_or(FIRST);
        let world = control.worlds.named(name);
        world.map(Self).ok_or_else(|| {
            Refused::Absent(rejection(
                "world",
                &format!("{name} is unknown"),
                "see GET /__sim/worlds",
            ))
        })
    }
}

/// The person of the path, for errors.
pub(super) fn absent_person(path: &PersonPath, known: impl Iterator<Item = String>) -> Refused {
    let known: Vec<_> = known.collect();
    Refused::Absent(rejection(
        "person",
        &format!("{} is unknown", path.person),
        &known.join(", "),
    ))
}

// === impl Control ===

impl Control {
    /// The OpenAPI document.
    pub(crate) fn document(&self) -> serde_json::Value {
        let [of_worlds, of_a_world] = &self.operations;
        openapi::document(of_worlds, of_a_world)
    }
}

// === impl Refused ===

impl Refused {
    /// What is wrong.
    pub(super) fn rejection(&self) -> &Rejection {
        match self {
            Self::Invalid(rejection) | Self::Absent(rejection) => rejection,
        }
    }
}

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
