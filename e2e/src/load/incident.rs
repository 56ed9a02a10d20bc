//! What a test lets go wrong: from when to when, and what it may do to the requests that were in flight at any moment
//! between. Everything else is a finding.

use std::time::Duration;

use super::Record;
use super::outcome::Outcome;
use super::request::Way;

/// A span of the load in which requests may fail. Times count from the start of the load.
#[derive(Debug, Clone)]
pub struct Incident {
    /// What happened.
    pub name: String,
    /// When it began.
    pub from: Duration,
    /// When it was over; absent while it lasts.
    pub until: Option<Duration>,
    /// What may have come of requests.
    pub allows: Vec<Allowance>,
    /// What may have come of those through nginx, where that is something else.
    pub allows_at_nginx: Option<Vec<Allowance>>,
}

/// One thing that may come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// Webex answered with this status.
    Status(u16),
    /// The gateway answered with this error.
    GatewayError(&'static str),
    /// The answer was cut.
    Cut,
    /// The connection ended before the answer.
    Ended,
    /// No connection was to be had.
    NoConnection,
    /// nginx answered with this status of its own, because it did not reach the gateway.
    Nginx(u16),
}

impl Incident {
    /// Whether it explains what came of a request.
    #[must_use]
    pub fn excuses(&self, record: &Record) -> bool {
        let overlaps = record.ended >= self.from && self.until.is_none_or(|until| record.sent <= until);
        let mut allows = self.allows_at(record.request.way).iter();
        overlaps && allows.any(|allowance| allowance.covers(&record.outcome))
    }

    /// What may have come of requests on this way.
    pub(super) fn allows_at(&self, way: Way) -> &[Allowance] {
        match (way, &self.allows_at_nginx) {
            (Way::ThroughNginx, Some(allows)) => allows,
            (Way::Straight | Way::ThroughNginx, _) => &self.allows,
        }
    }
}

impl Allowance {
    fn covers(self, outcome: &Outcome) -> bool {
        match self {
            Self::Status(status) => outcome.is_answer(status),
            Self::GatewayError(code) => outcome.is_refusal(code),
            Self::Cut => matches!(outcome, Outcome::Cut { .. }),
            Self::Ended => matches!(outcome, Outcome::Ended { .. }),
            Self::NoConnection => matches!(outcome, Outcome::NoConnection { .. }),
            Self::Nginx(told) => matches!(outcome, Outcome::Nginx { status } if *status == told),
        }
    }
}
