//! kill -9 at random moments of a refresh: is the tokens file always whole, and does the next start serve without a human?
//!
//! The real binary starts with an access token that has expired, so that it refreshes at once, while requests come in; at a
//! random moment it is killed. Then the file is read, the binary is started again, and a request must be answered 200. Half
//! of the kills are made against a Webex that keeps its refresh token, half against one that replaces it and lets the old one
//! work for 30 s. At last some kills hit the worst moment before a Webex that takes the use of a replaced token for a theft:
//! then nothing but a new authorisation helps; the gateway must say so and not go on asking.
//!
//! `just bar-kill KILLS SEED`. Exits 1 unless every file was whole, every gateway came back, and every one that could not
//! said so with two token requests at most.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]
#![expect(clippy::print_stderr, reason = "and what went wrong")]

#[path = "bars/gateway.rs"]
mod gateway;

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gateway::{REDIRECT_URI, client};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use webex_sim::types::{EntryFilter, Rotation, SettingsPatch, TokenKind};
use webex_sim::{Running, Simulator};

/// Kills where nothing is asked for.
const KILLS: usize = 1_000;
/// Kills at the worst moment before a strict Webex; each of them watches the gateway for [`WATCHED`].
const STRICT_KILLS: usize = 10;
/// How long a gateway that needs a human is asked, again and again.
const WATCHED: Duration = Duration::from_secs(3);
/// The token requests it may make in that time: the one that is refused, and one more.
const MOST_TOKEN_REQUESTS: usize = 2;
/// Gateways that run at once, each with a simulator of its own, for each way of rotation.
const LANES: usize = 2;
/// Requests that come in while the gateway refreshes.
const CALLERS: usize = 4;
/// The token endpoint's answers take so long: it is across the internet.
const TOKEN_DELAY_MS: u64 = 5;
/// The same where the kill has to come in between.
const LONG_TOKEN_DELAY_MS: u64 = 2_000;
/// How long a replaced refresh token works.
const GRACE_SECONDS: u64 = 30;
/// Kills come at any moment between these multiples of the usual time from start to answer: half of them anywhere between
/// start and a little later than the answer, half in the second part, when the refresh runs.
const SPREADS: [std::ops::Range<f64>; 2] = [0.0..1.2, 0.5..1.1];
/// The usual time is the median of so many.
const REMEMBERED: usize = 15;
/// Whatever takes longer has gone wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// How far a refresh had come when the gateway was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    BeforeRequest,
    BeforeAnswer,
    BeforeFile,
    BeforeRename,
    AfterRename,
}

/// A simulator and the tokens file of the gateways before it.
struct Site {
    sim: Running,
    folder: tempfile::TempDir,
    http: reqwest::Client,
}

/// What the kills of one way of rotation came to.
#[derive(Debug, Default)]
struct Tally {
    phases: BTreeMap<Phase, usize>,
    torn: usize,
    stranded: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    // Cargo adds `--bench`.
    let numbers = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .map(|argument| {
            let number = argument.parse::<u64>();
            number.with_context(|| format!("{argument} is no number; just bar-kill KILLS SEED"))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let kills = numbers
        .first()
        .map_or(Ok(KILLS), |kills| usize::try_from(*kills))?;
    let seed = numbers.get(1).copied().unwrap_or_else(rand::random);
    println!("{kills} kills, seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut lanes = JoinSet::new();
    for (way, rotation) in [
        Rotation::None,
        Rotation::Grace {
            seconds: GRACE_SECONDS,
        },
    ]
    .into_iter()
    .enumerate()
    {
        for lane in 0..LANES {
            let share = share_of(kills, way * LANES + lane);
            let random = StdRng::seed_from_u64(random.random());
            lanes.spawn(async move { (rotation, kill_at_random(rotation, share, random).await) });
        }
    }
    let (mut torn, mut stranded) = (0, 0);
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    while let Some(ended) = lanes.join_next().await {
        let (rotation, tally) = ended?;
        let tally = tally?;
        (torn, stranded) = (torn + tally.torn, stranded + tally.stranded);
        tallies.entry(format!("{rotation:?}")).or_default().add(&tally);
    }
    for (rotation, tally) in &tallies {
        println!("rotation {rotation}, kills by phase: {:?}", tally.phases);
    }

    let mut strict = JoinSet::new();
    for _ in 0..STRICT_KILLS {
        strict.spawn(kill_at_the_worst_moment());
    }
    let (mut said_so, mut most) = (0, 0);
    while let Some(ended) = strict.join_next().await {
        match ended? {
            Ok(token_requests) => (said_so, most) = (said_so + 1, most.max(token_requests)),
            Err(problem) => eprintln!("strict: {problem:#}"),
        }
    }
    println!(
        "reuse detection, killed between the server's rotation and the answer: {said_so} of {STRICT_KILLS} said reauthorise \
         (bar: all), at most {most} token requests in {WATCHED:?} (bar: {MOST_TOKEN_REQUESTS})"
    );
    println!(
        "{kills} kills: torn files: {torn} (bar: 0), gateways that did not come back: {stranded} (bar: 0)"
    );
    let good = torn == 0 && stranded == 0 && said_so == STRICT_KILLS && most <= MOST_TOKEN_REQUESTS;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The kills of one lane of `2 * LANES`.
fn share_of(kills: usize, lane: usize) -> usize {
    kills / (2 * LANES) + usize::from(lane < kills % (2 * LANES))
}

async fn kill_at_random(rotation: Rotation, kills: usize, mut random: StdRng) -> anyhow::Result<Tally> {
    let site = Site::with(rotation, TOKEN_DELAY_MS).await?;
    let (mut tally, mut times) = (Tally::default(), Vec::new());
    for _ in 0..3 {
        site.expire().await?;
        times.push(site.serve().await.context("before any kill")?);
    }
    for kill in 0..kills {
        site.expire().await?;
        let (before, temporary) = (site.stored()?, site.temporary_files());
        site.sim.control().clear_journal().await?;
        let moment = median(&times).mul_f64(random.random_range(SPREADS[kill % 2].clone()));
        site.kill_after(moment).await?;

        let after = match site.stored() {
            Ok(after) => after,
            Err(problem) => {
                tally.torn += 1;
                eprintln!(
                    "{rotation:?}: the file was not whole after kill {kill} at {moment:?}: {problem:#}"
                );
                // What a human would do now is not measured.
                site.authorise().await?;
                continue;
            }
        };
        let left_behind = site.temporary_files().difference(&temporary).count();
        match site.serve().await {
            Ok(took) => {
                times.push(took);
                if times.len() > REMEMBERED {
                    times.remove(0);
                }
                let phase = site
                    .phase(before["access_token"] == after["access_token"], left_behind > 0)
                    .await?;
                *tally.phases.entry(phase).or_default() += 1;
            }
            Err(problem) => {
                tally.stranded += 1;
                eprintln!("{rotation:?}: no service after kill {kill} at {moment:?}: {problem:#}");
                site.authorise().await?;
            }
        }
    }
    Ok(tally)
}

/// The token requests that a gateway makes which cannot be helped but by a human.
async fn kill_at_the_worst_moment() -> anyhow::Result<usize> {
    let site = Site::with(Rotation::Strict, LONG_TOKEN_DELAY_MS).await?;
    let control = site.sim.control();
    site.expire().await?;
    let mut child = site.command().spawn()?;
    let refresh_tokens = async {
        loop {
            let tokens = control.tokens().await?;
            if tokens
                .iter()
                .filter(|token| token.kind == TokenKind::Refresh)
                .count()
                == 2
            {
                return anyhow::Ok(());
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, refresh_tokens).await.context("no refresh")??;
    child.kill().await?;
    site.stored().context("the file is not whole")?;
    control
        .journal_wait(&EntryFilter::grant("refresh_token"), 1, PATIENCE)
        .await?;
    control.clear_journal().await?;
    let at_once = SettingsPatch {
        token_endpoint_delay_ms: Some(0),
        ..SettingsPatch::default()
    };
    control.change_settings(&at_once).await?;

    let mut child = site.command().spawn()?;
    let address = gateway::address(&mut child).await?;
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        let answer = site
            .http
            .get(format!("http://{address}/v1/people/me"))
            .send()
            .await?;
        let (status, body) = (answer.status(), answer.text().await?);
        let action = serde_json::from_str::<Value>(&body)?["action"].clone();
        ensure!(status == 503 && action == "reauthorise", "{status}: {body}");
    }
    Ok(control
        .journal_count(&EntryFilter::grant("refresh_token"))
        .await?)
}

impl Site {
    async fn with(rotation: Rotation, token_delay_ms: u64) -> anyhow::Result<Self> {
        let settings = SettingsPatch {
            rotation: Some(rotation),
            token_endpoint_delay_ms: Some(token_delay_ms),
            ..SettingsPatch::default()
        };
        let sim = Simulator::builder()
            .redirect_uri(REDIRECT_URI)
            .settings(settings)
            .start()
            .await?;
        let (folder, http) = (tempfile::tempdir()?, client()?);
        let site = Self { sim, folder, http };
        site.authorise().await?;
        Ok(site)
    }

    fn tokens(&self) -> PathBuf {
        self.folder.path().join(".tokens")
    }

    fn command(&self) -> Command {
        let credentials = (self.sim.client_id(), self.sim.client_secret());
        gateway::command(&self.sim.url(), credentials, &self.tokens())
    }

    /// A tokens file as after an authorisation, without a gateway.
    async fn authorise(&self) -> anyhow::Result<()> {
        let (admin, _) = self.sim.seed().administrator().context("an administrator")?;
        self.sim.control().accept_as(admin).await?;
        let page = self.http.get(self.sim.authorize_url(REDIRECT_URI)).send().await?;
        let location = url::Url::parse(page.headers()["location"].to_str()?)?;
        let code = location.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.context("a code")?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", self.sim.client_id()),
            ("client_secret", self.sim.client_secret()),
            ("redirect_uri", REDIRECT_URI),
            ("code", &*code),
        ];
        let url = format!("{}/v1/access_token", self.sim.url());
        let mut tokens: Value = self
            .http
            .post(url)
            .form(&form)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        tokens["at"] = webex_gateway::clock::wall_clock().unix_seconds().into();
        Ok(std::fs::write(self.tokens(), tokens.to_string())?)
    }

    /// Lets the access token expire, at Webex and by the file.
    async fn expire(&self) -> anyhow::Result<()> {
        self.sim.control().expire_tokens(TokenKind::Access).await?;
        let mut tokens = self.stored()?;
        let lifetime = tokens["expires_in"].as_i64().context("expires_in")?;
        tokens["at"] = (webex_gateway::clock::wall_clock().unix_seconds() - lifetime).into();
        Ok(std::fs::write(self.tokens(), tokens.to_string())?)
    }

    /// The tokens file, if it is whole.
    fn stored(&self) -> anyhow::Result<Value> {
        let tokens: Value = serde_json::from_slice(&std::fs::read(self.tokens())?)?;
        for name in ["access_token", "refresh_token"] {
            ensure!(
                tokens[name].as_str().is_some_and(|token| !token.is_empty()),
                "{name} is missing"
            );
        }
        ensure!(
            tokens["at"].is_i64() && tokens["expires_in"].is_i64(),
            "at or expires_in is missing"
        );
        Ok(tokens)
    }

    /// What killed gateways have left beside the tokens file.
    fn temporary_files(&self) -> HashSet<OsString> {
        let folder = std::fs::read_dir(self.folder.path());
        let names = folder
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().ends_with(".tmp"))
            .collect()
    }

    /// Starts a gateway, sends requests, and kills it `moment` after its start.
    async fn kill_after(&self, moment: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + moment;
        let mut child = self.command().spawn()?;
        let storm = async {
            let address = gateway::address(&mut child).await?;
            let calls: JoinSet<_> = (0..CALLERS)
                .map(|_| self.http.get(format!("http://{address}/v1/people/me")).send())
                .collect();
            // What comes back is not what this is about; dropping them early would end them early.
            calls.join_all().await;
            std::future::pending::<anyhow::Result<()>>().await
        };
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(end) => {}
            failed = storm => failed?,
        }
        Ok(child.kill().await?)
    }

    /// Starts a gateway and asks once, as the next start after a crash does; how long that took.
    async fn serve(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let mut child = self.command().spawn()?;
        let answer = timeout(PATIENCE, self.ask(&mut child))
            .await
            .context("no answer")?;
        let took = start.elapsed();
        child.kill().await?;
        answer?;
        self.stored().context("the file is not whole")?;
        Ok(took)
    }

    async fn ask(&self, child: &mut Child) -> anyhow::Result<()> {
        let address = gateway::address(child).await?;
        let answer = self
            .http
            .get(format!("http://{address}/v1/people/me"))
            .send()
            .await?;
        let status = answer.status();
        ensure!(status == 200, "{status}: {}", answer.text().await?);
        Ok(())
    }

    /// How far the killed gateway had come, by what the simulator saw of it and of the one after it.
    async fn phase(&self, unchanged: bool, temporary: bool) -> anyhow::Result<Phase> {
        let refreshes = self
            .sim
            .control()
            .journal(&EntryFilter::grant("refresh_token"))
            .await?;
        // The gateway that came after has refreshed, unless it found new tokens.
        let answered = refreshes.iter().filter(|entry| entry.status.is_some()).count();
        let of_the_killed = answered
            .checked_sub(usize::from(unchanged))
            .context("the gateway that came after served without a refresh")?;
        ensure!(
            refreshes.len() <= 2,
            "{} token requests around one kill",
            refreshes.len()
        );
        Ok(match (unchanged, of_the_killed, refreshes.len() - answered) {
            (false, ..) => Phase::AfterRename,
            (true, 0, 0) => Phase::BeforeRequest,
            (true, 0, _) => Phase::BeforeAnswer,
            (true, ..) if temporary => Phase::BeforeRename,
            (true, ..) => Phase::BeforeFile,
        })
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        for (phase, kills) in &other.phases {
            *self.phases.entry(*phase).or_default() += kills;
        }
        self.torn += other.torn;
        self.stranded += other.stranded;
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
