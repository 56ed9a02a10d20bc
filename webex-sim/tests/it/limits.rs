//! Rate limits.

use std::time::Duration;

use webex_sim::types::{EntryFilter, FaultAction, FaultMatch, FaultRule, SettingsPatch, Wire};

use crate::harness::{ADMIN, Answer, Sim, Tokens};

/// A simulator that lets so many requests in a minute pass.
async fn limited(requests: u64) -> (Sim, Tokens) {
    let settings = SettingsPatch {
        rate_limit_requests: Some(requests),
        ..SettingsPatch::default()
    };
    let sim = Sim::with(|builder| builder.settings(settings)).await;
    let tokens = sim.log_in().await;
    (sim, tokens)
}

fn wait(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.status, 429, "{}", answer.body);
    answer.header("retry-after")
}

#[tokio::test]
async fn there_is_no_limit_unless_it_is_set() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    for _ in 0..400 {
        assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    }
}

#[tokio::test]
async fn over_the_limit_is_429_with_the_time_that_is_left() {
    let (sim, tokens) = limited(2).await;
    let control = sim.running.control();
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    control.advance(Duration::from_secs(10)).await.unwrap();
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 200);
    let answer = sim.get("/", &tokens.access).await;
    assert_eq!(wait(&answer), Some("50"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert!(answer.body.starts_with("<html>"), "{}", answer.body);
    control.advance(Duration::from_secs(49)).await.unwrap();
    assert_eq!(wait(&sim.get("/", &tokens.access).await), Some("1"));
    control.advance(Duration::from_secs(1)).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);

    let entries = control
        .journal(&EntryFilter::default().status(429))
        .await
        .unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].person.as_deref(), Some(ADMIN));
}

#[tokio::test]
async fn the_limit_is_a_persons_whatever_the_token() {
    let (sim, tokens) = limited(1).await;
    let again = sim.log_in().await;
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    assert_eq!(sim.get("/", &again.access).await.status, 429);
    let code = sim.code_for("blake.moreno@acme.example.com", "").await;
    let other = sim.exchange(&code).await.tokens();
    assert_eq!(sim.get("/", &other.access).await.status, 404);
}

#[tokio::test]
async fn only_requests_with_a_good_token_are_counted() {
    let (sim, tokens) = limited(1).await;
    for _ in 0..3 {
        assert_eq!(sim.get("/", "bad").await.status, 401);
        assert_eq!(sim.refresh(&tokens.refresh).await.status, 200);
    }
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    assert_eq!(sim.get("/", &tokens.access).await.status, 429);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn requests_that_a_rule_breaks_are_counted_and_those_over_the_limit_meet_no_rule() {
    let (sim, tokens) = limited(1).await;
    let control = sim.running.control();
    let rule = FaultRule::new(FaultMatch::default(), FaultAction::status(503)).named("r");
    control.add_fault(&rule).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 503);
    assert_eq!(sim.get("/", &tokens.access).await.status, 429);
    assert_eq!(control.fault("r").await.unwrap().matches, 1);
    control.clear_faults().await.unwrap();
    control.reset().await.unwrap();
    let tokens = sim.log_in().await;
    let lost = FaultRule::new(FaultMatch::path("/"), FaultAction::wire(Wire::Reset));
    control.add_fault(&lost).await.unwrap();
    let request = sim.http.get(format!("{}/", sim.running.url()));
    assert!(request.bearer_auth(&tokens.access).send().await.is_err());
    assert_eq!(sim.get("/", &tokens.access).await.status, 429);
}

#[tokio::test]
async fn the_limit_can_be_changed_and_turned_off_and_is_checked() {
    let (sim, tokens) = limited(1).await;
    let control = sim.running.control();
    let _ = sim.get("/", &tokens.access).await;
    assert_eq!(sim.get("/", &tokens.access).await.status, 429);
    let change = async |requests, window| {
        let patch = SettingsPatch {
            rate_limit_requests: requests,
            rate_limit_window_s: window,
            ..SettingsPatch::default()
        };
        control.change_settings(&patch).await
    };
    change(Some(2), Some(10)).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    assert_eq!(wait(&sim.get("/", &tokens.access).await), Some("10"));
    change(Some(0), None).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    for (requests, window) in [(Some(1_000_001), None), (None, Some(0)), (None, Some(86_401))] {
        assert!(change(requests, window).await.is_err(), "{requests:?} {window:?}");
    }
}
