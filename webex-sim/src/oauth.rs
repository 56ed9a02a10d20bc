//! OAuth 2.0 as Webex speaks it: the authorize page, the token endpoint, and the registry of codes and tokens behind
//! them. [`registry`] is a pure state machine; the handlers parse, ask it, and render.

pub(crate) mod authorize;
pub(crate) mod params;
mod pkce;
pub(crate) mod registry;
mod scope;
pub(crate) mod token_endpoint;
pub(crate) mod token_value;

pub(crate) use registry::{Bearer, Registry, Selection};
pub(crate) use scope::ScopeSet;
pub(crate) use token_endpoint::basic_client;
