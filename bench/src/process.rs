//! A program that was started here, and is ended here, with all that it has started.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use crate::proc::{self, Usage};

/// Ended when it is dropped: an interrupted run leaves nothing behind.
pub(crate) struct Process {
    name: String,
    child: Child,
    /// It leads a group of its own, in which its children are.
    id: u32,
    output: PathBuf,
}

/// What an error shows of its output.
const LINES_SHOWN: usize = 10;

impl Process {
    /// Starts it; what it prints goes to `<name>.log` in the folder.
    pub(crate) fn start(name: &str, mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let output = folder.join(format!("{name}.log"));
        let child = command
            .stdin(Stdio::null())
            .stdout(appended(&output)?)
            .stderr(appended(&output)?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {name}: {}", command.as_std().get_program().display()))?;
        let id = child
            .id()
            .context("a process that was just started has a number")?;
        Ok(Self {
            name: name.to_owned(),
            child,
            id,
            output,
        })
    }

    /// An error with the end of what it said, if it has ended by itself.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        anyhow::bail!("{} has ended ({status}); it said:\n{}", self.name, self.said())
    }

    /// The end of what it printed.
    pub(crate) fn said(&self) -> String {
        let said = std::fs::read_to_string(&self.output).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        proc::usage(self.id)
    }

    /// What it prints.
    pub(crate) fn output(&self) -> &Path {
        &self.output
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The number is its own for as long as nobody has waited for it.
        if self.child.id().is_some()
            && let Ok(id) = i32::try_from(self.id)
        {
            // It may have ended by itself.
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// Programs append, so that a log may be emptied under them.
fn appended(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    options
        .open(path)
        .with_context(|| format!("opening {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn children_end_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]);
        let process = Process::start("shell", command, folder.path()).unwrap();
        let child = loop {
            let said = std::fs::read_to_string(process.output()).unwrap();
            if let Some(child) = said.strip_suffix('\n') {
                break child.to_owned();
            }
            tokio::task::yield_now().await;
        };
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        assert!(lives());
        drop(process);
        while lives() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_ends_by_itself_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such option; exit 3"]);
        let mut process = Process::start("shell", command, folder.path()).unwrap();
        let error = loop {
            if let Err(error) = process.check() {
                break error.to_string();
            }
            tokio::task::yield_now().await;
        };
        assert!(error.contains("no such option") && error.contains('3'), "{error}");
    }
}
