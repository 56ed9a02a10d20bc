//! The routes of the API listener.

use std::any::Any;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::{people, root};
use crate::journal::record::{Panicked, record};
use crate::oauth::{authorize, token_endpoint};
use crate::worlds::Worlds;

/// Everything Webex answers. From the outside in: the journal, which sees every request; the guard against bugs, so
/// that a panic costs one request; the routes.
pub(crate) fn api(worlds: Worlds) -> Router {
    Router::new()
        .route(
            "/v1/authorize",
            get(authorize::get)
                .post(authorize::post)
                .fallback(authorize::only_get_and_post),
        )
        .route(
            "/v1/access_token",
            post(token_endpoint::post).fallback(token_endpoint::only_post),
        )
        .route("/", get(root::get).fallback(root::only_get))
        .route("/v1/people/me", get(people::me).fallback(root::only_get))
        .fallback(root::not_simulated)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(worlds, record))
}

/// Leaves a mark; the journal's layer knows the tracking id that the answer needs.
fn panicked(_reason: Box<dyn Any + Send>) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Panicked);
    response
}
