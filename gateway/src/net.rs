//! How the gateway reaches Webex: name resolution, trusted authorities, forward proxies, and the client for OAuth calls.

pub mod deadline;
pub mod forward_proxy;
pub mod oauth_client;
pub mod own_address;
pub mod patient;
pub mod resolver;
pub mod route;
pub mod tls;
