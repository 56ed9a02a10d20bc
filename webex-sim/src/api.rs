//! The Webex API: who may call, what an error looks like, and one file for each resource.

pub(crate) mod authorizations;
pub(crate) mod body;
pub(crate) mod broadworks;
pub(crate) mod caller;
pub(crate) mod error;
pub(crate) mod operation;
pub(crate) mod organizations;
pub(crate) mod paging;
pub(crate) mod people;
pub(crate) mod request_url;
pub(crate) mod respond;
pub(crate) mod root;
pub(crate) mod scim;
pub(crate) mod tracking;
