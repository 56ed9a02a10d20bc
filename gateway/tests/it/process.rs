//! The real binary as a process of its own, which ends with its test.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// The program.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_webex_gw");
/// For what has to happen soon, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Tells a process where to write what it has run, when a coverage tool asks for that.
const COVERAGE: &str = "LLVM_PROFILE_FILE";

/// What a gateway says, line by line.
pub(crate) type Log = Lines<BufReader<ChildStdout>>;

/// A program with an empty environment.
pub(crate) fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(std::env::var_os(COVERAGE).map(|file| (COVERAGE, file)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// With an integration's variables.
pub(crate) fn with_integration(mut command: Command) -> Command {
    command
        .env("client_id", "C1")
        .env("client_secret", "the-secret-of-the-binary")
        .env("redirect_uri", "https://apio.example.com/api/v01/webex/auth/code");
    command
}

/// The gateway, with an integration's variables.
pub(crate) fn gateway() -> Command {
    with_integration(bare(BINARY))
}

/// The address that a log line tells, if it is the one.
pub(crate) fn listens_on(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" listens on ")?;
    Some(rest.split(',').next()?.to_owned())
}

/// Waits until a gateway serves: its address, what it has said up to then, and the rest of its log.
pub(crate) async fn serves(child: &mut Child) -> (String, String, Log) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    loop {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("it starts");
        let line = line.unwrap().expect("it serves");
        said += &line;
        said.push('\n');
        if let Some(address) = listens_on(&line) {
            return (address, said, lines);
        }
    }
}

/// Reads on, so that the gateway is never stuck with a full pipe.
pub(crate) fn read_on(mut log: Log, mut keep: impl FnMut(&str) + Send + 'static) {
    tokio::spawn(async move {
        while let Ok(Some(line)) = log.next_line().await {
            keep(&line);
        }
    });
}
