//! HTTP/1.1 as it is on the wire (RFC 9112), for clients and for Webex alike: parts of messages as they are read and written.

pub mod chunks;
pub mod fields;
pub mod output;
pub mod receiving;
pub mod sending;

use thiserror::Error;

/// What came is no HTTP, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Nonsense(pub &'static str);

/// How the end of a body is known (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// It has so many bytes, or there is no body at all.
    Length(u64),
    /// It says so itself.
    Chunked,
    /// The connection ends with it.
    UntilClose,
}
