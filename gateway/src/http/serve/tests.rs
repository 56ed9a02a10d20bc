mod bodies;

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::*;
use crate::workers::Workers;

/// Short enough to wait for in a test.
const SHORT: Duration = Duration::from_millis(100);
/// Longer than any test waits, so that only what is meant can have been the cause.
const LONG: Duration = Duration::from_mins(10);

/// Limits of which none ends anything during a test.
const PATIENT: Limits = Limits {
    head: LONG,
    idle: LONG,
    linger: LONG,
    connections: 100,
    drain: LONG,
};

fn site(router: Router) -> Site {
    Site::plain(router, "WW".to_owned(), Arc::default())
}

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Served {
    async fn start(router: Router, limits: Limits) -> Self {
        Self::start_at(Seat::here(site(router)), limits).await
    }

    async fn start_at(seats: Vec<Seat>, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let serving = tokio::spawn(serve(listener, seats, stop.clone(), limits));
        Self {
            address,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `bytes` and reads until the other side closes.
    async fn talk(&self, bytes: &[u8]) -> io::Result<String> {
        let mut client = self.connect().await;
        client.write_all(bytes).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.map(|_| answer)
    }

    async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n";

async fn read_hello(client: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0, "closed");
    }
}

#[tokio::test]
async fn connections_are_spread_over_the_seats_and_each_is_answered_where_it_sits() {
    async fn thread() -> String {
        format!("{}\n", std::thread::current().name().unwrap_or_default())
    }
    let workers = Workers::start().unwrap();
    let routes = Router::new().route("/", get(thread));
    let seats = workers.runtimes().iter();
    let seats: Vec<_> = seats
        .map(|runtime| Seat::new(runtime.clone(), site(routes.clone())))
        .collect();
    let count = seats.len();
    let served = Served::start_at(seats, PATIENT).await;
    let mut open = Vec::new();
    let mut by_thread = HashMap::<String, usize>::new();
    for _ in 0..3 * count {
        let mut client = served.connect().await;
        for _ in 0..2 {
            client.write_all(GET).await.unwrap();
        }
        let mut answers = String::new();
        while answers.matches("worker-").count() < 2 {
            let mut part = [0; 1024];
            let length = client.read(&mut part).await.unwrap();
            answers.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
        let threads: HashSet<_> = answers
            .lines()
            .filter(|line| line.starts_with("worker-"))
            .collect();
        assert_eq!(threads.len(), 1, "{answers}");
        *by_thread.entry(threads.into_iter().collect()).or_default() += 1;
        open.push(client);
    }
    assert_eq!(by_thread.len(), count, "{by_thread:?}");
    assert!(
        by_thread.values().all(|connections| *connections == 3),
        "{by_thread:?}"
    );
    drop(open);
    served.end().await;
}

#[tokio::test]
async fn connections_without_a_request_do_not_delay_the_end() {
    let served = Served::start(hello(), PATIENT).await;
    let mut clients = Vec::new();
    for before in [&b""[..], GET] {
        for head in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nHost:"] {
            let mut client = served.connect().await;
            if !before.is_empty() {
                client.write_all(before).await.unwrap();
                read_hello(&mut client).await;
            }
            client.write_all(head).await.unwrap();
            clients.push(client);
        }
    }
    // The last one is accepted after the others.
    served.talk(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    tokio::time::timeout(GRACE * 10, served.end())
        .await
        .expect("it ends soon");
}

#[tokio::test]
async fn a_request_that_runs_at_the_end_is_finished_and_one_that_never_ends_is_cut() {
    for (ends, drain) in [(true, LONG), (false, SHORT)] {
        let (arrived, mut at_handler) = mpsc::unbounded_channel();
        let (go, gate) = oneshot::channel::<()>();
        let gate = Arc::new(Mutex::new(Some(gate)));
        let handler = move || {
            arrived.send(()).unwrap();
            let gate = gate.lock().unwrap().take().unwrap();
            async move {
                let _ = gate.await;
                "hello"
            }
        };
        let limits = Limits { drain, ..PATIENT };
        let served = Served::start(Router::new().route("/", get(handler)), limits).await;
        let mut client = served.connect().await;
        client.write_all(GET).await.unwrap();
        at_handler.recv().await.unwrap();
        served.stop.cancel();
        if ends {
            sleep(GRACE * 2).await;
            go.send(()).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("hello"), "{answer}");
        } else {
            assert_eq!(client.read(&mut [0; 100]).await.unwrap(), 0);
        }
        served.end().await;
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = Limits {
        head: SHORT,
        ..PATIENT
    };
    let served = Served::start(hello(), limits).await;
    for head in [&b""[..], b"GET / HTTP/1.1\r\nHost:"] {
        assert_eq!(served.talk(head).await.unwrap(), "");
    }
}

/// Tells when it is dropped.
struct Dropped(Option<oneshot::Sender<()>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.take().unwrap().send(());
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_does_not_hold_its_answer_for_ever() {
    let (sender, dropped) = oneshot::channel();
    let held = Arc::new(Mutex::new(Some(Dropped(Some(sender)))));
    let endless = move || {
        let held = held.lock().unwrap().take().unwrap();
        async move {
            Body::from_stream(stream::repeat_with(move || {
                let _ = &held;
                Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096]))
            }))
        }
    };
    let limits = Limits {
        idle: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new().route("/", get(endless)), limits).await;
    let mut client = served.connect().await;
    client.write_all(GET).await.unwrap();
    dropped.await.unwrap();
    drop(client);
}

#[tokio::test]
async fn an_answer_that_is_cut_does_not_look_complete_to_an_old_client() {
    let cut = || async {
        let (sender, parts) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            sender.send(Ok(Bytes::from("hel"))).unwrap();
            sleep(SHORT).await;
            sender.send(Err(io::Error::other("cut"))).unwrap();
        });
        let parts = stream::unfold(parts, |mut parts| async { Some((parts.recv().await?, parts)) });
        Body::from_stream(parts)
    };
    let served = Served::start(Router::new().route("/", get(cut)), PATIENT).await;
    let error = served.talk(b"GET / HTTP/1.0\r\n\r\n").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_came_before_a_cut_is_sent_before_it() {
    let parts = |parts: &'static [Result<&'static str, &'static str>]| {
        let parts = parts.iter().map(|part| part.map_err(io::Error::other));
        move || std::future::ready(Body::from_stream(stream::iter(parts)))
    };
    let router = Router::new()
        .route("/nothing", get(parts(&[Err("cut")])))
        .route("/something", get(parts(&[Ok("hel"), Err("cut")])));
    let served = Served::start(router, PATIENT).await;
    let nothing = served
        .talk(b"GET /nothing HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await
        .unwrap();
    assert!(nothing.starts_with("HTTP/1.1 200 OK\r\n"), "{nothing:?}");
    assert!(nothing.ends_with("\r\n\r\n"), "{nothing:?}");
    let something = served
        .talk(b"GET /something HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await
        .unwrap();
    assert!(something.ends_with("\r\n\r\n3\r\nhel\r\n"), "{something:?}");
}

#[tokio::test]
async fn an_answer_that_the_end_cuts_does_not_look_complete_to_an_old_client() {
    let endless = || async {
        let first = stream::once(async { Ok::<_, io::Error>(Bytes::from("hel")) });
        Body::from_stream(first.chain(stream::pending()))
    };
    let limits = Limits {
        drain: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new().route("/", get(endless)), limits).await;
    let mut client = served.connect().await;
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"hel") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0, "closed");
    }
    served.end().await;
    let error = client.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_answer_that_is_whole_looks_complete_to_an_old_client() {
    let parts = || async {
        let parts = ["hel", "lo"].map(|part| Ok::<_, io::Error>(Bytes::from(part)));
        Body::from_stream(stream::iter(parts))
    };
    let router = hello()
        .route("/parts", get(parts))
        .route("/head", get(|| async { "no body" }));
    let served = Served::start(router, PATIENT).await;
    for request in ["GET /", "GET /parts"] {
        let request = format!("{request} HTTP/1.0\r\n\r\n");
        let answer = served.talk(request.as_bytes()).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer}");
    }
    let answer = served.talk(b"HEAD /head HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn clients_above_the_limit_wait_for_their_turn() {
    let limits = Limits {
        connections: 2,
        ..PATIENT
    };
    let served = Served::start(hello(), limits).await;
    let mut first = [served.connect().await, served.connect().await];
    for client in &mut first {
        client.write_all(GET).await.unwrap();
        read_hello(client).await;
    }
    let mut waiting = served.connect().await;
    waiting.write_all(GET).await.unwrap();
    let early = tokio::time::timeout(SHORT, waiting.read_u8()).await;
    assert!(early.is_err(), "a third client was served");
    drop(first);
    read_hello(&mut waiting).await;
}

#[tokio::test]
async fn a_client_that_closes_nothing_does_not_hold_a_connection_that_has_ended() {
    let limits = Limits {
        connections: 1,
        ..PATIENT
    };
    let served = Served::start(hello(), limits).await;
    for end in [
        "GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "none\r\n\r\n",
    ] {
        let mut client = served.connect().await;
        client.write_all(end.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        let mut next = served.connect().await;
        next.write_all(GET).await.unwrap();
        tokio::time::timeout(LONG / 10, read_hello(&mut next))
            .await
            .expect("the first one still has it");
        drop(client);
    }
}

/// A listener whose first accepts fail, as they do without file descriptors.
struct Exhausted {
    errors: Mutex<VecDeque<i32>>,
    listener: TcpListener,
}

impl Accept for Exhausted {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let error = self.errors.lock().unwrap().pop_front();
        match error {
            Some(error) => Err(io::Error::from_raw_os_error(error)),
            None => self.listener.accept().await,
        }
    }
}

#[tokio::test]
async fn a_failed_accept_does_not_end_the_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (emfile, connaborted) = (nix::libc::EMFILE, nix::libc::ECONNABORTED);
    let errors = Mutex::new([emfile, connaborted].into());
    let listener = Exhausted { errors, listener };
    let serving = serve(
        listener,
        Seat::here(site(hello())),
        CancellationToken::new(),
        PATIENT,
    );
    tokio::spawn(serving);
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(GET).await.unwrap();
    read_hello(&mut client).await;
}

/// A listener that shows its clients of IPv4 as one of IPv6 does.
struct Mapped(TcpListener);

impl Accept for Mapped {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((stream, mapped(peer)))
    }
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        v6 @ SocketAddr::V6(_) => v6,
    }
}

#[tokio::test]
async fn an_address_of_ipv4_is_one_also_where_a_listener_of_ipv6_took_it() {
    let v4: SocketAddr = "127.0.0.1:9001".parse().unwrap();
    assert_eq!(canonical(mapped(v4)), v4);
    let v6: SocketAddr = "[fe80::1%2]:9001".parse().unwrap();
    assert_eq!(canonical(v6), v6);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let peer = |axum::Extension(Peer(peer))| async move { peer.ip().to_string() };
    let router = Router::new().route("/", get(peer));
    let serving = serve(
        Mapped(listener),
        Seat::here(site(router)),
        CancellationToken::new(),
        PATIENT,
    );
    tokio::spawn(serving);
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\n127.0.0.1"), "{answer}");
}
