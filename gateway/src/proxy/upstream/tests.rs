//! The connections to Webex: here shared ones of HTTP/2 with TLS.

mod exclusive;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::Method;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio::sync::{Barrier, watch};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::environment::Variables;
use crate::proxy::body::Replay;
use crate::proxy::headers::passing::Passing;
use crate::proxy::upstream::question::samples::question;

/// Requests that a connection takes.
const STREAMS: usize = 100;
/// Together with those of the others, more small frames than the HTTP/2 library lets wait with the smallest window.
const FRAMES: usize = 20;
/// An answer that nobody reads fills its stream's window, whatever that is.
const LARGE: usize = 2 * 1024 * 1024;
/// More requests than two connections take.
const TOGETHER: usize = 250;
/// For what should come at once, on a machine that is busy: 250 handshakes of TLS take seconds in a debug build.
const PATIENCE: Duration = Duration::from_mins(1);

/// A TLS server that speaks `protocol`, and a client that trusts it as `localhost`.
fn tls(protocol: &[u8]) -> (TlsAcceptor, ClientConfig) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    server.alpn_protocols = vec![protocol.to_vec()];
    (TlsAcceptor::from(Arc::new(server)), client)
}

/// The way to a TLS server, without a proxy.
fn over_tls(authority: &str, client: ClientConfig) -> Upstream {
    let proxies = ForwardProxies::from_environment(&Variables::default()).unwrap();
    let resolver = Resolver::from_system().unwrap();
    Upstream::new(
        Scheme::HTTPS,
        authority.parse().unwrap(),
        client,
        resolver,
        &proxies,
    )
}

/// An upstream that gives small answers in many frames, and the number of connections it was asked for.
async fn small_frames() -> (Upstream, watch::Receiver<usize>) {
    let (acceptor, client) = tls(b"h2");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("localhost:{}", listener.local_addr().unwrap().port());
    let (opened, connections) = watch::channel(0);
    tokio::spawn(async move {
        let together = Arc::new(Barrier::new(TOGETHER));
        while let Ok((stream, _)) = listener.accept().await {
            opened.send_modify(|opened| *opened += 1);
            let stream = acceptor.accept(stream).await.unwrap();
            let mut server = http2::Builder::new(TokioExecutor::new());
            server.max_concurrent_streams(u32::try_from(STREAMS).unwrap());
            let together = Arc::clone(&together);
            let service = service_fn(move |request| answer(request, Arc::clone(&together)));
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    (over_tls(&authority, client), connections)
}

/// `/large` is larger than any window but that of a connection; `/together` is answered when enough have asked for it.
async fn answer<B>(
    request: Request<B>,
    together: Arc<Barrier>,
) -> Result<Response<impl http_body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    if request.uri().path() == "/together" {
        together.wait().await;
    }
    let texts = match request.uri().path() {
        "/large" => vec![Bytes::from(vec![b'x'; 16 * 1024]); LARGE / (16 * 1024)],
        _ => vec![Bytes::from("small"); FRAMES],
    };
    let frames = texts.into_iter().map(|text| Ok(Frame::data(text)));
    Ok(Response::new(StreamBody::new(stream::iter(frames))))
}

async fn ask(upstream: &Upstream) -> Answer {
    ask_for("/v1/people", upstream).await
}

async fn ask_for(target: &'static str, upstream: &Upstream) -> Answer {
    let body = Replay::new(Body::empty(), Duration::from_mins(1), &Arc::default())
        .attempt()
        .unwrap();
    let target = PathAndQuery::from_static(target);
    upstream
        .send(
            question(&Method::GET, &target, &Passing::none()),
            body,
            Instant::now(),
        )
        .await
        .map_err(|failure| failure.error)
        .unwrap()
}

#[tokio::test]
async fn a_target_that_could_go_on_with_the_authority_is_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::for_tests(&format!("http://{}", listener.local_addr().unwrap()));
    for target in ["*", "?a"] {
        let body = Replay::new(Body::empty(), Duration::from_mins(1), &Arc::default());
        let (target, passing) = (PathAndQuery::from_static(target), Passing::none());
        let question = question(&Method::OPTIONS, &target, &passing);
        let sent = upstream.send(question, body.attempt().unwrap(), Instant::now());
        let failure = sent.now_or_never().expect("at once").unwrap_err();
        assert!(
            matches!(failure.error, GatewayError::TargetRefused(_)),
            "{failure:?}"
        );
    }
    assert!(futures_util::poll!(Box::pin(listener.accept())).is_pending());
}

/// After a 401 that met everybody, for instance.
#[tokio::test]
async fn hundreds_of_small_answers_that_wait_for_their_readers_do_not_break_the_connection() {
    let (upstream, connections) = small_frames().await;
    // Requests that find no connection would open one each.
    ask(&upstream).await.into_body().collect().await.unwrap();
    let answers = futures_util::future::join_all((0..STREAMS).map(|_| ask(&upstream))).await;
    for answer in answers {
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "small".repeat(FRAMES)
        );
    }
    assert_eq!(*connections.borrow(), 1);
}

#[tokio::test]
async fn large_answers_that_nobody_reads_do_not_stop_the_others() {
    let (upstream, connections) = small_frames().await;
    ask(&upstream).await.into_body().collect().await.unwrap();
    let unread = futures_util::future::join_all((0..50).map(|_| ask_for("/large", &upstream))).await;
    for _ in 0..50 {
        let answer = async {
            ask(&upstream)
                .await
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
        };
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        assert_eq!(answer.expect("it comes"), "small".repeat(FRAMES));
    }
    assert_eq!(*connections.borrow(), 1);
    for answer in unread {
        let whole = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(whole.len(), LARGE);
    }
}

#[tokio::test]
async fn requests_that_a_connection_has_no_room_for_get_another() {
    let (upstream, connections) = small_frames().await;
    ask(&upstream).await.into_body().collect().await.unwrap();
    let together = (0..TOGETHER).map(|_| ask_for("/together", &upstream));
    let answers = tokio::time::timeout(PATIENCE, futures_util::future::join_all(together)).await;
    drop(answers.expect("all are asked at once"));
    // Nor does each of them open one.
    let most = connections.borrow().to_owned();
    assert!((3..10).contains(&most), "{most}");
    ask(&upstream).await.into_body().collect().await.unwrap();
    assert_eq!(*connections.borrow(), most);
}

#[tokio::test]
async fn a_connection_that_is_old_gets_no_new_requests_and_finishes_what_it_has() {
    let (mut upstream, connections) = small_frames().await;
    Arc::get_mut(&mut upstream.pool)
        .unwrap()
        .set_oldest(Duration::ZERO);
    let large = ask_for("/large", &upstream).await;
    ask(&upstream).await.into_body().collect().await.unwrap();
    assert_eq!(*connections.borrow(), 2);
    assert_eq!(large.into_body().collect().await.unwrap().to_bytes().len(), LARGE);
}

/// Time stands still but for what waits.
#[tokio::test(start_paused = true)]
async fn who_takes_a_connection_and_is_silent_is_given_up_whatever_is_missing() {
    // Connections are taken, and nothing is said on them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let proxy = format!("http://{address}");
    for (authority, variables) in [
        (address.as_str(), vec![]),
        ("webex.example", vec![("https_proxy", proxy.as_str())]),
    ] {
        let upstream = Upstream::new(
            Scheme::HTTPS,
            authority.parse().unwrap(),
            crate::net::tls::without_authorities(),
            Resolver::from_system().unwrap(),
            &ForwardProxies::from_environment(&Variables::from(&variables)).unwrap(),
        );
        let start = Instant::now();
        let body = Replay::new(Body::empty(), Duration::from_mins(1), &Arc::default())
            .attempt()
            .unwrap();
        let (target, passing) = (PathAndQuery::from_static("/"), Passing::none());
        let sent = upstream.send(question(&Method::GET, &target, &passing), body, Instant::now());
        let sent = tokio::time::timeout(Duration::from_hours(1), sent).await;
        let failure = sent.expect("it gives up").unwrap_err();
        assert!(
            matches!(failure.error, GatewayError::UpstreamUnreachable(_)),
            "{failure:?}"
        );
        assert!(start.elapsed() <= CONNECT_TIMEOUT * 2, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_shared_connection_that_nobody_needs_is_closed_too_and_one_that_is_needed_is_not() {
    let (upstream, connections) = small_frames().await;
    let unread = ask_for("/large", &upstream).await;
    tokio::time::pause();
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(upstream.pool.shared(), 1);
    // What waits for a real answer lets the paused time leap to the next PING.
    let start = Instant::now();
    unread.into_body().collect().await.unwrap();
    while upstream.pool.shared() > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let idle = start.elapsed();
    assert!(
        (Duration::from_secs(30)..Duration::from_secs(45)).contains(&idle),
        "{idle:?}"
    );
    assert_eq!(*connections.borrow(), 1);
}

#[tokio::test]
async fn requests_that_come_together_at_the_start_keep_no_more_connections_than_they_need() {
    let (upstream, _connections) = small_frames().await;
    let together = (0..TOGETHER).map(|_| ask_for("/together", &upstream));
    let answers = tokio::time::timeout(PATIENCE, futures_util::future::join_all(together)).await;
    let kept = upstream.pool.shared();
    assert!((3..10).contains(&kept), "{kept}");
    drop(answers.expect("all are asked at once"));
}
