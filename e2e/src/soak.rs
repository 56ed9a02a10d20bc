//! The whole suite many times in a row: which tests fail now and then, and what a run leaves behind.

mod cargo;
mod inventory;
mod libtest;
mod summary;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use bollard::Docker;
use tokio::time::Instant;

pub use summary::Summary;

use crate::eventually::in_time;
use crate::{images, run, workspace};
use cargo::Program;
use inventory::Inventory;

/// Longer than a reaper looks.
const REAPER: Duration = Duration::from_mins(4);

/// One run of the suite.
#[derive(Debug, Default)]
pub struct SoakRun {
    /// From 1.
    number: usize,
    took: Duration,
    tests: Vec<libtest::Outcome>,
    /// What did not end as it should and is no test: a process that crashed, things that stayed at the engine.
    complaints: Vec<String>,
    evidence: PathBuf,
}

/// Runs the suite so many times, or those of its tests whose names have one of `filters` in them, and tells each run as
/// it ends. A failure does not end it: how often one comes is what it is for.
pub async fn soak(
    docker: &Docker,
    runs: usize,
    filters: &[&str],
    tell: impl Fn(&str),
) -> anyhow::Result<Summary> {
    let programs = cargo::test_programs().context("building the tests")?;
    images::images(docker).await.map_err(anyhow::Error::msg)?;
    let folder = workspace::output().join("soak").join(run::new_id());
    let mut summary = Summary::default();
    for number in 1..=runs {
        let evidence = folder.join(format!("run-{number:02}"));
        let run = once(docker, number, &programs, filters, evidence).await?;
        tell(&run.line(runs));
        summary.runs.push(run);
    }
    Ok(summary)
}

/// One run, each program of the suite once.
async fn once(
    docker: &Docker,
    number: usize,
    programs: &[Program],
    filters: &[&str],
    evidence: PathBuf,
) -> anyhow::Result<SoakRun> {
    fs::create_dir_all(&evidence)?;
    let mut done = SoakRun {
        number,
        evidence,
        ..SoakRun::default()
    };
    let before = Inventory::of(docker).await?;
    let start = Instant::now();
    for program in programs {
        done.play(docker, program, filters).await?;
    }
    done.took = start.elapsed();
    let after = Inventory::of(docker).await?;
    done.complaints.extend(after.unclaimed_since(&before));
    done.keep_evidence()?;
    Ok(done)
}

// === impl SoakRun ===

impl SoakRun {
    async fn play(&mut self, docker: &Docker, program: &Program, filters: &[&str]) -> anyhow::Result<()> {
        let id = run::new_id();
        let (out, err) = (self.log(program, "out"), self.log(program, "err"));
        let mut command = Command::new(&program.path);
        command
            .args(libtest::TIMED)
            .args(filters)
            .env(libtest::UNSTABLE.0, libtest::UNSTABLE.1)
            .env(run::VARIABLE, &id)
            .current_dir(workspace::root().join("e2e"))
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(err)?);
        let status = tokio::task::spawn_blocking(move || command.status()).await??;
        let tests = libtest::outcomes(&fs::read_to_string(out)?);
        let has_failed = tests.iter().any(libtest::Outcome::has_failed);
        if !status.success() && !has_failed {
            self.complaints
                .push(format!("{} ended with {status}", program.name));
        }
        self.tests.extend(tests);

        // Whoever succeeds cleans up; the reaper is for the others.
        let left = run::left_behind(docker, &id).await?;
        if status.success() {
            self.complain("left to the reaper", left);
        }
        let reaped = in_time(REAPER, async || {
            anyhow::ensure!(run::is_reaped(&id), "run {id} still has its lock file");
            Ok(())
        });
        self.complaints.extend(
            reaped
                .await
                .err()
                .map(|reason| format!("the reaper is not done: {reason}")),
        );
        self.complain("left at the engine", run::left_behind(docker, &id).await?);
        Ok(())
    }

    fn complain(&mut self, where_to: &str, left: Vec<String>) {
        self.complaints
            .extend(left.into_iter().map(|thing| format!("{where_to}: {thing}")));
    }

    fn log(&self, program: &Program, stream: &str) -> PathBuf {
        self.evidence.join(format!("{}.{stream}", program.name))
    }

    /// Moves what the failed tests have kept to where the next run does not find it.
    fn keep_evidence(&self) -> anyhow::Result<()> {
        for test in self.failures() {
            let name = test.replace("::", "-");
            let kept = workspace::output().join(&name);
            if kept.is_dir() {
                fs::rename(&kept, self.evidence.join(&name))
                    .with_context(|| format!("keeping {}", kept.display()))?;
            }
        }
        Ok(())
    }

    fn failures(&self) -> impl Iterator<Item = &str> {
        let failed = self.tests.iter().filter(|test| test.has_failed());
        failed.map(|test| test.name.as_str())
    }

    fn is_good(&self) -> bool {
        self.complaints.is_empty() && self.failures().next().is_none()
    }

    /// The run in one line, and a line for each complaint.
    fn line(&self, of: usize) -> String {
        let (number, tests, took) = (self.number, self.tests.len(), self.took.as_secs_f64());
        if self.is_good() {
            return format!("run {number} of {of}: passed, {tests} tests in {took:.1} s");
        }
        let evidence = self.evidence.display();
        let mut text =
            format!("run {number} of {of}: FAILED, {tests} tests in {took:.1} s, evidence in {evidence}");
        for what in self.failures().chain(self.complaints.iter().map(String::as_str)) {
            text.push_str("\n    ");
            text.push_str(what);
        }
        text
    }
}
