//! Enterprises and subscribers of Webex for BroadWorks (Webex API reference, "BroadWorks Enterprises" and "BroadWorks
//! Subscribers").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A BroadWorks enterprise and the Webex organisation that stands for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Enterprise {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    /// Such as `Reseller1+acme`.
    pub(crate) sp_enterprise_id: String,
    pub(crate) provisioning_id: String,
}

/// A BroadWorks user who is provisioned in Webex.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Subscriber {
    pub(crate) id: Uuid,
    pub(crate) user_id: String,
    pub(crate) created: Timestamp,
}
