//! The routes of the API listener.

use std::any::Any;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::broadworks::{directory_sync, enterprises, subscribers};
use crate::api::operation::path;
use crate::api::scim::{bulk, users};
use crate::api::{authorizations, organizations, people, root};
use crate::edge::edge;
use crate::journal::record::{Panicked, record};
use crate::oauth::{authorize, token_endpoint};
use crate::replay;
use crate::worlds::Worlds;

/// Everything Webex answers. From the outside in: the journal, which sees every request; the guard against bugs, so
/// that a panic costs one request; the edge, where limits and faults are; the routes.
pub(crate) fn api(worlds: Worlds) -> Router {
    Router::new()
        .route(path::AUTHORIZE, get(authorize::get).post(authorize::post))
        .route(path::ACCESS_TOKEN, post(token_endpoint::post))
        .route(path::REVOKE, post(token_endpoint::revoke))
        .method_not_allowed_fallback(root::other_method_unauthenticated)
        .merge(resources())
        .fallback(root::not_simulated)
        .layer(from_fn(replay::layer))
        .layer(from_fn(edge))
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(worlds, record))
}

/// What takes an access token.
fn resources() -> Router {
    Router::new()
        .route(path::ROOT, get(root::get))
        .route(path::PEOPLE, get(people::list).post(people::create))
        .route(path::ME, get(people::me))
        .route(
            path::PERSON,
            get(people::get).put(people::update).delete(people::delete),
        )
        .route(path::ORGANIZATIONS, get(organizations::list))
        .route(
            path::ORGANIZATION,
            get(organizations::get).delete(organizations::delete),
        )
        .route(path::TOKEN_EXPIRY, get(authorizations::token_expiry))
        .route(
            path::SUBSCRIBERS,
            get(subscribers::list).post(subscribers::create),
        )
        .route(
            path::SUBSCRIBER,
            get(subscribers::get)
                .put(subscribers::update)
                .delete(subscribers::delete),
        )
        .route(path::PRECHECK, post(subscribers::precheck))
        .route(path::CONSENT_MOVE, post(subscribers::consent_move))
        .route(path::ENTERPRISES, get(enterprises::list))
        .route(
            path::DIRECTORY_SYNC,
            get(directory_sync::get)
                .put(directory_sync::put)
                .post(directory_sync::post),
        )
        .route(path::EXTERNAL_USER, post(directory_sync::external_user))
        .route(path::SCIM_ME, get(users::me))
        .route(path::SCIM_USERS, get(users::search).post(users::create))
        .route(
            path::SCIM_USER,
            get(users::get)
                .put(users::replace)
                .patch(users::patch)
                .delete(users::delete),
        )
        .route(path::SCIM_BULK, post(bulk::post))
        .method_not_allowed_fallback(root::other_method)
}

/// Leaves a mark; the journal's layer knows the tracking id that the answer needs.
fn panicked(_reason: Box<dyn Any + Send>) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Panicked);
    response
}
