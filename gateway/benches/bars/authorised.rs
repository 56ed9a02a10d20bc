//! A gateway of a bar that an administrator has authorised at the simulator.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::process::Child;
use webex_sim::Running;

use crate::gateway::{self, REDIRECT_URI, client};

/// The tokens are made this much older: a token that was just issued is not refreshed.
const AGE_SECONDS: i64 = 60;

/// The gateway, with tokens that are old enough for a refresh, and its address.
pub(crate) async fn start(sim: &Running, tokens: &Path) -> anyhow::Result<(Child, String)> {
    authorise(sim, tokens).await?;
    let mut stored: Value = serde_json::from_slice(&std::fs::read(tokens)?)?;
    stored["at"] = (stored["at"].as_i64().context("at")? - AGE_SECONDS).into();
    std::fs::write(tokens, stored.to_string())?;
    gateway(sim, tokens).await
}

/// A gateway takes the administrator's authorisation and ends; its tokens file stays.
async fn authorise(sim: &Running, tokens: &Path) -> anyhow::Result<()> {
    let (mut gateway, address) = gateway(sim, tokens).await?;
    let (admin, _) = sim
        .seed()
        .administrator()
        .context("the seed has an administrator")?;
    sim.control().accept_as(admin).await?;
    let page = client()?.get(sim.authorize_url(REDIRECT_URI)).send().await?;
    let location = page.headers()["location"].to_str()?.to_owned();
    let callback = location
        .strip_prefix("http://gateway.test")
        .context("the redirect URI")?;
    let done = client()?
        .get(format!("http://{address}{callback}"))
        .send()
        .await?;
    ensure!(
        done.status() == 303,
        "the authorisation failed: {}",
        done.status()
    );
    gateway.kill().await?;
    Ok(())
}

async fn gateway(sim: &Running, tokens: &Path) -> anyhow::Result<(Child, String)> {
    let credentials = (sim.client_id(), sim.client_secret());
    let mut child = gateway::command(&sim.url(), credentials, tokens).spawn()?;
    let address = gateway::address(&mut child).await?;
    Ok((child, address))
}
