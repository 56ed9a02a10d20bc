//! A program that a reader starts, and that runs until it is told to end.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::sync::watch;

use super::Differences;

/// A program that runs, in a process group of its own.
#[derive(Debug)]
pub struct Program {
    command: String,
    child: Child,
    group: u32,
    said: watch::Receiver<String>,
}

impl Program {
    /// Starts the command of a document in a folder.
    pub fn start(command: &str, differences: &Differences, folder: &Path) -> anyhow::Result<Self> {
        let typed = differences.typed(command);
        // `exec`: signals are meant for the program, not for the shell.
        let mut child = differences
            .shell(folder)
            .args(["-c", &format!("exec 2>&1; exec {typed}")])
            .stdin(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().expect("it was asked for");
        let (saying, said) = watch::channel(String::new());
        tokio::spawn(listen(output, saying));
        Ok(Self {
            command: typed,
            group: child.id().context("the program runs")?,
            child,
            said,
        })
    }

    /// Waits until the program has said `text`, and returns all that it has said by then.
    pub async fn says(&mut self, text: &str, within: Duration) -> String {
        let waiting = self.said.wait_for(|said| said.contains(text));
        let outcome = match tokio::time::timeout(within, waiting).await {
            Ok(Ok(said)) => Ok(said.clone()),
            Ok(Err(_)) => Err("it has ended".to_owned()),
            Err(_) => Err(format!("not within {within:?}")),
        };
        outcome.unwrap_or_else(|why| {
            panic!(
                "`{}` does not say {text:?}, {why}; it says:\n{}",
                self.command,
                *self.said.borrow()
            )
        })
    }

    /// Everything that the program has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.borrow().clone()
    }

    /// Sends a signal, such as `INT`, waits for the end, and returns what the program ended with. Fails where a process
    /// that it has started lives on.
    pub async fn end(mut self, signal: &str, within: Duration) -> anyhow::Result<ExitStatus> {
        let sent = bash(&format!("kill -{signal} {}", self.group)).await;
        anyhow::ensure!(sent, "`{}` has ended by itself:\n{}", self.command, self.said());
        let status = tokio::time::timeout(within, self.child.wait())
            .await
            .with_context(|| format!("`{}` does not end within {within:?}", self.command))??;
        let has_left_some = bash(&format!("kill -0 -- -{} 2> /dev/null", self.group)).await;
        anyhow::ensure!(!has_left_some, "`{}` has left processes behind", self.command);
        Ok(status)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        signal("KILL", Some(self.group));
    }
}

async fn listen(output: ChildStdout, saying: watch::Sender<String>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        saying.send_modify(|said| {
            said.push_str(&line);
            said.push('\n');
        });
    }
}

async fn bash(script: &str) -> bool {
    let status = tokio::process::Command::new("bash")
        .args(["-c", script])
        .stderr(Stdio::null())
        .status()
        .await;
    status.is_ok_and(|status| status.success())
}

/// Sends a signal to a whole process group; one that is gone needs none.
pub(super) fn signal(name: &str, group: Option<u32>) {
    if let Some(group) = group {
        let _ = std::process::Command::new("bash")
            .args(["-c", &format!("kill -{name} -- -{group}")])
            .stderr(Stdio::null())
            .status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    fn start(command: &str) -> Program {
        Program::start(command, &Differences::default(), &std::env::temp_dir()).unwrap()
    }

    #[tokio::test]
    async fn is_heard_and_ended() {
        let mut program = start("bash -c 'echo up; exec tail -f /dev/null'");
        assert_eq!(program.says("up", SOON).await, "up\n");
        let ended = program.end("TERM", SOON).await.unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(15));
    }

    #[tokio::test]
    async fn what_it_leaves_behind_is_found() {
        let mut program = start(
            "bash -c 'trap \"exit 0\" TERM; tail -f /dev/null & echo up; while :; do read -t 0.05 < <(:); done'",
        );
        program.says("up", SOON).await;
        let error = program.end("TERM", SOON).await.unwrap_err();
        assert!(error.to_string().contains("left processes behind"), "{error:#}");
    }
}
