//! The control API, on a listener of its own: what a test or a developer does to the simulator behind the back of its
//! clients. `types` is shared with the typed client.

#[cfg(feature = "server")]
pub(crate) mod fields;
#[cfg(feature = "server")]
mod guard;
#[cfg(feature = "server")]
pub(crate) mod handlers;
#[cfg(feature = "server")]
mod openapi;
#[cfg(feature = "server")]
mod operation;
#[cfg(feature = "server")]
mod page;
#[cfg(feature = "server")]
pub(crate) mod router;
#[cfg(feature = "server")]
mod routes;
#[cfg(feature = "server")]
pub(crate) mod settings;
pub mod types;
