//! What goes through: byte for byte what the client meant, plus the token.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use crate::bench::Bench;
use crate::stub::{Stub, tokens_file};

/// Answers with what it got: the request line and headers as text, then the body.
async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut text = format!("{} {}\n", parts.method, parts.uri);
    for (name, value) in &parts.headers {
        text += [name.as_str(), ": ", value.to_str().unwrap(), "\n"]
            .concat()
            .as_str();
    }
    let body = body.collect().await.unwrap().to_bytes();
    Response::new(Body::from([text.as_bytes(), b"\n", &body].concat()))
}

#[tokio::test]
async fn the_token_replaces_the_clients_dummy_and_the_inner_network_stays_inside() {
    let stub = Stub::serve(echo).await;
    let bench = Bench::in_front_of(&stub.url).await;
    let request = bench
        .http
        .post(bench.url("/v1/people?callingData=true&max=null&x"))
        .header("Authorization", "Bearer dummy")
        .header("Cookie", "session=1")
        .header("X-Forwarded-For", "10.1.2.3")
        .header("X-Real-IP", "10.1.2.3")
        .header("TrackingID", "SIMPLE_1")
        .header("Accept", "application/json")
        .body("{\"emails\":[]}");
    // The stub echoes the token, which is why this one test looks at the answer without the scan.
    let text = request.send().await.unwrap().text().await.unwrap();
    let host = stub.url.strip_prefix("http://").unwrap();
    assert_eq!(
        text,
        format!(
            "POST /v1/people?callingData=true&max=null&x\nhost: {host}\naccept: application/json\ntrackingid: SIMPLE_1\n\
             authorization: Bearer first-access-token\ncontent-length: 13\n\n{{\"emails\":[]}}"
        )
    );
}

#[tokio::test]
async fn a_tracking_id_is_made_where_the_client_sends_none_and_the_answer_carries_it() {
    let stub = Stub::serve(|_| async { Response::new(Body::empty()) }).await;
    let bench = Bench::builder()
        .webex(&stub.url)
        .tokens(tokens_file())
        .flag("-trackIDPrefix=TST")
        .start()
        .await;
    assert!(bench.get("/").await.header("trackingid").starts_with("TST_"));
    let own = bench
        .send(bench.http.get(bench.url("/")).header("TrackingID", "MINE_1"))
        .await;
    assert_eq!(own.header("trackingid"), "MINE_1");
}

#[tokio::test]
async fn every_method_and_status_passes_with_its_headers() {
    let stub = Stub::serve(|request: Request| async move {
        let status: u16 = request.uri().path().trim_start_matches('/').parse().unwrap();
        let builder = Response::builder()
            .status(status)
            .header("retry-after", "7")
            .header("x-method", request.method().as_str());
        let body = if matches!(status, 204 | 304) {
            Body::empty()
        } else {
            Body::from("hello")
        };
        builder.header("set-cookie", "a=b").body(body).unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"] {
        for status in [200, 204, 206, 302, 304, 404, 423, 429, 500, 503] {
            let request = bench
                .http
                .request(method.parse().unwrap(), bench.url(&format!("/{status}")));
            let answer = bench.send(request).await;
            assert_eq!(
                (
                    answer.status,
                    answer.header("retry-after"),
                    answer.header("x-method")
                ),
                (status, "7", method)
            );
            assert_eq!(answer.header("set-cookie"), "", "all clients share one grant");
            assert_eq!(answer.gateway_error(), "", "this is Webex's own answer");
            let empty = method == "HEAD" || matches!(status, 204 | 304);
            assert_eq!(answer.text, if empty { "" } else { "hello" });
        }
    }
}

#[tokio::test]
async fn a_head_answer_keeps_its_length() {
    let stub = Stub::serve(|_| async {
        Response::builder()
            .header("content-length", "1234")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    assert_eq!(
        bench
            .send(bench.http.head(bench.url("/x")))
            .await
            .header("content-length"),
        "1234"
    );
}

#[tokio::test]
async fn an_answer_streams_while_it_is_being_made() {
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let stub = Stub::serve(move |_| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        async move {
            let parts = futures_util::stream::unfold(receiver, |mut parts| async {
                parts
                    .recv()
                    .await
                    .map(|part| (Ok::<_, std::io::Error>(Bytes::from(part)), parts))
            });
            Response::new(Body::from_stream(parts))
        }
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    let mut parts = bench
        .http
        .get(bench.url("/stream"))
        .send()
        .await
        .unwrap()
        .bytes_stream();
    for part in ["one", "two", "three"] {
        sender.send(part).unwrap();
        assert_eq!(parts.next().await.unwrap().unwrap(), part);
    }
    drop(sender);
    assert!(parts.next().await.is_none());
}

#[tokio::test]
async fn a_request_streams_while_it_is_being_sent() {
    let (seen, mut arrived) = mpsc::unbounded_channel::<Bytes>();
    let stub = Stub::serve(move |request: Request| {
        let seen = seen.clone();
        async move {
            let mut parts = request.into_body().into_data_stream();
            while let Some(part) = parts.next().await {
                seen.send(part.unwrap()).unwrap();
            }
            Response::new(Body::empty())
        }
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let parts = futures_util::stream::unfold(receiver, |mut parts| async {
        parts
            .recv()
            .await
            .map(|part| (Ok::<_, std::io::Error>(part), parts))
    });
    let sending = tokio::spawn(
        bench
            .http
            .post(bench.url("/upload"))
            .body(reqwest::Body::wrap_stream(parts))
            .send(),
    );
    for part in ["one", "two", "three"] {
        sender.send(part).unwrap();
        assert_eq!(arrived.recv().await.unwrap(), part);
    }
    drop(sender);
    assert_eq!(sending.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_large_body_passes_both_ways_unchanged() {
    let stub = Stub::serve(|request: Request| async move { Response::new(request.into_body()) }).await;
    let bench = Bench::in_front_of(&stub.url).await;
    let body: Vec<u8> = (0..8 * 1024 * 1024_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect();
    let answer = bench
        .http
        .post(bench.url("/echo"))
        .body(body.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.bytes().await.unwrap(), body);
}

#[tokio::test]
async fn a_body_passes_in_its_encoding() {
    let zipped = b"\x1f\x8b\x08\x00not really";
    let stub = Stub::serve(|_| async {
        Response::builder()
            .header("content-encoding", "gzip")
            .body(Body::from(&zipped[..]))
            .unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    let answer = bench
        .http
        .get(bench.url("/"))
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.bytes().await.unwrap(), &zipped[..]);
}

#[tokio::test]
async fn the_next_page_stays_on_the_gateway() {
    let stub = Stub::serve(|_| async {
        let link = "<https://webexapis.com/v1/people?max=1&after=Y2>; rel=\"next\"";
        Response::builder()
            .header("link", link)
            .header("location", "https://webexapis.com/v1/x")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    let answer = bench.get("/v1/people?max=1").await;
    assert_eq!(
        answer.header("link"),
        format!("<{}>; rel=\"next\"", bench.url("/v1/people?max=1&after=Y2"))
    );
    assert_eq!(answer.header("location"), bench.url("/v1/x"));
    let nginx = bench
        .http
        .get(bench.url("/"))
        .header("Host", "apio.example.com")
        .header("X-Forwarded-Proto", "https");
    assert_eq!(
        bench.send(nginx).await.header("location"),
        "https://apio.example.com/v1/x"
    );
}

#[tokio::test]
async fn with_a_gateway_key_only_those_who_carry_it_pass_and_webex_never_sees_it() {
    let stub = Stub::serve(echo).await;
    let bench = Bench::builder()
        .webex(&stub.url)
        .tokens(tokens_file())
        .variable("gateway_key", "open-sesame")
        .start()
        .await;
    bench.is_secret("open-sesame");
    for key in [None, Some("wrong"), Some("")] {
        let request = bench.http.get(bench.url("/v1/people/me"));
        let answer = bench
            .send(
                key.into_iter()
                    .fold(request, |request, key| request.header("X-Gateway-Key", key)),
            )
            .await;
        assert_eq!((answer.status, answer.gateway_error()), (401, "key_required"));
    }
    // The stub echoes the token, which is why this answer is looked at without the scan.
    let passed = bench
        .http
        .get(bench.url("/v1/people/me"))
        .header("X-Gateway-Key", "open-sesame");
    let passed = passed.send().await.unwrap();
    assert_eq!(passed.status(), 200);
    assert!(!passed.text().await.unwrap().contains("x-gateway-key"));
    assert_eq!(bench.get("/livez").await.status, 200);
}

#[tokio::test]
async fn each_request_is_one_line_in_the_access_log_without_its_query() {
    let stub = Stub::serve(|_| async { Response::new(Body::from("x")) }).await;
    let bench = Bench::in_front_of(&stub.url).await;
    bench.get("/v1/people?email=person%40example.com").await;
    let log = bench.log();
    let line = log
        .lines()
        .find(|line| line.starts_with("[GIN]"))
        .expect("an access line");
    let parts: Vec<_> = line.split(" | ").collect();
    assert_eq!(
        (parts[1], parts[3], parts[4]),
        ("200", "127.0.0.1", "GET \"/v1/people\"")
    );
    let took = log.lines().find(|line| line.contains("request to")).unwrap();
    assert!(
        took.contains(&format!("request to {}/v1/people took ", stub.url)),
        "{took}"
    );
}

#[tokio::test]
async fn a_request_that_runs_at_the_end_is_answered_and_new_ones_are_not_taken() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (arrived, mut at_webex) = mpsc::unbounded_channel();
    let opened = Arc::clone(&gate);
    let stub = Stub::serve(move |_| {
        arrived.send(()).unwrap();
        let gate = Arc::clone(&opened);
        async move {
            gate.acquire().await.unwrap().forget();
            Response::new(Body::from("finished"))
        }
    })
    .await;
    let mut bench = Bench::in_front_of(&stub.url).await;
    let running = tokio::spawn(bench.http.get(bench.url("/slow")).send());
    at_webex.recv().await.unwrap();
    let url = bench.url("/livez");
    let ending = async {
        bench.end().await;
    };
    let client = async {
        // The listener goes first; the request in flight still holds the gateway.
        while crate::bench::client().get(&url).send().await.is_ok() {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        running.await.unwrap().unwrap().text().await.unwrap()
    };
    let ((), text) = tokio::join!(ending, client);
    assert_eq!(text, "finished");
}

#[tokio::test]
async fn a_length_of_zero_is_told() {
    let stub = Stub::serve(echo).await;
    let bench = Bench::in_front_of(&stub.url).await;
    let request = bench.http.post(bench.url("/v1/x")).header("content-length", "0");
    assert!(
        request
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("content-length: 0")
    );
}
