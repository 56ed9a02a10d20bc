//! SCIM 2 users and Bulk (Webex API reference, "SCIM 2 Users"; RFC 7643, RFC 7644). A user is a [`Person`] of the
//! directory: `read` shows one, `write` takes one, and what only SCIM knows is kept beside.
//!
//! [`Person`]: crate::world::Person

pub(crate) mod bulk;
mod call;
pub(crate) mod error;
mod filter;
mod patch;
mod query;
mod read;
mod schema;
mod select;
mod store;
mod support;
pub(crate) mod users;
mod write;

#[cfg(test)]
mod tests;
