//! What travels with a request through the layers: the world it acts on and its tracking id on the way in, notes for
//! the journal on the way out.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;

use crate::api::operation::Operation;
use crate::api::tracking::TrackingId;
use crate::server::listen::Connection;
use crate::world::World;

/// Put into each request by the outermost layer.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) world: Arc<World>,
    pub(crate) tracking: TrackingId,
    /// What is asked for; absent where nothing is simulated.
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) connection: Connection,
    pub(crate) fired: Fired,
}

/// The id of the fault rule that fired on a request, for the journal. Clones share it, so that it is known even if there is
/// never an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fired(Arc<OnceLock<String>>);

/// The body of a request that is a form; empty for others. Put into each request by the outermost layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(pub(crate) Bytes);

/// What a handler tells the journal about its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note {
    pub(crate) oauth_error: Option<String>,
    pub(crate) person: Option<String>,
    pub(crate) not_simulated: bool,
    /// It was not the simulation that chose the answer.
    pub(crate) scripted: bool,
}

/// The body of an answer that does not announce its size, for the journal.
#[derive(Debug, Clone)]
pub(crate) struct Shown(pub(crate) Bytes);

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .expect("the journal's layer puts it there")
            .clone())
    }
}

impl Fired {
    pub(crate) fn set(&self, id: String) {
        // Only the first rule that fires on a request decides.
        let _ = self.0.set(id);
    }

    pub(crate) fn id(&self) -> Option<&String> {
        self.0.get()
    }
}

impl Note {
    /// Attaches the note to an answer.
    pub(crate) fn on(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}
