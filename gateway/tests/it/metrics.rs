//! Each number at `/metrics` moves in the scenario that it names, and no other.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::Method;
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use webex_sim::types::TokenKind;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bench::{ADMIN, Bench, NO_LONGER_YOUNG, STRANGER};
use crate::exposition::Page;
use crate::stub::{Stub, stalling_server, tokens_file, unreachable};

/// What no test waits longer for.
const PATIENCE: Duration = Duration::from_secs(20);

impl Bench {
    /// The page without a request, which would count itself.
    pub(crate) fn page(&self) -> Page {
        Page::read(&self.overview.as_ref().expect("a gateway").metrics())
    }

    /// The page, once `series` has this value: a request is counted when its answer has gone out, which its client does not see.
    async fn page_when(&self, series: &str, value: f64) -> Page {
        let reached = async {
            while self
                .page()
                .find(series)
                .is_none_or(|found| (found - value).abs() > 0.01)
            {
                tokio::task::yield_now().await;
            }
            self.page()
        };
        let reached = timeout(PATIENCE, reached).await;
        reached.unwrap_or_else(|_| panic!("{series} does not become {value}: {:?}", self.page().find(series)))
    }
}

/// 401 for the token of the file, else 200 with the body that came.
async fn rejecting_the_first_token(request: Request) -> Response {
    if request.headers()["authorization"] == "Bearer first-access-token" {
        let _ = request.into_body().collect().await;
        return Response::builder().status(401).body(Body::empty()).unwrap();
    }
    Response::new(request.into_body())
}

/// A Webex whose token endpoint gives this answer, and whose API answers 401.
async fn refusing(token_answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/v1/access_token"))
        .respond_with(token_answer)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    server
}

fn assert_close(found: f64, expected: i64) {
    let expected = f64::from(i32::try_from(expected).unwrap());
    assert!((found - expected).abs() < 0.5, "{found} is not {expected}");
}

#[tokio::test]
async fn the_page_is_in_the_text_format_of_prometheus() {
    let bench = Bench::authorised().await;
    let answer = bench.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text.contains("# EOF"), "that is another format");
    let page = Page::read(&answer.text);
    let version = format!("webex_gw_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_close(page.value(&version), 1);
}

#[tokio::test]
async fn only_get_and_head_on_the_main_listener_and_without_a_key() {
    let bench = Bench::builder()
        .flag("-callbackPort=0")
        .variable("gateway_key", "the-gateway-key-of-a-test")
        .start()
        .await;
    bench.is_secret("the-gateway-key-of-a-test");
    let callback = format!("http://{}", bench.callback.expect("a port of its own"));
    for path in ["/metrics", "/status"] {
        assert_eq!(bench.get(path).await.status, 200, "{path}");
        let head = bench.send(bench.http.head(bench.url(path))).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        for refused in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let request = bench.http.request(refused.clone(), bench.url(path));
            assert_eq!(bench.send(request).await.status, 405, "{refused} {path}");
        }
        for address in [
            format!("{callback}{path}"),
            format!("{callback}/api/v01/webex{path}"),
            bench.url(&format!("/api/v01/webex{path}")),
        ] {
            assert_eq!(
                bench.send(bench.http.get(&address)).await.status,
                404,
                "{address}"
            );
        }
    }
}

#[tokio::test]
async fn requests_are_counted_by_method_status_and_who_answered() {
    let stub = Stub::serve(|request: Request| async move {
        let status = if request.uri().path() == "/odd" { 999 } else { 200 };
        Response::builder().status(status).body(Body::empty()).unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    for (name, target) in [
        ("GET", "/x"),
        ("PATCH", "/x"),
        ("BREW", "/x"),
        ("get", "/x"),
        ("GET", "/odd"),
        ("GET", "/livez"),
    ] {
        let request = bench.http.request(name.parse().unwrap(), bench.url(target));
        bench.send(request).await;
    }
    assert_eq!(bench.get_as_it_is("/v1/%2e%2e/x").await.status, 400);
    let page = bench.page_when("webex_gw_requests_in_flight", 0.0).await;
    assert_eq!(
        page.moved("webex_gw_requests_total"),
        [
            "webex_gw_requests_total{method=\"GET\",status=\"2xx\",source=\"gateway\"} 1",
            "webex_gw_requests_total{method=\"GET\",status=\"2xx\",source=\"upstream\"} 1",
            "webex_gw_requests_total{method=\"GET\",status=\"4xx\",source=\"gateway\"} 1",
            "webex_gw_requests_total{method=\"GET\",status=\"other\",source=\"upstream\"} 1",
            "webex_gw_requests_total{method=\"PATCH\",status=\"2xx\",source=\"upstream\"} 1",
            "webex_gw_requests_total{method=\"other\",status=\"2xx\",source=\"upstream\"} 2",
        ]
    );
}

#[tokio::test]
async fn a_request_is_in_flight_until_its_answer_is_sent_and_has_no_status_if_its_client_goes() {
    let (arrived, mut at_webex) = tokio::sync::mpsc::unbounded_channel();
    let stub = Stub::serve(move |_| {
        arrived.send(()).unwrap();
        std::future::pending()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    let request = tokio::spawn(bench.http.get(bench.url("/x")).send());
    at_webex.recv().await.unwrap();
    assert_close(bench.page().value("webex_gw_requests_in_flight"), 1);
    request.abort();
    let page = bench.page_when("webex_gw_requests_in_flight", 0.0).await;
    let gone = "webex_gw_requests_total{method=\"GET\",status=\"none\",source=\"gateway\"} 1";
    assert_eq!(page.moved("webex_gw_requests_total"), [gone]);
}

#[tokio::test]
async fn answers_of_webex_are_counted_and_timed() {
    let stub = Stub::serve(|request: Request| async move {
        let status: u16 = request.uri().path()[1..].parse().unwrap();
        Response::builder().status(status).body(Body::empty()).unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    for status in [200, 204, 302, 403, 404, 418, 423, 429, 500, 777] {
        bench.get(&format!("/{status}")).await;
    }
    let page = bench.page();
    let result = |name: &str| page.value(&format!("webex_gw_upstream_requests_total{{result=\"{name}\"}}"));
    let results = ["2xx", "3xx", "403", "404", "423", "429", "4xx", "5xx", "other"].map(result);
    assert_eq!(
        results.map(|count| count.to_string()).join(" "),
        "2 1 1 1 1 1 1 1 1"
    );
    assert_close(page.value("webex_gw_upstream_latency_seconds_count"), 10);
    assert_close(
        page.value("webex_gw_upstream_latency_seconds_bucket{le=\"+Inf\"}"),
        10,
    );
    assert!(page.value("webex_gw_upstream_latency_seconds_sum") > 0.0);
}

#[tokio::test]
async fn a_webex_that_does_not_answer_is_counted_by_how_and_not_timed() {
    let silent = Stub::serve(|_| std::future::pending()).await;
    for (webex, result) in [
        (unreachable().await, "unreachable"),
        (
            crate::stub::raw_server(b"SSH-2.0-OpenSSH_9.2\r\n").await,
            "broken",
        ),
        (silent.url, "timeout"),
    ] {
        let builder = Bench::builder().webex(webex).tokens(tokens_file());
        let bench = builder.flag("-timeout=300ms").start().await;
        bench.get("/x").await;
        let page = bench.page();
        let moved = page.moved("webex_gw_upstream");
        assert_eq!(
            moved,
            [format!(
                "webex_gw_upstream_requests_total{{result=\"{result}\"}} 1"
            )]
        );
    }
}

#[tokio::test]
async fn a_request_that_its_client_gave_up_is_counted_and_logged() {
    let (arrived, mut at_webex) = tokio::sync::mpsc::unbounded_channel();
    let stub = Stub::serve(move |_| {
        arrived.send(()).unwrap();
        std::future::pending()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    let request = tokio::spawn(bench.http.get(bench.url("/x")).send());
    at_webex.recv().await.unwrap();
    request.abort();
    // The access line is the last thing that is done for a request.
    let ended = async {
        while !bench.log().contains(" | 499 | ") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.expect("it ends");
    assert_eq!(
        bench.page().moved("webex_gw_upstream"),
        ["webex_gw_upstream_requests_total{result=\"client_gone\"} 1"]
    );
    assert!(bench.log().contains(&format!("request to {}/x took ", stub.url)));
}

#[tokio::test]
async fn a_401_that_a_refresh_cures_is_counted_as_cured() {
    let stub = Stub::serve(rejecting_the_first_token).await;
    let bench = Bench::in_front_of(&stub.url).await;
    assert_eq!(bench.get("/x").await.status, 200);
    let page = bench.page();
    assert_eq!(
        page.moved("webex_gw_retries"),
        ["webex_gw_retries_after_401_total{outcome=\"cured\"} 1"]
    );
    assert_eq!(
        page.moved("webex_gw_token_refreshes"),
        ["webex_gw_token_refreshes_total{result=\"success\"} 1"]
    );
    assert_close(page.value("webex_gw_upstream_requests_total{result=\"401\"}"), 1);
    assert_close(page.value("webex_gw_token_generation"), 2);
}

#[tokio::test]
async fn a_401_that_stays_is_counted_as_such_and_the_next_one_finds_no_newer_token() {
    let stub = Stub::serve(|_| async { Response::builder().status(401).body(Body::empty()).unwrap() }).await;
    let bench = Bench::in_front_of(&stub.url).await;
    for _ in 0..3 {
        assert_eq!(bench.get("/x").await.status, 401);
    }
    assert_eq!(
        bench.page().moved("webex_gw_retries"),
        [
            "webex_gw_retries_after_401_total{outcome=\"no_newer_token\"} 2",
            "webex_gw_retries_after_401_total{outcome=\"still_401\"} 1",
        ]
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_to_be_sent_again_is_counted_once() {
    let stub = Stub::serve(rejecting_the_first_token).await;
    let bench = Bench::in_front_of(&stub.url).await;
    let large = "x".repeat(3 * 1024 * 1024);
    let answer = bench.http.post(bench.url("/x")).body(large).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let page = bench.page();
    assert_eq!(
        page.moved("webex_gw_retries"),
        ["webex_gw_retries_after_401_total{outcome=\"not_replayable\"} 1"]
    );
    assert_close(page.value("webex_gw_replay_overflows_total"), 1);
}

#[tokio::test]
async fn a_401_whose_refresh_fails_or_takes_too_long_is_counted_as_that() {
    let slow = ResponseTemplate::new(500).set_delay(PATIENCE);
    for (token_answer, outcome) in [
        (ResponseTemplate::new(500), "refresh_failed"),
        (slow, "refresh_slow"),
    ] {
        let server = refusing(token_answer).await;
        let builder = Bench::builder().webex(server.uri()).tokens(tokens_file());
        let bench = builder.flag("-timeout=500ms").start().await;
        assert_eq!(bench.get("/x").await.status, 503);
        let page = bench.page();
        let expected = format!("webex_gw_retries_after_401_total{{outcome=\"{outcome}\"}} 1");
        assert_eq!(page.moved("webex_gw_retries"), [expected]);
        let running = i64::from(outcome == "refresh_slow");
        assert_close(page.value("webex_gw_token_refresh_in_flight"), running);
    }
}

#[tokio::test]
async fn a_second_attempt_without_an_answer_is_counted_as_that() {
    let stub = Stub::serve(|request: Request| async move {
        if request.headers()["authorization"] == "Bearer first-access-token" {
            return Response::builder().status(401).body(Body::empty()).unwrap();
        }
        std::future::pending().await
    })
    .await;
    let builder = Bench::builder().webex(&stub.url).tokens(tokens_file());
    let bench = builder.flag("-timeout=500ms").start().await;
    assert_eq!(bench.get("/x").await.status, 504);
    let expected = ["webex_gw_retries_after_401_total{outcome=\"no_answer\"} 1"];
    assert_eq!(bench.page().moved("webex_gw_retries"), expected);
}

#[tokio::test]
async fn refreshes_are_counted_by_what_the_token_endpoint_did() {
    let answer = |status: u16, body: &str| ResponseTemplate::new(status).set_body_string(body);
    let ended = tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":");
    for (token_answer, result) in [
        (
            answer(200, "{\"access_token\":\"second-access-token\"}"),
            "success",
        ),
        (answer(400, "{\"error\":\"invalid_grant\"}"), "invalid_grant"),
        (answer(401, "{\"error\":\"invalid_client\"}"), "invalid_client"),
        (answer(200, "<html>"), "malformed"),
        (answer(408, ""), "timeout"),
        (answer(429, ""), "rate_limited"),
        (answer(503, ""), "server_error"),
        (answer(407, "<html>"), "unexpected"),
    ] {
        let server = refusing(token_answer).await;
        let bench = Bench::builder().webex(server.uri()).tokens(&ended).start().await;
        let series = format!("webex_gw_token_refreshes_total{{result=\"{result}\"}}");
        let page = bench.page_when(&series, 1.0).await;
        assert_eq!(page.moved("webex_gw_token_refreshes"), [format!("{series} 1")]);
        let now = bench.seconds();
        assert_close(
            page.value("webex_gw_token_refresh_last_attempt_timestamp_seconds"),
            now,
        );
        let succeeded = page.find("webex_gw_token_refresh_last_success_timestamp_seconds");
        assert_eq!(succeeded.is_some(), result == "success", "{result}");
    }
    let bench = Bench::builder()
        .webex(unreachable().await)
        .tokens(&ended)
        .start()
        .await;
    bench
        .page_when("webex_gw_token_refreshes_total{result=\"unreachable\"}", 1.0)
        .await;
}

#[tokio::test]
async fn the_gauges_of_the_tokens_follow_the_keeper() {
    let bench = Bench::start().await;
    let page = bench.page();
    assert_eq!(
        page.moved("webex_gw_auth_state"),
        ["webex_gw_auth_state{state=\"unauthorised\"} 1"]
    );
    assert_eq!(page.moved("webex_gw_ready"), [""; 0]);
    assert_close(page.value("webex_gw_token_generation"), 0);
    for absent in [
        "webex_gw_access_token_expiry_timestamp_seconds",
        "webex_gw_refresh_token_expiry_timestamp_seconds",
        "webex_gw_token_refresh_last_attempt_timestamp_seconds",
        "webex_gw_token_refresh_last_success_timestamp_seconds",
    ] {
        assert_eq!(page.find(absent), None, "{absent}");
    }
    assert_close(page.value("webex_gw_start_timestamp_seconds"), bench.seconds());

    bench.authorise().await;
    let stored = bench.stored();
    let page = bench.page();
    assert_eq!(
        page.moved("webex_gw_auth_state"),
        ["webex_gw_auth_state{state=\"ok\"} 1"]
    );
    assert_close(page.value("webex_gw_ready"), 1);
    assert_close(page.value("webex_gw_token_generation"), 1);
    let number = |name: &str| stored[name].as_i64().unwrap();
    let end = page.value("webex_gw_access_token_expiry_timestamp_seconds");
    assert_close(end, number("at") + number("expires_in"));
    let end = page.value("webex_gw_refresh_token_expiry_timestamp_seconds");
    assert_close(end, number("at") + number("refresh_token_expires_in"));

    bench.clock.advance(NO_LONGER_YOUNG);
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    let page = bench.page();
    assert_close(page.value("webex_gw_token_generation"), 2);
    assert_close(
        page.value("webex_gw_token_refresh_last_success_timestamp_seconds"),
        bench.seconds(),
    );

    bench.control().change_password(ADMIN, "another").await.unwrap();
    bench.clock.advance(NO_LONGER_YOUNG);
    assert_eq!(bench.get("/v1/people/me").await.status, 503);
    let page = bench.page();
    assert_eq!(
        page.moved("webex_gw_auth_state"),
        ["webex_gw_auth_state{state=\"reauthorise\"} 1"]
    );
    assert_close(page.value("webex_gw_ready"), 0);
}

#[tokio::test]
async fn tokens_that_cannot_be_stored_are_counted_and_shown() {
    let bench = Bench::start().await;
    let folder = bench.tokens.parent().unwrap().to_owned();
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    bench.authorise().await;
    std::fs::rename(&aside, &folder).unwrap();
    let page = bench.page();
    assert_close(page.value("webex_gw_token_store_failures_total"), 1);
    assert_close(page.value("webex_gw_tokens_unsaved"), 1);
    bench.clock.advance(Duration::from_secs(11));
    bench.page_when("webex_gw_tokens_unsaved", 0.0).await;
    assert!(bench.tokens.exists());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_shown() {
    let bench = Bench::builder().tokens("not json").start().await;
    assert_close(bench.page().value("webex_gw_tokens_file_unusable"), 1);
    bench.authorise().await;
    assert_close(bench.page().value("webex_gw_tokens_file_unusable"), 0);
}

#[tokio::test]
async fn authorisations_are_counted_by_result_and_logins_by_themselves() {
    let bench = Bench::start().await;
    bench.get("/api/v01/webex/auth/login").await;
    bench.get("/api/v01/webex/auth/code").await;
    bench.get("/api/v01/webex/auth/code?error=access_denied").await;
    bench.get("/api/v01/webex/auth/code?code=unknown").await;
    let callback = bench.log_in(ADMIN).await;
    bench.get(&callback).await;
    bench.get(&callback).await;
    let callback = bench.log_in(STRANGER).await;
    bench.get(&callback).await;
    let page = bench.page();
    let counted = |result: &str| format!("webex_gw_authorisations_total{{result=\"{result}\"}} 1");
    let expected = [
        "code_rejected",
        "declined",
        "missing_code",
        "repeat",
        "success",
        "wrong_organization",
    ];
    assert_eq!(page.moved("webex_gw_authorisations"), expected.map(counted));
    assert_close(page.value("webex_gw_logins_started_total"), 1);
}

#[tokio::test]
async fn metrics_and_status_ask_webex_nothing_and_answer_while_it_is_silent() {
    let ended = tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":");
    let silent = stalling_server(b"").await;
    let bench = Bench::builder().webex(silent).tokens(&ended).start().await;
    bench.page_when("webex_gw_token_refresh_in_flight", 1.0).await;
    for path in ["/metrics", "/status"] {
        let answer = timeout(Duration::from_secs(2), bench.get(path)).await;
        assert_eq!(answer.expect("an answer at once").status, 200, "{path}");
    }
    assert_eq!(bench.page().moved("webex_gw_upstream"), [""; 0]);
}
