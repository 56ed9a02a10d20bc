//! The OpenAPI document of the control API: whether it is one, whether it tells the truth, and whether the typed client
//! has everything that is in it.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::client::ControlClient;
use webex_sim::types::{
    EndTokens, EntryFilter, FaultAction, FaultMatch, FaultRule, NewWorld, SettingsPatch, SubscriberStatus,
    TokenKind,
};

use crate::harness::{ADMIN, Answer, Sim};

const GUIDE: &str = include_str!("../../../docs/simulator.md");

/// An operation of the document.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) id: String,
    value: Value,
}

/// All operations of a document.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods
            .filter(|(name, _)| !matches!(name.as_str(), "parameters" | "servers"))
            .map(|(method, value)| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                id: value["operationId"].as_str().unwrap().to_owned(),
                value: value.clone(),
            })
    });
    all.collect()
}

async fn document(sim: &Sim) -> Value {
    sim.running.control().openapi().await.unwrap()
}

/// A request without parameters and without body.
async fn bare(sim: &Sim, method: &str, path: &str) -> Answer {
    let url = format!("{}/__sim{path}", sim.running.control_url());
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    Answer::of(sim.http.request(method, url).send().await.unwrap()).await
}

/// Every value of a member of this name, wherever it is.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(name));
            fields.values().for_each(|field| members(field, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_one_of_openapi_3_1() {
    let document = document(&Sim::start().await).await;
    assert_eq!(document["openapi"], "3.1.0");
    for field in ["title", "version", "description"] {
        assert!(!document["info"][field].as_str().unwrap().is_empty());
    }
    let mut references = Vec::new();
    members(&document, "$ref", &mut references);
    assert!(references.len() > 100, "{}", references.len());
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for operation in operations(&document) {
        let id = &operation.id;
        assert!(operation.path.starts_with('/'));
        assert!(!operation.value["summary"].as_str().unwrap().is_empty(), "{id}");
        assert!(
            operation.value["responses"]["200"]["description"].is_string(),
            "{id}"
        );
        for (name, own) in operation.value["responses"].as_object().unwrap() {
            assert!(
                name == "200"
                    || own["$ref"]
                        .as_str()
                        .unwrap()
                        .starts_with("#/components/responses/")
            );
        }
        let item = &document["paths"][&operation.path];
        let both = [&operation.value["parameters"], &item["parameters"]];
        let parameters: Vec<_> = both.into_iter().filter_map(Value::as_array).flatten().collect();
        let mut names = BTreeSet::new();
        for parameter in &parameters {
            assert!(
                !parameter["description"].as_str().unwrap().is_empty(),
                "{id} {parameter}"
            );
            assert!(parameter["schema"]["type"].is_string(), "{id} {parameter}");
            assert!(names.insert((parameter["in"].to_string(), parameter["name"].to_string())));
        }
        let variables = operation.path.split('/').filter(|part| part.starts_with('{'));
        let told = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let told: Vec<_> = told
            .map(|own| format!("{{{}}}", own["name"].as_str().unwrap()))
            .collect();
        assert_eq!(variables.collect::<Vec<_>>(), told, "{id}");
    }
    let described = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in described {
        assert!(schema["description"].is_string(), "{name} has no description");
    }
}

#[tokio::test]
async fn the_operations_are_those_that_are_known() {
    let document = document(&Sim::start().await).await;
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations.iter().map(|operation| &operation.id).collect();
    assert_eq!(ids.len(), operations.len(), "an operationId is there twice");
    let list = operations
        .iter()
        .map(|operation| format!("{} {} {}\n", operation.method, operation.path, operation.id));
    assert_snapshot!("control_operations", list.collect::<String>());
}

#[tokio::test]
async fn each_operation_is_answered_in_the_first_world_and_in_any_other() {
    let sim = Sim::start().await;
    let document = document(&sim).await;
    assert_eq!(document["servers"][1]["url"], "/__sim/worlds/{world}");
    for operation in operations(&document) {
        // Waits end at once, and no request changes anything: bodies and names are missing, or what is there is empty.
        let path = operation
            .path
            .replace("{world}", "nowhere")
            .replace('{', "no-")
            .replace('}', "");
        let path = path.replace("/wait", "/wait?count=0");
        let mut places = vec![path.clone()];
        if document["paths"][&operation.path]["servers"].is_null() {
            places.push(format!("/worlds/default{path}"));
        }
        for place in places {
            let answer = bare(&sim, &operation.method, &place).await;
            assert!(
                matches!(answer.status, 200 | 400 | 404),
                "{} {place}: {}",
                operation.method,
                answer.status
            );
            if answer.status != 200 {
                assert_ne!(answer.json()["field"], "path", "{} {place}", operation.method);
            }
        }
    }
    let unknown = bare(&sim, "GET", "/nothing").await;
    assert_eq!(
        (unknown.status, unknown.json()["field"].as_str()),
        (404, Some("path"))
    );
}

#[tokio::test]
async fn the_guide_lists_the_same_operations() {
    let documented: BTreeSet<_> = operations(&document(&Sim::start().await).await)
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path.trim_start_matches('/')))
        .collect();
    let section = GUIDE
        .split_once("\n## Control API\n")
        .unwrap()
        .1
        .split_once("\n## ")
        .unwrap()
        .0;
    let section = section.split_once("`{person}` is").unwrap().0;
    let mut told = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.trim_start_matches("| ").replace("\\|", "/");
        let cell = cell.split_once(" | ").unwrap().0;
        for request in cell
            .split('`')
            .filter(|part| part.contains(' ') && !part.starts_with([',', ' ']))
        {
            let (methods, rest) = request.split_once(' ').unwrap();
            let path = rest.split(['?', ' ']).next().unwrap();
            told.extend(methods.split('/').map(|method| format!("{method} {path}")));
        }
    }
    assert_eq!(told, documented);
}

#[tokio::test]
async fn answers_have_the_documented_form() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    sim.refresh(&tokens.refresh).await.tokens();
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let control = sim.running.control();
    control.decline().await.unwrap();
    control.save_snapshot("a").await.unwrap();
    let action = FaultAction::status(503).retry_after(3).body(json!({"a": 1}));
    control
        .add_fault(&FaultRule::new(FaultMatch::path("/x"), action))
        .await
        .unwrap();
    let _ = sim.get("/x", &tokens.access).await;
    let document = document(&sim).await;
    let mut checked = 0;
    for operation in operations(&document)
        .iter()
        .filter(|operation| operation.method == "GET")
    {
        let path = operation
            .path
            .replace("{world}", "default")
            .replace("{sequence}", "2");
        let path = path.replace("{id}", "fault-1").replace("/wait", "/wait?count=0");
        let answer = bare(&sim, "GET", &path).await;
        assert_eq!(answer.status, 200, "{path}");
        let content = operation.value["responses"]["200"]["content"]
            .as_object()
            .unwrap();
        let (media_type, content) = content.iter().next().unwrap();
        assert_eq!(answer.header("content-type"), Some(media_type.as_str()), "{path}");
        if media_type == "application/json" {
            fits(&document, &content["schema"], &answer.json(), &path);
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
    let refused = bare(&sim, "GET", "/journal?color=red").await;
    let schema = &document["components"]["responses"]["Invalid"]["content"]["application/json"]["schema"];
    fits(&document, schema, &refused.json(), "a refusal");
}

/// Whether a value is what a schema says. Knows the words that the schemas here are made of.
#[track_caller]
fn fits(document: &Value, schema: &Value, value: &Value, place: &str) {
    assert!(
        does_fit(document, schema, value),
        "{place}: {value}\nis not\n{schema}"
    );
    // Nothing is there that is not documented.
    let Some(fields) = value.as_object() else { return };
    let schema = resolved(document, schema);
    if let Some(known) = schema["properties"].as_object() {
        for (name, field) in fields {
            assert!(known.contains_key(name), "{place}: {name} is not documented");
            fits(document, &known[name], field, &format!("{place}.{name}"));
        }
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn does_fit(document: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolved(document, schema);
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    };
    let kind = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    let among = |name: &str| schema[name].as_array();
    let any = |name: &str| among(name).is_none_or(|all| all.iter().any(|one| does_fit(document, one, value)));
    kind && any("anyOf")
        && any("oneOf")
        && among("enum").is_none_or(|words| words.contains(value))
        && schema.get("const").is_none_or(|word| word == value)
        && among("required").is_none_or(|names| {
            !value.is_object()
                || names
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap()).is_some())
        })
        && schema["properties"].as_object().is_none_or(|known| {
            known.iter().all(|(name, schema)| {
                value
                    .get(name)
                    .is_none_or(|field| does_fit(document, schema, field))
            })
        })
        && schema.get("items").is_none_or(|schema| {
            value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| does_fit(document, schema, item)))
        })
}

#[tokio::test]
async fn the_typed_client_has_every_operation() {
    for operation in operations(&document(&Sim::start().await).await) {
        let sim = Sim::start().await;
        let control = sim.running.control();
        sim.log_in().await;
        control.save_snapshot("a").await.unwrap();
        control
            .create_world(&NewWorld {
                name: Some("w".into()),
                ..NewWorld::default()
            })
            .await
            .unwrap();
        let rule = FaultRule::new(FaultMatch::default(), FaultAction::status(500));
        control.add_fault(&rule.named("f")).await.unwrap();
        exercise(&control, &operation.id).await;
    }
}

/// Carries an operation out through the client.
async fn exercise(control: &ControlClient, operation: &str) {
    let all = EntryFilter::default();
    let har = json!({"log": {"entries": []}});
    match operation {
        "listWorlds" => assert_eq!(control.worlds().await.unwrap().len(), 2),
        "createWorld" => assert!(
            !control
                .create_world(&NewWorld::default())
                .await
                .unwrap()
                .name()
                .is_empty()
        ),
        "getWorld" => assert_eq!(control.world_info("w").await.unwrap().name, "w"),
        "deleteWorld" => control.delete_world("w").await.unwrap(),
        "getHealth" => assert_eq!(control.health().await.unwrap().status, "ok"),
        "getOpenapi" => assert_eq!(control.openapi().await.unwrap()["openapi"], "3.1.0"),
        "reset" => control.reset().await.unwrap(),
        "getClock" => assert!(!control.clock().await.unwrap().frozen),
        "changeClock" => assert!(control.freeze(true).await.unwrap().frozen),
        "listConsent" => assert_eq!(control.consent().await.unwrap(), []),
        "addConsent" => control.accept_as(ADMIN).await.unwrap(),
        "clearConsent" => control.clear_consent().await.unwrap(),
        "listTokens" => assert_eq!(control.tokens().await.unwrap().len(), 2),
        "expireTokens" => assert_eq!(control.expire_tokens(TokenKind::Access).await.unwrap(), 1),
        "revokeTokens" => assert_eq!(control.revoke_tokens(TokenKind::Refresh).await.unwrap(), 2),
        "loseTokenAnswers" => control.lose_token_answers(1).await.unwrap(),
        "deletePerson" => assert_eq!(control.delete_person(ADMIN).await.unwrap(), 2),
        "changePassword" => assert_eq!(control.change_password(ADMIN, "x").await.unwrap(), 2),
        "setSubscriberStatus" => {
            let refused = control
                .set_subscriber_status("nobody", SubscriberStatus::Updating)
                .await;
            assert!(
                refused
                    .unwrap_err()
                    .to_string()
                    .contains("subscriber nobody is unknown")
            );
        }
        "listJournal" => assert_eq!(control.journal(&all).await.unwrap().len(), 2),
        "clearJournal" => control.clear_journal().await.unwrap(),
        "countJournal" => assert_eq!(control.journal_count(&all).await.unwrap(), 2),
        "waitForJournal" => assert_eq!(
            control.journal_wait(&all, 2, Duration::ZERO).await.unwrap().len(),
            2
        ),
        "listNearMisses" => assert_eq!(
            control.journal_near_misses(&all.status(500)).await.unwrap().len(),
            2
        ),
        "getJournalHar" => assert!(control.journal_har(&all).await.unwrap()["log"].is_object()),
        "getExchange" => assert_eq!(control.journal_exchange(1).await.unwrap().entry.sequence, 1),
        "getCoverage" => assert!(control.coverage().await.unwrap().exercised > 0),
        "getReplay" => assert_eq!(control.replayed().await.unwrap().skipped, 0),
        "loadReplay" => assert_eq!(control.replay(&har).await.unwrap().skipped, 0),
        "stopReplay" => control.stop_replay().await.unwrap(),
        "getSettings" => assert_eq!(control.settings().await.unwrap().max_access_tokens, 750),
        "changeSettings" => {
            let patch = SettingsPatch {
                max_access_tokens: Some(7),
                ..SettingsPatch::default()
            };
            assert_eq!(
                control.change_settings(&patch).await.unwrap().max_access_tokens,
                7
            );
        }
        "listViolations" => assert_eq!(control.violations().await.unwrap(), []),
        "clearViolations" => control.clear_violations().await.unwrap(),
        "listFaults" => assert_eq!(control.faults().await.unwrap().len(), 1),
        "addFault" => {
            let rule = FaultRule::new(FaultMatch::default(), FaultAction::status(500));
            assert!(control.add_fault(&rule).await.unwrap().rule.id.is_some());
        }
        "clearFaults" => control.clear_faults().await.unwrap(),
        "listUnusedFaults" => assert_eq!(control.unused_faults().await.unwrap().len(), 1),
        "getFault" => assert_eq!(control.fault("f").await.unwrap().hits, 0),
        "removeFault" => assert_eq!(control.remove_fault("f").await.unwrap().hits, 0),
        "listSnapshots" => assert_eq!(control.snapshots().await.unwrap().len(), 1),
        "saveSnapshot" => assert_eq!(control.save_snapshot("b").await.unwrap().name, "b"),
        "deleteSnapshot" => control.delete_snapshot("a").await.unwrap(),
        "restoreSnapshot" => assert_eq!(control.restore_snapshot("a").await.unwrap().name, "a"),
        "exportState" => assert!(control.export_state().await.unwrap().contains("\"format\"")),
        "importState" => {
            let state = control.export_state().await.unwrap();
            assert_eq!(control.import_state(state).await.unwrap().tokens, 2);
        }
        "getAuthority" => assert!(control.ca_pem().await.unwrap().contains("BEGIN CERTIFICATE")),
        other => panic!("nobody has tried {other} through the client"),
    }
}

#[test]
fn which_tokens_end_may_be_left_out() {
    assert_eq!(
        serde_json::from_value::<EndTokens>(json!({})).unwrap(),
        EndTokens::default()
    );
}
