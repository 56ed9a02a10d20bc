//! How long a request may take: a time from the end of its body to the head of the answer, and an idle limit before that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A body that makes no progress for this long, in either direction, is given up.
pub const IDLE_LIMIT: Duration = Duration::from_mins(1);

/// How far the body of a request has come.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    last_millis: AtomicU64,
    ended_at: OnceLock<Instant>,
    ended: Notify,
}

/// The time left for one request.
#[derive(Debug)]
pub struct Budget {
    timeout: Duration,
    progress: Arc<Progress>,
}

impl Progress {
    /// A body whose first byte is still to come.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            last_millis: AtomicU64::new(0),
            ended_at: OnceLock::new(),
            ended: Notify::new(),
        }
    }

    /// A part of the body went on.
    pub fn moved(&self) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.store(millis, Ordering::Relaxed);
    }

    /// The body is complete, or nothing of it will be read any more.
    pub fn end(&self) {
        if self.ended_at.set(Instant::now()).is_ok() {
            self.ended.notify_waiters();
        }
    }

    fn last(&self) -> Instant {
        self.started + Duration::from_millis(self.last_millis.load(Ordering::Relaxed))
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Budget {
    /// `timeout` from the end of the body whose progress is given.
    #[must_use]
    pub fn new(timeout: Duration, progress: Arc<Progress>) -> Self {
        Self { timeout, progress }
    }

    /// The outcome of `work`, or `None` when the time is over first.
    pub async fn limit<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            outcome = work => Some(outcome),
            () = self.exhausted() => None,
        }
    }

    async fn exhausted(&self) {
        loop {
            let ended = self.progress.ended.notified();
            if let Some(ended_at) = self.progress.ended_at.get() {
                return sleep_until(*ended_at + self.timeout).await;
            }
            let last = self.progress.last();
            tokio::select! {
                () = ended => {}
                () = sleep_until(last + IDLE_LIMIT) => {
                    if self.progress.last() == last {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(9);

    async fn time_until_exhausted(progress: Arc<Progress>) -> Duration {
        let start = Instant::now();
        assert_eq!(
            Budget::new(TIMEOUT, progress)
                .limit(std::future::pending::<()>())
                .await,
            None
        );
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_timeout_counts_from_the_end_of_the_body() {
        let progress = Arc::new(Progress::new());
        let upload = Arc::clone(&progress);
        tokio::spawn(async move {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(30)).await;
                upload.moved();
            }
            upload.end();
        });
        assert_eq!(
            time_until_exhausted(progress).await,
            Duration::from_mins(5) + TIMEOUT
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_without_progress_is_given_up_after_the_idle_limit() {
        assert_eq!(time_until_exhausted(Arc::new(Progress::new())).await, IDLE_LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_in_time_is_not_touched() {
        let progress = Arc::new(Progress::new());
        progress.end();
        assert_eq!(Budget::new(TIMEOUT, progress).limit(async { 7 }).await, Some(7));
    }
}
