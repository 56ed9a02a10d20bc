//! The worlds of a simulator. There is one; the lookup is here so that handlers do not know that.

use std::sync::Arc;

use axum::extract::Request;

use crate::world::World;

/// All worlds.
#[derive(Debug, Clone)]
pub(crate) struct Worlds {
    only: Arc<World>,
}

impl Worlds {
    pub(crate) fn new(only: Arc<World>) -> Self {
        Self { only }
    }

    /// The world a request to the API acts on.
    pub(crate) fn of_request(&self, _request: &Request) -> Arc<World> {
        Arc::clone(&self.only)
    }

    /// The world the control API acts on.
    pub(crate) fn controlled(&self) -> Arc<World> {
        Arc::clone(&self.only)
    }
}
