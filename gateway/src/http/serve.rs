//! Accepts connections and serves a router on them, with limits, until told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{debug, warn};

use super::patient::Patient;
use crate::proxy::target::ServedAt;

/// A client that needs longer than this for a request's head is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// More fields than this are answered 431.
const MOST_HEADERS: usize = 128;
/// Larger heads are answered 431.
const LARGEST_HEAD: usize = 64 * 1024;
/// After a failed accept (no file descriptors left, mostly) the next try waits this long instead of spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address at the other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves `router` until `stop`, then lets running requests end within `drain`.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => connection(stream, peer, &router, &graceful),
            Err(error) => {
                warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let open = graceful.count();
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        warn!("{open} connections were open at the end; those that did not end within {drain:?} are cut");
    }
}

fn connection(stream: TcpStream, peer: SocketAddr, router: &Router, graceful: &GracefulShutdown) {
    let Ok(local) = stream.local_addr() else { return };
    // Answers are written whole; waiting for more to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let router = router.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(ServedAt(local));
        let answer = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(Patient::new(stream)), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            debug!("connection of {peer} ended: {error}");
        }
    });
}
