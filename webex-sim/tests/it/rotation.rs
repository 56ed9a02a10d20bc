//! Refresh tokens that are replaced, answers that are lost, and what is noted about clients that get it wrong.

use std::io::ErrorKind;
use std::time::Duration;

use insta::assert_snapshot;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use webex_sim::types::{EntryFilter, Rotation, SettingsPatch, TokenKind, TokenState, ViolationKind};

use crate::harness::{ADMIN, Sim, Tokens};

async fn rotating(rotation: Rotation) -> (Sim, Tokens) {
    let settings = SettingsPatch {
        rotation: Some(rotation),
        ..SettingsPatch::default()
    };
    let sim = Sim::with(|builder| builder.settings(settings)).await;
    let tokens = sim.log_in().await;
    (sim, tokens)
}

async fn violations(sim: &Sim) -> Vec<ViolationKind> {
    let violations = sim.running.control().violations().await.unwrap();
    violations.into_iter().map(|violation| violation.kind).collect()
}

#[tokio::test]
async fn the_way_of_rotation_can_be_changed_at_any_time() {
    let (sim, first) = rotating(Rotation::None).await;
    assert_eq!(sim.refresh(&first.refresh).await.tokens().refresh, first.refresh);
    let patch = SettingsPatch {
        rotation: Some(Rotation::Grace { seconds: 5 }),
        ..SettingsPatch::default()
    };
    let settings = sim.running.control().change_settings(&patch).await.unwrap();
    assert_eq!(settings.rotation, Rotation::Grace { seconds: 5 });
    assert_ne!(sim.refresh(&first.refresh).await.tokens().refresh, first.refresh);
}

#[tokio::test]
async fn with_grace_a_client_that_lost_the_answer_asks_again_and_is_no_thief() {
    let (sim, first) = rotating(Rotation::Grace { seconds: 30 }).await;
    let control = sim.running.control();
    sim.refresh(&first.refresh).await.tokens();
    control.advance(Duration::from_secs(29)).await.unwrap();
    let second = sim.refresh(&first.refresh).await.tokens();
    assert_eq!(violations(&sim).await, []);
    control.advance(Duration::from_secs(1)).await.unwrap();
    let late = sim.refresh(&first.refresh).await;
    assert_eq!(
        (late.status, late.json()["error"].as_str()),
        (400, Some("invalid_grant"))
    );
    assert_eq!(violations(&sim).await, [ViolationKind::RefreshTokenReuse]);
    sim.refresh(&second.refresh).await.tokens();
}

#[tokio::test]
async fn strictly_a_replaced_token_ends_the_grant_and_is_noted_without_the_token() {
    let (sim, first) = rotating(Rotation::Strict).await;
    let control = sim.running.control();
    let second = sim.refresh(&first.refresh).await.tokens();
    let reuse = sim.refresh(&first.refresh).await;
    let after = sim.refresh(&second.refresh).await;
    assert_snapshot!(
        "reused_refresh_token",
        format!(
            "replaced\n  {} {}\n\nthe one that replaced it\n  {} {}\n",
            reuse.status, reuse.body, after.status, after.body
        )
    );
    assert_eq!(sim.get("/", &second.access).await.status, 401);
    let states = control.tokens().await.unwrap();
    assert!(
        states.iter().all(|token| token.state == TokenState::Revoked),
        "{states:?}"
    );

    let noted = control.violations().await.unwrap();
    let fingerprint = webex_sim::fingerprint(&first.refresh);
    assert_eq!(
        noted[0].detail,
        format!("refresh token {fingerprint} was used after a newer one had replaced it")
    );
    assert_eq!(
        (noted.len(), noted[0].client_id.as_str()),
        (1, sim.running.client_id())
    );
    control.clear_violations().await.unwrap();
    assert_eq!(violations(&sim).await, []);
    sim.log_in().await;
}

#[tokio::test]
async fn a_refresh_storm_is_noted_and_not_refused() {
    let (sim, tokens) = rotating(Rotation::None).await;
    for _ in 0..9 {
        sim.refresh(&tokens.refresh).await.tokens();
    }
    assert_eq!(violations(&sim).await, []);
    sim.refresh(&tokens.refresh).await.tokens();
    assert_eq!(violations(&sim).await, [ViolationKind::RefreshStorm]);
}

#[tokio::test]
async fn a_lost_answer_is_done_and_resets_the_connection() {
    let (sim, first) = rotating(Rotation::Grace { seconds: 30 }).await;
    let control = sim.running.control();
    control.expire_tokens(TokenKind::Access).await.unwrap();
    control.lose_token_answers(1).await.unwrap();
    // A refusal is no answer that brings tokens.
    assert_eq!(sim.refresh("garbage").await.status, 400);

    let form = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        sim.running.client_id(),
        sim.running.client_secret(),
        first.refresh
    );
    let address = sim.running.url().trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST /v1/access_token HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let error = socket.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!((error.kind(), answer.len()), (ErrorKind::ConnectionReset, 0));

    let lost = EntryFilter::grant("refresh_token");
    let entries = control
        .journal_wait(&lost, 2, Duration::from_secs(10))
        .await
        .unwrap();
    assert_eq!(entries[1].status, None);
    let refresh_tokens: Vec<_> = control
        .tokens()
        .await
        .unwrap()
        .into_iter()
        .filter(|token| token.kind == TokenKind::Refresh)
        .map(|token| token.state)
        .collect();
    assert_eq!(refresh_tokens, [TokenState::Replaced, TokenState::Active]);
    assert_eq!(sim.refresh(&first.refresh).await.status, 200, "only one is lost");
}

#[tokio::test]
async fn answers_over_tls_and_http_2_are_lost_too() {
    let (sim, first) = rotating(Rotation::Grace { seconds: 30 }).await;
    let control = sim.running.control();
    control.lose_token_answers(1).await.unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", sim.running.client_id()),
        ("client_secret", sim.running.client_secret()),
        ("refresh_token", &first.refresh),
    ];
    let request = || {
        let url = format!("{}/v1/access_token", sim.running.tls_url());
        sim.http.post(url).form(&form).send()
    };
    assert!(request().await.is_err());
    assert_eq!(request().await.unwrap().version(), reqwest::Version::HTTP_2);
}

#[tokio::test]
async fn losing_answers_can_be_taken_back_and_ends_with_a_reset() {
    let (sim, tokens) = rotating(Rotation::None).await;
    let control = sim.running.control();
    control.lose_token_answers(3).await.unwrap();
    control.lose_token_answers(0).await.unwrap();
    sim.refresh(&tokens.refresh).await.tokens();
    control.lose_token_answers(3).await.unwrap();
    control.reset().await.unwrap();
    control.accept_as(ADMIN).await.unwrap();
    sim.log_in().await;
}
