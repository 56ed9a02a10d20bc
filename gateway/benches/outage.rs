//! The token endpoint is down for an hour while a gateway serves: how often is it asked, and what do requests notice?
//!
//! The gateway runs in this process on a clock that the bench moves, one second at a time; each second has a request. The
//! outage begins when the refresh ahead of expiry is due. Exits 1 unless every request is answered 200 while the access token
//! lives, `/livez` stays 200, the endpoint is asked fewer than 30 times, and the gateway recovers within one backoff step.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use webex_gateway::app::App;
use webex_gateway::cli::Cli;
use webex_gateway::clock::{Clock as _, ManualClock, wall_clock};
use webex_gateway::config::Config;
use webex_gateway::config::environment::Variables;
use webex_gateway::workers::Workers;

/// How long the endpoint is down.
const OUTAGE: u64 = 3600;
/// The bar for its calls in that time.
const MOST_CALLS: usize = 30;
/// The longest wait between two attempts while the access token works, in seconds.
const BACKOFF_STEP: u64 = 360;
/// Of the access token, in seconds: 14 days, as Webex has it.
const LIFETIME: u64 = 1_209_599;
/// With the dice at 0.5 the refresh ahead is due at this share of the lifetime.
const DUE: f64 = 0.725;

struct Webex {
    calls: AtomicUsize,
    down: AtomicBool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let webex = Arc::new(Webex {
        calls: AtomicUsize::new(0),
        down: AtomicBool::new(true),
    });
    let url = serve(Arc::clone(&webex)).await?;
    let folder = tempfile::tempdir()?;
    let clock = ManualClock::at(wall_clock());
    let (address, stop) = gateway(&url, &folder, &clock).await?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(webex_gateway::net::tls::without_authorities())
        .no_proxy()
        .build()?;

    clock.advance(Duration::from_secs(LIFETIME).mul_f64(DUE));
    let (mut failed, mut dead) = (0_usize, 0_usize);
    for _ in 0..OUTAGE {
        let answer = client
            .get(format!("http://{address}/v1/people/me"))
            .send()
            .await?;
        failed += usize::from(answer.status() != 200);
        let live = client.get(format!("http://{address}/livez")).send().await?;
        dead += usize::from(live.status() != 200);
        clock.advance(Duration::from_secs(1));
    }
    let calls = webex.calls.load(Ordering::SeqCst);
    ensure!(
        calls > 5,
        "{calls} calls: the refresh ahead of expiry was not tried, the bar measured nothing"
    );

    webex.down.store(false, Ordering::SeqCst);
    let mut recovery = 0;
    while state(&client, &address).await? != "ok" && recovery <= 10 * BACKOFF_STEP {
        clock.advance(Duration::from_secs(1));
        recovery += 1;
    }
    stop.cancel();
    println!(
        "{OUTAGE} requests in an hour without the token endpoint, {failed} failed (bar: 0), /livez failed {dead} times (bar: 0)"
    );
    println!("recovered {recovery} s after the endpoint came back (bar: one backoff step, {BACKOFF_STEP} s)");
    println!("calls of the token endpoint in that hour: {calls} (bar: below {MOST_CALLS})");
    let good = failed == 0 && dead == 0 && calls < MOST_CALLS && recovery <= BACKOFF_STEP;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A Webex whose token endpoint can be down.
async fn serve(webex: Arc<Webex>) -> anyhow::Result<String> {
    let issue = move || {
        let call = webex.calls.fetch_add(1, Ordering::SeqCst);
        let down = webex.down.load(Ordering::SeqCst);
        let body = format!(r#"{{"access_token":"issued-{call}","expires_in":{LIFETIME}}}"#);
        std::future::ready(match down {
            true => (StatusCode::SERVICE_UNAVAILABLE, "down".to_owned()),
            false => (StatusCode::OK, body),
        })
    };
    let router = Router::new()
        .route("/v1/access_token", post(issue))
        .route("/v1/people/me", get(|| std::future::ready("{}")));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// A gateway whose tokens were issued just now.
async fn gateway(
    url: &str,
    folder: &tempfile::TempDir,
    clock: &ManualClock,
) -> anyhow::Result<(String, CancellationToken)> {
    let tokens = folder.path().join(".tokens");
    let content = serde_json::json!({
        "access_token": "first", "expires_in": LIFETIME, "refresh_token": "refresh",
        "at": clock.now().wall.unix_seconds(), "org_id": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
    });
    std::fs::write(&tokens, content.to_string())?;
    let flags = [
        "webex_gw".to_owned(),
        "-port=0".to_owned(),
        "-bind=127.0.0.1".to_owned(),
        format!("-webexURL={url}"),
        format!("-tokensFile={}", tokens.display()),
    ];
    let cli = Cli::parse_go_style(flags.map(Into::into)).context("flags")?;
    let variables = [
        ("client_id", "C1"),
        ("client_secret", "secret"),
        ("redirect_uri", "http://gateway.test/api/v01/webex/auth/code"),
    ];
    let config = Config::read(&cli.flags, &Variables::from(&variables)).context("configuration")?;
    let app = App::build(config, Arc::new(clock.clone()), Box::new(|| 0.5), Workers::none()).await?;
    let (address, stop) = (app.address().to_string(), CancellationToken::new());
    tokio::spawn(app.run(stop.clone()));
    Ok((address, stop))
}

async fn state(client: &reqwest::Client, address: &str) -> anyhow::Result<String> {
    let answer = client.get(format!("http://{address}/readyz")).send().await?;
    let body: serde_json::Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(body["state"].as_str().unwrap_or_default().to_owned())
}
