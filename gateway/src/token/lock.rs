//! The lock between processes that share one tokens file: whoever holds it may refresh, so that a refresh token that works once is
//! not spent twice.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use thiserror::Error;

use crate::clock::Clock;

/// How often a lock that another process holds is tried. `flock` can wait by itself, but not be told to give up.
const POLL: Duration = Duration::from_millis(50);
/// Opening and locking a file takes no longer unless the file system hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// As secret as the tokens, although nothing stands in it.
const MODE: u32 = 0o600;

/// The lock. Clones are the same one: within a process it is shared, not exclusive.
#[derive(Clone, Debug)]
pub struct FileLock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    held: Mutex<Weak<Held>>,
}

/// The lock is held as long as this lives; the kernel lets go of it when a process dies.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// Why the lock is not held.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another gateway that shares the tokens file holds {path} for more than {} s", .patience.as_secs())]
    Busy {
        /// The lock file.
        path: String,
        /// How long it was tried.
        patience: Duration,
    },
    /// This file system has no locks, or nothing can be created on it.
    #[error("cannot lock {path}: {source}")]
    Unavailable {
        /// The lock file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl FileLock {
    /// The lock in the file at `path`, which is created when it is first taken, and stays.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let held = Mutex::default();
        Self(Arc::new(Inner { path, held }))
    }

    /// Takes the lock, or joins whoever holds it in this process; waits for another process at most `patience`.
    pub async fn acquire(&self, clock: &dyn Clock, patience: Duration) -> Result<Arc<Held>, LockError> {
        let end = clock.now().mono.saturating_add(patience);
        loop {
            let lock = self.clone();
            let tried = tokio::task::spawn_blocking(move || lock.try_acquire());
            // A network file system may hang in the middle of it.
            let tried = match tokio::time::timeout(PATIENCE, tried).await {
                Ok(Ok(tried)) => tried,
                Ok(Err(crash)) => Err(TryLockError::Error(io::Error::other(crash))),
                Err(_) => Err(TryLockError::Error(io::ErrorKind::TimedOut.into())),
            };
            match tried {
                Ok(held) => return Ok(held),
                Err(TryLockError::Error(source)) => {
                    let path = self.0.path.display().to_string();
                    return Err(LockError::Unavailable { path, source });
                }
                Err(TryLockError::WouldBlock) if clock.now().mono >= end => {
                    let path = self.0.path.display().to_string();
                    return Err(LockError::Busy { path, patience });
                }
                Err(TryLockError::WouldBlock) => clock.sleep(POLL).await,
            }
        }
    }

    fn try_acquire(&self) -> Result<Arc<Held>, TryLockError> {
        let mut shared = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = shared.upgrade() {
            return Ok(held);
        }
        let file = self.open().map_err(TryLockError::Error)?;
        file.try_lock()?;
        // Somebody may have deleted the file in between; the next process would lock another one.
        if !self.is_in_place(&file) {
            return Err(TryLockError::WouldBlock);
        }
        let held = Arc::new(Held { _file: file });
        *shared = Arc::downgrade(&held);
        Ok(held)
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let created = options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(MODE)
            .open(&self.0.path);
        // Where nothing can be written any more, the file of before can still be locked.
        created.or_else(|problem| File::open(&self.0.path).map_err(|_| problem))
    }

    fn is_in_place(&self, file: &File) -> bool {
        let identity = |metadata: &Metadata| (metadata.dev(), metadata.ino());
        match (file.metadata(), std::fs::metadata(&self.0.path)) {
            (Ok(locked), Ok(there)) => identity(&locked) == identity(&there),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn two_processes() -> (FileLock, FileLock, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".tokens.lock");
        // Locks belong to an opened file, so two of these are as good as two processes.
        (FileLock::new(path.clone()), FileLock::new(path), dir)
    }

    #[tokio::test]
    async fn one_process_holds_it_and_the_other_waits_until_it_lets_go() {
        let (one, other, _dir) = two_processes();
        let clock = SystemClock::new();
        let held = one.acquire(&clock, Duration::ZERO).await.unwrap();
        let busy = other.acquire(&clock, Duration::ZERO).await.unwrap_err();
        assert!(matches!(busy, LockError::Busy { .. }), "{busy}");
        let waiting =
            tokio::spawn(async move { other.acquire(&SystemClock::new(), Duration::from_mins(1)).await });
        drop(held);
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn within_a_process_it_is_shared_and_ends_with_the_last_holder() {
        let (one, other, _dir) = two_processes();
        let clock = SystemClock::new();
        let first = one.acquire(&clock, Duration::ZERO).await.unwrap();
        let second = one.acquire(&clock, Duration::ZERO).await.unwrap();
        drop(first);
        assert!(other.acquire(&clock, Duration::ZERO).await.is_err());
        drop(second);
        other.acquire(&clock, Duration::ZERO).await.unwrap();
    }

    #[tokio::test]
    async fn a_lock_file_that_was_deleted_is_no_lock_for_who_comes_next() {
        let (one, other, dir) = two_processes();
        let clock = SystemClock::new();
        let path = dir.path().join(".tokens.lock");
        let opened = one.open().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!one.is_in_place(&opened));
        let _held = one.acquire(&clock, Duration::ZERO).await.unwrap();
        assert!(other.acquire(&clock, Duration::ZERO).await.is_err());
    }

    #[tokio::test]
    async fn a_file_system_that_hangs_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".tokens.lock");
        // Opening a pipe that nobody reads takes as long as nobody reads it.
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let lock = FileLock::new(path.clone());
        let error = lock
            .acquire(&SystemClock::new(), Duration::ZERO)
            .await
            .unwrap_err();
        assert!(matches!(error, LockError::Unavailable { .. }), "{error}");
        let _reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_no_reason_to_wait() {
        let lock = FileLock::new("/nonexistent/.tokens.lock".into());
        let error = lock
            .acquire(&SystemClock::new(), Duration::from_mins(1))
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot lock /nonexistent/.tokens.lock: No such file"),
            "{error}"
        );
    }
}
