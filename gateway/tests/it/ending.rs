//! SIGTERM, whatever the gateway is doing: Docker sends SIGKILL ten seconds later.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use webex_gateway::token::file::TokenFile;

use crate::process::{self, PATIENCE};
use crate::stub::{read_head, tokens_file};

/// The promise.
const MOST: Duration = Duration::from_secs(9);
const EXPIRED: &str = "\"at\":1000000000,\"was\":";

/// A gateway of its own process, in front of a Webex that takes requests and leaves them hanging.
struct Scene {
    gateway: Child,
    address: String,
    /// The request lines that came to Webex.
    arrived: mpsc::UnboundedReceiver<String>,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn start(tokens: Option<String>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), tokens).await
    }

    async fn start_in(folder: tempfile::TempDir, tokens: Option<String>) -> Self {
        let (scene, log) = Self::start_unread(folder, tokens).await;
        process::read_on(log, |_| {});
        scene
    }

    /// With its log, which nobody reads.
    async fn start_unread(folder: tempfile::TempDir, tokens: Option<String>) -> (Self, process::Log) {
        let path = folder.path().join(".tokens");
        if let Some(tokens) = tokens {
            std::fs::write(&path, tokens).unwrap();
        }
        let (webex, arrived) = hanging_webex().await;
        let mut gateway = process::gateway()
            .args(["-port=0", "-bind=127.0.0.1"])
            .arg(format!("-webexURL={webex}"))
            .arg(format!("-tokensFile={}", path.display()))
            .spawn()
            .unwrap();
        let (address, _, log) = process::serves(&mut gateway).await;
        let scene = Self {
            gateway,
            address,
            arrived,
            folder,
        };
        (scene, log)
    }

    async fn authorised() -> Self {
        Self::start(Some(tokens_file())).await
    }

    /// A connection on which `bytes` have been sent.
    async fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> TcpStream {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
            .await
    }

    /// Waits until Webex has got a request that begins like this.
    async fn reaches_webex(&mut self, start: &str) {
        let reached = async {
            while let Some(line) = self.arrived.recv().await {
                if line.starts_with(start) {
                    return;
                }
            }
            panic!("Webex is gone");
        };
        timeout(PATIENCE, reached)
            .await
            .unwrap_or_else(|_| panic!("no {start}"));
    }

    async fn ends_in_time(mut self) {
        // Connections are taken in order: those made before are taken, too.
        let mut live = self.get("/livez").await;
        read_head(&mut live).await;
        drop(live);
        let start = Instant::now();
        let id = i32::try_from(self.gateway.id().unwrap()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        let status = timeout(PATIENCE, self.gateway.wait())
            .await
            .expect("it ends")
            .unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(start.elapsed() < MOST, "{:?}", start.elapsed());
        drop(self.folder);
    }
}

/// Tells the first line of each request; answers `/stream` with bytes that do not end, everything else with silence.
async fn hanging_webex() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (arrived, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let arrived = arrived.clone();
            tokio::spawn(async move {
                let head = read_head(&mut stream).await;
                let line = head.lines().next().unwrap_or_default().to_owned();
                let streams = line.contains("/stream");
                let _ = arrived.send(line);
                if streams {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                        .await;
                    while stream.write_all(b"5\r\nhello\r\n").await.is_ok() {
                        tokio::task::yield_now().await;
                    }
                }
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    (url, seen)
}

async fn nobody_has_authorised_it() {
    Scene::start(None).await.ends_in_time().await;
}

async fn connections_are_open_without_a_request_or_with_half_of_one() {
    let scene = Scene::authorised().await;
    let _open = [
        scene.send("").await,
        scene.send("GET / HTTP/1.1\r\nHost: hal").await,
        scene.get("/livez").await,
    ];
    scene.ends_in_time().await;
}

async fn a_request_waits_for_webex() {
    let mut scene = Scene::authorised().await;
    let _open = scene.get("/v1/people").await;
    scene.reaches_webex("GET /v1/people ").await;
    scene.ends_in_time().await;
}

async fn an_answer_that_does_not_end_is_on_its_way_to_a_client_that_reads_and_one_that_does_not() {
    let mut scene = Scene::authorised().await;
    let mut reads = scene.get("/v1/stream").await;
    let _does_not = scene.get("/v1/stream").await;
    scene.reaches_webex("GET /v1/stream ").await;
    scene.reaches_webex("GET /v1/stream ").await;
    tokio::spawn(async move { reads.read_to_end(&mut Vec::new()).await });
    scene.ends_in_time().await;
}

async fn an_upload_is_half_way() {
    let mut scene = Scene::authorised().await;
    let head = "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf";
    let _open = scene.send(&head.replace("localhost", &scene.address)).await;
    scene.reaches_webex("POST /v1/people ").await;
    scene.ends_in_time().await;
}

async fn a_code_is_being_redeemed() {
    let mut scene = Scene::start(None).await;
    let _open = scene
        .get("/api/v01/webex/auth/code?code=abc&state=set_state_here")
        .await;
    scene.reaches_webex("POST /v1/access_token ").await;
    scene.ends_in_time().await;
}

async fn a_health_check_and_a_refresh_hang() {
    let mut scene = Scene::start(Some(tokens_file().replace("\"at\":", EXPIRED))).await;
    let _open = scene.get("/health").await;
    scene.reaches_webex("POST /v1/access_token ").await;
    scene.ends_in_time().await;
}

async fn a_refresh_waits_for_another_process_that_hangs_with_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let lock = TokenFile::new(folder.path().join(".tokens")).lock_path();
    let lock = std::fs::File::create(lock).unwrap();
    lock.try_lock().unwrap();
    let mut scene = Scene::start_in(folder, Some(tokens_file().replace("\"at\":", EXPIRED))).await;
    let _open = scene.get("/v1/people").await;
    // Its answer comes when the request has used up its time, and not before.
    let mut health = scene.get("/health").await;
    let answered = timeout(Duration::from_millis(500), health.read_u8()).await;
    assert!(answered.is_err() && scene.arrived.try_recv().is_err());
    scene.ends_in_time().await;
}

async fn nobody_reads_its_log_which_stops_no_request_either() {
    let (scene, unread) = Scene::start_unread(tempfile::tempdir().unwrap(), None).await;
    let path = format!("/api/v01/webex/{}", "x".repeat(16_000));
    let asked = async {
        // More than the pipe and the gateway take.
        for _ in 0..200 {
            let mut client = scene.get(&path).await;
            assert!(read_head(&mut client).await.starts_with("HTTP/1.1 404 "));
        }
    };
    timeout(PATIENCE, asked).await.expect("it answers");
    scene.ends_in_time().await;
    drop(unread);
}

/// All at once: each takes as long as it may.
#[tokio::test]
async fn it_ends_within_9_s_whatever_it_is_doing() {
    let mut scenes = JoinSet::new();
    scenes.spawn(nobody_has_authorised_it());
    scenes.spawn(connections_are_open_without_a_request_or_with_half_of_one());
    scenes.spawn(a_request_waits_for_webex());
    scenes.spawn(an_answer_that_does_not_end_is_on_its_way_to_a_client_that_reads_and_one_that_does_not());
    scenes.spawn(an_upload_is_half_way());
    scenes.spawn(a_code_is_being_redeemed());
    scenes.spawn(a_health_check_and_a_refresh_hang());
    scenes.spawn(a_refresh_waits_for_another_process_that_hangs_with_the_lock());
    scenes.spawn(nobody_reads_its_log_which_stops_no_request_either());
    while let Some(ended) = scenes.join_next().await {
        ended.unwrap();
    }
}
