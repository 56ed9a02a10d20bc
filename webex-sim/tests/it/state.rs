//! Snapshots, and the state as a document that goes from process to process.

use std::fmt::Write as _;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::client::ClientError;
use webex_sim::types::{EntryFilter, NewWorld, Rotation, SettingsPatch, TokenKind};

use crate::harness::{ADMIN, Answer, Sim};

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, String) {
    match result.unwrap_err() {
        ClientError::Refused { status, rejection } => (status, rejection.to_string()),
        other => panic!("{other}"),
    }
}

async fn state_of(sim: &Sim) -> Value {
    serde_json::from_str(&sim.running.control().export_state().await.unwrap()).unwrap()
}

/// A world in which something of everything has happened.
async fn lively() -> (Sim, crate::harness::Tokens) {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let tokens = sim.log_in().await;
    let patch = SettingsPatch {
        rotation: Some(Rotation::Grace { seconds: 30 }),
        same_token_within_24h: Some(false),
        ..SettingsPatch::default()
    };
    control.change_settings(&patch).await.unwrap();
    let tokens = sim.refresh(&tokens.refresh).await.tokens();
    control
        .change_password("blake.moreno@acme.example.com", "another password")
        .await
        .unwrap();
    control
        .delete_person("casey.lind@acme.example.com")
        .await
        .unwrap();
    let pkce = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    sim.code(pkce).await;
    for _ in 0..10 {
        let _ = sim.refresh("nonsense").await;
    }
    control.decline().await.unwrap();
    control.lose_token_answers(0).await.unwrap();
    control.freeze(true).await.unwrap();
    control.advance(Duration::from_hours(1)).await.unwrap();
    (sim, tokens)
}

#[tokio::test]
async fn a_snapshot_brings_back_state_and_clock_but_not_the_journal() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let tokens = sim.log_in().await;
    control.freeze(true).await.unwrap();
    let saved = control.save_snapshot("logged-in").await.unwrap();
    assert!(saved.frozen);
    let (state, clock) = (state_of(&sim).await, control.clock().await.unwrap());

    control.revoke_tokens(TokenKind::Refresh).await.unwrap();
    control.delete_person(ADMIN).await.unwrap();
    control.advance(Duration::from_secs(99)).await.unwrap();
    control.freeze(false).await.unwrap();
    control.decline().await.unwrap();
    let _ = sim.refresh("nonsense").await;
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    assert_ne!(state_of(&sim).await, state);
    let entries = control.journal_count(&EntryFilter::default()).await.unwrap();

    assert_eq!(control.restore_snapshot("logged-in").await.unwrap(), saved);
    assert_eq!(state_of(&sim).await, state);
    assert_eq!(control.clock().await.unwrap(), clock);
    assert_eq!(
        control.journal_count(&EntryFilter::default()).await.unwrap(),
        entries
    );
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 200);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 200);
    // It can be gone back to again, also after a reset.
    control.reset().await.unwrap();
    control.restore_snapshot("logged-in").await.unwrap();
    assert_eq!(state_of(&sim).await, state);
}

#[tokio::test]
async fn snapshots_belong_to_their_world() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let new = NewWorld {
        name: Some("a".to_owned()),
        ..NewWorld::default()
    };
    let a = sim.running.world(&new).unwrap();
    a.control().save_snapshot("s").await.unwrap();
    assert!(control.snapshots().await.unwrap().is_empty());
    assert_eq!(
        refused(control.restore_snapshot("s").await),
        (
            404,
            "name s is unknown; accepted: there is none; PUT makes one".to_owned()
        )
    );
    a.control().delete_snapshot("s").await.unwrap();
    assert_eq!(refused(a.control().delete_snapshot("s").await).0, 404);
}

#[tokio::test]
async fn a_hundred_snapshots_are_the_limit_and_names_are_checked() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    for n in 0..100 {
        control.save_snapshot(&format!("s{n:02}")).await.unwrap();
    }
    let (status, said) = refused(control.save_snapshot("one-more").await);
    assert_eq!(status, 400);
    assert!(said.starts_with("snapshots there are 100"), "{said}");
    control.save_snapshot("s00").await.unwrap();
    let names: Vec<_> = control
        .snapshots()
        .await
        .unwrap()
        .into_iter()
        .map(|snapshot| snapshot.name)
        .collect();
    assert!(names.len() == 100 && names.is_sorted());
    for name in ["Upper", "with space", &"x".repeat(65)] {
        assert_eq!(refused(control.save_snapshot(name).await).0, 400, "{name}");
    }
    let (status, said) = refused(control.restore_snapshot("s100").await);
    assert_eq!(status, 404);
    assert!(said.contains("s00, s01"), "{said}");
}

#[tokio::test]
async fn an_exported_state_has_everything_in_one_document() {
    let (sim, tokens) = lively().await;
    let url = format!("{}/__sim/state", sim.running.control_url());
    let answer = Answer::of(sim.http.get(url).send().await.unwrap()).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    for secret in [
        &tokens.access,
        &tokens.refresh,
        sim.running.client_secret(),
        "another password",
    ] {
        assert!(answer.body.contains(secret), "{secret}");
    }
    assert_snapshot!("document", answer.body);
}

#[tokio::test]
async fn a_state_survives_reset_and_import() {
    let (sim, tokens) = lively().await;
    let control = sim.running.control();
    let exported = control.export_state().await.unwrap();
    let me = sim.get("/v1/people/me", &tokens.access).await;
    let listed = control.tokens().await.unwrap();
    control.reset().await.unwrap();
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    let imported = control.import_state(exported.as_str()).await.unwrap();
    assert_eq!((imported.people, imported.tokens), (3, 4));
    assert_eq!(control.export_state().await.unwrap(), exported);
    assert_eq!(control.tokens().await.unwrap(), listed);
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.body, me.body);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn a_state_goes_into_another_process() {
    let (sim, tokens) = lively().await;
    let exported = sim.running.control().export_state().await.unwrap();
    let other = Sim::with(|builder| builder.credentials("C-other", "other-secret")).await;
    other
        .running
        .control()
        .import_state(exported.as_str())
        .await
        .unwrap();
    assert_eq!(
        other.get("/v1/people/me", &tokens.access).await.body,
        sim.get("/v1/people/me", &tokens.access).await.body
    );
    // The client came along: the other one is unknown now, until a reset brings it back.
    let form = [
        ("client_id", sim.running.client_id()),
        ("client_secret", sim.running.client_secret()),
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.refresh),
    ];
    assert_eq!(other.post_form("/v1/access_token", &form).await.status, 200);
    assert_eq!(
        other.refresh(&tokens.refresh).await.json()["error"],
        "invalid_client"
    );
    // Its secrets are known here, too.
    let _ = other.get("/another+password", &tokens.access).await;
    let entries = other
        .running
        .control()
        .journal(&EntryFilter::default())
        .await
        .unwrap();
    assert!(entries.iter().all(|entry| !entry.path.contains("another")));
    other.running.control().reset().await.unwrap();
    assert_eq!(other.refresh(&tokens.refresh).await.status, 400);
}

#[tokio::test]
async fn a_state_of_another_world_goes_into_one_of_its_name() {
    let sim = Sim::start().await;
    let named = |name: &str| NewWorld {
        name: Some(name.to_owned()),
        ..NewWorld::default()
    };
    let a = sim.running.world(&named("a")).unwrap();
    let exported = a.control().export_state().await.unwrap();
    let control = sim.running.control();
    let (status, said) = refused(control.import_state(exported.as_str()).await);
    assert_eq!(status, 400);
    assert_eq!(
        said,
        "world is \"a\", and its tokens lead to the world a; accepted: a state of the world default; another one goes into a world of its name"
    );
    let other = Sim::start().await;
    let there = other.running.world(&named("a")).unwrap();
    there.control().import_state(exported.as_str()).await.unwrap();
    let worlds = other.running.control().worlds().await.unwrap();
    assert_eq!(worlds[1].client_id, a.client_id());
    // A client id that another world has is refused.
    let mut document: Value = serde_json::from_str(&exported).unwrap();
    document["integration"]["clientId"] = json!(sim.running.client_id());
    let (status, said) = refused(a.control().import_state(document.to_string()).await);
    assert_eq!(status, 400);
    assert!(said.starts_with("integration.clientId is "), "{said}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of mistakes")]
async fn a_state_that_cannot_be_is_refused_and_changes_nothing() {
    let (sim, _) = lively().await;
    let control = sim.running.control();
    let good = control.export_state().await.unwrap();
    let with = |pointer: &str, value: Value| {
        let mut document: Value = serde_json::from_str(&good).unwrap();
        *document
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("{pointer}")) = value;
        document.to_string()
    };
    let twice = |pointer: &str| {
        let mut document: Value = serde_json::from_str(&good).unwrap();
        let list = document.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
        list.push(list[0].clone());
        document.to_string()
    };
    let foreign = sim
        .running
        .world(&NewWorld {
            name: Some("a".to_owned()),
            ..NewWorld::default()
        })
        .unwrap();
    foreign.control().accept_as(ADMIN).await.unwrap();
    let path = format!(
        "/v1/authorize?client_id={}&response_type=code&scope=spark:people_read",
        foreign.client_id()
    );
    let foreign = sim.open(&path).await.redirect_param("code").unwrap();
    let mut shown = String::new();
    for (what, body) in [
        ("nothing", String::new()),
        ("no JSON", "{".to_owned()),
        ("a list", "[]".to_owned()),
        ("no format", "{}".to_owned()),
        ("another format", with("/format", json!(2))),
        ("more behind it", format!("{good} x")),
        ("a text that is none", with("/people/0/title", json!(7))),
        (
            "a field that is unknown",
            with("/people/0/phoneNumbers", json!([{"colour": "red"}])),
        ),
        (
            "a clock before 1970",
            with("/clock", json!({"frozen": "1969-12-31T00:00:00Z"})),
        ),
        (
            "a clock that runs before 1970",
            with("/clock", json!({"running": "-PT999999h"})),
        ),
        ("a clock that is none", with("/clock", json!("stopped"))),
        ("no client", with("/integration/clientId", json!(""))),
        (
            "a secret that is none",
            with("/integration/clientSecret", json!(12_345)),
        ),
        ("a scope that is none", with("/integration/scopes", json!("a\"b"))),
        (
            "a setting that cannot be",
            with("/settings/code_lifetime_s", json!(0)),
        ),
        ("nobody's address", with("/people/0/emails", json!([]))),
        (
            "an address twice",
            with("/people/1/emails/0", json!("AVERY.quinn@acme.example.com")),
        ),
        ("a person twice", twice("/people")),
        ("an organisation twice", twice("/organizations")),
        (
            "an organisation that is not there",
            with(
                "/people/0/organization",
                json!("00000000-0000-4000-8000-000000000000"),
            ),
        ),
        (
            "a password that is none",
            with("/people/0/password", json!(["topsecret"])),
        ),
        ("an id that is none", with("/people/0/id", json!("me"))),
        ("a token twice", twice("/registry/tokens")),
        (
            "another world's code",
            with("/registry/codes/0/value", json!(foreign)),
        ),
        (
            "a serial number too high",
            with("/registry/serial", json!(u64::MAX)),
        ),
        ("a serial number too low", with("/registry/serial", json!(1))),
        (
            "an error that is none",
            with("/consent/0", json!({"action": "error", "error": "\""})),
        ),
        (
            "too many violations",
            with(
                "/violations/list",
                Value::Array(vec![
                    json!({"time": "", "kind": "refresh_storm", "client_id": "", "detail": ""});
                    1_001
                ]),
            ),
        ),
        (
            "too many consents",
            with(
                "/consent",
                Value::Array(vec![json!({"action": "decline"}); 1_001]),
            ),
        ),
    ] {
        let url = format!("{}/__sim/state", sim.running.control_url());
        let answer = Answer::of(
            sim.http
                .request(Method::PUT, url)
                .body(body)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.body);
        writeln!(shown, "{what}\n  {}", answer.body.replace(&foreign, "FOREIGN")).unwrap();
        assert_eq!(control.export_state().await.unwrap(), good, "{what}");
    }
    assert!(
        !shown.contains("topsecret") && !shown.contains("12345"),
        "{shown}"
    );
    assert_snapshot!("refused_states", shown);
}

#[tokio::test]
async fn a_token_of_ones_own_making_works_in_the_first_world() {
    let (sim, _) = lively().await;
    let control = sim.running.control();
    let mut document = state_of(&sim).await;
    let tokens = document["registry"]["tokens"].as_array_mut().unwrap();
    tokens.last_mut().unwrap()["value"] = json!("my-token");
    control.import_state(document.to_string()).await.unwrap();
    assert_eq!(sim.get("/v1/people/me", "my-token").await.status, 200);
}

/// Any JSON, not too large.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "-?P[0-9]{1,9}[DMY]|-?PT[0-9]{1,12}[HS]|-?[0-9]{4,6}-12-31T00:00:00Z".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("frozen|running|grace|seconds|x", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// All places in a document.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(list) => {
            for (n, inner) in list.iter().enumerate() {
                pointers(inner, &format!("{at}/{n}"), all);
            }
        }
        Value::Object(map) => {
            for (name, inner) in map {
                pointers(inner, &format!("{at}/{name}"), all);
            }
        }
        _ => {}
    }
}

#[test]
fn any_document_is_imported_whole_or_refused_and_nothing_panics() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (sim, tokens) = runtime.block_on(lively());
    let control = sim.running.control();
    let good = runtime.block_on(state_of(&sim));
    let mut places = Vec::new();
    pointers(&good, "", &mut places);
    let place = proptest::sample::select(places);
    let config = ProptestConfig {
        // Some hundred requests take a second or two.
        cases: 300,
        ..ProptestConfig::default()
    };
    proptest!(config, |(place in place, value in any_json())| {
        runtime.block_on(control.import_state(good.to_string())).unwrap();
        let mut document = good.clone();
        *document.pointer_mut(&place).unwrap() = value;
        match runtime.block_on(control.import_state(document.to_string())) {
            Ok(_) => {
                // Whatever it is now, it answers, and it can be exported and imported again.
                let answer = runtime.block_on(sim.get("/v1/people/me", &tokens.access));
                prop_assert!(answer.status < 500, "{}", answer.body);
                let answer = runtime.block_on(sim.refresh(&tokens.refresh));
                prop_assert!(answer.status < 500, "{}", answer.body);
                runtime.block_on(control.tokens()).unwrap();
                let again = runtime.block_on(control.export_state()).unwrap();
                runtime.block_on(control.import_state(again)).unwrap();
            }
            Err(ClientError::Refused { status: 400, .. }) => {
                prop_assert_eq!(runtime.block_on(state_of(&sim)), good.clone());
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    });
}
