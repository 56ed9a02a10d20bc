//! One refresh at a time: the state machine under its lock, and the requests that wait for a refresh.
//!
//! It runs no task and does no I/O, so that a schedule explorer can drive it through every interleaving (feature `explore`).

use std::fmt;
use std::sync::{Arc, PoisonError};

#[cfg(feature = "explore")]
use shuttle::sync::{Mutex, MutexGuard};
#[cfg(not(feature = "explore"))]
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;
use tracing::info;

use super::TokenSet;
use super::failure::TokenError;
use super::lifecycle::{Decision, Generation, Lifecycle, Outcome, Verdict, Why};
use super::snapshot::{Access, Snapshot, Unavailable};
use crate::clock::{Clock, Now};
use crate::secret::RefreshToken;

/// A source of numbers in 0..1 for jitter.
pub type Dice = Box<dyn Fn() -> f64 + Send + Sync>;

/// What a decision asks for. It has to be done whatever becomes of the caller, and be ended by [`Flight::wake`].
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Refresh with this refresh token; [`Flight::ended`] takes what comes of it.
    Refresh(RefreshToken),
    /// Ask Webex whether it takes the access token of this generation; [`Flight::judged`] takes the answer.
    Ask(Generation),
}

/// The decisions, and what everybody sees of them.
pub(super) struct Flight {
    /// Locked for moments only, never across an await.
    life: Mutex<Lifecycle>,
    published: watch::Sender<Arc<Snapshot>>,
    clock: Arc<dyn Clock>,
    dice: Dice,
}

impl Flight {
    pub(super) fn new(clock: Arc<dyn Clock>, dice: Dice) -> Self {
        Self {
            life: Mutex::default(),
            published: watch::Sender::new(Arc::new(Snapshot::empty())),
            clock,
            dice,
        }
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        interleave();
        Arc::clone(&self.published.borrow())
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        interleave();
        self.published.subscribe()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// An access token that can be sent; waits for a refresh, or for what Webex says of the one held, where there is none.
    pub(super) async fn access(&self, start: impl Fn(Work)) -> Result<Access, Unavailable> {
        if let Some(access) = self.snapshot().access(self.now()) {
            return Ok(access);
        }
        loop {
            // Rare: requests that find a token need not carry the room for it.
            if let Some(access) = Box::pin(self.obtain(Why::Expired, &start)).await? {
                return Ok(access);
            }
        }
    }

    /// A token other than the one that gave the reason; `None` where another would not help.
    pub(super) async fn obtain(&self, why: Why, start: impl Fn(Work)) -> Result<Option<Access>, Unavailable> {
        loop {
            // Before the decision, so that an end between the two is not missed.
            let mut changes = self.subscribe();
            let ended = changes.borrow_and_update().ended;
            match self.decide(why, &start) {
                // Without one it has ended since the decision: the next one sees that.
                Decision::Use => match self.snapshot().access(self.now()) {
                    None => {}
                    access => return Ok(access),
                },
                Decision::Leave => return Ok(None),
                Decision::Unauthorised => {
                    let file_problem = self.snapshot().unusable_file.clone();
                    return Err(Unavailable::NotAuthorised { file_problem });
                }
                Decision::Later(retry_after) => {
                    let reason = self.reason();
                    return Err(Unavailable::RefreshFailed { reason, retry_after });
                }
                Decision::Never(cause) => {
                    let reason = self.reason();
                    return Err(Unavailable::Refused { cause, reason });
                }
                Decision::Start(..) | Decision::Ask(..) | Decision::Join => {
                    let end = changes.wait_for(|snapshot| snapshot.ended != ended).await;
                    drop(end.expect("the sender lives as long as this"));
                }
            }
        }
    }

    /// Asks the state machine, and starts the work that it asks for.
    pub(super) fn decide(&self, why: Why, start: impl Fn(Work)) -> Decision {
        let decision = self.transition(|life, now, _| life.want(why, now));
        match &decision {
            Decision::Start(refresh_token) => start(Work::Refresh(refresh_token.clone())),
            Decision::Ask(generation) => start(Work::Ask(*generation)),
            _ => {}
        }
        decision
    }

    /// Takes what Webex says of the access token of `generation`; [`Self::wake`] has to follow.
    pub(super) fn judged(&self, generation: Generation, verdict: Verdict) {
        self.transition(|life, now, _| life.judged(generation, verdict, now));
    }

    /// Takes the end of a refresh; [`Self::wake`] has to follow.
    pub(super) fn ended(&self, spent: &RefreshToken, result: Result<TokenSet, TokenError>) -> Outcome {
        self.transition(|life, now, dice| life.refresh_ended(spent, result, now, dice))
    }

    /// Wakes who waits for the end of a refresh, or of a question.
    pub(super) fn wake(&self) {
        self.publish(|snapshot| snapshot.ended += 1);
    }

    /// Changes the state and shows what changed.
    pub(super) fn transition<T>(&self, change: impl FnOnce(&mut Lifecycle, Now, f64) -> T) -> T {
        let dice = (self.dice)();
        let mut life = self.lock();
        let before = life.state();
        let result = change(&mut life, self.clock.now(), dice);
        if life.state() != before {
            info!(
                topic = "oauth2",
                "state {} -> {}",
                before.as_str(),
                life.state().as_str()
            );
        }
        // Only a change is news: a thousand requests that join one refresh must not wake each other.
        self.published.send_if_modified(|snapshot| {
            !snapshot.shows(&life) && {
                Arc::make_mut(snapshot).take(&life);
                true
            }
        });
        result
    }

    /// Changes what is shown besides the state.
    pub(super) fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        interleave();
        self.published
            .send_modify(|snapshot| change(Arc::make_mut(snapshot)));
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Lifecycle> {
        // The state machine leaves no step half done, so a panic elsewhere does not make it unusable.
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reason(&self) -> String {
        let trouble = self
            .snapshot()
            .trouble
            .as_ref()
            .map(|trouble| trouble.reason.clone());
        trouble.unwrap_or_else(|| "Webex issues access tokens that end within seconds".to_owned())
    }
}

/// A place where another thread may come first; the explorer's own locks are such places by themselves.
#[cfg(feature = "explore")]
fn interleave() {
    shuttle::thread::yield_now();
}

#[cfg(not(feature = "explore"))]
fn interleave() {}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("state", &self.snapshot().state)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "explore"))]
mod explore;
