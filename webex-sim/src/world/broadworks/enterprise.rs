//! An enterprise of BroadWorks. The API has no call that makes one: it comes with its first subscriber.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sync::DirectorySync;
use crate::ids::{self, Kind};

/// A BroadWorks enterprise and the Webex organisation that stands for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Enterprise {
    pub(crate) id: Uuid,
    /// A customer of the partner whose administrator provisioned the first subscriber.
    pub(crate) organization: Uuid,
    /// Such as `Reseller1+acme`.
    pub(crate) sp_enterprise_id: String,
    /// Of the first subscriber.
    pub(crate) provisioning_id: String,
    pub(crate) created: Timestamp,
    pub(crate) sync: DirectorySync,
}

impl Enterprise {
    /// Whether `text` names it: UUID or Webex id.
    pub(crate) fn answers_to(&self, text: &str) -> bool {
        self.id.to_string() == text || ids::encode(Kind::Enterprise, self.id) == text
    }
}
