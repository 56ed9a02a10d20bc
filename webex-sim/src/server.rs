//! Starting and stopping a simulator. [`Simulator::builder`] binds three listeners and returns a [`Running`], which
//! knows their addresses; dropping it, or [`Running::stop`], ends everything.

mod builder;
mod connection;
pub(crate) mod listen;
pub(crate) mod running;
pub(crate) mod tls;

pub use builder::{Builder, StartError};
pub use running::Running;
pub use tls::{TlsError, TlsFiles};

/// A fake Webex. See [`Simulator::builder`].
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// A simulator with the built-in seed, on free ports of 127.0.0.1, until told otherwise.
    pub fn builder() -> Builder {
        Builder::default()
    }
}
