//! Fault rules over HTTP: which requests they meet, what is answered, and the control API.

mod answers;
mod raw;
mod wire;

use std::fmt::Write as _;
use std::time::Duration;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::client::ClientError;
use webex_sim::types::{
    Delay, EntryFilter, FaultAction, FaultMatch, FaultRule, HeaderMatch, TokenKind, When, Wire,
};

use crate::harness::{ADMIN, Answer, Sim, Tokens};

const BLAKE: &str = "blake.moreno@acme.example.com";

async fn authorized() -> (Sim, Tokens) {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    (sim, tokens)
}

async fn control(sim: &Sim, method: Method, path: &str, body: &str) -> Answer {
    let url = format!("{}/__sim/{path}", sim.running.control_url());
    let request = sim.http.request(method, url).body(body.to_owned());
    Answer::of(request.send().await.unwrap()).await
}

/// Adds a rule as JSON, as it is in the documentation.
async fn add(sim: &Sim, rule: Value) -> Value {
    let answer = control(sim, Method::POST, "faults", &rule.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Adds a rule that answers those that `matching` means with 500.
async fn refuse(sim: &Sim, matching: FaultMatch) {
    let rule = FaultRule::new(matching, FaultAction::status(500));
    sim.running.control().add_fault(&rule).await.unwrap();
}

async fn log_in_as(sim: &Sim, email: &str) -> Tokens {
    let code = sim.code_for(email, "").await;
    sim.exchange(&code).await.tokens()
}

#[tokio::test]
async fn an_operation_is_met_and_others_are_not() {
    let (sim, tokens) = authorized().await;
    refuse(&sim, FaultMatch::operation("getMe")).await;
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 500);
    assert_eq!(
        sim.call(Method::HEAD, "/v1/people/me", &tokens.access)
            .await
            .status,
        500
    );
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
}

#[tokio::test]
async fn a_method_and_a_path_are_met_simulated_or_not() {
    let (sim, tokens) = authorized().await;
    let matching = FaultMatch {
        method: Some("PUT".into()),
        ..FaultMatch::path("/v1/*/x/**")
    };
    refuse(&sim, matching).await;
    let status = async |method, path| sim.call(method, path, &tokens.access).await.status;
    assert_eq!(status(Method::PUT, "/v1/rooms/x?max=1").await, 500);
    assert_eq!(status(Method::PUT, "/v1/rooms/x/y/z").await, 500);
    assert_eq!(status(Method::GET, "/v1/rooms/x").await, 404);
    assert_eq!(status(Method::PUT, "/v1/rooms").await, 404);
}

#[tokio::test]
async fn a_person_is_met_by_their_access_token_refresh_token_and_code() {
    let (sim, avery) = authorized().await;
    let blake = log_in_as(&sim, BLAKE).await;
    let code = sim.code_for(BLAKE, "").await;
    let matching = FaultMatch {
        person: Some(BLAKE.into()),
        ..FaultMatch::default()
    };
    refuse(&sim, matching).await;
    assert_eq!(sim.get("/", &blake.access).await.status, 500);
    assert_eq!(sim.refresh(&blake.refresh).await.status, 500);
    assert_eq!(sim.exchange(&code).await.status, 500);
    assert_eq!(sim.get("/", &avery.access).await.status, 404);
    assert_eq!(sim.refresh(&avery.refresh).await.status, 200);
    assert_eq!(sim.get("/", "nobody's").await.status, 401);
    // Theirs it is even when it is dead.
    sim.running
        .control()
        .revoke_tokens(TokenKind::Refresh)
        .await
        .unwrap();
    assert_eq!(sim.get("/", &blake.access).await.status, 500);
}

#[tokio::test]
async fn a_token_is_met_by_its_fingerprint() {
    let (sim, tokens) = authorized().await;
    let other = log_in_as(&sim, ADMIN).await;
    for token in [&tokens.access, &tokens.refresh, "unknown"] {
        let matching = FaultMatch {
            token: Some(webex_sim::fingerprint(token)),
            ..FaultMatch::default()
        };
        refuse(&sim, matching).await;
    }
    assert_eq!(sim.get("/", &tokens.access).await.status, 500);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 500);
    assert_eq!(sim.get("/", "unknown").await.status, 500);
    assert_eq!(sim.get("/", &other.access).await.status, 404);
    assert_eq!(sim.refresh(&other.refresh).await.status, 200);
}

#[tokio::test]
async fn a_grant_type_is_met() {
    let (sim, tokens) = authorized().await;
    let matching = FaultMatch {
        grant_type: Some("refresh_token".into()),
        ..FaultMatch::operation("token")
    };
    refuse(&sim, matching).await;
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 500);
    sim.log_in().await;
}

#[tokio::test]
async fn a_header_field_is_met() {
    let (sim, tokens) = authorized().await;
    let header = HeaderMatch {
        name: "X-Test".into(),
        value: Some("a".into()),
    };
    let matching = FaultMatch {
        header: Some(header),
        ..FaultMatch::default()
    };
    refuse(&sim, matching).await;
    let status = async |value: &str| {
        let request = sim.http.get(format!("{}/", sim.running.url()));
        let request = request.bearer_auth(&tokens.access).header("x-test", value);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((status("a").await, status("b").await), (500, 404));
}

#[tokio::test]
async fn nth_every_after_and_times_count_the_requests_that_are_meant() {
    let (sim, tokens) = authorized().await;
    for (bounds, fired) in [
        (
            json!({"match": {"path": "/", "nth": 2}}),
            [false, true, false, false, false, false],
        ),
        (
            json!({"match": {"path": "/", "every": 2}}),
            [false, true, false, true, false, true],
        ),
        (
            json!({"match": {"path": "/"}, "times": 2}),
            [true, true, false, false, false, false],
        ),
        (
            json!({"match": {"path": "/"}, "times": 1, "after": 4}),
            [false, false, false, false, true, false],
        ),
    ] {
        let mut rule = json!({"id": "r", "action": {"status": 500}});
        rule.as_object_mut()
            .unwrap()
            .extend(bounds.as_object().unwrap().clone());
        add(&sim, rule).await;
        let mut seen = Vec::new();
        for _ in 0..6 {
            assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 200);
            seen.push(sim.get("/", &tokens.access).await.status == 500);
        }
        assert_eq!(seen, fired, "{bounds}");
        let removed = sim.running.control().remove_fault("r").await.unwrap();
        let hits = fired.iter().filter(|fired| **fired).count();
        assert_eq!((removed.matches, removed.hits), (6, hits as u64));
    }
}

#[tokio::test]
async fn a_rule_ends_in_simulated_time() {
    let (sim, tokens) = authorized().await;
    let added = add(&sim, json!({"action": {"status": 500}, "expires_in_s": 60})).await;
    assert_eq!(added["expires_at"], "2026-02-10T08:10:45.250Z");
    let control = sim.running.control();
    control.advance(Duration::from_secs(59)).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 500);
    control.advance(Duration::from_secs(1)).await.unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    let fault = control.fault("fault-1").await.unwrap();
    assert_eq!((fault.matches, fault.hits), (1, 1));
    assert_eq!(fault.last_hit.as_deref(), Some("2026-02-10T08:10:44.250Z"));
}

#[tokio::test]
async fn luck_repeats_itself_with_the_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let (sim, tokens) = authorized().await;
        add(
            &sim,
            json!({"match": {"probability": 0.5, "seed": seed}, "action": {"status": 500}}),
        )
        .await;
        let mut run = Vec::new();
        for _ in 0..24 {
            run.push(sim.get("/", &tokens.access).await.status);
        }
        assert!(run.contains(&500) && run.contains(&404), "{run:?}");
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn before_the_operation_does_not_happen_and_after_it_does() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    control.expire_tokens(TokenKind::Access).await.unwrap();
    let access = async || {
        let all = control.tokens().await.unwrap();
        all.iter().filter(|token| token.kind == TokenKind::Access).count()
    };
    for (when, issued) in [(When::Before, 1), (When::After, 2)] {
        let matching = FaultMatch {
            when: Some(when),
            ..FaultMatch::operation("token")
        };
        let rule = FaultRule::new(matching, FaultAction::status(503)).times(1);
        control.add_fault(&rule).await.unwrap();
        assert_eq!(sim.refresh(&tokens.refresh).await.status, 503);
        assert_eq!(access().await, issued, "{when:?}");
    }
    let reset = FaultRule::new(
        FaultMatch::operation("token").afterwards(),
        FaultAction::wire(Wire::Reset),
    );
    control.add_fault(&reset.times(1)).await.unwrap();
    control.expire_tokens(TokenKind::Access).await.unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", sim.running.client_id()),
        ("client_secret", sim.running.client_secret()),
        ("refresh_token", &tokens.refresh),
    ];
    let request = sim.http.post(format!("{}/v1/access_token", sim.running.url()));
    assert!(request.form(&form).send().await.is_err());
    assert_eq!(access().await, 3, "done, and the answer is lost");
}

#[tokio::test]
async fn a_delay_holds_back_the_operations_answer_and_any_other() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    let delays = [
        Delay::Fixed { ms: 40 },
        Delay::Uniform {
            min_ms: 40,
            max_ms: 50,
        },
        Delay::Lognormal {
            median_ms: 40,
            sigma: 0.0,
        },
    ];
    for (n, delay) in delays.into_iter().enumerate() {
        for (status, answered) in [(None, 404), (Some(500), 500)] {
            let action = FaultAction {
                status,
                ..FaultAction::delay(delay)
            };
            let id = format!("d{n}-{answered}");
            let rule = FaultRule::new(FaultMatch::default(), action).named(&id).times(1);
            control.add_fault(&rule).await.unwrap();
            assert_eq!(sim.get("/", &tokens.access).await.status, answered);
            let entries = control.journal(&EntryFilter::fault(&id)).await.unwrap();
            assert_eq!(entries.len(), 1);
            assert!(entries[0].duration_ms >= 39.0, "{}", entries[0].duration_ms);
        }
    }
}

#[tokio::test]
async fn who_leaves_during_a_delay_is_in_the_journal_with_the_rule() {
    let (sim, tokens) = authorized().await;
    add(
        &sim,
        json!({"id": "slow", "action": {"delay": {"fixed": {"ms": 3_600_000}}}}),
    )
    .await;
    let http = raw::Http1::get(&sim, "/", &tokens.access).await;
    let control = sim.running.control();
    // Once the rule has fired the request is being held back.
    while control.fault("slow").await.unwrap().hits == 0 {}
    drop(http);
    let slow = EntryFilter::fault("slow");
    let entries = control
        .journal_wait(&slow, 1, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(entries[0].status, None);
}

#[tokio::test]
async fn the_journal_names_the_rule_and_the_status_that_the_client_got() {
    let (sim, tokens) = authorized().await;
    add(
        &sim,
        json!({"id": "a", "match": {"operation": "getMe"}, "action": {"status": 502}}),
    )
    .await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let _ = sim.get("/", &tokens.access).await;
    let control = sim.running.control();
    let entries = control.journal(&EntryFilter::fault("a")).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].status, entries[0].path.as_str()),
        (Some(502), "/v1/people/me")
    );
    assert_eq!(entries[0].person.as_deref(), Some(ADMIN));
    let others = control.journal(&EntryFilter::path("/")).await.unwrap();
    assert_eq!(others[0].fault, None);
}

#[tokio::test]
async fn rules_are_listed_found_removed_and_reset() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    let rule = FaultRule::new(FaultMatch::path("/"), FaultAction::status(500)).named("first");
    let added = control.add_fault(&rule).await.unwrap();
    assert_eq!(
        (added.hits, added.matches, added.last_hit.as_deref()),
        (0, 0, None)
    );
    assert_eq!(added.rule.matching.when, Some(When::Before));
    refuse(&sim, FaultMatch::path("/nothing")).await;
    let _ = sim.get("/", &tokens.access).await;

    let ids = |faults: Vec<webex_sim::types::Fault>| -> Vec<_> {
        faults.into_iter().filter_map(|fault| fault.rule.id).collect()
    };
    assert_eq!(ids(control.faults().await.unwrap()), ["first", "fault-1"]);
    assert_eq!(ids(control.unused_faults().await.unwrap()), ["fault-1"]);
    let first = control.fault("first").await.unwrap();
    assert_eq!((first.hits, first.matches), (1, 1));
    assert_eq!(control.remove_fault("first").await.unwrap(), first);
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    control.clear_faults().await.unwrap();
    assert!(control.faults().await.unwrap().is_empty());

    refuse(&sim, FaultMatch::default()).await;
    control.reset().await.unwrap();
    assert!(control.faults().await.unwrap().is_empty());
    let tokens = sim.log_in().await;
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
}

#[tokio::test]
async fn the_control_api_is_never_broken() {
    let sim = Sim::start().await;
    add(&sim, json!({"action": {"wire": "reset"}})).await;
    assert_eq!(sim.running.control().faults().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_rule_that_is_not_there_is_404_with_those_that_are() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    refuse(&sim, FaultMatch::default()).await;
    for error in [
        control.fault("none").await.unwrap_err(),
        control.remove_fault("none").await.unwrap_err(),
    ] {
        assert!(
            matches!(&error, ClientError::Refused { status: 404, rejection } if rejection.accepted == "fault-1"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn wrong_rules_are_explained_and_nothing_is_added() {
    let sim = Sim::start().await;
    add(&sim, json!({"id": "taken", "action": {"status": 500}})).await;
    let mut shown = String::new();
    for rule in [
        "{}",
        "[]",
        r#"{"action":{}}"#,
        r#"{"actions":{"status":500},"action":{"status":500}}"#,
        r#"{"id":"taken","action":{"status":500}}"#,
        r#"{"id":"unused","action":{"status":500}}"#,
        r#"{"match":{"operation":"getYou"},"action":{"status":500}}"#,
        r#"{"match":{"path":"/v1/**/x"},"action":{"status":500}}"#,
        r#"{"match":{"token":"a-token-itself"},"action":{"status":500}}"#,
        r#"{"match":{"probability":2},"action":{"status":500}}"#,
        r#"{"match":{"when":"before"},"action":{"wire":"malformed"}}"#,
        r#"{"action":{"status":99}}"#,
        r#"{"action":{"headers":{"x":"y"}}}"#,
        r#"{"action":{"status":500,"headers":{"content-length":"0"}}}"#,
        r#"{"action":{"delay":"long"}}"#,
        r#"{"action":{"delay":{"uniform":{"min_ms":2,"max_ms":1}}}}"#,
        r#"{"action":{"wire":"explode"}}"#,
        r#"{"action":{"wire":"hang","status":500}}"#,
        r#"{"action":{"status":500},"times":0}"#,
    ] {
        let answer = control(&sim, Method::POST, "faults", rule).await;
        writeln!(shown, "{rule}\n  {} {}\n", answer.status, answer.body).unwrap();
    }
    assert_snapshot!("fault_rejections", shown);
    assert_eq!(sim.running.control().faults().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_rules_of_the_guide_are_rules_and_every_field_is_in_it() {
    let guide = include_str!("../../../docs/simulator.md");
    let sim = Sim::start().await;
    let examples: Vec<_> = guide
        .lines()
        .filter_map(|line| {
            line.trim_start()
                .strip_prefix("curl -s $C/faults -d '")?
                .strip_suffix('\'')
        })
        .collect();
    assert!(examples.len() >= 8, "{examples:?}");
    for example in examples {
        let answer = control(&sim, Method::POST, "faults", example).await;
        assert_eq!(answer.status, 200, "{example}: {}", answer.body);
    }
    for (object, prefix) in [("match", "match."), ("action", "action."), ("", "")] {
        let wrong = match object {
            "" => json!({"action": {"status": 500}, "no-such-field": 1}),
            "match" => json!({"action": {"status": 500}, "match": {"no-such-field": 1}}),
            _ => json!({"action": {"no-such-field": 1}}),
        };
        let refused = control(&sim, Method::POST, "faults", &wrong.to_string())
            .await
            .json();
        assert_eq!(refused["field"], format!("{prefix}no-such-field"));
        for field in refused["accepted"].as_str().unwrap().split(", ") {
            assert!(guide.contains(&format!("\n| `{field}` | ")), "{object} {field}");
        }
    }
}
