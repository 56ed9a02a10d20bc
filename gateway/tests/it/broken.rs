//! A Webex that is not there, is silent, breaks off or talks nonsense.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;

use crate::bench::Bench;
use crate::stub::{Stub, raw_server, tokens_file};

#[tokio::test]
async fn a_cut_answer_stays_cut() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    ] {
        let bench = Bench::builder()
            .webex(raw_server(answer).await)
            .tokens(tokens_file())
            .start()
            .await;
        let answer = bench.http.get(bench.url("/")).send().await.unwrap();
        assert!(answer.bytes().await.is_err(), "a cut answer looks complete");
    }
}

#[tokio::test]
async fn a_webex_that_is_not_there_or_talks_nonsense_is_a_502_and_a_silent_one_a_504() {
    let silent = Stub::serve(|_| std::future::pending()).await;
    for (webex, status, code) in [
        (crate::stub::unreachable().await, 502, "upstream_unreachable"),
        (
            raw_server(b"SSH-2.0-OpenSSH_9.2\r\n").await,
            502,
            "upstream_broken",
        ),
        (raw_server(b"").await, 502, "upstream_unreachable"),
        (silent.url, 504, "upstream_timeout"),
    ] {
        let bench = Bench::builder()
            .webex(webex)
            .tokens(tokens_file())
            .flag("-timeout=300ms")
            .start()
            .await;
        let answer = bench.get("/v1/people/me").await;
        let post = bench
            .send(bench.http.post(bench.url("/v1/people")).body("{}"))
            .await;
        assert_eq!(
            (post.status, post.gateway_error()),
            (status, code),
            "{}",
            post.text
        );
        assert_eq!(
            (answer.status, answer.gateway_error()),
            (status, code),
            "{}",
            answer.text
        );
        let body = answer.json();
        assert_eq!(body["trackingId"], answer.header("trackingid"));
        assert_eq!(body["message"], body["errors"][0]["description"]);
        assert_eq!(body["action"], "retry");
    }
}

#[tokio::test]
async fn whatever_webex_quotes_no_secret_of_it_reaches_the_log() {
    for content_type in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "image/png",
    ] {
        let stub = Stub::serve(move |request: Request| async move {
            let bearer = request.headers()["authorization"].to_str().unwrap().to_owned();
            let body = match content_type {
                "application/json" => {
                    serde_json::json!({ "echo": bearer, "Authorization": bearer }).to_string()
                }
                _ => format!("authorization={bearer}"),
            };
            Response::builder()
                .header("content-type", content_type)
                .header("set-cookie", "JSESSIONID=canary-of-a-cookie; Path=/")
                .header("location", "https://x.example/cb?code=canary-of-a-code")
                .header("x-echo", bearer)
                .body(Body::from(body))
                .unwrap()
        })
        .await;
        let bench = Bench::in_front_of(&stub.url).await;
        // The gateway knows its own tokens by value; these it can only know by where they stand.
        bench.is_secret("canary-of-a-cookie");
        bench.is_secret("canary-of-a-code");
        let answer = bench.http.get(bench.url("/debug")).send().await.unwrap();
        assert!(
            answer.text().await.unwrap().contains("first-access-token"),
            "the stub quotes the token"
        );
        assert!(bench.log().contains("response: HTTP/1.1 200 OK"));
        // The bench looks for the tokens in the log when it ends.
    }
}

#[tokio::test]
async fn a_post_that_finds_the_token_expired_waits_no_longer_than_the_timeout() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webex = format!("http://{}", silent.local_addr().unwrap());
    let old = tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":");
    let bench = Bench::builder()
        .webex(webex)
        .tokens(old)
        .flag("-timeout=300ms")
        .start()
        .await;
    let answer = bench
        .send(bench.http.post(bench.url("/v1/people")).body("{}"))
        .await;
    assert_eq!(
        (answer.status, answer.gateway_error()),
        (503, "token_refresh_failed")
    );
}

#[tokio::test]
async fn of_two_lengths_the_transfer_coding_counts_and_nothing_is_cut() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n";
    let bench = Bench::builder()
        .webex(raw_server(answer).await)
        .tokens(tokens_file())
        .start()
        .await;
    assert_eq!(bench.get("/").await.text, "0123456789");
}

#[tokio::test]
async fn an_upgrade_that_nobody_asked_for_is_a_broken_webex() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
    let bench = Bench::builder()
        .webex(raw_server(answer).await)
        .tokens(tokens_file())
        .start()
        .await;
    let answer = bench.get("/").await;
    assert_eq!((answer.status, answer.gateway_error()), (502, "upstream_broken"));
}

#[tokio::test]
async fn trailers_reach_clients_that_take_them() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum, Set-Cookie\r\n\r\n2\r\nok\r\n0\r\n\
                   X-Checksum: 42\r\nSet-Cookie: a=b\r\n\r\n";
    let bench = Bench::builder()
        .webex(raw_server(answer).await)
        .tokens(tokens_file())
        .start()
        .await;
    for (te, taken) in [("TE: trailers\r\n", true), ("", false)] {
        let request = format!("GET / HTTP/1.1\r\nHost: gw\r\n{te}Connection: close\r\n\r\n");
        let text = crate::stub::talk(bench.gateway, request.as_bytes())
            .await
            .to_ascii_lowercase();
        assert_eq!(text.contains("x-checksum: 42"), taken, "{text}");
        assert!(!text.contains("set-cookie"), "{text}");
    }
}
