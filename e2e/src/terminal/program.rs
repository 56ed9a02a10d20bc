//! A program that a reader starts, and that runs until it is told to end.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Context;

use super::Differences;
use crate::leash::{Leash, Leashed};

/// A program that runs, in a process group of its own. It is killed where it is dropped.
#[derive(Debug)]
pub struct Program {
    command: String,
    leashed: Leashed,
}

impl Program {
    /// Starts the command of a document in a folder.
    pub(super) fn start(command: &str, differences: &Differences, folder: &Path) -> anyhow::Result<Self> {
        let typed = differences.typed(command);
        // `exec`: signals are meant for the program, not for the shell.
        let script = format!("exec 2>&1; exec {typed}");
        let shell = ["bash", "--noprofile", "--norc", "-c", &script];
        let leashed = Leash::new().start(&shell, folder, |command| differences.dress(command))?;
        Ok(Self {
            command: typed,
            leashed,
        })
    }

    /// Waits until the program has said `text`, and returns all that it has said by then.
    pub async fn says(&mut self, text: &str, within: Duration) -> String {
        let said = self.leashed.says(text, within).await;
        said.unwrap_or_else(|why| panic!("`{}` does not say {text:?}: {why}", self.command))
    }

    /// Everything that the program has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.leashed.said()
    }

    /// Sends a signal, such as `INT`, waits for the end, and returns what the program ended with. Fails where a process
    /// that it has started lives on.
    pub async fn end(self, signal: &str, within: Duration) -> anyhow::Result<ExitStatus> {
        let ended = self.leashed.end(signal, within).await;
        let ended = ended.with_context(|| format!("`{}`", self.command))?;
        anyhow::ensure!(
            !ended.has_left_some,
            "`{}` has left processes behind",
            self.command
        );
        Ok(ended.status)
    }
}
