//! A leash for programs of this machine that tests start: none of them outlives its test.
//!
//! The test holds one end of a pipe and the suite's own tool the other ([`hold`]). When the pipe breaks, because the test
//! is over, has panicked or was killed, the tool kills the program and all that it has started, which share a process
//! group, waits until the last of them is gone, and removes their folders. The tool has a group of its own, where Ctrl-C
//! does not reach it, and keeps the run from being over before it has done its work.

mod tool;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use tool::hold;
use tool::{DEAF, Ending, REMOVE};

use crate::interruptible::interruptible;
use crate::run::{self, Run};

/// What is to be put on a leash.
#[derive(Debug)]
pub(crate) struct Leash {
    is_deaf: bool,
    folders: Vec<PathBuf>,
}

/// A program that runs until this is dropped, or until it ends by itself.
#[derive(Debug)]
pub(crate) struct Leashed {
    input: ChildStdin,
    said: watch::Receiver<String>,
    ending: JoinHandle<Option<Ending>>,
    /// The tool, which goes by itself: killing it would let the program go.
    _tool: Child,
}

/// How a program has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// What it ended with.
    pub(crate) status: ExitStatus,
    /// Whether something that it had started lived on.
    pub(crate) has_left_some: bool,
}

impl Leash {
    /// A leash as most programs have it.
    pub(crate) fn new() -> Self {
        Self {
            is_deaf: false,
            folders: Vec::new(),
        }
    }

    /// Keeps the news of network changes from the program.
    pub(crate) fn deaf(mut self) -> Self {
        self.is_deaf = true;
        self
    }

    /// Removes a folder after the program's end.
    pub(crate) fn removes(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Starts a program in a folder. What it says on its first output is heard, the second goes nowhere. `dress` sees to
    /// its environment.
    pub(crate) fn start(
        self,
        program: &[&str],
        folder: &Path,
        dress: impl FnOnce(&mut Command) -> &mut Command,
    ) -> anyhow::Result<Leashed> {
        let tool = run::tool().context("the webex-e2e binary, which ends programs, is not built")?;
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let mut command = interruptible(&tool);
        command.args(["leash", &mark]);
        if self.is_deaf {
            command.arg(DEAF);
        }
        for folder in &self.folders {
            command.arg(REMOVE).arg(folder);
        }
        command.arg("--").args(program).current_dir(folder);
        let mut tool = dress(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Run::current().hold()?)
            .process_group(0)
            .spawn()?;
        let input = tool.stdin.take().expect("it was asked for");
        let output = tool.stdout.take().expect("it was asked for");
        let (saying, said) = watch::channel(String::new());
        Ok(Leashed {
            input,
            said,
            ending: tokio::spawn(listen(output, mark, saying)),
            _tool: tool,
        })
    }
}

impl Leashed {
    /// Waits until the program has said `text`, and returns all that it has said by then, or why it has not.
    pub(crate) async fn says(&mut self, text: &str, within: Duration) -> Result<String, String> {
        let waiting = self.said.wait_for(|said| said.contains(text));
        let why = match tokio::time::timeout(within, waiting).await {
            Ok(Ok(said)) => return Ok(said.clone()),
            Ok(Err(_)) => "it has ended".to_owned(),
            Err(_) => format!("not within {within:?}"),
        };
        Err(format!("{why}; it says:\n{}", self.said()))
    }

    /// Everything that the program has said so far.
    pub(crate) fn said(&self) -> String {
        self.said.borrow().clone()
    }

    /// Sends the program alone a signal, such as `INT`, and waits for its end.
    pub(crate) async fn end(mut self, signal: &str, within: Duration) -> anyhow::Result<Ended> {
        anyhow::ensure!(
            !self.ending.is_finished(),
            "it has ended by itself:\n{}",
            self.said()
        );
        self.input.write_all(format!("SIG{signal}\n").as_bytes()).await?;
        let ending = tokio::time::timeout(within, &mut self.ending)
            .await
            .with_context(|| format!("it does not end within {within:?}:\n{}", self.said()))??;
        let ending = ending.with_context(|| format!("nobody knows how it ended:\n{}", self.said()))?;
        Ok(ending.ended())
    }
}

/// Hears what a program says, until the tool tells how it ended.
async fn listen(output: ChildStdout, mark: String, saying: watch::Sender<String>) -> Option<Ending> {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(ending) = Ending::in_line(&line, &mark) {
            return Some(ending);
        }
        saying.send_modify(|said| {
            said.push_str(&line);
            said.push('\n');
        });
    }
    None
}
