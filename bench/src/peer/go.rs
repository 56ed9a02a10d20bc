//! Go's `httputil.ReverseProxy`: a program of some lines, built here from the standard library alone.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

use super::{Job, gateway};
use crate::origin::TOKEN;

/// In this crate.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/go/main.go");

/// Builds it in the folder.
pub(crate) async fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let program = folder.join("go-reverse-proxy");
    let output = Command::new("go")
        .arg("build")
        .arg("-o")
        .arg(&program)
        .arg(SOURCE)
        .env("GO111MODULE", "off")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("starting go build")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "go build {SOURCE} failed:\n{said}");
    Ok(program)
}

pub(super) fn command(program: &Path, job: &Job<'_>) -> Command {
    let mut command = Command::new(program);
    command
        .env("SSL_CERT_FILE", job.authorities)
        .args(["-listen", &format!("127.0.0.1:{}", job.listen)])
        .args(["-upstream", &gateway::url(job)])
        .args(["-token", TOKEN, "-log"])
        .arg(job.log);
    command
}
