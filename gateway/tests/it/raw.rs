//! Requests that no well-behaved client sends, byte by byte: each is refused, and the token goes nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;

use crate::bench::Bench;
use crate::stub::{Stub, talk, tokens_file};

struct Counted {
    bench: Bench,
    requests: Arc<AtomicUsize>,
}

impl Counted {
    async fn start() -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let stub = Stub::serve(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Response::new(Body::from("from webex")) }
        })
        .await;
        Self {
            bench: Bench::builder()
                .webex(stub.url)
                .tokens(tokens_file())
                .start()
                .await,
            requests,
        }
    }

    /// The status and the gateway's error code; the connection is closed after the answer.
    async fn answer(&self, head: &str) -> (u16, String) {
        let head = head.replace('\n', "\r\n");
        let text = talk(
            self.bench.gateway,
            format!("{head}Connection: close\r\n\r\n").as_bytes(),
        )
        .await;
        let status = text
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        let code = text
            .lines()
            .find_map(|line| line.strip_prefix("x-webex-gateway-error: "));
        (status, code.unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn what_is_no_request_for_webex_is_refused_and_not_sent() {
    let counted = Counted::start().await;
    for (head, status, code) in [
        ("GET * HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("OPTIONS * HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET @evil.example HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET .evil.example HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET evil.example:443 HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        (
            "GET http://evil.example/x HTTP/1.1\nHost: evil.example\n",
            400,
            "target_refused",
        ),
        (
            "CONNECT evil.example:443 HTTP/1.1\nHost: gw\n",
            400,
            "target_refused",
        ),
        ("TRACE /x HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET /../x HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET /%2e%2e/x HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET /v1/..%2fx HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        ("GET /v1\\..\\x HTTP/1.1\nHost: gw\n", 400, "target_refused"),
        (
            "GET /x HTTP/1.1\nHost: gw\nUpgrade: websocket\n",
            400,
            "target_refused",
        ),
        (
            "POST /x HTTP/1.1\nHost: gw\nTransfer-Encoding: gzip, chunked\n",
            400,
            "bad_request",
        ),
        ("GET /x HTTP/1.1\n", 400, "bad_request"),
        ("GET /x HTTP/1.1\nHost: a\nHost: b\n", 400, "bad_request"),
        ("GET /x HTTP/1.1\nHost: user:pass@gw\n", 400, "bad_request"),
        ("GET /x HTTP/1.1\nHost: \n", 400, "bad_request"),
    ] {
        assert_eq!(counted.answer(head).await, (status, code.to_owned()), "{head}");
    }
    assert_eq!(counted.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_a_request_for_webex_passes() {
    let counted = Counted::start().await;
    let own = counted.bench.gateway;
    for head in [
        "GET /v1/people/me HTTP/1.1\nHost: gw:9001\n".to_owned(),
        "GET / HTTP/1.0\n".to_owned(),
        format!("GET http://{own}/v1/people HTTP/1.1\nHost: {own}\n"),
        "GET //v1/x HTTP/1.1\nHost: gw\n".to_owned(),
        "GET /v1/people/Y2lz%3D HTTP/1.1\nHost: gw\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk\n".to_owned(),
    ] {
        assert_eq!(counted.answer(&head).await, (200, String::new()), "{head}");
    }
}

#[tokio::test]
async fn heads_and_targets_above_the_limits_are_refused() {
    let counted = Counted::start().await;
    let long = format!("GET /{} HTTP/1.1\nHost: gw\n", "a".repeat(17 * 1024));
    assert_eq!(counted.answer(&long).await, (414, "too_large".to_owned()));
    let many = "X-Many: 1\n".repeat(200);
    assert_eq!(
        counted
            .answer(&format!("GET /x HTTP/1.1\nHost: gw\n{many}"))
            .await
            .0,
        431
    );
    let large = format!("GET /x HTTP/1.1\nHost: gw\nX-Large: {}\n", "a".repeat(70 * 1024));
    assert_eq!(counted.answer(&large).await, (431, "too_large".to_owned()));
    assert_eq!(counted.requests.load(Ordering::SeqCst), 0);
}
