//! How much memory does the gateway need while 1 GiB goes up and 1 GiB comes down?
//!
//! The real binary stands before a server that throws away what it gets and sends what it is asked for. Both bodies pass at
//! once. Exits 1 unless the peak of the gateway's resident memory, as Linux tells it, stays below the bar.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

use std::convert::Infallible;
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use webex_gateway::clock::wall_clock;

/// What goes through, in each direction.
const GIBIBYTE: u64 = 1024 * 1024 * 1024;
/// In parts of this size.
const PART: usize = 64 * 1024;
/// The peak must stay below this.
const BAR_KIB: u64 = 40_000_000 / 1024;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let webex = webex().await?;
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join(".tokens");
    std::fs::write(&tokens, tokens_file())?;
    let (gateway, address) = gateway(&webex, &tokens.display().to_string()).await?;
    let pid = gateway.id().context("a running gateway")?;
    let idle = peak_kib(pid)?;
    let (up, down) = tokio::try_join!(upload(&address), download(&address))?;
    ensure!(
        (up, down) == (GIBIBYTE, GIBIBYTE),
        "{up} bytes went up and {down} came down"
    );
    let peak = peak_kib(pid)?;
    println!(
        "idle: {:.1} MB; 1 GiB went up and 1 GiB came down",
        megabytes(idle)
    );
    println!(
        "peak resident memory of the gateway: {:.1} MB (bar: below 40 MB)",
        megabytes(peak)
    );
    Ok(match peak < BAR_KIB {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Counts what it gets at `/up`, and sends the gibibyte at `/down`.
async fn webex() -> anyhow::Result<String> {
    let up = |request: axum::extract::Request| async move {
        let mut parts = request.into_body().into_data_stream();
        let mut count = 0;
        while let Some(Ok(part)) = parts.next().await {
            count += part.len();
        }
        count.to_string()
    };
    let down = || async {
        let part = Bytes::from(vec![b'x'; PART]);
        let parts = usize::try_from(GIBIBYTE).unwrap_or(usize::MAX) / PART;
        Body::from_stream(stream::repeat(Ok::<_, Infallible>(part)).take(parts))
    };
    let router = Router::new()
        .route("/up", axum::routing::post(up))
        .route("/down", axum::routing::get(down))
        .layer(axum::extract::DefaultBodyLimit::disable());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

async fn upload(address: &str) -> anyhow::Result<u64> {
    let mut stream = TcpStream::connect(address).await?;
    let head =
        format!("POST /up HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nContent-Length: {GIBIBYTE}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let part = vec![b'x'; PART];
    for _ in 0..GIBIBYTE / PART as u64 {
        stream.write_all(&part).await?;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, count) = answer.split_once("\r\n\r\n").context("an answer")?;
    Ok(count.parse()?)
}

async fn download(address: &str) -> anyhow::Result<u64> {
    let mut stream = TcpStream::connect(address).await?;
    // To HTTP/1.0, so that the body comes without chunks and can be counted.
    stream.write_all(b"GET /down HTTP/1.0\r\n\r\n").await?;
    let mut stream = BufReader::with_capacity(PART, stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 2 {
        line.clear();
    }
    Ok(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?)
}

async fn gateway(webex: &str, tokens: &str) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_webex_gw"))
        .args(["-port=0", "-bind=127.0.0.1"])
        .args([format!("-tokensFile={tokens}"), format!("-webexURL={webex}")])
        .env("client_id", "C0")
        .env("client_secret", "none")
        .env("redirect_uri", "http://gateway.test/api/v01/webex/auth/code")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, rest)) = line.split_once(" listens on ") {
            let address = rest.split(',').next().context("an address")?.to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok((child, address));
        }
    }
    anyhow::bail!("the gateway did not start")
}

fn tokens_file() -> String {
    serde_json::json!({
        "access_token": "access",
        "expires_in": 1_209_599,
        "refresh_token": "refresh",
        "refresh_token_expires_in": 7_775_999,
        "at": wall_clock().unix_seconds(),
        "org_id": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
    })
    .to_string()
}

/// `VmHWM` of `/proc/<pid>/status`.
fn peak_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("this bar needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    Ok(figure.context("VmHWM")?.parse()?)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1024.0 / 1e6
}
