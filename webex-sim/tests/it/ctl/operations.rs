//! Each operation of the control API has a command.

use serde_json::{Value, json};

use super::{ctl, furnished};
use crate::harness::{Answer, Sim};
use crate::openapi::operations;

/// A command for each operation of the control API.
fn command_for(operation: &str, files: &str) -> Vec<String> {
    let words = match operation {
        "listWorlds" => "worlds",
        "createWorld" => "worlds create other",
        "getWorld" => "worlds show w",
        "deleteWorld" => "worlds delete w",
        "getHealth" => "health",
        "getOpenapi" => "openapi",
        "reset" => "reset",
        "getClock" => "clock",
        "changeClock" => "clock --advance 1h30m --freeze",
        "listConsent" => "login list",
        "addConsent" => "login accept avery.quinn@acme.example.com",
        "clearConsent" => "login clear",
        "listTokens" => "tokens",
        "expireTokens" => "tokens expire",
        "revokeTokens" => "tokens revoke --kind refresh",
        "loseTokenAnswers" => "tokens lose-answers 2",
        "deletePerson" => "people delete avery.quinn@acme.example.com",
        "changePassword" => "people password avery.quinn@acme.example.com another",
        "setSubscriberStatus" => "subscriber status 95547321@example.com provisioned",
        "listJournal" => "journal",
        "clearJournal" => "journal clear",
        "countJournal" => "journal count",
        "waitForJournal" => "journal wait --count 2 --timeout 10s",
        "listNearMisses" => "journal near-misses",
        "getJournalHar" => "journal har",
        "getExchange" => "journal show 3",
        "getCoverage" => "coverage",
        "getReplay" => "replay list",
        "loadReplay" => "replay load FILES/empty.har",
        "stopReplay" => "replay stop",
        "getSettings" => "settings",
        "changeSettings" => "settings set rotation=strict max_access_tokens=7",
        "listViolations" => "violations",
        "clearViolations" => "violations clear",
        "listFaults" => "faults",
        "addFault" => "faults add --operation getMe --status 503 --times 1",
        "clearFaults" => "faults clear",
        "listUnusedFaults" => "faults unused",
        "getFault" => "faults show f",
        "removeFault" => "faults delete f",
        "listSnapshots" => "snapshots",
        "saveSnapshot" => "snapshots save b",
        "deleteSnapshot" => "snapshots delete a",
        "restoreSnapshot" => "snapshots restore a",
        "exportState" => "state export",
        "importState" => "state import FILES/state.json",
        "getAuthority" => "ca",
        other => panic!("{other} has no command"),
    };
    let words = words.replace("FILES", files);
    words.split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn every_operation_of_the_control_api_has_a_command() {
    let files = tempfile::tempdir().unwrap();
    let har = json!({"log": {"entries": []}}).to_string();
    std::fs::write(files.path().join("empty.har"), har).unwrap();
    let document = Sim::start().await.running.control().openapi().await.unwrap();
    for operation in operations(&document) {
        let sim = furnished().await;
        let control = sim.running.control();
        let state = control.export_state().await.unwrap();
        std::fs::write(files.path().join("state.json"), state).unwrap();
        let words = command_for(&operation.id, files.path().to_str().unwrap());
        let mut words: Vec<_> = words.iter().map(String::as_str).collect();
        if operation.id == "setSubscriberStatus" {
            ctl(&sim, &words)
                .await
                .badly(1, "refused with 404: subscriber 95547321@example.com is unknown");
            continue;
        }
        if operation.method != "GET" {
            let ran = ctl(&sim, &words).await;
            assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
            assert!(!ran.out.is_empty());
            continue;
        }
        let text = ctl(&sim, &words).await;
        assert_eq!(text.code, 0, "{words:?}: {text:?}");
        words.push("--json");
        let ran = ctl(&sim, &words).await;
        // The same as the control API gives it.
        let path = operation.path.replace("{world}", "w").replace("{sequence}", "3");
        let path = path.replace("{id}", "f").replace("/wait", "/wait?count=2");
        let url = format!("{}/__sim{path}", sim.running.control_url());
        let answer = Answer::of(sim.http.get(url).send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{path}");
        if operation.id == "getAuthority" {
            assert_eq!(ran.out, answer.body);
        } else {
            let printed: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(printed, answer.json(), "{words:?}");
        }
    }
}
