//! The JSON of the control API. One definition for the server and the typed client; serde and nothing else.
//! Times are RFC 3339 texts in simulated time, secrets are fingerprints (the first 12 hex digits of their SHA-256).

mod coverage;
mod faults;
mod journal;
mod replay;
mod settings;
mod subscribers;
mod tokens;
mod violations;
mod worlds;

use serde::{Deserialize, Serialize};

pub use coverage::{Coverage, OperationCoverage, StatusCoverage};
pub use faults::{
    Delay, Fault, FaultAction, FaultList, FaultMatch, FaultRule, HeaderMatch, RetryAfter, When, Wire,
};
pub use journal::{
    Content, Entry, EntryFilter, Exchange, JournalCount, JournalPage, JournalWait, NearMiss, NearMisses,
    Version, WaitLimits,
};
pub use replay::{ReplayList, ReplayedExchange};
pub use settings::{Rotation, Settings, SettingsPatch, TokenErrorShape};
pub use subscribers::{SubscriberFault, SubscriberState, SubscriberStatus, SubscriberStatusChange};
pub use tokens::{EndTokens, Ended, LostAnswers, TokenInfo, TokenKind, TokenList, TokenState};
pub use violations::{Violation, ViolationKind, ViolationList};
pub use worlds::{
    CreatedWorld, Deleted, Imported, NewWorld, SnapshotInfo, SnapshotList, WorldInfo, WorldList,
};

/// `GET /__sim/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Health {
    /// Always `ok`.
    pub status: String,
    /// Version of the simulator.
    pub version: String,
}

/// `GET /__sim/clock`, and the answer to `POST`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct ClockState {
    /// The simulated time.
    pub now: String,
    /// The same in milliseconds since 1970.
    pub now_unix_ms: i64,
    /// Simulated minus real time, in milliseconds.
    pub offset_ms: i64,
    /// Whether time stands still until it is advanced.
    pub frozen: bool,
}

/// `POST /__sim/clock`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct ClockChange {
    /// Moves the clock forward.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance_seconds: Option<u64>,
    /// Stops the clock, or lets it run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeze: Option<bool>,
}

/// What the next authorize request is answered with, instead of the sign-in page. `POST /__sim/consent` adds one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Consent {
    /// This person signs in and accepts.
    Accept {
        /// Whose e-mail address this is.
        email: String,
    },
    /// Somebody declines: `error=access_denied`.
    Decline,
    /// Webex redirects with this error.
    Error {
        /// Such as `server_error`.
        error: String,
        /// Text for people, left out if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
}

/// The consent queue after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct ConsentQueue {
    /// The next one first.
    pub queue: Vec<Consent>,
}

/// `POST /__sim/people/{person}/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct PasswordChange {
    /// The new password.
    pub password: String,
}

/// What is wrong with a control request. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[error("{field} {reason}; accepted: {accepted}")]
pub struct Rejection {
    /// The field, parameter or part of the path.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
    /// What would have been right.
    pub accepted: String,
}

impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}
