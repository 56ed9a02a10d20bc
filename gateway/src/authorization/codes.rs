//! Each code is redeemed once: a reload, a prefetch or a retry on the way gets the first outcome. RFC 6749 section 4.1.2 lets a
//! server revoke everything when a code comes twice.
//!
//! Redemptions have two lanes, each with limits and a memory of its own, so that a flood of strangers' codes neither delays nor
//! pushes out an administrator who logs in at the gateway's own page. Somebody who opens that page for each of his codes is in
//! the same lane as the administrator, for as long as he goes on: ten codes a minute.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Outcome;
use super::refusal::Refusal;
use crate::clock::Now;
use crate::secret::AuthorizationCode;

/// Each different code costs a call of the token endpoint, and the callback is open to everybody.
const MOST_PER_MINUTE: usize = 10;
/// See [`MOST_PER_MINUTE`].
const MINUTE: Duration = Duration::from_mins(1);
/// Redemptions at one time: two administrators may meet, while a token endpoint that does not answer must not gather a queue.
const MOST_RUNNING: usize = 2;
/// Outcomes that are remembered: those of more than a quarter of an hour, in which a code has long ended.
const MOST_REMEMBERED: usize = 200;

type Hash = [u8; 32];
type Running = Shared<BoxFuture<'static, Outcome>>;

/// The codes seen.
#[derive(Clone, Default)]
pub struct Codes(Arc<Mutex<Seen>>);

/// Who brought a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The browser of a flow that this gateway started.
    OwnLogin,
    /// Anybody.
    Stranger,
}

/// A place among the redemptions that run; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

#[derive(Default)]
struct Seen {
    own: Lined,
    strangers: Lined,
}

struct Lined {
    outcomes: VecDeque<(Hash, Running)>,
    recent: VecDeque<Duration>,
    places: Arc<Semaphore>,
}

impl Codes {
    /// The outcome of the code, and whether it was seen before: then it is the first one; else that of `start`, if `lane` is open.
    pub async fn redeem<F>(
        &self,
        code: &AuthorizationCode,
        lane: Result<Lane, Refusal>,
        now: Now,
        start: impl FnOnce(Place) -> F,
    ) -> (Outcome, bool)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let begun = self
            .lock()
            .begin(hash(code), lane, now, |place| start(place).boxed().shared());
        match begun {
            Ok((running, repeat)) => (running.await, repeat),
            Err(refusal) => (Err(refusal), false),
        }
    }

    /// Forgets a code that was never answered, so that it may be tried again.
    pub fn forget(&self, code: &AuthorizationCode) {
        let (hash, mut seen) = (hash(code), self.lock());
        let seen = &mut *seen;
        for lined in [&mut seen.own, &mut seen.strangers] {
            lined.outcomes.retain(|(known, _)| *known != hash);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn begin(
        &mut self,
        hash: Hash,
        lane: Result<Lane, Refusal>,
        now: Now,
        start: impl FnOnce(Place) -> Running,
    ) -> Result<(Running, bool), Refusal> {
        if let Some(running) = self.own.known(hash).or_else(|| self.strangers.known(hash)) {
            return Ok((running, true));
        }
        let running = match lane? {
            Lane::OwnLogin => self.own.begin(hash, now, start),
            Lane::Stranger => self.strangers.begin(hash, now, start),
        };
        Ok((running?, false))
    }
}

impl Lined {
    fn known(&self, hash: Hash) -> Option<Running> {
        let mut outcomes = self.outcomes.iter();
        outcomes
            .find(|(known, _)| *known == hash)
            .map(|(_, running)| running.clone())
    }

    fn begin(
        &mut self,
        hash: Hash,
        now: Now,
        start: impl FnOnce(Place) -> Running,
    ) -> Result<Running, Refusal> {
        self.recent.retain(|at| now.mono.saturating_sub(*at) < MINUTE);
        if self.recent.len() >= MOST_PER_MINUTE {
            return Err(Refusal::TooMany);
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::TooMany)?;
        self.recent.push_back(now.mono);
        let running = start(Place(place));
        self.outcomes.push_back((hash, running.clone()));
        if self.outcomes.len() > MOST_REMEMBERED {
            self.outcomes.pop_front();
        }
        Ok(running)
    }
}

impl Default for Lined {
    fn default() -> Self {
        Self {
            outcomes: VecDeque::new(),
            recent: VecDeque::new(),
            places: Arc::new(Semaphore::new(MOST_RUNNING)),
        }
    }
}

fn hash(code: &AuthorizationCode) -> Hash {
    Sha256::digest(code.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::clock::{Clock, ManualClock, Timestamp};

    struct Bench {
        codes: Codes,
        clock: ManualClock,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                codes: Codes::default(),
                clock: ManualClock::at(Timestamp::from_unix_seconds(0)),
            }
        }

        async fn redeem(&self, lane: Lane, code: &str, outcome: Outcome) -> Outcome {
            self.redeem_in(Ok(lane), code, outcome).await
        }

        async fn redeem_in(&self, lane: Result<Lane, Refusal>, code: &str, outcome: Outcome) -> Outcome {
            let start = |_place| async { outcome };
            self.codes
                .redeem(&named(code), lane, self.clock.now(), start)
                .await
                .0
        }

        /// Starts a redemption that never ends, as when Webex does not answer.
        fn hang(&self, lane: Lane, code: &str) -> Result<Running, Refusal> {
            let start = |place: Place| {
                let hangs = async move {
                    let _place = place;
                    pending().await
                };
                hangs.boxed().shared()
            };
            self.codes
                .lock()
                .begin(hash(&named(code)), Ok(lane), self.clock.now(), start)
                .map(|(running, _)| running)
        }
    }

    fn named(code: &str) -> AuthorizationCode {
        AuthorizationCode::new(code).unwrap()
    }

    #[tokio::test]
    async fn a_code_that_comes_again_gets_the_first_outcome_whoever_brings_it() {
        let bench = Bench::new();
        let rejected = Err(Refusal::TokenRejected);
        assert_eq!(bench.redeem(Lane::OwnLogin, "a", Ok(())).await, Ok(()));
        assert_eq!(bench.redeem(Lane::Stranger, "a", rejected.clone()).await, Ok(()));
        assert_eq!(
            bench.redeem(Lane::Stranger, "b", rejected.clone()).await,
            rejected
        );
        assert_eq!(bench.redeem(Lane::Stranger, "b", Ok(())).await, rejected);
        let closed = bench.redeem_in(Err(Refusal::LoginUsed), "a", rejected);
        assert_eq!(closed.await, Ok(()));
    }

    #[tokio::test]
    async fn a_code_that_was_seen_before_is_told_from_one_that_is_refused_at_the_door() {
        let bench = Bench::new();
        let repeat = async |code: &str, lane: Result<Lane, Refusal>| {
            let (code, now) = (named(code), bench.clock.now());
            let redeemed = bench.codes.redeem(&code, lane, now, |_place| async { Ok(()) });
            redeemed.await.1
        };
        assert!(!repeat("a", Ok(Lane::Stranger)).await);
        assert!(repeat("a", Ok(Lane::Stranger)).await);
        assert!(repeat("a", Err(Refusal::LoginUsed)).await);
        assert!(!repeat("b", Err(Refusal::LoginUsed)).await);
    }

    #[tokio::test]
    async fn a_code_that_comes_twice_at_once_is_redeemed_once() {
        let bench = Bench::new();
        let mut first = bench.hang(Lane::Stranger, "a").unwrap();
        assert!(futures_util::poll!(&mut first).is_pending());
        let second = bench.redeem(Lane::Stranger, "a", Ok(()));
        assert!(futures_util::poll!(Box::pin(second)).is_pending());
    }

    #[tokio::test]
    async fn a_code_that_was_forgotten_may_be_tried_again() {
        let bench = Bench::new();
        let unreachable = Err(Refusal::Unreachable("timed out".to_owned()));
        assert_eq!(
            bench.redeem(Lane::Stranger, "a", unreachable.clone()).await,
            unreachable
        );
        bench.codes.forget(&named("a"));
        assert_eq!(bench.redeem(Lane::Stranger, "a", Ok(())).await, Ok(()));
    }

    #[tokio::test]
    async fn ten_different_codes_a_minute_are_enough_and_repeats_and_refused_ones_do_not_count() {
        let bench = Bench::new();
        for number in 0..MOST_PER_MINUTE {
            let refused = bench.redeem_in(Err(Refusal::OtherBrowser), "refused", Ok(()));
            assert_eq!(refused.await, Err(Refusal::OtherBrowser));
            assert_eq!(
                bench.redeem(Lane::Stranger, &number.to_string(), Ok(())).await,
                Ok(())
            );
        }
        assert_eq!(bench.redeem(Lane::Stranger, "3", Ok(())).await, Ok(()));
        assert_eq!(
            bench.redeem(Lane::Stranger, "new", Ok(())).await,
            Err(Refusal::TooMany)
        );
        bench.clock.advance(MINUTE);
        assert_eq!(bench.redeem(Lane::Stranger, "new", Ok(())).await, Ok(()));
    }

    #[tokio::test]
    async fn a_flood_in_one_lane_leaves_the_other_open() {
        for (flooded, open) in [(Lane::Stranger, Lane::OwnLogin), (Lane::OwnLogin, Lane::Stranger)] {
            let bench = Bench::new();
            for number in 0..MOST_PER_MINUTE {
                bench
                    .redeem(flooded, &format!("flood-{number}"), Ok(()))
                    .await
                    .unwrap();
            }
            assert_eq!(bench.redeem(flooded, "x", Ok(())).await, Err(Refusal::TooMany));
            assert_eq!(bench.redeem(open, "y", Ok(())).await, Ok(()));
        }
    }

    #[tokio::test]
    async fn no_queue_gathers_while_webex_does_not_answer() {
        let bench = Bench::new();
        let mut running: Vec<_> = (0..MOST_RUNNING)
            .map(|number| bench.hang(Lane::Stranger, &number.to_string()).unwrap())
            .collect();
        assert_eq!(
            bench.hang(Lane::Stranger, "one more").map(drop),
            Err(Refusal::TooMany)
        );
        assert_eq!(bench.redeem(Lane::OwnLogin, "own", Ok(())).await, Ok(()));
        // Nobody waits for it any more, and it has ended: its place is free.
        running.pop();
        bench.codes.forget(&named(&(MOST_RUNNING - 1).to_string()));
        running.push(bench.hang(Lane::Stranger, "one more").unwrap());
    }

    #[tokio::test]
    async fn a_flood_of_strangers_does_not_make_an_own_code_forgotten() {
        let bench = Bench::new();
        bench.redeem(Lane::OwnLogin, "own", Ok(())).await.unwrap();
        for number in 0..=MOST_REMEMBERED {
            bench.clock.advance(MINUTE);
            bench
                .redeem(Lane::Stranger, &number.to_string(), Ok(()))
                .await
                .unwrap();
        }
        let again = bench.redeem(Lane::OwnLogin, "own", Err(Refusal::Internal));
        assert_eq!(again.await, Ok(()));
        let first = bench.redeem(Lane::Stranger, "0", Err(Refusal::Internal));
        assert_eq!(first.await, Err(Refusal::Internal), "memory is bounded");
    }
}
