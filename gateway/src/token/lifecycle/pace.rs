//! How fast the token endpoint may be asked: after a failure, and where 401s force refreshes.

use std::time::Duration;

use crate::clock::{Now, Timestamp};
use crate::token::backoff;
use crate::token::failure::{Rejection, TokenError};

/// The first wait between refreshes that 401s force; it doubles while they do not help.
const FORCED_SPACING: Duration = Duration::from_secs(30);
/// The longest wait between refreshes that 401s force.
const FORCED_SPACING_LIMIT: Duration = Duration::from_mins(15);
/// After a final refusal the server is asked once in this time: cheap, and it notices what was mended elsewhere.
pub(super) const PROBE_INTERVAL: Duration = Duration::from_mins(15);

/// The last failure, until a success.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// Who can mend it; `None` while it may mend itself.
    pub rejection: Option<Rejection>,
    /// For the operator.
    pub reason: String,
    /// Failures in a row.
    pub failures: u32,
    /// When the first of them was.
    pub since: Timestamp,
    /// When the background may try again, on the monotonic clock.
    next: Duration,
    /// When a request that has no token to send may try again; not later than `next`.
    urgent: Duration,
}

/// The pacing of refreshes that 401s force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forced {
    not_before: Duration,
    spacing: Duration,
    /// Whether the last one cured the request that had got the 401.
    pub(super) proven: bool,
}

impl Trouble {
    /// The trouble after one more failure. `usable` is how long the access token may still be sent.
    pub(super) fn after(
        before: Option<&Self>,
        error: TokenError,
        usable: Duration,
        now: Now,
        dice: f64,
    ) -> Self {
        let failures = before.map_or(0, |trouble| trouble.failures).saturating_add(1);
        let since = before.map_or(now.wall, |trouble| trouble.since);
        let refused = before.and_then(|trouble| Some((trouble.rejection?, trouble.reason.clone())));
        let (rejection, reason, urgent, next) = match (error, refused) {
            (TokenError::Rejected { cause, reason }, _) => {
                (Some(cause), reason, PROBE_INTERVAL, PROBE_INTERVAL)
            }
            // Something on the way says nothing about a refusal that came from the server itself.
            (TokenError::Transient { .. }, Some((rejection, reason))) => {
                (Some(rejection), reason, PROBE_INTERVAL, PROBE_INTERVAL)
            }
            (
                TokenError::Transient {
                    reason, retry_after, ..
                },
                None,
            ) => {
                let urgent = backoff::after(failures, dice, retry_after);
                let next = backoff::without_hurry(failures, dice, retry_after);
                // The next attempt must not come later than the token's end.
                (None, reason, urgent, next.min(usable.max(urgent)))
            }
        };
        Self {
            rejection,
            reason,
            failures,
            since,
            next: now.mono.saturating_add(next),
            urgent: now.mono.saturating_add(urgent),
        }
    }

    /// How long the background waits before it tries again.
    #[must_use]
    pub fn next_in(&self, now: Now) -> Duration {
        self.next.saturating_sub(now.mono)
    }

    /// How long a request waits that has no token to send.
    pub(super) fn urgent_in(&self, now: Now) -> Duration {
        self.urgent.saturating_sub(now.mono)
    }
}

impl Default for Forced {
    fn default() -> Self {
        Self {
            not_before: Duration::ZERO,
            spacing: FORCED_SPACING,
            proven: true,
        }
    }
}

impl Forced {
    pub(super) fn allowed(self, now: Now) -> bool {
        now.mono >= self.not_before
    }

    /// The pacing once another refresh has been forced.
    pub(super) fn next(self, now: Now) -> Self {
        let spacing = match self.proven {
            true => FORCED_SPACING,
            false => (self.spacing * 2).min(FORCED_SPACING_LIMIT),
        };
        Self {
            not_before: now.mono.saturating_add(spacing),
            spacing,
            proven: false,
        }
    }
}
