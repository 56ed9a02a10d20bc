//! How long it takes to make a world, and whether a hundred of them under load keep to themselves.
//!
//! 1,000 worlds are made by the library, timed inside, and again over the control API, which is told as well. Then a hundred
//! worlds in parallel log in, refresh and ask who they are. Exits 1 unless a world takes at most 1 ms (median) and every
//! answer is the world's own.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use webex_sim::client::{ControlClient, World};
use webex_sim::types::NewWorld;
use webex_sim::{Running, Simulator};

/// The most there can be beside the first one.
const WORLDS: usize = 999;
/// The bar for making one.
const LONGEST: Duration = Duration::from_millis(1);
/// Worlds under load, and how often each refreshes and asks.
const BUSY: usize = 100;
const ROUNDS: usize = 20;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let (inside, over_http) = creation().await?;
    let (answers, foreign) = load().await?;
    println!("{answers} answers in {BUSY} worlds in parallel, {foreign} of them another world's (bar: 0)");
    println!("median time to make one of {WORLDS} worlds over the control API: {over_http:.1?}");
    println!("median time to make one of {WORLDS} worlds: {inside:.1?} (bar: {LONGEST:?})");
    let good = inside <= LONGEST && foreign == 0;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The medians by the library and over HTTP.
async fn creation() -> Result<(Duration, Duration), Failure> {
    let sim = Simulator::builder().start().await?;
    let mut inside = Vec::with_capacity(WORLDS);
    for n in 0..WORLDS {
        let new = named(n);
        let start = Instant::now();
        sim.create_world(&new)?;
        inside.push(start.elapsed());
    }
    sim.stop().await;
    let sim = Simulator::builder().start().await?;
    let control = sim.control();
    let mut over_http = Vec::with_capacity(WORLDS);
    for n in 0..WORLDS {
        let start = Instant::now();
        control.create_world(&named(n)).await?;
        over_http.push(start.elapsed());
    }
    sim.stop().await;
    Ok((median(inside), median(over_http)))
}

fn named(n: usize) -> NewWorld {
    NewWorld {
        name: Some(format!("world-{n}")),
        ..NewWorld::default()
    }
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// How many answers there were, and how many were not the world's own.
async fn load() -> Result<(usize, usize), Failure> {
    let sim = Arc::new(Simulator::builder().start().await?);
    let http = client()?;
    let busy: Vec<_> = (0..BUSY)
        .map(|n| tokio::spawn(one_world(Arc::clone(&sim), http.clone(), n)))
        .collect();
    let (mut answers, mut foreign) = (0, 0);
    for task in busy {
        let (of_world, of_others) = task.await??;
        answers += of_world;
        foreign += of_others;
    }
    Ok((answers, foreign))
}

async fn one_world(sim: Arc<Running>, http: reqwest::Client, n: usize) -> Result<(usize, usize), Failure> {
    let email = format!("admin@w{n}.example.com");
    let new = NewWorld {
        name: Some(format!("w{n}")),
        seed: Some(json!({
            "organizations": [{"displayName": format!("Organisation {n}")}],
            "people": [{"email": email, "displayName": format!("Admin {n}"), "role": "partner_full_admin"}],
        })),
        ..NewWorld::default()
    };
    let world = sim.control().create_world(&new).await?;
    let url = sim.url();
    let mut tokens = log_in(&url, &http, &world, &email).await?;
    let (mut answers, mut foreign) = (0, 0);
    for _ in 0..ROUNDS {
        let refresh = tokens["refresh_token"]
            .as_str()
            .ok_or("no refresh token")?
            .to_owned();
        let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        tokens = token(&url, &http, &world, &form).await?;
        let access = tokens["access_token"].as_str().ok_or("no access token")?;
        let me = http
            .get(format!("{url}/v1/people/me"))
            .bearer_auth(access)
            .send()
            .await?;
        let me: Value = serde_json::from_str(&me.text().await?)?;
        answers += 2;
        foreign += usize::from(me["emails"] != json!([email]));
    }
    Ok((answers, foreign))
}

async fn log_in(url: &str, http: &reqwest::Client, world: &World, email: &str) -> Result<Value, Failure> {
    let control: &ControlClient = world.control();
    control.accept_as(email).await?;
    let id = world.client_id();
    let query = format!("client_id={id}&response_type=code&scope=spark:people_read");
    let answer = http.get(format!("{url}/v1/authorize?{query}")).send().await?;
    let location = answer.headers().get("location").ok_or("no redirect")?.to_str()?;
    let code = location.split_once("code=").ok_or("no code")?.1;
    let code = code.split('&').next().unwrap_or_default();
    token(
        url,
        http,
        world,
        &[("grant_type", "authorization_code"), ("code", code)],
    )
    .await
}

async fn token(
    url: &str,
    http: &reqwest::Client,
    world: &World,
    form: &[(&str, &str)],
) -> Result<Value, Failure> {
    let credentials = [
        ("client_id", world.client_id()),
        ("client_secret", world.client_secret()),
    ];
    let form: Vec<_> = credentials.into_iter().chain(form.iter().copied()).collect();
    let answer = http
        .post(format!("{url}/v1/access_token"))
        .form(&form)
        .send()
        .await?;
    Ok(serde_json::from_str(&answer.text().await?)?)
}

/// Plain HTTP, no redirects, no proxy.
fn client() -> Result<reqwest::Client, Failure> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    Ok(client.build()?)
}
