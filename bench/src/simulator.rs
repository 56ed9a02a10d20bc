//! The simulator by itself: requests per second over 64 connections, and its start.

use std::path::Path;

use anyhow::{Context as _, ensure};
use tokio::process::Command;
use tokio::time::Instant;

use crate::http;
use crate::load::Load;
use crate::process::Process;
use crate::ready;
use crate::report::{Method, Simulator};
use crate::start::{STARTS, microseconds};
use crate::statistics::Figure;

/// In the first world a token may be any that no simulator has issued.
const FIELD: &str = "Authorization: Bearer benchmark";

/// Measures the binary.
pub(crate) async fn simulator(binary: &Path, method: Method) -> anyhow::Result<Simulator> {
    let (mut starts, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let begun = Instant::now();
        let _running = start(binary).await?;
        starts.push(microseconds(begun.elapsed()));
    }
    for _ in 0..method.rounds {
        // Each with an empty journal.
        let (_running, port) = start(binary).await?;
        let load = Load {
            url: format!("http://127.0.0.1:{port}/v1/people/me"),
            method: "GET",
            body: 0,
            fields: vec![FIELD.to_owned()],
            connections: 64,
            seconds: method.seconds,
        };
        let outcome = load.run().await?;
        let errors = outcome.errors;
        ensure!(errors.all() == 0, "requests to the simulator failed: {errors:?}");
        rates.push(outcome.per_second());
    }
    Ok(Simulator {
        requests_per_second: Figure::of(&rates).context("no rounds")?,
        start_us: Figure::of(&starts).context("no starts")?,
    })
}

/// On free ports: the process, and the API's port.
async fn start(binary: &Path) -> anyhow::Result<(Process, u16)> {
    let folder = tempfile::tempdir()?;
    let ports = [http::free_port()?, http::free_port()?, http::free_port()?];
    let mut command = Command::new(binary);
    command.env_clear();
    for (name, port) in ["--port", "--tls-port", "--control-port"].iter().zip(ports) {
        command.args([*name, &port.to_string()]);
    }
    let mut process = Process::start("simulator", command, folder.path())?;
    ready::responds(&mut process, ports[0], "", |_| true).await?;
    Ok((process, ports[0]))
}
