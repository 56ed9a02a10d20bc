//! The way out: TLS with a private authority, HTTP/2, and forward proxies, by the real binary and its environment.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use webex_sim::types::{EntryFilter, Version};
use webex_sim::{Running, Simulator};

use crate::bench::{ADMIN, REDIRECT_URI, client};
use crate::process::{BINARY, bare, read_on, serves};
use crate::stub::read_head;

/// A gateway process in front of a simulator.
struct Outward {
    sim: Running,
    address: String,
    folder: tempfile::TempDir,
    /// What the process has logged, at level debug.
    log: Arc<Mutex<String>>,
    _child: Child,
}

/// A forward proxy that notes the heads of what it is asked.
struct Proxy {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Outward {
    async fn start(webex: impl Fn(&Running) -> String, variables: &[(&str, &str)]) -> Self {
        let sim = Simulator::builder()
            .redirect_uri(REDIRECT_URI)
            .start()
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (ca, tokens) = (folder.path().join("ca.pem"), folder.path().join(".tokens"));
        std::fs::write(&ca, sim.ca_pem()).unwrap();
        let mut child = bare(BINARY)
            .args(["-port=0", "-bind=127.0.0.1", "-logLevel=debug"])
            .arg(format!("-tokensFile={}", tokens.display()))
            .arg(format!("-webexURL={}", webex(&sim)))
            .env("client_id", sim.client_id())
            .env("client_secret", sim.client_secret())
            .env("redirect_uri", REDIRECT_URI)
            .env("SSL_CERT_FILE", &ca)
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        let (address, _, log_lines) = serves(&mut child).await;
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        read_on(log_lines, move |line| *kept.lock().unwrap() += line);
        Self {
            sim,
            address,
            folder,
            log,
            _child: child,
        }
    }

    /// Logs in, and asks who the token belongs to.
    async fn walk(&self) {
        self.sim.control().accept_as(ADMIN).await.unwrap();
        let page = client()
            .get(self.sim.authorize_url(REDIRECT_URI))
            .send()
            .await
            .unwrap();
        let location = page.headers()["location"].to_str().unwrap().to_owned();
        let callback = location.strip_prefix("http://gateway.test").unwrap();
        let done = client()
            .get(format!("http://{}{callback}", self.address))
            .send()
            .await
            .unwrap();
        assert_eq!(done.status(), 303, "{}", done.text().await.unwrap());
        for (path, status) in [("/v1/people/me", 200), ("/health", 200)] {
            let answer = client()
                .get(format!("http://{}{path}", self.address))
                .send()
                .await
                .unwrap();
            assert_eq!(
                answer.status(),
                status,
                "{path}: {}",
                answer.text().await.unwrap()
            );
        }
        assert!(self.folder.path().join(".tokens").exists());
        while !self.log.lock().unwrap().contains("GET \"/health\"") {
            tokio::task::yield_now().await;
        }
        let log = self.log.lock().unwrap();
        // Tokens and codes of the simulator, its client secret, and the passwords of the proxies.
        for secret in [
            "_P0A1_",
            self.sim.client_secret(),
            "ss%40word",
            "ss@word",
            "user:word",
        ] {
            assert!(!log.contains(secret), "a secret stands in the log: {log}");
        }
    }
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, Arc::clone(&noted)));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// `CONNECT` makes a tunnel; a request in absolute form is sent on in origin form, head by head.
async fn pass(mut client: TcpStream, heads: Arc<Mutex<Vec<String>>>) {
    let head = read_head(&mut client).await;
    heads.lock().unwrap().push(head.clone());
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if head.starts_with("CONNECT ") {
        let mut server = TcpStream::connect(&target).await.unwrap();
        client
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await
            .unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    } else if let Some((host, path)) = target
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
    {
        let mut server = TcpStream::connect(host).await.unwrap();
        let sent =
            head.replacen(&target, &format!("/{path}"), 1)
                .replacen("\r\n", "\r\nConnection: close\r\n", 1);
        server.write_all(sent.as_bytes()).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

#[tokio::test]
async fn webex_is_reached_over_tls_and_http_2_with_a_private_authority() {
    let outward = Outward::start(Running::tls_url, &[]).await;
    outward.walk().await;
    let entries = outward
        .sim
        .control()
        .journal(&EntryFilter::path("/v1/people/me"))
        .await
        .unwrap();
    assert!(
        !entries.is_empty()
            && entries
                .iter()
                .all(|entry| entry.tls && entry.http_version == Version::Http2)
    );
    let tokens = outward
        .sim
        .control()
        .journal(&EntryFilter::grant("authorization_code"))
        .await
        .unwrap();
    assert!(tokens.iter().all(|entry| entry.tls));
}

#[tokio::test]
async fn an_https_proxy_is_the_only_way_out_and_webex_never_sees_its_credentials() {
    let proxy = Proxy::start().await;
    // The password is `pa%41ss@word`: what looks encoded in it is none.
    let address = format!("http://user:pa%2541ss%40word@{}", proxy.address);
    let outward = Outward::start(Running::tls_url, &[("HTTPS_PROXY", &address)]).await;
    outward.walk().await;
    let heads = proxy.heads();
    assert!(
        heads.len() >= 2,
        "OAuth calls and API calls both go through it: {heads:?}"
    );
    for head in &heads {
        assert!(head.starts_with("CONNECT localhost:"), "{head}");
        assert!(
            head.to_ascii_lowercase()
                .contains("proxy-authorization: basic dxnlcjpwysu0mxnzqhdvcmq="),
            "{head}"
        );
    }
    let entries = outward
        .sim
        .control()
        .journal(&EntryFilter::default())
        .await
        .unwrap();
    assert!(
        entries
            .iter()
            .all(|entry| entry.header("proxy-authorization").is_none())
    );
}

#[tokio::test]
async fn an_http_proxy_is_asked_in_absolute_form() {
    let proxy = Proxy::start().await;
    let address = format!("http://user:word@{}", proxy.address);
    let outward = Outward::start(Running::url, &[("http_proxy", &address)]).await;
    outward.walk().await;
    let heads = proxy.heads();
    assert!(
        heads
            .iter()
            .any(|head| head.starts_with("POST http://127.0.0.1:")),
        "{heads:?}"
    );
    assert!(
        heads.iter().any(|head| head.starts_with("GET http://127.0.0.1:")),
        "{heads:?}"
    );
    assert!(heads.iter().all(|head| {
        head.to_ascii_lowercase()
            .contains("proxy-authorization: basic dxnlcjp3b3jk")
    }));
}

#[tokio::test]
async fn no_proxy_goes_past_the_proxy() {
    let proxy = Proxy::start().await;
    let address = format!("http://{}", proxy.address);
    let outward = Outward::start(
        Running::tls_url,
        &[("HTTPS_PROXY", &address), ("NO_PROXY", "localhost")],
    )
    .await;
    outward.walk().await;
    assert_eq!(proxy.heads(), [""; 0]);
}

#[tokio::test]
async fn a_webex_whose_authority_is_not_trusted_gets_no_code() {
    let outward = Outward::start(
        Running::tls_url,
        &[("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")],
    )
    .await;
    outward.sim.control().accept_as(ADMIN).await.unwrap();
    let page = client()
        .get(outward.sim.authorize_url(REDIRECT_URI))
        .send()
        .await
        .unwrap();
    let location = page.headers()["location"].to_str().unwrap().to_owned();
    let callback = location.strip_prefix("http://gateway.test").unwrap();
    let answer = client()
        .get(format!("http://{}{callback}", outward.address))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 502);
    assert_eq!(
        outward
            .sim
            .control()
            .journal_count(&EntryFilter::grant("authorization_code"))
            .await
            .unwrap(),
        0
    );
}
