//! Webex answers 401 to a token that the gateway believes good: how many token requests, how many failed requests?
//!
//! Twice, with a gateway of its own each time: 100 requests whose 401s come one after the other, each after the request
//! before it has succeeded with the new token; and 10,000 requests whose 401s come all at once. The upstream is one of this
//! file, with HTTP/2 over TLS as Webex has it: it holds every request back until all have come. Every other request has a
//! body. Exits 1 unless there is exactly one token request and no failed request.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]
#![expect(clippy::print_stderr, reason = "and what went wrong")]

#[path = "bars/gateway.rs"]
mod gateway;

use std::convert::Infallible;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// 401s that come one after the other.
const STAGGERED: usize = 100;
/// 401s that come at once.
const SIMULTANEOUS: usize = 10_000;
/// Requests over HTTP/1.1 need a connection each; besides these a process has a few files open.
const SPARE_FILES: u64 = 200;
/// Connections that are opened at once: fewer than a listener's queue holds.
const OPENING: usize = 256;
/// The upstream reads all bodies at once; the HTTP/2 library closes a connection with too many small frames unread for its
/// window.
const WINDOW: u32 = 16 * 1024 * 1024;
/// Failures that are told: they are mostly the same.
const SHOWN: usize = 5;
/// The token of the file, which Webex has revoked.
const REVOKED: &str = "Bearer first-access-token";
/// What the token endpoint gives.
const GOOD: &str = "Bearer second-access-token";

/// A Webex that has revoked a token.
struct Webex {
    /// Told of each request with the revoked token, when its body has been read.
    came: mpsc::UnboundedSender<()>,
    /// A permit is a 401.
    gate: Semaphore,
    rejected: AtomicUsize,
    refreshes: AtomicUsize,
}

/// What one part of the bar measured.
struct Figure {
    rejected: usize,
    refreshes: usize,
    failed: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    raise_file_limit()?;
    let mut good = true;
    let mut figures = Vec::new();
    for (how, requests) in [("staggered", STAGGERED), ("simultaneous", SIMULTANEOUS)] {
        let figure = measure(requests, how == "staggered").await?;
        ensure!(
            figure.rejected == requests,
            "only {} of {requests} requests met the revoked token: the bar measured nothing",
            figure.rejected
        );
        good &= figure.refreshes == 1 && figure.failed == 0;
        figures.push(format!(
            "{requests} {how} 401s: token requests: {} (bar: 1), failed requests: {} (bar: 0)",
            figure.refreshes, figure.failed
        ));
    }
    println!("{}", figures.join("\n"));
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// As many files as the system allows; the gateway inherits the limit.
fn raise_file_limit() -> anyhow::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let needed = SIMULTANEOUS as u64 + SPARE_FILES;
    ensure!(
        most >= needed,
        "a process may open {most} files, the bar needs {needed}: raise the hard limit (ulimit -Hn)"
    );
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

async fn measure(requests: usize, staggered: bool) -> anyhow::Result<Figure> {
    let folder = tempfile::tempdir()?;
    let (tokens, ca) = (folder.path().join(".tokens"), folder.path().join("ca.pem"));
    std::fs::write(&tokens, tokens_file())?;
    let (came, mut arrivals) = mpsc::unbounded_channel();
    let webex = Arc::new(Webex {
        came,
        gate: Semaphore::new(0),
        rejected: AtomicUsize::default(),
        refreshes: AtomicUsize::default(),
    });
    let url = serve(&webex, &ca).await?;
    let mut child = gateway::command(&url, ("C1", "the-secret-of-the-bar"), &tokens)
        .env("SSL_CERT_FILE", &ca)
        // The time for which requests are held back is the bar's, not Webex's.
        .arg("-timeout=5m")
        .spawn()?;
    let address = gateway::address(&mut child).await?;
    // Opens the one connection to Webex that all requests share.
    let warm = gateway::client()?
        .get(format!("http://{address}/warm"))
        .send()
        .await?;
    ensure!(
        warm.status() == 200,
        "the gateway does not reach the upstream: {}",
        warm.status()
    );

    let opening = Arc::new(Semaphore::new(OPENING));
    let mut load = JoinSet::new();
    for number in 0..requests {
        load.spawn(call(address.clone(), number, Arc::clone(&opening)));
    }
    let mut failures = Vec::new();
    let mut ended = |result: anyhow::Result<()>| failures.extend(result.err());
    for _ in 0..requests {
        tokio::select! {
            _ = arrivals.recv() => {}
            // No request ends before its 401, unless something is wrong.
            Some(result) = load.join_next() => ended(result?),
        }
    }
    if !staggered {
        webex.gate.add_permits(requests);
    }
    while !load.is_empty() {
        webex.gate.add_permits(usize::from(staggered));
        ended(load.join_next().await.context("it is not empty")??);
    }
    child.kill().await?;
    for failure in failures.iter().take(SHOWN) {
        eprintln!("{failure:#}");
    }
    Ok(Figure {
        rejected: webex.rejected.load(Ordering::SeqCst),
        refreshes: webex.refreshes.load(Ordering::SeqCst),
        failed: failures.len(),
    })
}

/// A GET or a small POST, which Webex must answer with what was sent.
async fn call(address: String, number: usize, opening: Arc<Semaphore>) -> anyhow::Result<()> {
    let (method, body) = match number % 2 {
        0 => ("GET", String::new()),
        _ => ("POST", format!("{{\"displayName\":\"Person {number}\"}}")),
    };
    let path = format!("/v1/people/{number}");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let exchange = async {
        let mut socket = {
            let _opening = opening.acquire().await.expect("it is never closed");
            let mut socket = TcpStream::connect(&address).await?;
            socket.write_all(format!("{head}{body}").as_bytes()).await?;
            socket
        };
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = exchange.await?;
    let good =
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\r\n\r\n{method} {path} {body}"));
    ensure!(good, "{method} was answered {answer:?}");
    Ok(())
}

/// A tokens file whose access token was issued an hour ago: young ones are not refreshed on a 401.
fn tokens_file() -> String {
    let at = webex_gateway::clock::wall_clock().unix_seconds() - 3600;
    serde_json::json!({
        "access_token": "first-access-token",
        "expires_in": 1_209_599,
        "refresh_token": "the-refresh-token",
        "refresh_token_expires_in": 7_775_999,
        "at": at,
        "org_id": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
    })
    .to_string()
}

/// Serves on a free port; the certificate goes to `ca`.
async fn serve(webex: &Arc<Webex>, ca: &Path) -> anyhow::Result<String> {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    std::fs::write(ca, certified.cert.pem())?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut tls =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key.into())?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let (acceptor, listener) = (
        TlsAcceptor::from(Arc::new(tls)),
        TcpListener::bind("127.0.0.1:0").await?,
    );
    let url = format!("https://localhost:{}", listener.local_addr()?.port());
    let webex = Arc::clone(webex);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, webex) = (acceptor.clone(), Arc::clone(&webex));
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await?;
                let service = service_fn(move |request| answer(Arc::clone(&webex), request));
                let streams = u32::try_from(SIMULTANEOUS)? + 1;
                let mut server = http2::Builder::new(TokioExecutor::new());
                let server = server
                    .max_concurrent_streams(streams)
                    .initial_connection_window_size(WINDOW);
                anyhow::Ok(server.serve_connection(TokioIo::new(stream), service).await?)
            });
        }
    });
    Ok(url)
}

async fn answer(webex: Arc<Webex>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let path = parts.uri.path();
    let authorization = parts
        .headers
        .get("authorization")
        .map(http::HeaderValue::as_bytes);
    let (status, text) = match (path, authorization) {
        ("/v1/access_token", _) if parts.method == Method::POST => {
            webex.refreshes.fetch_add(1, Ordering::SeqCst);
            let token = GOOD.trim_start_matches("Bearer ");
            let tokens = serde_json::json!({ "access_token": token, "expires_in": 1_209_599 });
            (StatusCode::OK, tokens.to_string())
        }
        ("/warm", _) => (StatusCode::OK, String::new()),
        (_, Some(token)) if token == REVOKED.as_bytes() => {
            let _ = webex.came.send(());
            webex.gate.acquire().await.expect("it is never closed").forget();
            webex.rejected.fetch_add(1, Ordering::SeqCst);
            (StatusCode::UNAUTHORIZED, String::new())
        }
        (_, Some(token)) if token == GOOD.as_bytes() => {
            let body = String::from_utf8_lossy(&body);
            (StatusCode::OK, format!("{} {path} {body}", parts.method))
        }
        _ => (StatusCode::FORBIDDEN, String::new()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    Ok(response)
}
