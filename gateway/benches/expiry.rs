//! 1,000 requests are in flight when the access token expires: how many token requests, how many failed requests?
//!
//! The real binary stands in front of the simulator; 1,000 connections ask without a pause; in the middle the simulator
//! expires the token. Exits 1 unless there is exactly one token request and no failed request.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

#[path = "bars/authorised.rs"]
mod authorised;
#[path = "bars/gateway.rs"]
mod gateway;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::ensure;
use gateway::{REDIRECT_URI, client};
use tokio::task::JoinSet;
use webex_sim::Simulator;
use webex_sim::types::{EntryFilter, TokenKind};

/// Requests in flight.
const CONNECTIONS: usize = 1000;
/// Requests that each connection makes, half of them before the expiry.
const REQUESTS: usize = 20;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let sim = Simulator::builder()
        .redirect_uri(REDIRECT_URI)
        .journal_capacity(2 * CONNECTIONS * REQUESTS)
        .start()
        .await?;
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join(".tokens");
    let (_gateway, address) = authorised::start(&sim, &tokens).await?;
    let (failed, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let client = client()?;
    let mut load = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, failed, done) = (client.clone(), Arc::clone(&failed), Arc::clone(&done));
        let url = format!("http://{address}/v1/people/me");
        load.spawn(async move {
            for _ in 0..REQUESTS {
                let answer = client.get(&url).send().await;
                let good = matches!(&answer, Ok(answer) if answer.status() == 200);
                failed.fetch_add(usize::from(!good), Ordering::Relaxed);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while done.load(Ordering::Relaxed) < CONNECTIONS * REQUESTS / 2 {
        tokio::task::yield_now().await;
    }
    sim.control().expire_tokens(TokenKind::Access).await?;
    while load.join_next().await.transpose()?.is_some() {}

    let refused = EntryFilter::path("/v1/people/me").status(401);
    let refused = sim.control().journal_count(&refused).await?;
    let refreshes = sim
        .control()
        .journal_count(&EntryFilter::grant("refresh_token"))
        .await?;
    let (failed, total) = (failed.load(Ordering::Relaxed), CONNECTIONS * REQUESTS);
    ensure!(refused > 0, "the expiry met no request: the bar measured nothing");
    println!("{refused} of {total} requests on {CONNECTIONS} connections met the expired token");
    println!("token requests: {refreshes} (bar: 1), failed requests: {failed} (bar: 0)");
    Ok(if refreshes == 1 && failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
