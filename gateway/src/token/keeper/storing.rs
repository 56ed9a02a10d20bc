//! Brings the tokens to the disk, and says so where that fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{error, info, warn};

use super::Keeper;
use super::outside::Outside;
use crate::clock::Now;
use crate::token::TokenSet;
use crate::token::file::Seen;
use crate::token::lock::{Held, LockError};

/// Somebody who has to write waits this long for another process: it writes for moments, and may call the token endpoint meanwhile.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// A disk that takes longer for one read or write hangs; nobody shall wait for it.
const DISK_PATIENCE: Duration = Duration::from_secs(20);

/// How often tokens that could not be stored are tried again.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(10);

/// When tokens that could not be stored are tried again, on the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Again(Option<Duration>);

impl Again {
    /// Plans the next try from `now` on, unless one is planned; nothing where nothing is `unsaved`.
    pub(super) fn plan(&mut self, unsaved: bool, now: Now) {
        let planned = self.0.unwrap_or(now.mono + STORE_RETRY);
        self.0 = unsaved.then_some(planned);
    }

    /// Whether it is time for it; the one after it is not planned yet.
    pub(super) fn comes(&mut self, now: Now) -> bool {
        self.0.take_if(|planned| now.mono >= *planned).is_some()
    }
}

impl Keeper {
    /// The lock between processes; `None` where there is none, which is said once.
    pub(super) async fn lock(&self, patience: Duration) -> Result<Option<Arc<Held>>, LockError> {
        match self.0.lock.acquire(self.0.flight.clock(), patience).await {
            Ok(held) => Ok(Some(held)),
            Err(busy @ LockError::Busy { .. }) => Err(busy),
            Err(problem @ LockError::Unavailable { .. }) => {
                if !self.0.lockless.swap(true, Ordering::Relaxed) {
                    warn!("{problem}; a second gateway on this tokens file could refresh at the same time");
                }
                Ok(None)
            }
        }
    }

    pub(super) async fn store(&self, tokens: &TokenSet, seen: &mut Seen) -> Result<(), String> {
        let (file, tokens, now) = (self.0.file.clone(), tokens.clone(), self.now().wall);
        let mut known = seen.clone();
        let write = move || (file.store(&tokens, now, &mut known), known);
        match self.on_disk(write).await {
            Some((stored, known)) => {
                *seen = known;
                stored.map_err(|problem| problem.to_string())
            }
            None => Err(format!("{} does not answer", self.0.file.path().display())),
        }
    }

    /// Others are about to be tried in their place: a copy of the tokens held stays on the disk until somebody removes it, because a
    /// crash would lose the only one.
    pub(super) async fn keep_held(&self) {
        let (file, now) = (self.0.file.clone(), self.now().wall);
        let Some(grant) = self.snapshot().grant.clone() else {
            return;
        };
        let kept = self
            .on_disk(move || file.keep_aside(&grant.tokens, "previous", now))
            .await;
        if let Some(Err(problem)) = kept {
            warn!(
                "{problem}; a crash before the first refresh of the new tokens would lose those before them"
            );
        }
    }

    /// Does `work` where it may block; `None` where it crashes or the file system hangs, as one on the network may.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let work = self.0.tasks.spawn_blocking(work);
        tokio::time::timeout(DISK_PATIENCE, work).await.ok()?.ok()
    }

    /// Writes what is held, unless the file holds something better by now.
    pub(super) async fn store_again(&self) {
        let _lock = self.lock(LOCK_PATIENCE).await;
        let mut seen = self.installing().await;
        if self.take_over(&mut seen, &mut Outside::certain()).await {
            return;
        }
        if let Some(grant) = &self.snapshot().grant {
            let stored = self.store(&grant.tokens, &mut seen).await;
            self.note_stored(stored);
        }
    }

    pub(super) fn note_stored(&self, stored: Result<(), String>) {
        match &stored {
            Ok(()) if self.snapshot().unsaved.is_some() => {
                info!("tokens stored in {}", self.0.file.path().display());
            }
            Ok(()) => {}
            // It is tried again and again: once is enough to say.
            Err(problem) if self.snapshot().unsaved.as_ref() == Some(problem) => {
                self.0.metrics.store_failed();
            }
            Err(problem) => {
                self.0.metrics.store_failed();
                error!(
                    "the tokens serve from memory only and would be lost by a restart: {problem}; free the disk or mend the \
                     permissions, the write is tried again every {} s",
                    STORE_RETRY.as_secs()
                );
            }
        }
        let changed =
            self.snapshot().unsaved != stored.clone().err() || self.snapshot().unusable_file.is_some();
        if changed {
            self.0.flight.publish(|snapshot| {
                snapshot.unusable_file = snapshot.unusable_file.take().filter(|_| stored.is_err());
                snapshot.unsaved = stored.err();
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock, Timestamp};

    #[test]
    fn tokens_that_could_not_be_stored_are_tried_again_every_ten_seconds_and_no_others() {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let mut again = Again::default();
        let mut tries = |unsaved: bool, seconds: u64| {
            let start = clock.now();
            (0..seconds)
                .filter(|_| {
                    clock.advance(Duration::from_secs(1));
                    again.plan(unsaved, start);
                    again.comes(clock.now())
                })
                .count()
        };
        assert_eq!(tries(false, 60), 0);
        assert_eq!(tries(true, 9), 0);
        assert_eq!(tries(true, 1), 1);
        assert_eq!(tries(true, 9), 0);
        assert_eq!(tries(false, 1), 0, "they are stored by now");
        assert_eq!(tries(true, 9), 0);
        assert_eq!(tries(true, 1), 1);
    }
}
