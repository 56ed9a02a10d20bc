//! What is done to BroadWorks subscribers behind the back of the API's clients.

use serde::{Deserialize, Serialize};

/// How far Webex is with a subscriber (API reference, "BroadWorks Subscribers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubscriberStatus {
    /// Paused: the user has to enter an e-mail address.
    PendingEmailInput,
    /// Paused: the user has entered one and has to confirm it.
    PendingEmailValidation,
    /// Paused: the user has to consent to move from another organisation.
    PendingUserMigration,
    /// In progress.
    Provisioning,
    /// Done.
    Provisioned,
    /// An update is in progress.
    Updating,
    /// Failed; `errors` says why.
    Error,
}

/// Why provisioning failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscriberFault {
    /// Such as 10022.
    pub error_code: u32,
    /// The same in words.
    pub description: String,
}

/// `POST /__sim/subscribers/{subscriber}/status`: the status changes now and stays until the API or another such act
/// changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct SubscriberStatusChange {
    /// The new status. `provisioned` lets an update in progress take effect and makes or moves the person.
    pub status: SubscriberStatus,
    /// Only with [`SubscriberStatus::Error`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<SubscriberFault>,
    /// The e-mail address the user has entered, for a subscriber without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A subscriber after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct SubscriberState {
    /// Webex id.
    pub id: String,
    /// The user ID in BroadWorks.
    pub user_id: String,
    /// The e-mail address, if there is one.
    pub email: Option<String>,
    /// The status.
    pub status: SubscriberStatus,
    /// Webex id of the person; absent before it was provisioned for the first time.
    pub person_id: Option<String>,
}

impl From<SubscriberStatus> for SubscriberStatusChange {
    fn from(status: SubscriberStatus) -> Self {
        Self {
            status,
            errors: Vec::new(),
            email: None,
        }
    }
}
