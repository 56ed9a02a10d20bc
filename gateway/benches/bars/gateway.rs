//! The real binary as a child of a bar, and a client for it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Registered with the simulator's integration; a bar delivers codes itself.
pub(crate) const REDIRECT_URI: &str = "http://gateway.test/api/v01/webex/auth/code";

/// The gateway on a free port, in front of `webex`, for the integration with this id and secret.
pub(crate) fn command(webex: &str, (id, secret): (&str, &str), tokens: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_webex_gw"));
    command
        .args(["-port=0", "-bind=127.0.0.1"])
        .arg(format!("-tokensFile={}", tokens.display()))
        .arg(format!("-webexURL={webex}"))
        .env_clear()
        .env("client_id", id)
        .env("client_secret", secret)
        .env("redirect_uri", REDIRECT_URI)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Where it listens, from its log, which is read on.
pub(crate) async fn address(child: &mut Child) -> anyhow::Result<String> {
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, rest)) = line.split_once(" listens on ") {
            let address = rest.split(',').next().context("an address")?.to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
    }
    anyhow::bail!("the gateway did not start")
}

/// Follows no redirect and uses no proxy.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(webex_gateway::net::tls::without_authorities())
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .no_proxy()
        .build()
}
