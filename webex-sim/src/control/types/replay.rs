//! Recorded answers that are given again, as the control API shows them.

use serde::{Deserialize, Serialize};

/// `GET /__sim/replay`, and the answer to `PUT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct ReplayList {
    /// In the order of the recording.
    pub exchanges: Vec<ReplayedExchange>,
    /// Exchanges of the recording that are not given again: authorisation is always simulated.
    pub skipped: usize,
}

/// A recorded request whose answer is given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct ReplayedExchange {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Status of the answer.
    pub status: u16,
    /// How often it was given.
    pub hits: u64,
}
