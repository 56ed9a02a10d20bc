//! Each code is redeemed once: a reload, a prefetch or a retry on the way gets the first outcome. RFC 6749 section 4.1.2 lets a
//! server revoke everything when a code comes twice.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sha2::{Digest as _, Sha256};

use super::Outcome;
use crate::clock::Now;
use crate::secret::AuthorizationCode;

/// Each different code costs a call of the token endpoint, and the callback is open to everybody.
const MOST_PER_MINUTE: usize = 10;
/// See [`MOST_PER_MINUTE`].
const MINUTE: Duration = Duration::from_mins(1);
/// Outcomes that are remembered: many more than a browser reloads.
const MOST_REMEMBERED: usize = 200;

type Hash = [u8; 32];
type Running = Shared<BoxFuture<'static, Outcome>>;

/// The codes seen.
#[derive(Clone, Default)]
pub struct Codes(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    outcomes: VecDeque<(Hash, Running)>,
    recent: VecDeque<Duration>,
}

/// A code is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Codes {
    /// The outcome of the code: of `redemption`, which is called if the code is new, or of the first time.
    pub async fn redeem<F>(
        &self,
        code: &AuthorizationCode,
        now: Now,
        redemption: impl FnOnce() -> F,
    ) -> Result<Outcome, TooMany>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let hash: Hash = Sha256::digest(code.expose().as_bytes()).into();
        let running = self.lock().begin(hash, now, || redemption().boxed().shared())?;
        let outcome = running.await;
        if outcome.as_ref().is_err_and(super::Refusal::may_try_again) {
            self.lock().outcomes.retain(|(known, _)| *known != hash);
        }
        Ok(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn begin(&mut self, hash: Hash, now: Now, start: impl FnOnce() -> Running) -> Result<Running, TooMany> {
        if let Some((_, running)) = self.outcomes.iter().find(|(known, _)| *known == hash) {
            return Ok(running.clone());
        }
        self.recent.retain(|at| now.mono.saturating_sub(*at) < MINUTE);
        if self.recent.len() >= MOST_PER_MINUTE {
            return Err(TooMany);
        }
        self.recent.push_back(now.mono);
        let running = start();
        self.outcomes.push_back((hash, running.clone()));
        if self.outcomes.len() > MOST_REMEMBERED {
            self.outcomes.pop_front();
        }
        Ok(running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::Refusal;
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

        async fn redeem(&self, code: &str, outcome: Outcome) -> Result<Outcome, TooMany> {
            let code = AuthorizationCode::new(code).unwrap();
            self.codes
                .redeem(&code, self.clock.now(), || async { outcome })
                .await
        }
    }

    #[tokio::test]
    async fn a_code_that_comes_again_gets_the_first_outcome() {
        let bench = Bench::new();
        assert_eq!(bench.redeem("a", Ok(())).await, Ok(Ok(())));
        assert_eq!(bench.redeem("a", Err(Refusal::Internal)).await, Ok(Ok(())));
        assert_eq!(
            bench.redeem("b", Err(Refusal::TokenRejected)).await,
            Ok(Err(Refusal::TokenRejected))
        );
        assert_eq!(bench.redeem("b", Ok(())).await, Ok(Err(Refusal::TokenRejected)));
    }

    #[tokio::test]
    async fn a_code_that_comes_twice_at_once_is_redeemed_once() {
        let bench = Bench::new();
        let code = AuthorizationCode::new("a").unwrap();
        let mut first = Box::pin(bench.codes.redeem(&code, bench.clock.now(), std::future::pending));
        assert!(futures_util::poll!(&mut first).is_pending());
        let second = bench
            .codes
            .redeem(&code, bench.clock.now(), || -> std::future::Ready<Outcome> {
                panic!("redeemed twice")
            });
        assert!(futures_util::poll!(Box::pin(second)).is_pending());
    }

    #[tokio::test]
    async fn a_code_that_was_never_answered_may_be_tried_again() {
        let bench = Bench::new();
        let unreachable = Err(Refusal::Unreachable("timed out".to_owned()));
        assert_eq!(bench.redeem("a", unreachable.clone()).await, Ok(unreachable));
        assert_eq!(bench.redeem("a", Ok(())).await, Ok(Ok(())));
    }

    #[tokio::test]
    async fn ten_different_codes_a_minute_are_enough_and_repeats_do_not_count() {
        let bench = Bench::new();
        for number in 0..MOST_PER_MINUTE {
            bench.redeem(&number.to_string(), Ok(())).await.unwrap().unwrap();
        }
        assert!(bench.redeem("3", Ok(())).await.is_ok());
        assert_eq!(bench.redeem("new", Ok(())).await, Err(TooMany));
        bench.clock.advance(MINUTE);
        assert!(bench.redeem("new", Ok(())).await.is_ok());
    }
}
