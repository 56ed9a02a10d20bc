//! Where messages end, by bytes on both sides: what is cut stays cut, what is early arrives, what is dirty is not used again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::bench::Bench;
use crate::stub::{raw_server, read_head, scripted, talk};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What a client of `version` gets where Webex answers with `answer`, but for the fields that differ from run to run.
async fn seen_by_client(method: &str, version: &str, answer: &'static [u8]) -> String {
    let bench = Bench::in_front_of(raw_server(answer).await).await;
    let request = format!("{method} /x HTTP/{version}\r\nHost: gw\r\nConnection: close\r\n\r\n");
    let text = talk(bench.gateway, request.as_bytes()).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let fields = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap();
        !["date", "trackingid", "connection"].contains(&name)
    });
    format!("{}\n\n{body}", fields.collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn each_framing_of_an_answer_becomes_the_one_that_its_client_understands() {
    let length: &[u8] = b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nhello";
    let chunked: &[u8] =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n";
    let to_the_end: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nhello";
    let old: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let bodiless: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let no_content: &[u8] = b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n";
    let no_content_with_length: &[u8] = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n";
    let unmodified: &[u8] = b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n";
    let unmodified_with_length: &[u8] = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n";
    let hello = "HTTP/1.1 200 OK\ncontent-length: 5\n\nhello";
    for (method, version, answer, expected) in [
        ("GET", "1.1", length, hello),
        ("GET", "1.1", old, hello),
        (
            "GET",
            "1.0",
            length,
            "HTTP/1.0 200 OK\ncontent-length: 5\n\nhello",
        ),
        // The end of the connection ends it: HTTP/1.0 knows no chunks.
        ("GET", "1.0", chunked, "HTTP/1.0 200 OK\n\nhello"),
        ("GET", "1.0", to_the_end, "HTTP/1.0 200 OK\n\nhello"),
        ("HEAD", "1.1", bodiless, "HTTP/1.1 200 OK\ncontent-length: 5\n\n"),
        (
            "HEAD",
            "1.1",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\n\n",
        ),
        ("GET", "1.1", no_content, "HTTP/1.1 204 No Content\nx-a: 1\n\n"),
        (
            "GET",
            "1.1",
            no_content_with_length,
            "HTTP/1.1 204 No Content\n\n",
        ),
        (
            "GET",
            "1.1",
            unmodified,
            "HTTP/1.1 304 Not Modified\netag: \"x\"\n\n",
        ),
        (
            "GET",
            "1.1",
            unmodified_with_length,
            "HTTP/1.1 304 Not Modified\n\n",
        ),
    ] {
        let seen = seen_by_client(method, version, answer).await;
        assert_eq!(
            seen,
            expected,
            "{method} {version} {}",
            String::from_utf8_lossy(answer)
        );
    }
    for answer in [chunked, to_the_end] {
        let seen = seen_by_client("GET", "1.1", answer).await;
        assert!(
            seen.starts_with("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n"),
            "{seen}"
        );
        assert!(seen.ends_with("0\r\n\r\n"), "{seen}");
    }
}

#[tokio::test]
async fn a_cut_answer_looks_cut_to_an_old_client_too() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nx\r\n",
    ] {
        let bench = Bench::in_front_of(raw_server(answer).await).await;
        let mut client = TcpStream::connect(bench.gateway).await.unwrap();
        client.write_all(b"GET /x HTTP/1.0\r\n\r\n").await.unwrap();
        let end = client.read_to_end(&mut Vec::new()).await;
        assert!(end.is_err(), "a cut answer looks complete");
    }
}

#[tokio::test]
async fn interim_answers_are_dropped() {
    let answer =
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n\
                   HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for version in ["1.0", "1.1"] {
        let seen = seen_by_client("GET", version, answer).await;
        assert_eq!(seen, format!("HTTP/{version} 200 OK\ncontent-length: 2\n\nok"));
    }
}

#[tokio::test]
async fn an_answer_cannot_bring_a_second_one() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nX-A: 1\rHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nX-A: 1\0\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\n folded: 2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    ] {
        let seen = seen_by_client("GET", "1.1", answer).await;
        assert!(seen.starts_with("HTTP/1.1 502 Bad Gateway"), "{seen}");
        assert!(seen.contains("x-webex-gateway-error: upstream_broken"), "{seen}");
    }
    // The reason phrase is not passed on.
    let seen = seen_by_client(
        "GET",
        "1.1",
        b"HTTP/1.1 200 X-Evil: 1\tx\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(seen, "HTTP/1.1 200 OK\ncontent-length: 0\n\n");
    // What follows the answer is not taken for the next one.
    let heads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heads);
    let webex = scripted(move |_, mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            while !read_head(&mut stream).await.is_empty() {
                counted.fetch_add(1, Ordering::SeqCst);
                let split = [OK, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"].concat();
                let _ = stream.write_all(&split).await;
            }
        }
    });
    let bench = Bench::in_front_of(webex.await).await;
    for _ in 0..3 {
        assert_eq!(bench.get("/x").await.text, "ok");
    }
    assert_eq!(heads.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_arrives_and_the_rest_of_the_body_is_no_request() {
    let (heads, mut seen) = mpsc::unbounded_channel();
    let webex = scripted(move |number, mut stream| {
        let heads = heads.clone();
        async move {
            let head = read_head(&mut stream).await;
            heads
                .send((number, head.lines().next().unwrap_or_default().to_owned()))
                .unwrap();
            let early =
                b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlarge";
            stream.write_all(early).await.unwrap();
        }
    });
    let bench = Bench::in_front_of(webex.await).await;
    let mut client = TcpStream::connect(bench.gateway).await.unwrap();
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n".repeat(60_000);
    let head = format!(
        "POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: {}\r\n\r\n",
        smuggled.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&smuggled.as_bytes()[..38]).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"large") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 413 "));
    // The gateway may close while this is sent.
    let _ = client.write_all(&smuggled.as_bytes()[38..]).await;
    let _ = client.shutdown().await;
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    assert_eq!(bench.get("/next").await.status, 413);
    assert_eq!(seen.recv().await.unwrap(), (0, "POST /x HTTP/1.1".to_owned()));
    assert_eq!(
        seen.recv().await.unwrap(),
        (1, "GET /next HTTP/1.1".to_owned()),
        "the dirty connection was used"
    );
}

#[tokio::test]
async fn the_first_bytes_of_an_expected_body_survive_a_replay() {
    let (bodies, mut seen) = mpsc::unbounded_channel();
    let webex = scripted(move |_, mut stream| {
        let bodies = bodies.clone();
        async move {
            loop {
                let head = read_head(&mut stream).await;
                if head.is_empty() {
                    return;
                }
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
                stream.read_exact(&mut body).await.unwrap();
                let (status, text) = if head.starts_with("POST /v1/access_token ") {
                    (
                        200,
                        "{\"access_token\":\"second-access-token\",\"expires_in\":1209599}",
                    )
                } else if head.contains("first-access-token") {
                    (401, "")
                } else {
                    bodies.send(String::from_utf8(body).unwrap()).unwrap();
                    assert!(!head.contains("expect"), "{head}");
                    (200, "ok")
                };
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{text}",
                    text.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let bench = Bench::in_front_of(webex.await).await;
    let mut client = TcpStream::connect(bench.gateway).await.unwrap();
    let head = b"POST /x HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
    client.write_all(head).await.unwrap();
    assert_eq!(read_head(&mut client).await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hello").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(seen.recv().await.unwrap(), "hello");
}

#[tokio::test]
async fn a_connection_that_webex_closed_while_idle_costs_nobody_a_request() {
    let (heads, mut seen) = mpsc::unbounded_channel();
    let webex = scripted(move |number, mut stream| {
        let heads = heads.clone();
        async move {
            read_head(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            drop(stream);
            heads.send(number).unwrap();
        }
    });
    let bench = Bench::in_front_of(webex.await).await;
    for number in 0..20 {
        let post = bench.http.post(bench.url("/x")).header("content-length", "0");
        assert_eq!(bench.send(post).await.status, 200);
        // Closed before the next request is made, so no byte of it can have been processed.
        assert_eq!(seen.recv().await.unwrap(), number);
    }
}

#[tokio::test]
async fn a_request_that_webex_may_have_seen_is_not_sent_twice() {
    for method in ["GET", "PUT", "POST"] {
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let webex = scripted(move |_, mut stream| {
            let counted = Arc::clone(&counted);
            async move {
                read_head(&mut stream).await;
                counted.fetch_add(1, Ordering::SeqCst);
                stream.write_all(OK).await.unwrap();
                // The second request on this connection is read and never answered.
                if !read_head(&mut stream).await.is_empty() {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let bench = Bench::in_front_of(webex.await).await;
        assert_eq!(bench.get("/x").await.status, 200);
        let request = bench.http.request(method.parse().unwrap(), bench.url("/x"));
        let answer = bench.send(request).await;
        assert_eq!(
            (answer.status, answer.gateway_error()),
            (502, "upstream_unreachable"),
            "{method}"
        );
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{method}");
    }
}

#[tokio::test]
async fn a_connection_that_webex_wants_closed_is_not_the_clients() {
    let webex = scripted(|_, mut stream| async move {
        read_head(&mut stream).await;
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close, x-hop\r\nx-hop: 1\r\n\r\nok";
        stream.write_all(answer).await.unwrap();
    });
    let bench = Bench::in_front_of(webex.await).await;
    let two = "GET /x HTTP/1.1\r\nHost: gw\r\n\r\nGET /x HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
    let text = talk(bench.gateway, two.as_bytes()).await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
    assert_eq!(text.matches("connection: close").count(), 1, "{text}");
    assert!(!text.contains("x-hop"), "{text}");
}
