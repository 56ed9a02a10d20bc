//! How many requests a second does the simulator answer, and how much memory does it need?
//!
//! The real binary answers `GET /v1/people/me`; 64 connections of this process ask, each one request after the other, for a
//! few seconds, several times. Exits 1 unless the median of the runs and the resident memory before them, as Linux tells it,
//! are within the bars.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

use std::error::Error;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::Instant;
use webex_sim::client::ControlClient;

const ADMINISTRATOR: &str = "avery.quinn@acme.example.com";
const CONNECTIONS: usize = 64;
/// Long enough for a steady figure, short enough for a journal that is not what is measured.
const RUN: Duration = Duration::from_secs(3);
const RUNS: usize = 5;
/// Requests a second, load generator included.
const LEAST: u64 = 20_000;
/// Resident memory with an empty world.
const MOST_KIB: u64 = 15_000_000 / 1024;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let (sim, api, control) = simulator().await?;
    let idle = resident_kib(sim.id().ok_or("a running simulator")?)?;
    let token = log_in(&api, &control).await?;
    let mut rates = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        rates.push(run(&api, &token).await?);
    }
    rates.sort_unstable();
    let rate = rates[RUNS / 2];
    let busy = resident_kib(sim.id().ok_or("a running simulator")?)?;
    println!("runs, requests per second: {rates:?}");
    println!("resident memory with a full journal: {:.1} MB", megabytes(busy));
    println!(
        "resident memory with an empty world: {:.1} MB (bar: 15 MB)",
        megabytes(idle)
    );
    println!("GET /v1/people/me over {CONNECTIONS} connections: {rate} requests per second (bar: {LEAST})");
    Ok(if rate >= LEAST && idle <= MOST_KIB {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The binary on free ports: the process, the API's address and the control listener's URL.
async fn simulator() -> Result<(Child, String, String), Failure> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_webex-sim"))
        .args([
            "--port",
            "0",
            "--tls-port",
            "0",
            "--control-port",
            "0",
            "--log-format",
            "json",
        ])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stderr = child.stderr.take().ok_or("a pipe")?;
    let mut lines = BufReader::new(stderr).lines();
    let ready: Value = serde_json::from_str(&lines.next_line().await?.ok_or("it ended")?)?;
    let of = |name: &str| ready[name].as_str().map(str::to_owned).ok_or("an address");
    let (api, control) = (of("url")?.replace("http://", ""), of("control_url")?);
    // What it says is read on, so that it is never stuck with a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, api, control))
}

/// An access token for the administrator.
async fn log_in(api: &str, control: &str) -> Result<String, Failure> {
    ControlClient::new(control).accept_as(ADMINISTRATOR).await?;
    let seed = webex_sim::Seed::default();
    let (id, secret) = (seed.client_id(), seed.client_secret().expose());
    let asked = format!(
        "GET /v1/authorize?client_id={id}&response_type=code&scope=spark:people_read HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n"
    );
    let answer = exchange(api, &asked).await?;
    let code = answer
        .split("code=")
        .nth(1)
        .and_then(|rest| rest.split(['&', '\r']).next());
    let form = format!(
        "grant_type=authorization_code&client_id={id}&client_secret={secret}&code={}",
        code.ok_or("a code")?
    );
    let asked = format!(
        "POST /v1/access_token HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = exchange(api, &asked).await?;
    let body = answer.find('{').zip(answer.rfind('}')).ok_or("tokens")?;
    let tokens: Value = serde_json::from_str(&answer[body.0..=body.1])?;
    Ok(tokens["access_token"].as_str().ok_or("a token")?.to_owned())
}

async fn exchange(api: &str, request: &str) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(api).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// One run; the requests that were answered in a second.
async fn run(api: &str, token: &str) -> Result<u64, Failure> {
    let request = format!("GET /v1/people/me HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer {token}\r\n\r\n");
    let (request, over, answers) = (
        Arc::<[u8]>::from(request.into_bytes()),
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let start = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (api, request) = (api.to_owned(), Arc::clone(&request));
            tokio::spawn(ask(api, request, Arc::clone(&over), Arc::clone(&answers)))
        })
        .collect();
    tokio::time::sleep(RUN).await;
    let (count, took) = (answers.load(Ordering::Relaxed), start.elapsed());
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await??;
    }
    let millis = u64::try_from(took.as_millis())?;
    Ok(count * 1_000 / millis)
}

/// One client: a request, its whole answer, the next request. An answer other than 200 ends the measurement.
async fn ask(
    api: String,
    request: Arc<[u8]>,
    over: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(api).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    while !over.load(Ordering::Relaxed) {
        stream.write_all(&request).await?;
        buffer.clear();
        while !is_whole(&buffer)? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the simulator closed the connection".into());
            }
        }
        answers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether head and body are there.
fn is_whole(answer: &[u8]) -> Result<bool, Failure> {
    let Some(head) = answer.windows(4).position(|part| part == b"\r\n\r\n") else {
        return Ok(false);
    };
    let text = std::str::from_utf8(&answer[..head])?.to_ascii_lowercase();
    if !text.starts_with("http/1.1 200") {
        return Err(text.into());
    }
    let length = text
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.ok_or("a length")?.trim().parse()?;
    Ok(answer.len() >= head + 4 + length)
}

fn resident_kib(pid: u32) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[expect(clippy::cast_precision_loss, reason = "kilobytes of a process")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1024.0 / 1e6
}
