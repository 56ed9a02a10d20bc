//! Removes what runs leave behind: the reaper after the run that started it, the next run after those whose reaper could
//! not.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bollard::Docker;
use tokio::time::{Instant, MissedTickBehavior};

use super::{PREFIX, folder_of, is_over, lock_of, made, over_here};
use crate::progress::say;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// So many looks in a row have to find nothing after a run: what the engine was asked for when the run was killed may
/// come into being after the first of them.
const QUIET_LOOKS: u32 = 10;

/// What has not gone by then does not go without a person.
const BOUND: Duration = Duration::from_mins(3);

/// Waits until the run is over, then removes what it left. What the reaper does.
pub async fn reap(docker: &Docker, id: &str) -> anyhow::Result<()> {
    let path = lock_of(id);
    // Held to the end, so that no other run takes the work for undone.
    let _lock = match File::open(&path) {
        // Blocks for as long as the run lives, which is all that this process is for.
        Ok(file) => file.lock().map(|()| Some(file))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    clear(docker, id, QUIET_LOOKS).await?;
    Ok(forget(id)?)
}

/// Whether the reaper of a run has done its work.
#[must_use]
pub fn is_reaped(id: &str) -> bool {
    // The lock goes last.
    !lock_of(id).exists()
}

/// Removes what dead runs left behind.
pub async fn sweep(docker: &Docker) -> anyhow::Result<()> {
    let mut runs = runs(docker).await?;
    for id in over_here()? {
        runs.entry(id).or_insert(None);
    }
    for (id, newest) in runs {
        if is_over(&id, newest)? {
            say(&format!("removing what run {id} left behind"));
            clear(docker, &id, 1).await?;
            forget(&id)?;
        }
    }
    Ok(())
}

/// Removes what every run made, alive or not.
pub async fn sweep_all(docker: &Docker) -> anyhow::Result<()> {
    for id in runs(docker).await?.into_keys() {
        say(&format!("removing run {id}"));
        clear(docker, &id, 1).await?;
    }
    Ok(())
}

/// Starts the reaper in a process group of its own, where Ctrl-C does not reach it.
pub(super) fn start(id: &str) {
    let Some(program) = tool() else {
        say("the webex-e2e binary is not built: an interrupted run is only cleaned up by the next one");
        return;
    };
    let reaper = Command::new(program)
        .args(["reap", id])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = reaper {
        say(&format!(
            "no reaper, an interrupted run is only cleaned up by the next one: {error}"
        ));
    }
}

/// Looks, and removes what it sees, until so many looks in a row have found nothing. A failure is not the end: what
/// holds on to something may be gone at the next look, and so may an engine's trouble.
async fn clear(docker: &Docker, id: &str, quiet_looks: u32) -> anyhow::Result<()> {
    let deadline = Instant::now() + BOUND;
    let mut clock = tokio::time::interval(PAUSE);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut quiet = 0;
    while quiet < quiet_looks {
        clock.tick().await;
        let outcome = match made::of_run(docker, id).await {
            Ok(left) if left.is_empty() => {
                quiet += 1;
                continue;
            }
            Ok(left) => made::remove(docker, left).await,
            Err(error) => Err(error),
        };
        quiet = 0;
        if Instant::now() > deadline {
            let reason = outcome
                .err()
                .unwrap_or_else(|| anyhow::anyhow!("there is always more of it"));
            return Err(reason.context(format!("run {id} could not be removed within {BOUND:?}")));
        }
    }
    Ok(())
}

/// Removes the folders and the lock file of a run of which nothing is left at the engine; those of another checkout are
/// not here.
fn forget(id: &str) -> io::Result<()> {
    for folder in folders(id)? {
        unless_gone(fs::remove_dir_all(folder))?;
    }
    unless_gone(fs::remove_file(lock_of(id)))
}

/// What a run has on this machine: its folder, and others with short paths.
fn folders(id: &str) -> io::Result<Vec<PathBuf>> {
    let own = format!("{PREFIX}{id}-");
    let mut folders = vec![folder_of(id)];
    for entry in fs::read_dir(std::env::temp_dir())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&own) {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The runs that left something, with the time of their newest container, where there is one.
async fn runs(docker: &Docker) -> anyhow::Result<HashMap<String, Option<i64>>> {
    let mut runs = HashMap::new();
    for thing in made::all(docker).await? {
        let newest = runs.entry(thing.run).or_insert(None);
        *newest = thing.created.max(*newest);
    }
    Ok(runs)
}

/// The crate's own binary: cargo names it to tests, and puts it beside the folder of the test binaries.
#[must_use]
pub fn tool() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_BIN_EXE_webex-e2e").map(PathBuf::from);
    let current = std::env::current_exe().ok()?;
    let beside = current
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder: &Path| folder.join("webex-e2e"));
    named.into_iter().chain(beside).find(|path| path.is_file())
}
