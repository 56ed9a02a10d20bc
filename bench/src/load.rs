//! The load: wrk, which asks over so many connections, each one request after the other.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

/// What is asked of whom.
#[derive(Clone, Debug)]
pub(crate) struct Load<'a> {
    pub(crate) url: String,
    pub(crate) method: &'a str,
    /// Bytes of the request's body.
    pub(crate) body: usize,
    /// Header fields, each a name and a value.
    pub(crate) fields: Vec<String>,
    pub(crate) connections: u32,
    pub(crate) seconds: u32,
}

/// What came of it, as the script prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) duration_us: u64,
    pub(crate) bytes: u64,
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
    pub(crate) errors: Errors,
}

/// What went wrong, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Errors {
    pub(crate) connect: u64,
    pub(crate) read: u64,
    pub(crate) write: u64,
    /// Answers from 400 on; the origin has none below that is not good.
    pub(crate) status: u64,
    pub(crate) timeout: u64,
}

/// wrk runs it once for each of its threads.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/load.lua");

impl Load<'_> {
    /// Runs it to its end.
    pub(crate) async fn run(&self) -> anyhow::Result<Outcome> {
        ensure!(
            Path::new(SCRIPT).exists(),
            "{SCRIPT} is not there; run this from the checkout it was built in"
        );
        let output = self
            .command()
            .output()
            .await
            .context("starting wrk; install the Debian package wrk")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "wrk against {} failed:\n{said}{failed}",
            self.url
        );
        parse(&said)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("wrk");
        let threads = threads(self.connections, cores());
        command
            .args(["--threads", &threads.to_string()])
            .args(["--connections", &self.connections.to_string()])
            .args(["--duration", &format!("{}s", self.seconds)])
            .args(["--timeout", "10s", "--script", SCRIPT]);
        for field in &self.fields {
            command.args(["--header", field]);
        }
        command
            .args([&self.url, "--", self.method, &self.body.to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        as_figure(self.requests) / (as_figure(self.duration_us) / 1e6)
    }
}

impl Errors {
    pub(crate) fn all(&self) -> u64 {
        self.connect + self.read + self.write + self.status + self.timeout
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            connect: self.connect + other.connect,
            read: self.read + other.read,
            write: self.write + other.write,
            status: self.status + other.status,
            timeout: self.timeout + other.timeout,
        }
    }
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Half of the cores, since who is measured needs some, too.
fn threads(connections: u32, cores: usize) -> usize {
    let connections = usize::try_from(connections).unwrap_or(usize::MAX);
    (cores / 2).clamp(1, 8).min(connections)
}

/// The last line that is an object; wrk has its own words before it.
fn parse(said: &str) -> anyhow::Result<Outcome> {
    let line = said.lines().rev().find(|line| line.starts_with('{'));
    let line = line.with_context(|| format!("wrk has not told its figures:\n{said}"))?;
    serde_json::from_str(line).with_context(|| format!("reading wrk's figures: {line}"))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn as_figure(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = r#"Running 1s test @ http://127.0.0.1:8000/small
  1 threads and 64 connections
Requests/sec:  20000.00
{"requests":20000,"duration_us":1000000,"bytes":9000000,"p50_us":900,"p90_us":1500,"p99_us":3000,"max_us":9000,"errors":{"connect":0,"read":0,"write":0,"status":2,"timeout":1}}
"#;

    #[test]
    fn the_scripts_line_is_found_among_wrks_own() {
        let outcome = parse(SAID).unwrap();
        assert_eq!(
            (outcome.per_second(), outcome.p99_us, outcome.errors.all()),
            (20_000.0, 3000, 3)
        );
    }

    #[test]
    fn what_has_no_figures_is_shown() {
        let error = parse("unable to connect to 127.0.0.1:1\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("unable to connect"), "{error}");
    }

    #[test]
    fn some_cores_are_left_to_who_is_measured() {
        assert_eq!((threads(64, 2), threads(1, 16), threads(512, 32)), (1, 1, 8));
    }

    #[test]
    fn the_script_prints_what_is_parsed() {
        let script = std::fs::read_to_string(SCRIPT).unwrap();
        for name in ["requests", "duration_us", "p50_us", "p99_us", "max_us", "timeout"] {
            assert!(script.contains(&format!("\"{name}\":%d")), "{name}");
        }
    }
}
