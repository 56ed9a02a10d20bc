//! The tokens in use, with their deadlines on both clocks.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Now, Timestamp};
use crate::token::TokenSet;

/// A refresh happens ahead of expiry at this share of the lifetime, plus up to [`REFRESH_JITTER`] of it: early enough
/// to survive days of trouble, spread so that several gateways do not call at once.
const REFRESH_SHARE: f64 = 0.65;
/// See [`REFRESH_SHARE`].
const REFRESH_JITTER: f64 = 0.15;
/// Between two refreshes at least this long, however short a server makes its lifetimes.
pub(super) const REFRESH_FLOOR: Duration = Duration::from_secs(5);
/// A token is not sent in its last moments: it would expire on the way.
const EXPIRY_MARGIN: Duration = Duration::from_secs(1);

/// Counts the tokens held by this process, so that a 401 can be matched with the token that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub(super) u64);

/// The tokens in use.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The tokens.
    pub tokens: Arc<TokenSet>,
    /// Which tokens these are.
    pub generation: Generation,
    installed: Now,
    age_when_installed: Duration,
    pub(super) refresh_at: Deadline,
    expires_at: Deadline,
}

/// A moment on both clocks; it has come when it has come on either.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    wall: Timestamp,
    mono: Duration,
}

impl Generation {
    /// The number that logs and metrics show.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl Grant {
    pub(super) fn new(tokens: Arc<TokenSet>, generation: Generation, now: Now, dice: f64) -> Self {
        // An issue time in the future comes from a clock that was wrong: the token is new, not long-lived.
        let age = now.wall.since(tokens.issued_at);
        let remaining = tokens.expires_in.saturating_sub(age);
        let share = (REFRESH_SHARE + REFRESH_JITTER * dice.clamp(0.0, 1.0)).min(1.0);
        let refresh_in = tokens
            .expires_in
            .mul_f64(share)
            .max(REFRESH_FLOOR)
            .saturating_sub(age);
        Self {
            tokens,
            generation,
            installed: now,
            age_when_installed: age,
            refresh_at: Deadline::after(now, refresh_in),
            expires_at: Deadline::after(now, remaining.saturating_sub(EXPIRY_MARGIN)),
        }
    }

    /// Whether the access token may still be sent.
    #[must_use]
    pub fn usable(&self, now: Now) -> bool {
        !self.expires_at.reached(now)
    }

    /// How long the access token may still be sent.
    #[must_use]
    pub fn remaining(&self, now: Now) -> Duration {
        self.expires_at.remaining(now)
    }

    /// How long until a refresh ahead of expiry is due.
    #[must_use]
    pub fn refresh_in(&self, now: Now) -> Duration {
        self.refresh_at.remaining(now)
    }

    pub(super) fn age(&self, now: Now) -> Duration {
        self.age_when_installed + now.mono.saturating_sub(self.installed.mono)
    }
}

impl Deadline {
    fn after(now: Now, duration: Duration) -> Self {
        Self {
            wall: now.wall + duration,
            mono: now.mono.saturating_add(duration),
        }
    }

    pub(super) fn reached(self, now: Now) -> bool {
        self.remaining(now).is_zero()
    }

    pub(super) fn remaining(self, now: Now) -> Duration {
        self.wall.since(now.wall).min(self.mono.saturating_sub(now.mono))
    }
}
