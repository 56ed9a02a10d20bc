//! The token is refreshed ahead of expiry, on a 401, once for everybody, and nothing is lost when that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use tokio::sync::Barrier;
use webex_sim::types::{EntryFilter, FaultAction, FaultMatch, FaultRule, SettingsPatch, TokenKind};

use crate::bench::{ADMIN, Bench, NO_LONGER_YOUNG};
use crate::stub::{Stub, tokens_file};

#[tokio::test]
async fn an_expired_token_is_replaced_while_the_request_waits() {
    let bench = Bench::authorised().await;
    let before = bench.stored();
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    let me = bench.get("/v1/people/me").await;
    assert_eq!((me.status, me.json()["emails"][0].as_str()), (200, Some(ADMIN)));
    assert_eq!(bench.refreshes().await, 1);
    let after = bench.stored();
    assert_ne!(after["access_token"], before["access_token"]);
    assert_eq!(after["refresh_token"], before["refresh_token"]);
    assert_eq!(after["org_id"], before["org_id"]);
}

#[tokio::test]
async fn the_log_tells_the_story_of_a_refresh_in_the_words_of_the_field() {
    let bench = Bench::authorised().await;
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    bench.get("/v1/people/me").await;
    let log = bench.log();
    let story: Vec<_> = log
        .lines()
        .skip_while(|line| !line.contains("fetch token response"))
        .collect();
    let mut rest = story.iter().skip(1);
    for words in [
        "level=debug msg=\"using token ",
        "level=debug msg=\"request sent with oauth2 protocol: GET /v1/people/me HTTP/1.1\\r\\nHost: 127.0.0.1:",
        "level=info msg=\"request to http://127.0.0.1:",
        "level=info msg=\"refreshing token for oauth2 protocol with username <>, client id <C",
        "level=debug msg=\"fetch token request: POST /v1/access_token HTTP/1.1\\r\\nHost: ",
        "level=debug msg=\"fetch token response: HTTP/1.1 200 OK\\r\\n",
        "level=debug msg=\"token updated: ",
        "level=info msg=\"tokens updated\" topic=oauth2",
        "level=debug msg=\"using token ",
        "level=info msg=\"request to http://127.0.0.1:",
        "level=debug msg=\"response: HTTP/1.1 200 OK\\r\\n",
        "[GIN] ",
    ] {
        assert!(
            rest.any(|line| line.contains(words)),
            "{words} does not follow in:\n{}",
            story.join("\n")
        );
    }
}

#[tokio::test]
async fn a_thousand_requests_in_flight_at_expiry_cost_one_refresh_and_none_fails() {
    const REQUESTS: usize = 1000;
    // All first attempts are in flight before one of them is answered 401.
    let barrier = Arc::new(Barrier::new(REQUESTS));
    let stub = Stub::serve(move |request: Request| {
        let barrier = Arc::clone(&barrier);
        async move {
            if request.headers()["authorization"] == "Bearer first-access-token" {
                barrier.wait().await;
                return Response::builder().status(401).body(Body::empty()).unwrap();
            }
            Response::new(Body::from("ok"))
        }
    })
    .await;
    // The stub answers when the last request has come, which takes a busy machine its time.
    let bench = Bench::builder()
        .flag("-timeout=2m")
        .webex(&stub.url)
        .tokens(tokens_file())
        .start()
        .await;
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| tokio::spawn(bench.http.get(bench.url("/v1/people/me")).send()))
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(stub.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_token_is_refreshed_ahead_of_expiry_without_any_request() {
    let bench = Bench::authorised().await;
    bench.clock.advance(Duration::from_hours(264));
    let filter = EntryFilter::grant("refresh_token");
    bench
        .control()
        .journal_wait(&filter, 1, Duration::from_secs(20))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_token_that_expired_is_never_sent() {
    let mut bench = Bench::authorised().await;
    let url = bench.sim.as_ref().unwrap().url();
    bench.sim.take().unwrap().stop().await;
    bench.clock.advance(Duration::from_hours(360));
    let answer = bench.get("/v1/people/me").await;
    assert_eq!(
        (answer.status, answer.gateway_error()),
        (503, "token_refresh_failed"),
        "{}",
        answer.text
    );
    assert_eq!(answer.json()["action"], "retry");
    assert!(!answer.header("retry-after").is_empty());
    assert!(
        !bench
            .log()
            .contains(&format!("request to {url}/v1/people/me took")),
        "an expired token went out"
    );
}

#[tokio::test]
async fn a_post_is_sent_again_with_its_whole_body() {
    let stub = Stub::serve(rejecting_the_first_token).await;
    let bench = Bench::in_front_of(&stub.url).await;
    for body in ["{}".to_owned(), "x".repeat(1024 * 1024)] {
        let answer = bench
            .http
            .post(bench.url("/v1/people"))
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.text().await.unwrap().len()),
            (200, body.len())
        );
    }
    assert_eq!(stub.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_too_large_to_keep_gets_the_401_and_the_next_request_the_new_token() {
    let stub = Stub::serve(rejecting_the_first_token).await;
    let bench = Bench::in_front_of(&stub.url).await;
    let large = "x".repeat(1024 * 1024 + 1);
    let answer = bench
        .http
        .post(bench.url("/v1/people"))
        .body(large.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(bench.get("/v1/people").await.status, 200);
    let answer = bench
        .http
        .post(bench.url("/v1/people"))
        .body(large)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(stub.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_second_401_goes_to_the_client_unchanged_and_does_not_start_a_storm() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    let stub = Stub::serve(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async {
            Response::builder()
                .status(401)
                .header("trackingid", "ROUTERGW_1")
                .body(Body::from("no"))
                .unwrap()
        }
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    for _ in 0..20 {
        let answer = bench.get("/v1/people/me").await;
        assert_eq!(
            (answer.status, answer.text.as_str(), answer.header("trackingid")),
            (401, "no", "ROUTERGW_1")
        );
        assert_eq!(answer.gateway_error(), "");
    }
    assert_eq!(stub.refreshes.load(Ordering::SeqCst), 1);
    assert_eq!(attempts.load(Ordering::SeqCst), 21);
}

#[tokio::test]
async fn the_same_token_again_within_a_day_is_accepted_without_a_loop() {
    let settings = SettingsPatch {
        same_token_within_24h: Some(true),
        ..SettingsPatch::default()
    };
    let bench = Bench::builder().settings(settings).authorised().await;
    bench.clock.advance(Duration::from_hours(264));
    let filter = EntryFilter::grant("refresh_token");
    bench
        .control()
        .journal_wait(&filter, 1, Duration::from_secs(20))
        .await
        .unwrap();
    for _ in 0..5 {
        assert_eq!(bench.get("/v1/people/me").await.status, 200);
    }
    assert_eq!(bench.refreshes().await, 1);
}

#[tokio::test]
async fn one_call_that_always_answers_401_makes_refreshes_rare_although_others_work() {
    let stub = Stub::serve(|request: Request| async move {
        let status = if request.uri().path() == "/always-401" {
            401
        } else {
            200
        };
        Response::builder().status(status).body(Body::empty()).unwrap()
    })
    .await;
    let bench = Bench::in_front_of(&stub.url).await;
    for _ in 0..20 {
        assert_eq!(bench.get("/always-401").await.status, 401);
        assert_eq!(bench.get("/works").await.status, 200);
        bench.clock.advance(NO_LONGER_YOUNG);
    }
    // At 0, 31, 93, 217 and 465 s of ten minutes.
    assert_eq!(stub.refreshes.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn tokens_that_end_at_once_do_not_make_a_storm() {
    let server = wiremock::MockServer::start().await;
    let body = "{\"access_token\":\"short\",\"expires_in\":1}";
    let answer = wiremock::ResponseTemplate::new(200).set_body_string(body);
    wiremock::Mock::given(wiremock::matchers::method("POST"))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let old = tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":");
    let bench = Bench::builder().webex(server.uri()).tokens(old).start().await;
    for _ in 0..20 {
        let answer = bench.get("/v1/people/me").await;
        assert_eq!(
            (answer.status, answer.gateway_error()),
            (503, "token_refresh_failed")
        );
    }
}

#[tokio::test]
async fn a_refresh_that_the_last_request_started_is_stored_before_the_end() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (arrived, mut at_webex) = tokio::sync::mpsc::unbounded_channel();
    let opened = Arc::clone(&gate);
    let stub = Stub::serve(move |request: Request| {
        let (gate, arrived) = (Arc::clone(&opened), arrived.clone());
        async move {
            let _ = request.into_body().collect().await;
            arrived.send(()).unwrap();
            gate.acquire().await.unwrap().forget();
            Response::builder().status(401).body(Body::empty()).unwrap()
        }
    })
    .await;
    let mut bench = Bench::in_front_of(&stub.url).await;
    let large = "x".repeat(2 * 1024 * 1024);
    let running = tokio::spawn(bench.http.post(bench.url("/v1/people")).body(large).send());
    at_webex.recv().await.unwrap();
    let ending = async { bench.end().await };
    let webex = async {
        gate.add_permits(1);
        running.await.unwrap().unwrap().status()
    };
    let ((), status) = tokio::join!(ending, webex);
    assert_eq!(status, 401);
    assert_eq!(bench.stored()["access_token"], "second-access-token");
}

#[tokio::test]
async fn a_dead_grant_says_reauthorise_and_does_not_hammer_webex() {
    let bench = Bench::authorised().await;
    bench.control().delete_person(ADMIN).await.unwrap();
    let before = bench.stored();
    for _ in 0..5 {
        let answer = bench.get("/v1/people/me").await;
        assert_eq!((answer.status, answer.gateway_error()), (503, "not_authorised"));
        assert_eq!(answer.json()["action"], "reauthorise");
    }
    assert_eq!(bench.refreshes().await, 1);
    assert_eq!(bench.stored(), before, "nothing is lost");
    // The call that found it out, and the gateway's own question.
    assert_eq!(bench.calls_with_401().await, ["/v1/people/me", "/"]);
    assert_eq!(bench.control().violations().await.unwrap(), []);
    assert_eq!(bench.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn one_call_that_answers_401_does_not_stop_the_others_although_the_grant_is_dead() {
    let bench = Bench::authorised().await;
    bench.control().expire_tokens(TokenKind::Refresh).await.unwrap();
    bench
        .control()
        .add_fault(&FaultRule::new(
            FaultMatch::path("/v1/organizations"),
            FaultAction::status(401),
        ))
        .await
        .unwrap();
    for _ in 0..3 {
        assert_eq!(
            bench.get("/v1/organizations").await.gateway_error(),
            "not_authorised"
        );
        assert_eq!(bench.get("/v1/people/me").await.status, 200);
    }
    assert_eq!(bench.refreshes().await, 1);
    assert_eq!(bench.get("/health").await.json()["status"], "degraded");
}

#[tokio::test]
async fn a_secret_changed_on_one_side_says_fix_configuration() {
    let mut bench = Bench::authorised().await;
    bench.restart_with_secret("rotated").await;
    bench.clock.advance(NO_LONGER_YOUNG);
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    let answer = bench.get("/v1/people/me").await;
    assert_eq!(
        (answer.status, answer.json()["action"].as_str()),
        (503, Some("fix_configuration"))
    );
}

/// 401 for the token of the file, else 200 with the body that came.
async fn rejecting_the_first_token(request: Request) -> Response {
    if request.headers()["authorization"] == "Bearer first-access-token" {
        let _ = request.into_body().collect().await;
        return Response::builder().status(401).body(Body::empty()).unwrap();
    }
    Response::new(request.into_body())
}
