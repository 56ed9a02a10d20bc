//! The token's life as one state machine: a pure function of (state, event, now).
//!
//! It owns no clock, no randomness and no I/O: `now` and the dice are passed in, and what to do comes back as a
//! value. [`super::flight`] holds it under a lock, [`super::keeper`] acts.

mod grant;
mod pace;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use super::TokenSet;
use super::failure::{Rejection, TokenError};
pub use super::state::{Action, AuthState};
use crate::clock::Now;
use crate::organization::OrgId;
use crate::secret::RefreshToken;
use grant::REFRESH_FLOOR;
pub use grant::{Generation, Grant};
use pace::Forced;
pub use pace::Trouble;
use standing::{Doubt, Gate};
pub use standing::{Standing, Verdict};

/// A token younger than this that gets a 401 is not the problem; a refresh would not help.
const YOUNG: Duration = Duration::from_secs(30);

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
    /// Start a refresh with this refresh token.
    Start(RefreshToken),
    /// Ask Webex whether it takes the access token of this generation at all.
    Ask(Generation),
    /// A refresh runs, or such a question; wait for its end.
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
    /// It was refused, and the tokens were on trial: those held before are in use again.
    FellBack,
}

/// The state machine.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    grant: Option<Grant>,
    /// What was held before the grant, while Webex has not refreshed the grant yet.
    previous: Option<Arc<TokenSet>>,
    installed: u64,
    /// What the refreshes that run have spent: by it a result is matched with the tokens held. More than one only where other
    /// tokens came in meanwhile.
    in_flight: Vec<RefreshToken>,
    trouble: Option<Trouble>,
    forced: Forced,
    /// When a refresh brought tokens last, on the monotonic clock.
    refreshed: Option<Duration>,
    /// The refresh that runs was forced by a 401.
    challenged: bool,
    /// Whether Webex takes the access token held.
    doubt: Doubt,
}

impl Lifecycle {
    /// Takes tokens that are known to be good: of a refresh, or of an authorisation whose owner Webex has named. Whatever went
    /// wrong before is over, and a refresh of another grant that is in flight will be dropped when it ends.
    pub fn install(&mut self, tokens: TokenSet, now: Now, dice: f64) -> Generation {
        self.previous = None;
        self.hold(Arc::new(tokens), now, dice)
    }

    /// Takes tokens that nobody has refreshed yet. Those held before come back if Webex refuses to: that the access token works
    /// says nothing about the refresh token behind it.
    pub fn install_on_trial(&mut self, tokens: TokenSet, now: Now, dice: f64) -> Generation {
        let worth_keeping = self.refusal() != Some(Rejection::Grant);
        let held = self.grant.take().filter(|_| worth_keeping);
        // The oldest one counts: it is the one that Webex has answered to.
        self.previous = self.previous.take().or(held.map(|grant| grant.tokens));
        self.hold(Arc::new(tokens), now, dice)
    }

    fn hold(&mut self, tokens: Arc<TokenSet>, now: Now, dice: f64) -> Generation {
        self.installed += 1;
        let generation = Generation(self.installed);
        self.grant = Some(Grant::new(tokens, generation, now, dice));
        self.trouble = None;
        self.challenged = false;
        self.doubt = Doubt::default();
        generation
    }

    /// What to do about a wish for a refresh. [`Decision::Start`] is given to one caller only until
    /// [`Self::refresh_ended`] is told, and [`Decision::Ask`] until [`Self::judged`] is.
    pub fn want(&mut self, why: Why, now: Now) -> Decision {
        let Some(grant) = &self.grant else {
            return Decision::Unauthorised;
        };
        let why = match why {
            // Others are held by now: the question is whether they can be sent.
            Why::Rejected(generation) if generation != grant.generation => Why::Expired,
            why => why,
        };
        let usable = grant.usable(now) && why != Why::Due;
        if why == Why::Expired && usable && self.doubt.standing() != Standing::Dead {
            // Whatever becomes of a refresh: what is held serves, if Webex takes it.
            let generation = grant.generation;
            return match self.doubt.gate(now) {
                Gate::Open => Decision::Use,
                Gate::Ask => Decision::Ask(generation),
                Gate::Wait | Gate::Closed => Decision::Join,
            };
        }
        if self.in_flight.contains(&grant.tokens.refresh_token) {
            return Decision::Join;
        }
        let wait = self.trouble.as_ref().map(|trouble| match why {
            Why::Due => trouble.next_in(now),
            Why::Expired | Why::Rejected(_) => trouble.urgent_in(now),
        });
        if let (Some(wait), Some(trouble)) = (wait.filter(|wait| !wait.is_zero()), &self.trouble) {
            // Nothing can be refreshed now: what is held has to do, if Webex takes it.
            if usable && matches!(why, Why::Rejected(_)) {
                self.doubt.raise(now);
            }
            let gate = if usable {
                self.doubt.gate(now)
            } else {
                Gate::Closed
            };
            return match (gate, trouble.rejection) {
                (Gate::Ask, _) => Decision::Ask(grant.generation),
                (Gate::Wait, _) => Decision::Join,
                (_, Some(rejection)) => Decision::Never(rejection),
                (_, None) => Decision::Later(wait),
            };
        }
        let floor = self.floor(now);
        match why {
            // A server whose tokens end at once would be asked without a pause.
            Why::Due | Why::Expired if !floor.is_zero() => return Decision::Later(floor),
            Why::Due if self.trouble.is_none() && !grant.refresh_at.reached(now) => return Decision::Leave,
            // Tokens on trial have nothing to show for themselves: the token endpoint decides.
            Why::Rejected(_)
                if self.previous.is_none() && (grant.age(now) < YOUNG || !self.forced.allowed(now)) =>
            {
                return Decision::Leave;
            }
            Why::Rejected(_) => {
                self.forced = self.forced.next(now);
                self.challenged = true;
            }
            Why::Due | Why::Expired => {}
        }
        let refresh_token = grant.tokens.refresh_token.clone();
        self.in_flight.push(refresh_token.clone());
        Decision::Start(refresh_token)
    }

    /// Takes what Webex says of the access token of this generation.
    pub fn judged(&mut self, generation: Generation, verdict: Verdict, now: Now) {
        if self.holds(generation) {
            self.doubt.settle(verdict, now);
        }
    }

    /// The tokens that a refresh with `spent` renews, and whether they are those in use or those before them.
    #[must_use]
    pub fn base_of(&self, spent: &RefreshToken) -> Option<(Arc<TokenSet>, bool)> {
        let current = self.grant.as_ref().map(|grant| &grant.tokens);
        let candidates = current.map(|tokens| (tokens, true));
        let previous = self.previous.as_ref().map(|tokens| (tokens, false));
        candidates
            .into_iter()
            .chain(previous)
            .find(|(tokens, _)| tokens.refresh_token == *spent)
            .map(|(tokens, current)| (Arc::clone(tokens), current))
    }

    /// Takes the end of the refresh that was started with `spent`.
    pub fn refresh_ended(
        &mut self,
        spent: &RefreshToken,
        result: Result<TokenSet, TokenError>,
        now: Now,
        dice: f64,
    ) -> Outcome {
        self.in_flight.retain(|running| running != spent);
        let Some(grant) = self
            .grant
            .as_ref()
            .filter(|grant| grant.tokens.refresh_token == *spent)
        else {
            self.previous_refreshed(spent, result);
            return Outcome::Superseded;
        };
        match result {
            Ok(tokens) => {
                self.install(tokens, now, dice);
                self.refreshed = Some(now.mono);
                Outcome::Installed
            }
            Err(TokenError::Rejected {
                cause: Rejection::Grant,
                ..
            }) if self.previous.is_some() => {
                let previous = self.previous.take().expect("just seen");
                self.hold(previous, now, dice);
                Outcome::FellBack
            }
            Err(error) => {
                if std::mem::take(&mut self.challenged) {
                    self.doubt.raise(now);
                }
                let usable = match self.doubt.standing() {
                    Standing::Good => grant.remaining(now),
                    // A request that gets through to Webex fails, or waits for what it says.
                    Standing::Doubtful | Standing::Dead => Duration::ZERO,
                };
                self.trouble = Some(Trouble::after(self.trouble.as_ref(), error, usable, now, dice));
                Outcome::Failed
            }
        }
    }

    /// The refresh that was started with `spent` is given up: what it was to bring is here already.
    pub fn refresh_given_up(&mut self, spent: &RefreshToken) {
        self.in_flight.retain(|running| running != spent);
    }

    /// Those held before were being refreshed when others took their place: a server that rotates has ended what they were.
    fn previous_refreshed(&mut self, spent: &RefreshToken, result: Result<TokenSet, TokenError>) {
        let previous = self.previous.take();
        self.previous = match (previous, result) {
            (Some(previous), Ok(tokens)) if previous.refresh_token == *spent => Some(Arc::new(tokens)),
            (
                Some(previous),
                Err(TokenError::Rejected {
                    cause: Rejection::Grant,
                    ..
                }),
            ) if previous.refresh_token == *spent => None,
            (previous, _) => previous,
        };
    }

    /// A request that got a 401 worked with the token of this generation: refreshes that 401s force help. That other requests
    /// work says nothing: one call of Webex may answer 401 for a reason of its own.
    pub fn cured(&mut self, generation: Generation) {
        if self.holds(generation) {
            self.forced.proven = true;
        }
    }

    /// Notes whose tokens those of this generation are.
    pub fn learn(&mut self, generation: Generation, org_id: OrgId) {
        if let Some(grant) = self.grant.as_mut().filter(|grant| grant.generation == generation) {
            Arc::make_mut(&mut grant.tokens).org_id = Some(org_id);
        }
    }

    /// Stops using the tokens of this generation, because they are somebody else's. Those held before come back, if they are there.
    pub fn disown(&mut self, generation: Generation, now: Now, dice: f64) {
        if self.holds(generation) {
            self.grant = None;
            self.trouble = None;
            if let Some(previous) = self.previous.take() {
                self.hold(previous, now, dice);
            }
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

    /// Whether [`Self::cured`] would change nothing.
    #[must_use]
    pub fn proven(&self) -> bool {
        self.forced.proven
    }

    /// Whether those before the tokens held are kept, because nobody has refreshed these yet.
    #[must_use]
    pub fn on_trial(&self) -> bool {
        self.previous.is_some()
    }

    /// Whether Webex takes the access token held, as far as that is known.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.doubt.standing()
    }

    /// Whether a refresh of the tokens held runs.
    #[must_use]
    pub fn refreshing(&self) -> bool {
        self.grant
            .as_ref()
            .is_some_and(|grant| self.in_flight.contains(&grant.tokens.refresh_token))
    }

    /// The state as operators see it.
    #[must_use]
    pub fn state(&self) -> AuthState {
        match (&self.grant, &self.trouble, self.refusal()) {
            (None, ..) => AuthState::Unauthorised,
            (_, _, Some(rejection)) => rejection.into(),
            (_, None, _) if self.refreshing() => AuthState::Refreshing,
            (_, Some(_), _) => AuthState::Degraded,
            (_, None, _) => AuthState::Ok,
        }
    }

    /// How long until [`Why::Due`] is worth asking; `None` while only an event can change that.
    #[must_use]
    pub fn due_in(&self, now: Now) -> Option<Duration> {
        let grant = self.grant.as_ref()?;
        match (&self.trouble, self.refreshing()) {
            (_, true) => None,
            (Some(trouble), _) => Some(trouble.next_in(now).max(self.floor(now))),
            (None, _) => Some(grant.refresh_in(now).max(self.floor(now))),
        }
    }

    /// How long until the floor between two refreshes is over.
    fn floor(&self, now: Now) -> Duration {
        self.refreshed.map_or(Duration::ZERO, |at| {
            at.saturating_add(REFRESH_FLOOR).saturating_sub(now.mono)
        })
    }

    fn holds(&self, generation: Generation) -> bool {
        self.grant
            .as_ref()
            .is_some_and(|grant| grant.generation == generation)
    }

    fn refusal(&self) -> Option<Rejection> {
        self.trouble.as_ref().and_then(|trouble| trouble.rejection)
    }
}

#[cfg(test)]
mod tests;
