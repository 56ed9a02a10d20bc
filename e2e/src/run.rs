//! This run of the suite: its name on everything that it makes, and the removal of what runs leave behind.
//!
//! Every container, network and volume carries the run's label; what a run makes on this machine is in its folder. A run lives as long as its process holds a lock on a
//! file; the kernel releases it however the process ends. A second process, the reaper, waits for that and removes
//! what is left, so that Ctrl-C, `kill -9` and an exit in the middle of a test leave nothing. What even the reaper
//! could not remove (the machine went down) the next run finds and removes.

mod made;
mod reaper;

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;

pub use made::left_behind;
pub(crate) use made::{PROJECT_LABEL, remove_container, run_of};
pub use reaper::{is_reaped, reap, sweep, sweep_all, tool};

use crate::workspace;

/// The label that names the run which made something.
pub const LABEL: &str = "webex-e2e.run";

/// Prefix of every name that the suite gives. Compose projects have no other mark: their label is their name.
pub const PREFIX: &str = "webex-e2e-";

/// The variable by which whoever starts the suite names its run, to find afterwards what it has left.
pub const VARIABLE: &str = "WEBEX_E2E_RUN";

/// A run without a lock file here belongs to another checkout, which may be at work: its things are left alone for
/// longer than any suite takes.
const FOREIGN_AGE: Duration = Duration::from_hours(2);

/// One run of the suite.
#[derive(Debug)]
pub struct Run {
    id: String,
    /// Its lock says that the run is alive; there is nothing in it.
    lock: File,
}

impl Run {
    /// This process's run, begun on first use.
    pub fn current() -> &'static Self {
        static RUN: OnceLock<Run> = OnceLock::new();
        RUN.get_or_init(|| Self::begin().expect("target/e2e is writable"))
    }

    /// The name of the run, eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A name for a container, network, volume or Compose project that no other test and no other run has.
    #[must_use]
    pub fn unique(&self, what: &str) -> String {
        let unique = &uuid::Uuid::new_v4().simple().to_string()[..12];
        format!("{PREFIX}{}-{what}-{unique}", self.id)
    }

    /// The folder of everything that the run makes on this machine. It goes with the run.
    pub(crate) fn folder(&self) -> io::Result<PathBuf> {
        let folder = folder_of(&self.id);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A new folder there.
    pub(crate) fn unique_folder(&self, what: &str) -> io::Result<PathBuf> {
        let folder = self.folder()?.join(self.unique(what));
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// A new folder with a short path, for sockets: those of a checkout may be too long. It goes with the run, too.
    pub(crate) fn short_folder(&self) -> io::Result<PathBuf> {
        let folder = std::env::temp_dir().join(self.unique("t"));
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// The labels of everything that the run makes.
    #[must_use]
    pub fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.id.clone())])
    }

    /// The input of a program that makes things for the run: there is nothing to read, but as long as the program has
    /// it, the run is not over, even if the suite has been killed.
    pub(crate) fn hold(&self) -> io::Result<Stdio> {
        Ok(self.lock.try_clone()?.into())
    }

    fn begin() -> anyhow::Result<Self> {
        let id = std::env::var(VARIABLE).unwrap_or_else(|_| new_id());
        fs::create_dir_all(locks())?;
        // Whoever looks for runs that are over must not find this one without its lock.
        let _beginning = beginnings()?;
        let lock = File::create(lock_of(&id))?;
        lock.try_lock()
            .with_context(|| format!("the lock file of run {id} is free"))?;
        reaper::start(&id);
        Ok(Self { id, lock })
    }
}

/// A name that no other run has.
#[must_use]
pub fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..8].to_owned()
}

/// Whether nobody is at work on the run any more.
fn is_over(id: &str, newest: Option<i64>) -> anyhow::Result<bool> {
    match File::open(lock_of(id)) {
        Ok(file) => match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error.into()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(newest.is_some_and(|created| age(created) > FOREIGN_AGE))
        }
        Err(error) => Err(error.into()),
    }
}

/// How long ago the engine made something, by its UNIX time.
#[expect(
    clippy::disallowed_methods,
    reason = "compared with the engine's own clock, which is the real one"
)]
pub(crate) fn age(created: i64) -> Duration {
    let now = std::time::SystemTime::now();
    let since_epoch = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since_epoch.saturating_sub(Duration::from_secs(created.unsigned_abs()))
}

/// While this is held, no run of this checkout begins.
fn beginnings() -> io::Result<File> {
    let file = File::create(locks().join("beginning"))?;
    file.lock()?;
    Ok(file)
}

/// The runs of this checkout that are over and have not been forgotten.
fn over_here() -> anyhow::Result<Vec<String>> {
    let folder = match fs::read_dir(locks()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        folder => folder?,
    };
    let _beginning = beginnings()?;
    let mut over = Vec::new();
    for entry in folder {
        let path = entry?.path();
        let id = path.file_stem().and_then(|id| id.to_str());
        if let (Some(id), Some("lock")) = (id, path.extension().and_then(|end| end.to_str()))
            && is_over(id, None)?
        {
            over.push(id.to_owned());
        }
    }
    Ok(over)
}

fn locks() -> PathBuf {
    workspace::output().join("runs")
}

fn folder_of(id: &str) -> PathBuf {
    locks().join(id)
}

fn lock_of(id: &str) -> PathBuf {
    locks().join(format!("{id}.lock"))
}
