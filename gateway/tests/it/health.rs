//! `/health` tells whether calls work now, `/livez` whether the process lives, `/readyz` whether a token is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use webex_sim::types::TokenKind;

use http::uri::Scheme;
use webex_gateway::clock::SystemClock;
use webex_gateway::health::HealthCheck;
use webex_gateway::net::forward_proxy::ForwardProxies;
use webex_gateway::net::resolver::Resolver;
use webex_gateway::net::tls;
use webex_gateway::proxy::Forwarder;
use webex_gateway::proxy::upstream::Upstream;
use webex_gateway::secret::ClientSecret;
use webex_gateway::token::endpoint::WebexTokenEndpoint;
use webex_gateway::token::file::TokenFile;
use webex_gateway::token::keeper::Keeper;
use webex_gateway::token::resource_server::WebexResourceServer;

use crate::bench::{ADMIN, Answer, Bench, NO_LONGER_YOUNG};
use crate::stub::{Stub, tokens_file, unreachable};

async fn health(bench: &Bench) -> (u16, String, String, String) {
    let answer: Answer = bench.get("/health").await;
    let text = |name: &str| answer.json()[name].as_str().unwrap_or("-").to_owned();
    (answer.status, text("status"), text("state"), text("action"))
}

fn is(status: u16, verdict: &str, state: &str, action: &str) -> (u16, String, String, String) {
    (status, verdict.to_owned(), state.to_owned(), action.to_owned())
}

#[tokio::test]
async fn before_the_first_authorisation_the_action_is_reauthorise() {
    let bench = Bench::start().await;
    assert_eq!(
        health(&bench).await,
        is(503, "failed", "unauthorised", "reauthorise")
    );
    let ready = bench.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()["action"].as_str()),
        (503, Some("reauthorise"))
    );
    assert_eq!(bench.get("/livez").await.status, 200);
}

#[tokio::test]
async fn webexs_404_is_healthy() {
    let bench = Bench::authorised().await;
    assert_eq!(health(&bench).await, is(200, "ok", "ok", "-"));
    assert_eq!(bench.get("/health").await.json()["webex_status"], 404);
    assert_eq!(bench.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn an_expired_token_is_refreshed_by_the_check_itself() {
    let bench = Bench::authorised().await;
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(health(&bench).await, is(200, "ok", "ok", "-"));
    assert_eq!(bench.refreshes().await, 1);
}

#[tokio::test]
async fn a_revoked_grant_is_told_with_its_reason() {
    let bench = Bench::authorised().await;
    bench.control().change_password(ADMIN, "another").await.unwrap();
    assert_eq!(
        health(&bench).await,
        is(503, "failed", "reauthorise", "reauthorise")
    );
    let ready = bench.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()["action"].as_str()),
        (503, Some("reauthorise"))
    );
    let reason = bench.get("/health").await.json()["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        reason.contains("The refresh token provided is expired, revoked, malformed, or invalid."),
        "{reason}"
    );
}

#[tokio::test]
async fn a_dead_grant_whose_access_token_still_works_is_degraded_and_healthy() {
    let server = wiremock::MockServer::start().await;
    let dead = wiremock::ResponseTemplate::new(400).set_body_string("{\"error\":\"invalid_grant\"}");
    let grant = wiremock::Mock::given(wiremock::matchers::path("/v1/access_token")).respond_with(dead);
    grant.mount(&server).await;
    let works = wiremock::Mock::given(wiremock::matchers::method("GET"))
        .respond_with(wiremock::ResponseTemplate::new(404));
    works.mount(&server).await;
    let bench = Bench::in_front_of(server.uri()).await;
    bench.clock.advance(Duration::from_hours(264));
    while !bench.log().contains("state refreshing -> reauthorise") {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        health(&bench).await,
        is(200, "degraded", "reauthorise", "reauthorise")
    );
    assert_eq!(bench.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_webex_that_cannot_be_reached_is_unhealthy_and_the_process_stays_alive() {
    let bench = Bench::builder()
        .webex(unreachable().await)
        .tokens(tokens_file())
        .start()
        .await;
    assert_eq!(health(&bench).await, is(503, "failed", "ok", "retry"));
    assert_eq!(bench.get("/health").await.json()["code"], "upstream_unreachable");
    assert_eq!(
        (
            bench.get("/livez").await.status,
            bench.get("/readyz").await.status
        ),
        (200, 200)
    );
}

#[tokio::test]
async fn what_webex_answers_decides() {
    for (status, expected) in [
        (200, 200),
        (302, 200),
        (403, 200),
        (404, 200),
        (429, 200),
        (500, 503),
        (503, 503),
    ] {
        let stub =
            Stub::serve(
                move |_| async move { Response::builder().status(status).body(Body::empty()).unwrap() },
            )
            .await;
        let bench = Bench::in_front_of(&stub.url).await;
        assert_eq!(bench.get("/health").await.status, expected, "{status}");
    }
}

#[tokio::test]
async fn a_401_after_a_refresh_is_unhealthy() {
    let stub = Stub::serve(|_| async { Response::builder().status(401).body(Body::empty()).unwrap() }).await;
    let bench = Bench::in_front_of(&stub.url).await;
    assert_eq!(health(&bench).await, is(503, "failed", "ok", "reauthorise"));
    assert_eq!(stub.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_401_to_a_token_just_issued_will_mend_itself() {
    let bench = Bench::start().await;
    bench.authorise().await;
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(health(&bench).await, is(503, "failed", "ok", "retry"));
    bench.clock.advance(NO_LONGER_YOUNG);
    assert_eq!(health(&bench).await, is(200, "ok", "ok", "-"));
}

#[tokio::test]
async fn an_answer_that_stalls_after_its_head_does_not_hold_the_check() {
    let head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nx";
    let bench = Bench::builder()
        .webex(crate::stub::stalling_server(head).await)
        .tokens(tokens_file())
        .start()
        .await;
    assert_eq!(bench.get("/health").await.status, 200);
}

#[tokio::test]
async fn checks_at_the_same_time_share_one_request_and_later_ones_do_not() {
    let requests = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (counted, opened) = (Arc::clone(&requests), Arc::clone(&gate));
    let stub = Stub::serve(move |_| {
        let (gate, status) = (
            Arc::clone(&opened),
            404 + 99 * u16::from(counted.fetch_add(1, Ordering::SeqCst) > 0),
        );
        async move {
            gate.acquire().await.unwrap().forget();
            Response::builder().status(status).body(Body::empty()).unwrap()
        }
    })
    .await;
    let check = check_in_front_of(&stub.url).await;
    let all = futures_util::future::join_all((0..20).map(|_| check.check()));
    let open = async { gate.add_permits(1) };
    let (reports, ()) = tokio::join!(all, open);
    assert!(reports.iter().all(|report| report.as_ref().unwrap().healthy()));
    assert_eq!(requests.load(Ordering::SeqCst), 1);

    gate.add_permits(1);
    assert!(!check.check().await.unwrap().healthy(), "a new check asks anew");
}

#[tokio::test]
async fn a_check_whose_asker_went_away_is_not_served_to_the_next_one() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let stub = Stub::serve(move |_| {
        let status = 404 + 99 * u16::from(counted.fetch_add(1, Ordering::SeqCst) > 0);
        async move { Response::builder().status(status).body(Body::empty()).unwrap() }
    })
    .await;
    let check = check_in_front_of(&stub.url).await;
    let mut abandoned = Box::pin(check.check());
    assert!(futures_util::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    // It ends on its own; then the next one asks anew.
    while check.is_running() {
        tokio::task::yield_now().await;
    }
    assert!(!check.check().await.unwrap().healthy());
}

/// A check by itself, with tokens.
async fn check_in_front_of(webex: &str) -> HealthCheck {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".tokens");
    std::fs::write(&path, tokens_file()).unwrap();
    let resolver = Resolver::from_system().unwrap();
    let tls = tls::without_authorities();
    let authority = webex.strip_prefix("http://").unwrap().parse().unwrap();
    let upstream = Upstream::new(
        Scheme::HTTP,
        authority,
        tls.clone(),
        resolver.clone(),
        &ForwardProxies::none(),
    );
    let endpoint = WebexTokenEndpoint {
        url: format!("{webex}/v1/access_token").parse().unwrap(),
        client_id: "C1".to_owned(),
        client_secret: ClientSecret::new("s").unwrap(),
        redirect_uri: String::new(),
        http: crate::bench::client(),
    };
    let webex_itself = WebexResourceServer {
        root: format!("{webex}/").parse().unwrap(),
        http: crate::bench::client(),
        tracking_prefix: "WW".to_owned(),
    };
    let clock = Arc::new(SystemClock::new());
    let keeper = Keeper::open(
        TokenFile::new(&path),
        Arc::new(endpoint),
        Arc::new(webex_itself),
        clock,
        Box::new(|| 0.5),
        None,
    )
    .await;
    let (timeout, tracking_prefix) = (Duration::from_secs(9), "WW".to_owned());
    HealthCheck::new(
        Forwarder {
            sight: keeper.sight(),
            traffic: keeper.metrics().traffic(),
            keeper,
            upstream,
            timeout,
            idle: timeout,
            tracking_prefix,
        },
        String::new(),
    )
}

#[tokio::test]
async fn the_gateways_own_routes_refuse_other_methods_in_the_shape_of_its_errors() {
    let bench = Bench::start().await;
    for path in ["/health", "/livez", "/readyz", "/metrics", "/status"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "MYSTERY"] {
            let request = bench.http.request(method.parse().unwrap(), bench.url(path));
            let answer = bench.send(request.header("trackingid", "MINE_1")).await;
            assert_eq!(
                (answer.status, answer.gateway_error(), answer.header("allow")),
                (405, "bad_request", "GET, HEAD"),
                "{method} {path}"
            );
            assert_eq!(answer.header("cache-control"), "no-store", "{method} {path}");
            assert_eq!(answer.json()["trackingId"], "MINE_1", "{method} {path}");
        }
    }
}
