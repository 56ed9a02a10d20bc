//! The control API, by its typed client and, where that cannot make mistakes, by hand.

use std::fmt::Write as _;
use std::time::Duration;

use insta::assert_snapshot;
use reqwest::Method;
use webex_sim::client::ClientError;
use webex_sim::types::{SettingsPatch, TokenKind, TokenState};

use crate::harness::{ADMIN, Answer, Sim};

async fn raw(sim: &Sim, method: Method, path: &str, body: &str) -> Answer {
    let url = format!("{}/__sim/{path}", sim.running.control_url());
    Answer::of(
        sim.http
            .request(method, url)
            .body(body.to_owned())
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn wrong_input_is_explained() {
    let sim = Sim::start().await;
    let before = sim.running.control().settings().await.unwrap();
    let mut shown = String::new();
    for (method, path, body) in [
        (Method::POST, "clock", r#"{"advance_seconds":-1}"#),
        (Method::POST, "clock", r#"{"advance_seconds":3153600001}"#),
        (Method::POST, "clock", r#"{"freeze":"yes"}"#),
        (Method::POST, "clock", r#"{"forward":1}"#),
        (Method::POST, "clock", "tomorrow"),
        (Method::POST, "consent", "{}"),
        (Method::POST, "consent", r#"{"action":"maybe"}"#),
        (Method::POST, "consent", r#"{"action":"accept"}"#),
        (
            Method::POST,
            "consent",
            r#"{"action":"accept","email":"nobody@example.com"}"#,
        ),
        (
            Method::POST,
            "consent",
            r#"{"action":"error","error":"with \"quotes\""}"#,
        ),
        (Method::POST, "consent", r#"{"action":"decline","email":"x"}"#),
        (Method::POST, "tokens/expire", r#"{"kind":"id"}"#),
        (Method::POST, "tokens/revoke", "[]"),
        (Method::POST, "people/nobody/password", r#"{"password":"x"}"#),
        (
            Method::POST,
            "people/avery.quinn@acme.example.com/password",
            r#"{"password":""}"#,
        ),
        (
            Method::POST,
            "people/avery.quinn@acme.example.com/password",
            r#"{"password":7}"#,
        ),
        (Method::DELETE, "people/nobody", ""),
        (Method::GET, "journal?status=ok", ""),
        (Method::GET, "journal/count?color=red", ""),
        (Method::GET, "journal/wait?count=many", ""),
        (Method::GET, "journal/wait?timeout_ms=600001", ""),
        (Method::PATCH, "settings", r#"{"access_token_lifetime_s":0}"#),
        (
            Method::PATCH,
            "settings",
            r#"{"code_lifetime_s":60,"invalid_client_status":403}"#,
        ),
        (
            Method::PATCH,
            "settings",
            r#"{"redirect_uris":["http://a/","http://a/"]}"#,
        ),
        (Method::PATCH, "settings", r#"{"rotation":"sometimes"}"#),
        (
            Method::PATCH,
            "settings",
            r#"{"rotation":{"grace":{"seconds":0}}}"#,
        ),
        (
            Method::PATCH,
            "settings",
            r#"{"rotation":{"grace":{"seconds":1,"minutes":1}}}"#,
        ),
        (Method::POST, "tokens/lose-answers", "{}"),
        (Method::POST, "tokens/lose-answers", r#"{"count":-1}"#),
        (Method::POST, "reset", r#"{"hard":true}"#),
        (Method::GET, "nothing", ""),
        (Method::PUT, "clock", ""),
    ] {
        let answer = raw(&sim, method.clone(), path, body).await;
        writeln!(
            shown,
            "{method} {path} {body}\n  {} {}\n",
            answer.status, answer.body
        )
        .unwrap();
    }
    assert_snapshot!("control_rejections", shown);
    assert_eq!(sim.running.control().settings().await.unwrap(), before);
    assert!(sim.running.control().consent().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_clients_errors_say_what_the_simulator_said() {
    let sim = Sim::start().await;
    let error = sim
        .running
        .control()
        .accept_as("nobody@example.com")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ClientError::Refused { status: 400, rejection } if rejection.field == "email"),
        "{error}"
    );
    let control = sim.running.control();
    sim.running.stop().await;
    let error = control.health().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn the_clock_moves_and_stops() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    assert_eq!(control.clock().await.unwrap().now, crate::harness::NOW);
    let clock = control.advance(Duration::from_hours(1)).await.unwrap();
    assert_eq!(
        (clock.now.as_str(), clock.offset_ms),
        ("2026-02-10T09:09:45.250Z", 3_600_000)
    );
    assert!(control.freeze(true).await.unwrap().frozen);
    assert!(!control.freeze(false).await.unwrap().frozen);
}

#[tokio::test]
async fn the_date_of_answers_is_simulated_time() {
    let sim = Sim::start().await;
    sim.running
        .control()
        .advance(Duration::from_hours(24))
        .await
        .unwrap();
    assert_eq!(
        sim.open("/").await.header("date"),
        Some("Wed, 11 Feb 2026 08:09:45 GMT")
    );
}

#[tokio::test]
async fn tokens_are_listed_by_fingerprint() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let control = sim.running.control();
    let listed = control.tokens().await.unwrap();
    assert_eq!(listed.len(), 2);
    let access = listed
        .iter()
        .find(|token| token.kind == TokenKind::Access)
        .unwrap();
    assert_eq!(access.fingerprint, webex_sim::fingerprint(&tokens.access));
    assert_eq!(
        (access.person.as_deref(), access.expires_at.as_str()),
        (Some(ADMIN), "2026-02-24T08:09:44.250Z")
    );
    assert_eq!(
        control
            .revoke_token(TokenKind::Access, &access.fingerprint)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        control
            .expire_token(TokenKind::Access, &access.fingerprint)
            .await
            .unwrap(),
        0
    );
    assert_eq!(control.tokens().await.unwrap()[1].state, TokenState::Revoked);
}

#[tokio::test]
async fn reset_brings_everything_back() {
    let sim = Sim::with(|builder| builder.redirect_uri("http://gw/code")).await;
    let control = sim.running.control();
    let before = control.settings().await.unwrap();
    assert!(before.redirect_uris.contains(&"http://gw/code".to_owned()));
    let tokens = sim.log_in().await;
    control.delete_person(ADMIN).await.unwrap();
    control.advance(Duration::from_hours(1)).await.unwrap();
    control.decline().await.unwrap();
    let patch = SettingsPatch {
        code_lifetime_s: Some(1),
        ..SettingsPatch::default()
    };
    control.change_settings(&patch).await.unwrap();
    control.reset().await.unwrap();
    assert_eq!(control.settings().await.unwrap(), before);
    assert_eq!(control.clock().await.unwrap().offset_ms, 0);
    assert!(control.consent().await.unwrap().is_empty() && control.tokens().await.unwrap().is_empty());
    assert_eq!(
        control
            .journal_count(&webex_sim::types::EntryFilter::default())
            .await
            .unwrap(),
        0
    );
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    sim.log_in().await;
}

#[tokio::test]
async fn stopping_refuses_connections_and_cuts_those_that_are_open() {
    let sim = Sim::start().await;
    let address = sim.running.url().trim_start_matches("http://").to_owned();
    let mut open = tokio::net::TcpStream::connect(&address).await.unwrap();
    assert_eq!(sim.open("/").await.status, 401);
    sim.running.stop().await;
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut open, &mut rest).await;
    assert!(rest.is_empty());
    let refused = tokio::net::TcpStream::connect(&address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_port_can_be_taken_over_from_a_stopped_simulator() {
    let first = Sim::start().await;
    let port = url::Url::parse(&first.running.url()).unwrap().port().unwrap();
    assert_eq!(first.open("/").await.status, 401);
    first.running.stop().await;
    let second = Sim::with(|builder| builder.port(port)).await;
    assert_eq!(second.open("/").await.status, 401);
}

#[tokio::test]
async fn a_redirect_uri_with_a_control_character_is_refused() {
    let sim = Sim::start().await;
    let patch = SettingsPatch {
        redirect_uris: Some(vec!["http://localhost/\u{1}cb".to_owned()]),
        ..SettingsPatch::default()
    };
    let error = sim.running.control().change_settings(&patch).await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Refused { status: 400, .. }),
        "{error}"
    );
}
