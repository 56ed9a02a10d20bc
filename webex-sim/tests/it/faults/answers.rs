//! Answers that a rule makes up: they look as the service's own errors do, unless the rule says otherwise.

use std::fmt::Write as _;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use super::{add, authorized};
use crate::harness::Sim;

#[tokio::test]
async fn each_service_has_errors_of_its_own_shape() {
    let (sim, tokens) = authorized().await;
    let mut shown = String::new();
    for (path, status) in [
        ("/v1/people/me", 503),
        ("/v1/people/me", 401),
        ("/v1/people/me", 429),
        ("/v1/people/me", 423),
        ("/v1/nothing", 404),
    ] {
        let action = json!({"status": status, "retry_after": 7});
        add(
            &sim,
            json!({"match": {"path": path}, "action": action, "times": 1}),
        )
        .await;
        let answer = sim.get(path, &tokens.access).await;
        writeln!(shown, "# {path} {status}\n{}", stable(&answer.wire())).unwrap();
    }
    for status in [400, 401, 500, 503] {
        add(
            &sim,
            json!({"match": {"operation": "token"}, "action": {"status": status}, "times": 1}),
        )
        .await;
        let answer = sim.refresh(&tokens.refresh).await;
        writeln!(shown, "# token {status}\n{}", stable(&answer.wire())).unwrap();
    }
    assert_snapshot!("fault_answers", shown);
}

/// Without what counts up from answer to answer.
fn stable(wire: &str) -> String {
    let id = |line: &str| match line.split_once("ROUTERGW_") {
        Some((before, after)) => format!("{before}ROUTERGW_[uuid]{}", &after[36..]),
        None => line.to_owned(),
    };
    wire.lines().map(id).collect::<Vec<_>>().join("\n") + "\n"
}

#[tokio::test]
async fn every_status_from_200_to_599_is_sent() {
    let (sim, tokens) = authorized().await;
    for status in (200..600).step_by(7).chain([204, 304, 423, 429, 599]) {
        for path in ["/", "/v1/access_token"] {
            add(&sim, json!({"action": {"status": status}, "times": 1})).await;
            let answer = sim.call(Method::POST, path, &tokens.access).await;
            assert_eq!(answer.status, status);
            let is_error = status >= 400;
            assert_eq!(!answer.body.is_empty(), is_error, "{status}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_429_is_html_with_the_documented_wait_unless_the_rule_says_otherwise() {
    let (sim, tokens) = authorized().await;
    let wait = async |action: serde_json::Value| {
        add(&sim, json!({"action": action, "times": 1})).await;
        let answer = sim.get("/", &tokens.access).await;
        assert_eq!(answer.status, 429);
        let header = |name| answer.header(name).map(str::to_owned);
        (header("content-type"), header("retry-after"))
    };
    let html = Some("text/html".to_owned());
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(wait(json!({"status": 429})).await, (html.clone(), text("3600")));
    assert_eq!(
        wait(json!({"status": 429, "retry_after": 5})).await,
        (html.clone(), text("5"))
    );
    assert_eq!(
        wait(json!({"status": 429, "retry_after": "rand(30),add(30)"})).await,
        (html.clone(), text("rand(30),add(30)"))
    );
    assert_eq!(
        wait(json!({"status": 429, "headers": {"retry-after": null}})).await,
        (html, None)
    );
    assert_eq!(
        wait(json!({"status": 429, "body": {"a": 1}})).await,
        (text("application/json"), None)
    );
}

#[tokio::test]
async fn header_fields_and_body_are_those_of_the_rule() {
    let (sim, tokens) = authorized().await;
    let action = json!({
        "status": 200, "body": "<p>maintenance</p>",
        "headers": {"content-type": "text/html", "x-extra": "yes", "server": null}
    });
    add(&sim, json!({"action": action, "times": 1})).await;
    let answer = sim.get("/", &tokens.access).await;
    assert_eq!(answer.body, "<p>maintenance</p>");
    assert_eq!(answer.header("content-length"), Some("18"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.header("x-extra"), Some("yes"));
    assert_eq!(answer.header("server"), None);
    assert!(answer.header("trackingid").is_some());

    add(
        &sim,
        json!({"action": {"status": 200, "body": {"b": [1, null]}}, "times": 1}),
    )
    .await;
    let answer = sim.get("/", &tokens.access).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.body, r#"{"b":[1,null]}"#);
}

#[tokio::test]
async fn a_text_may_be_long_and_need_not_be_ascii() {
    let sim = Sim::start().await;
    let text = "ü".repeat(10_000);
    add(&sim, json!({"action": {"status": 500, "body": text}})).await;
    assert_eq!(sim.open("/").await.body, text);
}
