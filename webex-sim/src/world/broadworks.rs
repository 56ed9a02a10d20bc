//! Enterprises and subscribers of Webex for BroadWorks (Webex API reference, "BroadWorks Enterprises" and "BroadWorks
//! Subscribers").

use jiff::Timestamp;
use uuid::Uuid;

/// A BroadWorks enterprise and the Webex organisation that stands for it.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "shown by the operations on enterprises, which come next")]
pub(crate) struct Enterprise {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    /// Such as `Reseller1+acme`.
    pub(crate) sp_enterprise_id: String,
    pub(crate) provisioning_id: String,
}

/// A BroadWorks user who is provisioned in Webex.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "shown by the operations on subscribers, which come next")]
pub(crate) struct Subscriber {
    pub(crate) id: Uuid,
    pub(crate) user_id: String,
    pub(crate) created: Timestamp,
}
