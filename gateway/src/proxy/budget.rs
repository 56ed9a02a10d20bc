//! How long a request may take: a time for everything but its own body, and an idle limit while the body comes in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A body that makes no progress for this long, in either direction, is given up.
pub const IDLE_LIMIT: Duration = Duration::from_mins(1);

/// How far the body of a request has come, and how much time has been spent on anything else.
#[derive(Debug)]
pub struct Progress {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// Time charged to the request before `phase` began.
    spent: Duration,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Waiting for a token, a connection or an answer: the request's time runs.
    Charged { since: Instant },
    /// The body is on its way: an upload that makes progress is not timed.
    Body { last: Instant },
    /// The next part of the body is the client's to send, under the body's own limit.
    Client,
}

/// The time left for one request.
#[derive(Debug)]
pub struct Budget {
    timeout: Duration,
    idle: Duration,
    /// Of the body; without one the request's time runs from its start.
    progress: Option<Arc<Progress>>,
    start: Instant,
}

/// What took too long, with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// The answer did not begin.
    Answer(Duration),
    /// The next part of the body was not taken.
    Upload(Duration),
}

impl Progress {
    /// A request that has just come in.
    #[must_use]
    pub fn new() -> Self {
        let phase = Phase::Charged {
            since: Instant::now(),
        };
        Self {
            state: Mutex::new(State {
                spent: Duration::ZERO,
                phase,
            }),
            changed: Notify::new(),
        }
    }

    /// A part of the body went on; how soon the next is asked for is up to Webex.
    pub fn moved(&self) {
        self.enter(Phase::Body { last: Instant::now() });
    }

    /// A part of the body is asked for that the client has not sent yet.
    pub fn awaits_client(&self) {
        self.enter(Phase::Client);
    }

    /// The body is complete, or is not what the request waits for any more.
    pub fn end(&self) {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Charged { .. }) {
            state.phase = Phase::Charged {
                since: Instant::now(),
            };
            self.changed.notify_waiters();
        }
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.lock();
        if let Phase::Charged { since } = state.phase {
            state.spent += since.elapsed();
        }
        // Parts that follow one another only move the end, which is looked at when it comes.
        let same = matches!((state.phase, phase), (Phase::Body { .. }, Phase::Body { .. }));
        state.phase = phase;
        if !same {
            self.changed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Budget {
    /// `timeout` for a request that has just come in. Where it has a body, that one's progress is given, and `idle` is for Webex
    /// to take the next part of it.
    #[must_use]
    pub fn new(timeout: Duration, idle: Duration, progress: Option<Arc<Progress>>) -> Self {
        Self {
            timeout,
            idle,
            progress,
            start: Instant::now(),
        }
    }

    /// The outcome of `work`, or which time was over first.
    pub async fn limit<T>(&self, work: impl Future<Output = T>) -> Result<T, Exhausted> {
        tokio::select! {
            biased;
            outcome = work => Ok(outcome),
            exhausted = self.exhausted() => Err(exhausted),
        }
    }

    async fn exhausted(&self) -> Exhausted {
        let Some(progress) = &self.progress else {
            sleep_until(self.start + self.timeout).await;
            return Exhausted::Answer(self.timeout);
        };
        loop {
            let changed = progress.changed.notified();
            let State { spent, phase } = *progress.lock();
            let (end, exhausted) = match phase {
                Phase::Charged { since } => {
                    let end = since + self.timeout.saturating_sub(spent);
                    (end, Exhausted::Answer(self.timeout))
                }
                Phase::Body { last } => (last + self.idle, Exhausted::Upload(self.idle)),
                Phase::Client => {
                    changed.await;
                    continue;
                }
            };
            if end <= Instant::now() {
                return exhausted;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(end) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(9);
    const SECOND: Duration = Duration::from_secs(1);

    async fn time_until_exhausted(progress: Arc<Progress>) -> Duration {
        exhausted(progress, Exhausted::Answer(TIMEOUT)).await
    }

    async fn exhausted(progress: Arc<Progress>, expected: Exhausted) -> Duration {
        let start = Instant::now();
        let never = std::future::pending::<()>();
        let ended = Budget::new(TIMEOUT, IDLE_LIMIT, Some(progress))
            .limit(never)
            .await;
        assert_eq!(ended, Err(expected));
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_has_asked_for_does_not_stop_the_clock() {
        assert_eq!(time_until_exhausted(Arc::new(Progress::new())).await, TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_a_body_has_its_time_from_its_start() {
        let (start, never) = (Instant::now(), std::future::pending::<()>());
        let budget = Budget::new(TIMEOUT, IDLE_LIMIT, None);
        tokio::time::sleep(SECOND).await;
        assert_eq!(budget.limit(never).await, Err(Exhausted::Answer(TIMEOUT)));
        assert_eq!(start.elapsed(), TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_makes_progress_is_not_timed() {
        let progress = Arc::new(Progress::new());
        let upload = Arc::clone(&progress);
        tokio::spawn(async move {
            tokio::time::sleep(2 * SECOND).await;
            for _ in 0..10 {
                upload.moved();
                tokio::time::sleep(30 * SECOND).await;
            }
            upload.end();
        });
        // Two seconds before the body, 300 for it, and what is left of nine after it.
        assert_eq!(time_until_exhausted(progress).await, 309 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_webex_that_stops_reading_is_given_up_after_the_idle_limit() {
        let progress = Arc::new(Progress::new());
        progress.moved();
        let upload = Exhausted::Upload(IDLE_LIMIT);
        assert_eq!(exhausted(progress, upload).await, IDLE_LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_limit_below_the_requests_time_counts_from_the_part_that_was_taken() {
        let progress = Arc::new(Progress::new());
        let upload = Arc::clone(&progress);
        let start = Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(SECOND).await;
            upload.moved();
        });
        let never = std::future::pending::<()>();
        let ended = Budget::new(TIMEOUT, SECOND, Some(progress)).limit(never).await;
        assert_eq!(ended, Err(Exhausted::Upload(SECOND)));
        assert_eq!(start.elapsed(), 2 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_sending_is_the_bodys_own_matter() {
        let progress = Arc::new(Progress::new());
        progress.awaits_client();
        let upload = Arc::clone(&progress);
        tokio::spawn(async move {
            tokio::time::sleep(10 * IDLE_LIMIT).await;
            upload.end();
        });
        assert_eq!(time_until_exhausted(progress).await, 10 * IDLE_LIMIT + TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_in_time_is_not_touched() {
        let progress = Arc::new(Progress::new());
        assert_eq!(
            Budget::new(TIMEOUT, IDLE_LIMIT, Some(progress))
                .limit(async { 7 })
                .await,
            Ok(7)
        );
    }
}
