//! A terminal in which a reader types what a document says: one shell in a folder of its own, so that variables and
//! files of one command are there for the next.
//!
//! Documents name the usual ports, folders and containers. Here each has another, because the machine may be in use; what
//! is typed has them replaced, and nothing else.

mod program;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub use program::Program;

use crate::interruptible::interruptible;
use crate::missing::Need;
use crate::run::Run;
use crate::said::Said;

/// More than any command takes that is waited for, on a busy machine. Who compiles is a [`Program`].
const PATIENCE: Duration = Duration::from_mins(5);

/// Who talks to this machine needs no proxy.
const LOCAL: &str = "localhost,127.0.0.1";

/// How a terminal differs from a reader's.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    environment: Vec<(String, String)>,
    replaced: Vec<(String, String)>,
}

/// An open terminal.
#[derive(Debug)]
pub struct Terminal {
    differences: Differences,
    folder: PathBuf,
    shell: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// Whether a program is installed. An engine can be used without its client; CI requires it all the same.
#[must_use]
pub fn has(program: &str) -> bool {
    let found = std::process::Command::new(program).arg("--version").output();
    let has = found.is_ok_and(|output| output.status.success());
    if !has {
        Need::Compose.is_missing(&format!("{program} is not installed"));
    }
    has
}

// === impl Differences ===

impl Differences {
    /// A variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// What a document says, and what is typed in its place. Those that were given first count first.
    #[must_use]
    pub fn replace(mut self, documented: &str, here: impl Into<String>) -> Self {
        self.replaced.push((documented.to_owned(), here.into()));
        self
    }

    /// The command as it is typed.
    #[must_use]
    pub fn typed(&self, command: &str) -> String {
        let mut typed = String::new();
        let mut rest = command;
        // From left to right, so that nothing is replaced twice.
        while let Some(next) = rest.chars().next() {
            let found = self
                .replaced
                .iter()
                .find_map(|(documented, here)| Some((rest.strip_prefix(documented.as_str())?, here)));
            if let Some((behind, here)) = found {
                typed.push_str(here);
                rest = behind;
            } else {
                typed.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        typed
    }

    /// Gives a command the environment of the terminal.
    fn dress<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, _) in std::env::vars_os() {
            if is_of_this_test(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        command
            .envs([("NO_PROXY", LOCAL), ("no_proxy", LOCAL)])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
    }
}

/// What cargo, or who measures tests, tells a test of itself. Build scripts look at it: a cargo that is typed would compile anew what depends on
/// them, and so would the next one outside.
fn is_of_this_test(variable: &str) -> bool {
    ["CARGO", "RUSTC_BOOTSTRAP"].contains(&variable)
        || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_"]
            .iter()
            .any(|prefix| variable.starts_with(prefix))
}

// === impl Terminal ===

impl Terminal {
    /// Opens one. In `differences`, `/tmp/` need not be said: it is the terminal's own folder.
    pub fn open(differences: Differences) -> anyhow::Result<Self> {
        let folder = Run::current().unique_folder("terminal")?;
        let differences = differences.replace("/tmp/", format!("{}/", folder.display()));
        let mut shell = interruptible("bash");
        shell
            .args(["--noprofile", "--norc", "-c"])
            .arg("exec 9>&2 2>&1; exec bash --noprofile --norc")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What is typed goes on where the suite is killed, and may make more that somebody has to remove.
            .stderr(Run::current().hold()?)
            .process_group(0)
            .kill_on_drop(true);
        let mut shell = differences.dress(&mut shell).spawn()?;
        let input = shell.stdin.take().expect("it was asked for");
        let output = shell.stdout.take().expect("it was asked for");
        Ok(Self {
            differences,
            folder,
            shell,
            input,
            output: BufReader::new(output).lines(),
        })
    }

    /// How it differs from a reader's.
    #[must_use]
    pub fn differences(&self) -> &Differences {
        &self.differences
    }

    /// Types a command of a document, and waits for its end.
    pub async fn types(&mut self, command: &str) -> Said {
        let typed = self.differences.typed(command);
        let said = tokio::time::timeout(PATIENCE, self.run(&typed)).await;
        let said = said.unwrap_or_else(|_| panic!("`{typed}` has not ended within {PATIENCE:?}"));
        said.unwrap_or_else(|error| panic!("`{typed}` cannot be typed: {error:#}"))
    }

    /// Starts a program of a document that serves until it is told to end.
    pub fn starts(&self, command: &str) -> anyhow::Result<Program> {
        Program::start(command, &self.differences, &self.folder)
    }

    async fn run(&mut self, typed: &str) -> anyhow::Result<Said> {
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let script = format!("{{ {typed}\n}} < /dev/null 2>&1\nprintf '\\n%s %s\\n' {mark} $?\n");
        self.input.write_all(script.as_bytes()).await?;
        let mut text = String::new();
        while let Some(line) = self.output.next_line().await? {
            if let Some(status) = line.strip_prefix(&mark) {
                let code = status.trim().parse()?;
                let text = text.trim_end().to_owned();
                return Ok(Said { code, text });
            }
            text.push_str(&line);
            text.push('\n');
        }
        anyhow::bail!("the shell has ended: {text}")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(group) = self.shell.id() {
            // It may have ended.
            let _ = killpg(Pid::from_raw(group.cast_signed()), Signal::SIGKILL);
        }
        // What stays goes with the run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn variables_and_files_stay_from_one_command_to_the_next() {
        let mut terminal = Terminal::open(Differences::default().variable("GREETING", "hello")).unwrap();
        assert_eq!(terminal.types("A=$GREETING").await.code, 0);
        assert_eq!(
            terminal.types("echo \"$A\" > /tmp/a; cat a; echo err >&2").await,
            Said {
                code: 0,
                text: "hello\nerr".to_owned()
            }
        );
        assert_eq!(terminal.types("(exit 3)").await.code, 3);
        assert_eq!(terminal.types("printf 'no newline'").await.text, "no newline");
    }

    #[test]
    fn what_is_replaced_is_replaced_once() {
        let differences = Differences::default()
            .replace("h:1", "h:21")
            .replace("h:2", "h:3");
        assert_eq!(differences.typed("h:1 h:2 h:9"), "h:21 h:3 h:9");
    }
}
