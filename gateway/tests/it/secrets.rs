//! Secrets that are not the gateway's own and pass through it: they reach who they are for, and no line of the log.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;

use crate::bench::Bench;
use crate::stub::{Stub, talk};

/// As answers of Webex hold them; every value ends in `canary` or is the number.
const ANSWER: &str = r#"{"activationCode":"1-canary","password":4242421177,"sipPassword":"2-canary",
    "tokens":["3-canary",{"value":"4-canary"}],"pin":"5-canary","items":[{"apiKey":"6-canary","token_type":"Bearer"}]}"#;

#[tokio::test]
async fn secrets_of_webex_and_of_clients_pass_and_are_not_logged() {
    let answering = |_: Request| {
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("x-session-token", "7-canary")
            .header("link", "<https://x/?%74oken=8-canary,8-canary>; rel=\"next\"")
            .body(Body::from(ANSWER))
            .unwrap();
        std::future::ready(answer)
    };
    let bench = Bench::in_front_of(Stub::serve(answering).await.url).await;
    for secret in ["canary", "4242421177"] {
        bench.is_secret(secret);
    }
    let request = "GET /v1/x?c%6fde=9-canary&max=17 HTTP/1.1\r\nHost: gw\r\nX-Api-Key: 10-canary\r\n\
        X-Auth-Token: 11-canary\r\nConnection: close\r\n\r\n";
    let answer = talk(bench.gateway, request.as_bytes()).await;
    assert!(answer.ends_with(ANSWER), "{answer}");
    let log = bench.log();
    // The scan at the end has something to look at.
    for part in [
        "max=17",
        "token_type",
        "Bearer",
        "X-Session-Token",
        "request sent with",
    ] {
        assert!(log.contains(part), "no {part} in {log}");
    }
}
