//! Token answers that no honest server gives: the state stays sane, and the next good answer heals everything.

use std::time::Duration;

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bench::{Bench, NO_LONGER_YOUNG};
use crate::stub;

/// Webex with a token endpoint that gives `answer`; API calls work with any token but the first.
async fn webex(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/access_token"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let rejected = wiremock::matchers::header("authorization", "Bearer first-access-token");
    Mock::given(method("GET"))
        .and(rejected)
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn an_answer_of_no_use_loses_nothing_and_is_tried_again() {
    let html = "<html>please log in</html>";
    for answer in [
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_string(html),
        ResponseTemplate::new(200).set_body_string("{\"access_token\":\"cut o"),
        ResponseTemplate::new(200).set_body_string("{}"),
        ResponseTemplate::new(200).set_body_string("{\"access_token\":\"evil\\r\\nX-Header: 1\"}"),
        ResponseTemplate::new(200).set_body_string("x".repeat(200_000)),
        ResponseTemplate::new(204),
        ResponseTemplate::new(302).insert_header("location", "https://evil.example/"),
        ResponseTemplate::new(403).set_body_string(html),
        ResponseTemplate::new(407),
        ResponseTemplate::new(408).set_body_string("{\"error\":\"invalid_grant\"}"),
        ResponseTemplate::new(429).insert_header("retry-after", "120"),
        ResponseTemplate::new(500).set_body_string("{\"error\":\"invalid_grant\"}"),
        ResponseTemplate::new(503),
    ] {
        let server = webex(answer.clone()).await;
        let bench = Bench::in_front_of(server.uri()).await;
        let before = bench.stored();
        let failed = bench.get("/v1/people/me").await;
        assert_eq!(
            (failed.status, failed.gateway_error()),
            (503, "token_refresh_failed"),
            "{answer:?}"
        );
        assert_eq!(failed.json()["action"], "retry");
        assert_eq!(bench.stored(), before);

        server.reset().await;
        let good = ResponseTemplate::new(200)
            .set_body_string("{\"access_token\":\"a-good-token\",\"expires_in\":1209599}");
        Mock::given(method("POST"))
            .respond_with(good)
            .mount(&server)
            .await;
        let accepted = wiremock::matchers::header("authorization", "Bearer a-good-token");
        Mock::given(method("GET"))
            .and(accepted)
            .respond_with(ResponseTemplate::new(200))
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(401))
            .mount(&server)
            .await;
        bench.clock.advance(Duration::from_secs(121));
        assert_eq!(bench.get("/v1/people/me").await.status, 200, "{answer:?}");
        assert_eq!(bench.stored()["refresh_token"], before["refresh_token"]);
    }
}

#[tokio::test]
async fn absurd_lifetimes_are_bounded() {
    for (expires_in, seconds) in [
        ("null", 3600),
        ("0", 3600),
        ("-7", 3600),
        ("\"soon\"", 3600),
        ("1e12", 31_536_000),
        ("\"77\"", 77),
    ] {
        let body = format!("{{\"access_token\":\"a-good-token\",\"expires_in\":{expires_in}}}");
        let server = webex(ResponseTemplate::new(200).set_body_string(body)).await;
        let bench = Bench::in_front_of(server.uri()).await;
        assert_eq!(bench.get("/v1/people/me").await.status, 200);
        assert_eq!(bench.stored()["expires_in"], seconds, "{expires_in}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_changes_is_stored_and_used() {
    let body = "{\"access_token\":\"a-good-token\",\"expires_in\":60,\"refresh_token\":\"rotated\"}";
    let server = webex(ResponseTemplate::new(200).set_body_string(body)).await;
    let bench = Bench::in_front_of(server.uri()).await;
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    assert_eq!(bench.stored()["refresh_token"], "rotated");
    bench.clock.advance(Duration::from_mins(2));
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    let calls = server.received_requests().await.unwrap();
    let refreshes: Vec<_> = calls.iter().filter(|call| call.method == "POST").collect();
    assert!(String::from_utf8_lossy(&refreshes.last().unwrap().body).contains("refresh_token=rotated"));
}

#[tokio::test]
async fn an_answer_that_asks_to_wait_is_obeyed_by_every_trigger() {
    let server = webex(ResponseTemplate::new(429).insert_header("retry-after", "300")).await;
    let bench = Bench::in_front_of(server.uri()).await;
    for _ in 0..5 {
        let answer = bench.get("/v1/people/me").await;
        assert_eq!(answer.status, 503);
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((100..=300).contains(&wait), "{wait}");
        bench.clock.advance(NO_LONGER_YOUNG);
    }
    let calls = server.received_requests().await.unwrap();
    assert_eq!(calls.iter().filter(|call| call.method == "POST").count(), 1);
}

#[tokio::test]
async fn an_answer_that_quotes_a_secret_across_the_place_where_it_is_cut_shows_nothing_of_it() {
    let description = format!("{} the-refresh-token", "x".repeat(230));
    let body = serde_json::json!({ "error": "invalid_grant", "error_description": description });
    let server = webex(ResponseTemplate::new(400).set_body_json(body)).await;
    let bench = Bench::builder()
        .webex(server.uri())
        .tokens(stub::tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":"))
        .start()
        .await;
    let refused = bench.get("/v1/people").await;
    assert_eq!(refused.status, 503);
    for text in [refused.text, bench.log()] {
        assert!(!text.contains("the-refresh"), "{text}");
    }
}
