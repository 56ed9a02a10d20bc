//! The token's life as one state machine: a pure function of (state, event, now).
//!
//! It owns no clock, no randomness and no I/O: `now` and the dice are passed in, and what to do comes back as a
//! value. [`super::keeper`] holds it under a lock and acts.

use std::sync::Arc;
use std::time::Duration;

use super::failure::{Rejection, TokenError};
use super::{TokenSet, backoff};
use crate::clock::{Now, Timestamp};
use crate::organization::OrgId;
use crate::secret::RefreshToken;

/// A refresh happens ahead of expiry at this share of the lifetime, plus up to [`REFRESH_JITTER`] of it: early enough
/// to survive days of trouble, spread so that several gateways do not call at once.
const REFRESH_SHARE: f64 = 0.65;
/// See [`REFRESH_SHARE`].
const REFRESH_JITTER: f64 = 0.15;
/// Between two refreshes at least this long, however short a server makes its lifetimes.
const REFRESH_FLOOR: Duration = Duration::from_secs(5);
/// A token is not sent in its last moments: it would expire on the way.
const EXPIRY_MARGIN: Duration = Duration::from_secs(1);
/// A token younger than this that gets a 401 is not the problem; a refresh would not help.
const YOUNG: Duration = Duration::from_secs(30);
/// The first wait between refreshes that 401s force; it doubles while they do not help.
const FORCED_SPACING: Duration = Duration::from_secs(30);
/// The longest wait between refreshes that 401s force.
const FORCED_SPACING_LIMIT: Duration = Duration::from_mins(15);
/// After a final refusal the server is asked once in this time: cheap, and it notices what was mended elsewhere.
const PROBE_INTERVAL: Duration = Duration::from_mins(15);

/// Counts the tokens held by this process, so that a 401 can be matched with the token that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

/// The tokens in use, with their deadlines on both clocks.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The tokens.
    pub tokens: Arc<TokenSet>,
    /// Which tokens these are.
    pub generation: Generation,
    installed: Now,
    age_when_installed: Duration,
    refresh_at: Deadline,
    expires_at: Deadline,
}

/// A moment on both clocks; it has come when it has come on either.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    wall: Timestamp,
    mono: Duration,
}

/// The state as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthState {
    /// No administrator has authorised this gateway yet.
    Unauthorised,
    /// Tokens are held and nothing is wrong.
    Ok,
    /// A refresh runs.
    Refreshing,
    /// The last refresh failed, the next attempt is planned.
    Degraded,
    /// The grant is dead: an administrator has to authorise again.
    Reauthorise,
    /// Webex refuses the client: the configuration has to be put right.
    Misconfigured,
}

/// What an operator, or nobody, has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing; it is tried again.
    Retry,
    /// Log in again at the authorisation address.
    Reauthorise,
    /// Put the client's id, secret or scopes right.
    FixConfiguration,
}

/// Why somebody wants a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is time, or an attempt that failed is due again.
    Due,
    /// A request found the access token expired.
    Expired,
    /// Webex answered 401 to the token of this generation.
    Rejected(Generation),
}

/// What is to be done about a wish for a refresh.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Start a refresh of this generation with this refresh token.
    Start(Generation, RefreshToken),
    /// A refresh runs; wait for its end.
    Join,
    /// Use the tokens held: they are newer than the rejected ones, or good.
    Use,
    /// Do nothing: a refresh now would not help. A 401 goes back to the client.
    Leave,
    /// Not now; the last failure asks for a wait of this long.
    Later(Duration),
    /// Not before a person has acted.
    Never(Rejection),
    /// There is nothing to refresh.
    Unauthorised,
}

/// What became of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its tokens are in use.
    Installed,
    /// It failed; the tokens held stay.
    Failed,
    /// Other tokens came in meanwhile; its result is dropped.
    Superseded,
}

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
    next: Duration,
}

/// The pacing of refreshes that 401s force.
#[derive(Clone, Copy, Debug)]
struct Forced {
    not_before: Duration,
    spacing: Duration,
    proven: bool,
}

/// The state machine.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    grant: Option<Grant>,
    installed: u64,
    in_flight: Option<Generation>,
    trouble: Option<Trouble>,
    forced: Forced,
    /// When a refresh brought tokens last, on the monotonic clock.
    refreshed: Option<Duration>,
    /// Webex answered 401 to the tokens held, and the refresh that followed was refused.
    dead: bool,
}

impl Generation {
    /// 1 for the first tokens of this process.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl Grant {
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

    fn age(&self, now: Now) -> Duration {
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

    fn reached(self, now: Now) -> bool {
        self.remaining(now).is_zero()
    }

    fn remaining(self, now: Now) -> Duration {
        self.wall.since(now.wall).min(self.mono.saturating_sub(now.mono))
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

impl AuthState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Unauthorised,
        Self::Ok,
        Self::Refreshing,
        Self::Degraded,
        Self::Reauthorise,
        Self::Misconfigured,
    ];

    /// The name used in JSON, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorised => "unauthorised",
            Self::Ok => "ok",
            Self::Refreshing => "refreshing",
            Self::Degraded => "degraded",
            Self::Reauthorise => "reauthorise",
            Self::Misconfigured => "misconfigured",
        }
    }
}

impl Action {
    /// The name used in JSON, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Reauthorise => "reauthorise",
            Self::FixConfiguration => "fix_configuration",
        }
    }
}

impl From<Rejection> for Action {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Grant => Self::Reauthorise,
            Rejection::Client => Self::FixConfiguration,
        }
    }
}

impl Lifecycle {
    /// Takes tokens from the file or from a new authorisation. Whatever went wrong before is over, and a refresh in
    /// flight will be dropped when it ends.
    pub fn install(&mut self, tokens: TokenSet, now: Now, dice: f64) -> Generation {
        self.installed += 1;
        let generation = Generation(self.installed);
        // An issue time in the future comes from a clock that was wrong: the token is new, not long-lived.
        let age = now.wall.since(tokens.issued_at);
        let remaining = tokens.expires_in.saturating_sub(age);
        let share = (REFRESH_SHARE + REFRESH_JITTER * dice.clamp(0.0, 1.0)).min(1.0);
        let refresh_in = tokens
            .expires_in
            .mul_f64(share)
            .max(REFRESH_FLOOR)
            .saturating_sub(age);
        self.grant = Some(Grant {
            tokens: Arc::new(tokens),
            generation,
            installed: now,
            age_when_installed: age,
            refresh_at: Deadline::after(now, refresh_in),
            expires_at: Deadline::after(now, remaining.saturating_sub(EXPIRY_MARGIN)),
        });
        self.trouble = None;
        self.dead = false;
        generation
    }

    /// What to do about a wish for a refresh. [`Decision::Start`] is given to one caller only until
    /// [`Self::refresh_ended`] is told.
    pub fn want(&mut self, why: Why, now: Now) -> Decision {
        let Some(grant) = &self.grant else {
            return Decision::Unauthorised;
        };
        match why {
            Why::Rejected(generation) if generation != grant.generation => return Decision::Use,
            Why::Expired if grant.usable(now) => return Decision::Use,
            _ => {}
        }
        if self.in_flight == Some(grant.generation) {
            return Decision::Join;
        }
        if let Some(trouble) = self.trouble.as_ref().filter(|trouble| trouble.next > now.mono) {
            return match trouble.rejection {
                Some(rejection) => Decision::Never(rejection),
                None => Decision::Later(trouble.next.saturating_sub(now.mono)),
            };
        }
        let floor = self.refreshed.map_or(Duration::ZERO, |at| {
            at.saturating_add(REFRESH_FLOOR).saturating_sub(now.mono)
        });
        match why {
            // A server whose tokens end at once would be asked without a pause.
            Why::Due | Why::Expired if !floor.is_zero() => return Decision::Later(floor),
            Why::Due if self.trouble.is_none() && !grant.refresh_at.reached(now) => return Decision::Leave,
            Why::Rejected(_) if grant.age(now) < YOUNG || now.mono < self.forced.not_before => {
                return Decision::Leave;
            }
            Why::Rejected(_) => {
                self.forced = self.forced.next(now);
                self.dead = true;
            }
            Why::Due | Why::Expired => {}
        }
        self.in_flight = Some(grant.generation);
        Decision::Start(grant.generation, grant.tokens.refresh_token.clone())
    }

    /// Takes the end of the refresh that was started for `generation`.
    pub fn refresh_ended(
        &mut self,
        generation: Generation,
        result: Result<TokenSet, TokenError>,
        now: Now,
        dice: f64,
    ) -> Outcome {
        if self.in_flight == Some(generation) {
            self.in_flight = None;
        }
        if self
            .grant
            .as_ref()
            .is_none_or(|grant| grant.generation != generation)
        {
            return Outcome::Superseded;
        }
        match result {
            Ok(tokens) => {
                self.install(tokens, now, dice);
                self.refreshed = Some(now.mono);
                Outcome::Installed
            }
            Err(error) => {
                self.trouble = Some(self.troubled(error, now, dice));
                Outcome::Failed
            }
        }
    }

    /// A request that got a 401 worked with the token of this generation: refreshes that 401s force help. That other requests
    /// work says nothing: one call of Webex may answer 401 for a reason of its own.
    pub fn cured(&mut self, generation: Generation) {
        if self
            .grant
            .as_ref()
            .is_some_and(|grant| grant.generation == generation)
        {
            self.forced.proven = true;
        }
    }

    /// Whether [`Self::cured`] would change anything.
    #[must_use]
    pub fn proven(&self) -> bool {
        self.forced.proven
    }

    /// Notes whose tokens are held.
    pub fn learn(&mut self, org_id: OrgId) {
        if let Some(grant) = &mut self.grant {
            Arc::make_mut(&mut grant.tokens).org_id = Some(org_id);
        }
    }

    /// The tokens held, expired or not.
    #[must_use]
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }

    /// The last failure, until a success.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Whether the tokens held are good for nothing, although they have not expired: Webex answered 401 to them and refused
    /// to refresh them.
    #[must_use]
    pub fn dead(&self) -> bool {
        self.dead
            && self
                .trouble
                .as_ref()
                .is_some_and(|trouble| trouble.rejection.is_some())
    }

    /// Whether a refresh of the tokens held runs.
    #[must_use]
    pub fn refreshing(&self) -> bool {
        self.grant
            .as_ref()
            .is_some_and(|grant| self.in_flight == Some(grant.generation))
    }

    /// The state as operators see it.
    #[must_use]
    pub fn state(&self) -> AuthState {
        match (&self.grant, &self.trouble) {
            (None, _) => AuthState::Unauthorised,
            (
                _,
                Some(Trouble {
                    rejection: Some(Rejection::Grant),
                    ..
                }),
            ) => AuthState::Reauthorise,
            (
                _,
                Some(Trouble {
                    rejection: Some(Rejection::Client),
                    ..
                }),
            ) => AuthState::Misconfigured,
            (_, None) if self.refreshing() => AuthState::Refreshing,
            (_, Some(_)) => AuthState::Degraded,
            (_, None) => AuthState::Ok,
        }
    }

    /// How long until [`Why::Due`] is worth asking; `None` while only an event can change that.
    #[must_use]
    pub fn due_in(&self, now: Now) -> Option<Duration> {
        let grant = self.grant.as_ref()?;
        match (&self.trouble, self.refreshing()) {
            (_, true) => None,
            (Some(trouble), _) => Some(trouble.next.saturating_sub(now.mono)),
            (None, _) => Some(grant.refresh_at.remaining(now)),
        }
    }

    fn troubled(&self, error: TokenError, now: Now, dice: f64) -> Trouble {
        let before = self.trouble.as_ref();
        let failures = before.map_or(0, |trouble| trouble.failures).saturating_add(1);
        let since = before.map_or(now.wall, |trouble| trouble.since);
        let (rejection, reason, wait) = match error {
            TokenError::Transient {
                reason, retry_after, ..
            } => {
                // Something on the way says nothing about a refusal that came from the server itself.
                match before.and_then(|trouble| Some((trouble.rejection?, trouble.reason.clone()))) {
                    Some((rejection, refused)) => (Some(rejection), refused, PROBE_INTERVAL),
                    None => (None, reason, backoff::after(failures, dice, retry_after)),
                }
            }
            TokenError::Rejected { cause, reason } => (Some(cause), reason, PROBE_INTERVAL),
        };
        Trouble {
            rejection,
            reason,
            failures,
            since,
            next: now.mono.saturating_add(wait),
        }
    }
}

impl Forced {
    fn next(self, now: Now) -> Self {
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

#[cfg(test)]
mod tests;
