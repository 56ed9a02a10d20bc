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

/// A simulator that runs.
struct Running {
    api: u16,
    control: u16,
    _process: Process,
}

/// Of the simulator's own world.
const ADMINISTRATOR: &str = "avery.quinn@acme.example.com";
const CLIENT_ID: &str = "Cbenchmark";
const CLIENT_SECRET: &str = "benchmark";

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
        let running = start(binary).await?;
        let (port, token) = (running.api, log_in(&running).await?);
        let load = Load {
            url: format!("http://127.0.0.1:{port}/v1/people/me"),
            method: "GET",
            body: 0,
            fields: vec![format!("Authorization: Bearer {token}")],
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

/// On free ports.
async fn start(binary: &Path) -> anyhow::Result<Running> {
    let folder = tempfile::tempdir()?;
    let [api, tls, control] = [http::free_port()?, http::free_port()?, http::free_port()?];
    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("WEBEX_SIM_CLIENT_ID", CLIENT_ID)
        .env("WEBEX_SIM_CLIENT_SECRET", CLIENT_SECRET);
    for (name, port) in [("--port", api), ("--tls-port", tls), ("--control-port", control)] {
        command.args([name, &port.to_string()]);
    }
    let mut process = Process::start("simulator", command, folder.path())?;
    ready::responds(&mut process, api, "", |_| true).await?;
    Ok(Running {
        api,
        control,
        _process: process,
    })
}

/// An access token for the administrator.
async fn log_in(running: &Running) -> anyhow::Result<String> {
    let consent = serde_json::json!({"action": "accept", "email": ADMINISTRATOR}).to_string();
    http::exchange(
        running.control,
        "POST /__sim/consent",
        "application/json",
        &consent,
    )
    .await?;
    let asked = format!("GET /v1/authorize?client_id={CLIENT_ID}&response_type=code&scope=spark:people_read");
    let answer = http::exchange(running.api, &asked, "text/plain", "").await?;
    let code = between(&answer, "code=", ['&', '\r']).with_context(|| format!("no code in: {answer}"))?;
    let form = format!(
        "grant_type=authorization_code&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&code={code}"
    );
    let kind = "application/x-www-form-urlencoded";
    let answer = http::exchange(running.api, "POST /v1/access_token", kind, &form).await?;
    let token = between(&answer, "\"access_token\":\"", ['"', '\n']);
    token
        .map(str::to_owned)
        .with_context(|| format!("no token in: {answer}"))
}

/// What follows the beginning, up to one of the ends.
fn between<'a>(text: &'a str, begin: &str, ends: [char; 2]) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    rest.split(ends).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_a_token_are_found_in_answers() {
        let redirect = "HTTP/1.1 302 Found\r\nlocation: http://localhost/auth/code?code=MjA&state=x\r\n\r\n";
        assert_eq!(between(redirect, "code=", ['&', '\r']), Some("MjA"));
        let tokens = r#"{"access_token":"YWNj","expires_in":1209599}"#;
        assert_eq!(between(tokens, "\"access_token\":\"", ['"', '\n']), Some("YWNj"));
        assert_eq!(between(redirect, "\"access_token\":\"", ['"', '\n']), None);
    }
}
