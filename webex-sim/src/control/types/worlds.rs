//! Worlds and their snapshots, as the control API shows and makes them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SettingsPatch;

/// `POST /__sim/worlds`: what is absent is chosen or as in the world that the simulator started with.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct NewWorld {
    /// 1 to 64 of the characters a-z, 0-9 and `-`; made up if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Client id of its integration; made up in Webex's shape if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret; made up in Webex's shape if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// All redirect URIs that are registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// Settings that differ from those the simulator started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsPatch>,
    /// A seed of its own, in the format of seed files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<Value>,
}

/// The answer to [`NewWorld`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct CreatedWorld {
    /// Its name.
    pub name: String,
    /// What leads an OAuth request to it.
    pub client_id: String,
    /// The secret itself: nobody else knows it.
    pub client_secret: String,
    /// Where its control API is, such as `/__sim/worlds/a`.
    pub control_path: String,
}

/// `GET /__sim/worlds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct WorldList {
    /// In the order of creation.
    pub worlds: Vec<WorldInfo>,
}

/// One world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct WorldInfo {
    /// Its name.
    pub name: String,
    /// What leads an OAuth request to it.
    pub client_id: String,
    /// When it was created, in real time.
    pub created: String,
    /// Where its control API is.
    pub control_path: String,
    /// How many organisations there are.
    pub organizations: usize,
    /// How many people.
    pub people: usize,
    /// How many tokens, dead ones included.
    pub tokens: usize,
    /// How many entries its journal has.
    pub journal: usize,
    /// How many violations are listed.
    pub violations: usize,
    /// How many snapshots it has.
    pub snapshots: usize,
}

/// `DELETE /__sim/worlds/{world}` and `DELETE /__sim/snapshots/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Deleted {
    /// Its name.
    pub deleted: String,
}

/// `GET /__sim/snapshots`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct SnapshotList {
    /// In the order of their names.
    pub snapshots: Vec<SnapshotInfo>,
}

/// One snapshot, also the answer to saving and to restoring it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct SnapshotInfo {
    /// Its name.
    pub name: String,
    /// When it was taken, in real time.
    pub created: String,
    /// The simulated time of that moment.
    pub time: String,
    /// Whether the clock stood still.
    pub frozen: bool,
}

/// The answer to `PUT /__sim/state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Imported {
    /// How many organisations there are now.
    pub organizations: usize,
    /// How many people.
    pub people: usize,
    /// How many tokens, dead ones included.
    pub tokens: usize,
}

// === Debug without secrets ===

impl fmt::Debug for NewWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWorld")
            .field("name", &self.name)
            .field("client_id", &self.client_id)
            .field("redirect_uris", &self.redirect_uris)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CreatedWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedWorld")
            .field("name", &self.name)
            .field("client_id", &self.client_id)
            .field("control_path", &self.control_path)
            .finish_non_exhaustive()
    }
}
