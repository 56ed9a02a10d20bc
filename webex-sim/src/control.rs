//! The control API, on a listener of its own: what a test or a developer does to the simulator behind the back of its
//! clients. `types` is shared with the typed client.

#[cfg(feature = "server")]
pub(crate) mod fields;
#[cfg(feature = "server")]
pub(crate) mod handlers;
#[cfg(feature = "server")]
pub(crate) mod router;
#[cfg(feature = "server")]
pub(crate) mod settings;
pub mod types;
