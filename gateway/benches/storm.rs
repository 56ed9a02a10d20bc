//! 10,000 requests across an expiry of the access token: how long do those take that wait for the new one, and how long the others?
//!
//! The real binary stands in front of the simulator, whose token endpoint takes its time. 16 connections, and then 64, ask without a
//! pause; halfway the simulator expires the token. Each round has a simulator and a gateway of its own. Exits 1 unless every expiry
//! costs one token request and no failed request, and what those that wait take besides the token call, 99 in 100 of them, is within
//! the bar in the median round with 16 connections. With 64 everybody waits for the processors, which gateway, simulator and load
//! share: that figure is told.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

#[path = "bars/authorised.rs"]
mod authorised;
#[path = "bars/gateway.rs"]
mod gateway;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::ensure;
use gateway::{REDIRECT_URI, client};
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::Instant;
use webex_sim::types::{Delay, EntryFilter, FaultAction, FaultMatch, FaultRule, TokenKind};
use webex_sim::{Running, Simulator};

/// Requests in flight, for which the bar holds.
const FEW: usize = 16;
/// More than two processors keep up with.
const MANY: usize = 64;
/// Requests in a round.
const REQUESTS: usize = 10_000;
/// Odd, so that one of them is the median.
const ROUNDS: usize = 5;
/// What the token endpoint takes at least: far more than any request without a refresh, so that those that wait for it are known.
const TOKEN_CALL: Duration = Duration::from_millis(200);
/// What a request that waits may take besides the token call.
const BAR: Duration = Duration::from_millis(10);

/// How long requests took, from the shortest to the longest.
#[derive(Default)]
struct Times(Vec<Duration>);

/// What came of 10,000 requests.
struct Round {
    /// Of those that did not wait for the token call.
    others: Times,
    /// Of those that did.
    waited: Times,
    failed: usize,
    refreshes: usize,
    /// How long the token call took, as the simulator has it.
    token_call: Duration,
}

/// What came of all rounds.
struct Rounds {
    /// What 99 in 100 of those that wait take besides the token call, in the median round.
    beside: Duration,
    /// Each expiry cost one token request and no failed request.
    all_good: bool,
}

/// The load, which its connections share.
struct Load {
    sim: Running,
    client: Client,
    url: String,
    begun: AtomicUsize,
    failed: AtomicUsize,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let many = Rounds::play(MANY).await?;
    let few = Rounds::play(FEW).await?;
    println!(
        "{MANY} connections: 99 in 100 requests across an expiry take the token call and {:.1} ms",
        milliseconds(many.beside)
    );
    let all_good = few.all_good && many.all_good;
    println!(
        "{FEW} connections: 99 in 100 requests across an expiry take the token call and {:.1} ms (bar: {} ms); token requests 1, failed 0: {}",
        milliseconds(few.beside),
        BAR.as_millis(),
        if all_good { "yes" } else { "no" },
    );
    Ok(match all_good && few.beside <= BAR {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

impl Rounds {
    async fn play(connections: usize) -> anyhow::Result<Self> {
        let (mut beside, mut all_good) = (Vec::new(), true);
        for number in 1..=ROUNDS {
            let round = Round::play(connections).await?;
            let (refreshes, failed) = (round.refreshes, round.failed);
            println!(
                "{connections} connections, round {number}: {refreshes} token requests, {failed} failed requests, the token call took {:.1} ms",
                milliseconds(round.token_call)
            );
            println!("  without the refresh: {}", round.others.words());
            println!("  across the refresh:  {}", round.waited.words());
            all_good &= (refreshes, failed) == (1, 0);
            beside.push(round.waited.percentile(99).saturating_sub(round.token_call));
        }
        Ok(Self {
            beside: Times::of(beside).percentile(50),
            all_good,
        })
    }
}

impl Round {
    async fn play(connections: usize) -> anyhow::Result<Self> {
        let sim = Simulator::builder()
            .redirect_uri(REDIRECT_URI)
            .journal_capacity(2 * REQUESTS)
            .start()
            .await?;
        let folder = tempfile::tempdir()?;
        let (_gateway, address) = authorised::start(&sim, &folder.path().join(".tokens")).await?;
        let slow = FaultAction::delay(Delay::Fixed {
            ms: u32::try_from(TOKEN_CALL.as_millis())?,
        });
        let slow = FaultRule::new(FaultMatch::path("/v1/access_token"), slow);
        sim.control().add_fault(&slow).await?;
        let load = Arc::new(Load {
            sim,
            client: client()?,
            url: format!("http://{address}/v1/people/me"),
            begun: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
        });
        let mut running: JoinSet<_> = (0..connections).map(|_| Arc::clone(&load).ask()).collect();
        let mut times = Vec::with_capacity(REQUESTS);
        while let Some(ended) = running.join_next().await {
            times.extend(ended??);
        }
        // Nothing else takes half as long as the token call.
        let (waited, others) = times.into_iter().partition(|took| *took >= TOKEN_CALL / 2);
        let (waited, others) = (Times::of(waited), Times::of(others));
        ensure!(
            waited.0.len() >= connections / 2,
            "{} requests waited for the token: the bar measured nothing",
            waited.0.len()
        );
        let refreshes = EntryFilter::grant("refresh_token");
        let refreshes = load.sim.control().journal(&refreshes).await?;
        let longest = refreshes.iter().map(|call| call.duration_ms).fold(0.0, f64::max);
        Ok(Self {
            others,
            waited,
            failed: load.failed.load(Ordering::Relaxed),
            refreshes: refreshes.len(),
            token_call: Duration::from_secs_f64(longest / 1000.0),
        })
    }
}

impl Load {
    /// One connection: asks as long as there are requests to make. Whoever makes the one in the middle expires the token before.
    async fn ask(self: Arc<Self>) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::new();
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            if number >= REQUESTS {
                return Ok(times);
            }
            if number == REQUESTS / 2 {
                self.sim.control().expire_tokens(TokenKind::Access).await?;
            }
            let start = Instant::now();
            let answer = self.client.get(&self.url).send().await;
            let is_good = match answer {
                Ok(answer) => answer.status() == 200 && answer.bytes().await.is_ok(),
                Err(_) => false,
            };
            times.push(start.elapsed());
            self.failed.fetch_add(usize::from(!is_good), Ordering::Relaxed);
        }
    }
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// So many in 100 took at most this (nearest rank).
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    fn words(&self) -> String {
        let [half, most, nearly_all, longest] =
            [50, 90, 99, 100].map(|percent| milliseconds(self.percentile(percent)));
        format!(
            "{} requests, p50 {half:.1} ms, p90 {most:.1} ms, p99 {nearly_all:.1} ms, longest {longest:.1} ms",
            self.0.len()
        )
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
