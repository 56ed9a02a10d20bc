//! What is noted about clients that do not do as they are told.

use std::time::Duration;

use serde_json::Value;
use webex_sim::types::{
    FaultAction, FaultMatch, FaultRule, RetryAfter, SettingsPatch, TokenKind, ViolationKind, Wire,
};

use crate::harness::{ADMIN, ADMIN_PASSWORD, Sim, Tokens};

async fn authorized() -> (Sim, Tokens) {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    (sim, tokens)
}

async fn kinds(sim: &Sim) -> Vec<ViolationKind> {
    let violations = sim.running.control().violations().await.unwrap();
    violations.into_iter().map(|violation| violation.kind).collect()
}

/// Adds a rule that fires once.
async fn once(sim: &Sim, matching: FaultMatch, action: FaultAction) {
    let rule = FaultRule::new(matching, action).times(1);
    sim.running.control().add_fault(&rule).await.unwrap();
}

#[tokio::test]
async fn a_call_before_retry_after_is_over_is_noted() {
    for status in [429, 423, 503] {
        let (sim, tokens) = authorized().await;
        let control = sim.running.control();
        let action = FaultAction::status(status).retry_after(30);
        once(&sim, FaultMatch::operation("getMe"), action).await;
        let me = async || sim.get("/v1/people/me", &tokens.access).await.status;
        assert_eq!(me().await, status);
        assert_eq!(
            sim.get("/", &tokens.access).await.status,
            404,
            "another operation"
        );
        control.advance(Duration::from_secs(29)).await.unwrap();
        assert_eq!(kinds(&sim).await, []);
        assert_eq!(me().await, 200, "nothing is refused for it");
        assert_eq!(kinds(&sim).await, [ViolationKind::RetryAfterIgnored]);
        control.advance(Duration::from_secs(1)).await.unwrap();
        assert_eq!(me().await, 200);
        assert_eq!(kinds(&sim).await.len(), 1);
        let violation = &control.violations().await.unwrap()[0];
        assert_eq!(violation.client_id, sim.running.client_id());
        assert_eq!(
            violation.detail,
            format!("getMe was called for {ADMIN} before 2026-02-10T08:10:15.250Z, which Retry-After named")
        );
    }
}

#[tokio::test]
async fn the_wait_is_of_one_person() {
    let (sim, tokens) = authorized().await;
    let code = sim.code_for("blake.moreno@acme.example.com", "").await;
    let other = sim.exchange(&code).await.tokens();
    once(&sim, FaultMatch::path("/"), FaultAction::status(429)).await;
    assert_eq!(sim.get("/", &tokens.access).await.status, 429);
    assert_eq!(sim.get("/", &other.access).await.status, 404);
    assert_eq!(kinds(&sim).await, []);
    // Another token of the same person does not help.
    let again = sim.log_in().await;
    assert_eq!(sim.get("/", &again.access).await.status, 404);
    assert_eq!(kinds(&sim).await, [ViolationKind::RetryAfterIgnored]);
}

#[tokio::test]
async fn a_refresh_has_to_wait_too_and_the_rate_limit_is_meant() {
    let (sim, tokens) = authorized().await;
    let busy = FaultAction::status(503).retry_after(5);
    once(&sim, FaultMatch::operation("token"), busy).await;
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 503);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 200);
    assert_eq!(kinds(&sim).await, [ViolationKind::RetryAfterIgnored]);

    let patch = SettingsPatch {
        rate_limit_requests: Some(1),
        ..SettingsPatch::default()
    };
    sim.running.control().change_settings(&patch).await.unwrap();
    for expected in [404, 429, 429] {
        assert_eq!(sim.get("/", &tokens.access).await.status, expected);
    }
    assert_eq!(kinds(&sim).await, [ViolationKind::RetryAfterIgnored; 2]);
}

#[tokio::test]
async fn what_cannot_be_read_or_was_never_sent_binds_nobody() {
    let (sim, tokens) = authorized().await;
    let malformed = FaultAction {
        retry_after: Some(RetryAfter::Text("rand(30),add(30)".into())),
        ..FaultAction::status(429)
    };
    for action in [
        malformed,
        FaultAction::status(503),
        FaultAction::status(500).retry_after(60),
    ] {
        once(&sim, FaultMatch::path("/"), action).await;
        assert_ne!(sim.get("/", &tokens.access).await.status, 404);
    }
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    assert_eq!(kinds(&sim).await, []);
}

#[tokio::test]
async fn a_date_in_retry_after_binds_as_seconds_do() {
    let (sim, tokens) = authorized().await;
    let dated = FaultAction {
        retry_after: Some(RetryAfter::Text("Tue, 10 Feb 2026 08:10:00 GMT".into())),
        ..FaultAction::status(503)
    };
    once(&sim, FaultMatch::path("/"), dated).await;
    assert_eq!(sim.get("/", &tokens.access).await.status, 503);
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    assert_eq!(kinds(&sim).await, [ViolationKind::RetryAfterIgnored]);
}

#[tokio::test]
async fn a_code_that_is_presented_again_is_noted_without_the_code() {
    let (sim, _) = authorized().await;
    let control = sim.running.control();
    let code = sim.code("").await;
    sim.exchange(&code).await.tokens();
    assert_eq!(kinds(&sim).await, []);
    assert_eq!(sim.exchange(&code).await.status, 400);
    let violations = control.violations().await.unwrap();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].kind, ViolationKind::CodeReuse);
    let fingerprint = webex_sim::fingerprint(&code);
    assert_eq!(
        violations[0].detail,
        format!("authorization code {fingerprint} was presented again")
    );
}

#[tokio::test]
async fn a_code_that_was_refused_counts_and_one_that_never_arrived_does_not() {
    let (sim, _) = authorized().await;
    let control = sim.running.control();
    let late = sim.code("").await;
    control.advance(Duration::from_mins(5)).await.unwrap();
    assert_eq!(sim.exchange(&late).await.status, 400, "it is expired");
    assert_eq!(kinds(&sim).await, []);
    assert_eq!(sim.exchange(&late).await.status, 400);
    assert_eq!(kinds(&sim).await, [ViolationKind::CodeReuse]);

    let code = sim.code("").await;
    once(&sim, FaultMatch::operation("token"), FaultAction::status(500)).await;
    assert_eq!(sim.exchange(&code).await.status, 500);
    sim.exchange(&code).await.tokens();
    assert_eq!(sim.exchange("unknown").await.status, 400);
    assert_eq!(sim.exchange("unknown").await.status, 400);
    assert_eq!(kinds(&sim).await.len(), 1);
}

#[tokio::test]
async fn a_revoked_token_that_has_had_its_401_is_not_to_be_used() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    control.revoke_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    assert_eq!(kinds(&sim).await, [], "how should it have known");
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    let violations = control.violations().await.unwrap();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].kind, ViolationKind::UseAfterRevocation);
    assert!(
        !violations[0].detail.contains(&tokens.access),
        "{}",
        violations[0].detail
    );
    let fresh = sim.refresh(&tokens.refresh).await.tokens();
    assert_eq!(sim.get("/", &fresh.access).await.status, 404);
    assert_eq!(kinds(&sim).await.len(), 1);
}

#[tokio::test]
async fn whether_a_revoked_token_works_again_may_be_asked_once_in_20_seconds() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    control.revoke_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    control.advance(Duration::from_secs(20)).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    assert_eq!(kinds(&sim).await, []);
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    assert_eq!(kinds(&sim).await, [ViolationKind::UseAfterRevocation]);
}

#[tokio::test]
async fn a_password_change_revokes_and_an_expiry_does_not() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    control.expire_tokens(TokenKind::Access).await.unwrap();
    for _ in 0..3 {
        assert_eq!(sim.get("/", &tokens.access).await.status, 401);
        assert_eq!(sim.get("/", "garbage").await.status, 401);
    }
    assert_eq!(kinds(&sim).await, []);
    let tokens = sim.log_in().await;
    control.change_password(ADMIN, ADMIN_PASSWORD).await.unwrap();
    for _ in 0..2 {
        assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    }
    assert_eq!(kinds(&sim).await, [ViolationKind::UseAfterRevocation]);
}

#[tokio::test]
async fn a_401_that_was_lost_or_made_up_for_a_good_token_tells_the_client_nothing() {
    let (sim, tokens) = authorized().await;
    for _ in 0..2 {
        once(&sim, FaultMatch::path("/"), FaultAction::status(401)).await;
        assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    }
    let control = sim.running.control();
    control.revoke_tokens(TokenKind::Access).await.unwrap();
    once(
        &sim,
        FaultMatch::path("/").afterwards(),
        FaultAction::wire(Wire::Empty),
    )
    .await;
    let request = sim.http.get(format!("{}/", sim.running.url()));
    assert!(request.bearer_auth(&tokens.access).send().await.is_err());
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    assert_eq!(kinds(&sim).await, []);
}

#[tokio::test]
async fn a_refresh_token_that_was_refused_is_not_to_be_used() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    control.revoke_tokens(TokenKind::Refresh).await.unwrap();
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 400);
    assert_eq!(sim.refresh("garbage").await.status, 400);
    assert_eq!(kinds(&sim).await, []);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 400);
    let violations = control.violations().await.unwrap();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].kind, ViolationKind::RefreshAfterInvalid);
    let fingerprint = webex_sim::fingerprint(&tokens.refresh);
    assert_eq!(
        violations[0].detail,
        format!("refresh token {fingerprint} was used again after it had been refused")
    );
    assert_eq!(sim.refresh("garbage").await.status, 400);
    assert_eq!(kinds(&sim).await, [ViolationKind::RefreshAfterInvalid; 2]);
}

#[tokio::test]
async fn a_refusal_that_a_rule_made_up_or_that_is_about_something_else_does_not_count() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    let body: Value = serde_json::json!({"error": "invalid_grant"});
    for _ in 0..2 {
        let action = FaultAction::status(400).body(body.clone());
        once(&sim, FaultMatch::operation("token"), action).await;
        assert_eq!(sim.refresh(&tokens.refresh).await.status, 400);
    }
    control.expire_tokens(TokenKind::Access).await.unwrap();
    let second = sim.refresh(&tokens.refresh).await.tokens();
    let patch = SettingsPatch {
        max_access_tokens: Some(1),
        same_token_within_24h: Some(false),
        ..SettingsPatch::default()
    };
    control.change_settings(&patch).await.unwrap();
    for _ in 0..2 {
        let full = sim.refresh(&second.refresh).await;
        assert_eq!(full.json()["error"], "tokenlimit_reached");
    }
    assert_eq!(kinds(&sim).await, []);
}
