//! What of Webex has been exercised, as the control API shows it.

use serde::{Deserialize, Serialize};

/// `GET /__sim/coverage`: the operations, and which of their statuses have been answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// Pairs of operation and status that Webex documents.
    pub documented: usize,
    /// Those of them that have been answered at least once.
    pub exercised: usize,
    /// Every operation.
    pub operations: Vec<OperationCoverage>,
}

/// An operation and its statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct OperationCoverage {
    /// Such as `listPeople`.
    pub operation: String,
    /// Method.
    pub method: String,
    /// Path template.
    pub path: String,
    /// Those that are documented, and others that have been answered, in ascending order.
    pub statuses: Vec<StatusCoverage>,
}

/// A status of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct StatusCoverage {
    /// The status.
    pub status: u16,
    /// Whether Webex documents it for the operation.
    pub documented: bool,
    /// How often it was answered.
    pub answers: u64,
    /// How many of these were the doing of a fault rule or a replay.
    pub scripted: u64,
}
