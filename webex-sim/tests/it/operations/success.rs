//! What is asked for rightly.

use reqwest::Method;

use super::stage::{Stage, scopes};
use super::table::ENTRIES;
use crate::harness::{ADMIN, Answer};

/// What every answer of the API has, and what it has not without a body.
#[track_caller]
fn is_whole(answer: &Answer, name: &str) {
    assert!(answer.header("trackingid").is_some(), "{name}: no tracking id");
    assert!(answer.header("date").is_some(), "{name}: no date");
    assert_eq!(
        answer.header("cache-control"),
        Some("no-cache, no-store"),
        "{name}"
    );
    assert_eq!(answer.header("vary"), Some("Origin"), "{name}");
    if answer.status == 204 {
        assert_eq!(answer.body, "", "{name}");
        assert_eq!(answer.header("content-type"), None, "{name}");
        assert!(
            matches!(answer.header("content-length"), None | Some("0")),
            "{name}"
        );
    } else {
        assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
        assert!(answer.json().is_object(), "{name}");
    }
}

#[tokio::test]
async fn a_good_request_is_answered_with_the_documented_status() {
    for entry in ENTRIES {
        let stage = Stage::set().await;
        let answer = stage.answer(entry, &(entry.good)(&stage)).await;
        assert_eq!(
            answer.status,
            stage.success(entry),
            "{}: {}",
            entry.id,
            answer.body
        );
        match entry.id {
            "authorize" => assert_eq!(answer.redirect_param("error").as_deref(), Some("login_required")),
            "decide" => assert!(answer.redirect_param("code").is_some()),
            "token" => drop(answer.tokens()),
            "revoke" => {
                assert_eq!(answer.body, "");
                assert_eq!(stage.sim.refresh(&stage.refresh).await.status, 400);
            }
            name => is_whole(&answer, name),
        }
    }
}

#[tokio::test]
async fn each_set_of_scopes_is_enough() {
    for entry in ENTRIES {
        for set in entry.scopes() {
            let stage = Stage::set().await;
            let token = stage.token_of(ADMIN, set).await;
            let call = (entry.good)(&stage);
            let answer = stage.send(stage.method(entry), &call, Some(&token)).await;
            assert_eq!(
                answer.status,
                stage.success(entry),
                "{} with {set}: {}",
                entry.id,
                answer.body
            );
        }
        assert!(
            entry
                .scopes()
                .iter()
                .flat_map(|set| set.split(' '))
                .all(|scope| scopes().iter().any(|own| own == scope))
        );
    }
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_cannot_be_deleted_again() {
    for id in [
        "deletePerson",
        "deleteOrganization",
        "deleteSubscriber",
        "deleteUser",
    ] {
        let stage = Stage::set().await;
        let entry = ENTRIES.iter().find(|entry| entry.id == id).unwrap();
        let call = (entry.good)(&stage);
        assert_eq!(stage.answer(entry, &call).await.status, 204, "{id}");
        for method in [Method::GET, Method::DELETE] {
            let answer = stage.send(method.clone(), &call, Some(&stage.token)).await;
            assert_eq!(answer.status, 404, "{method} after {id}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let stage = Stage::set().await;
    for entry in ENTRIES {
        if stage.method(entry) != Method::GET {
            continue;
        }
        let call = (entry.good)(&stage);
        let get = stage.answer(entry, &call).await;
        let token = entry.needs_token().then_some(stage.token.as_str());
        let head = stage.send(Method::HEAD, &call, token).await;
        assert_eq!(
            (head.status, head.body.as_str()),
            (get.status, ""),
            "{}",
            entry.id
        );
        for name in [
            "content-type",
            "content-length",
            "cache-control",
            "vary",
            "location",
            "link",
        ] {
            assert_eq!(head.header(name), get.header(name), "{}: {name}", entry.id);
        }
        assert_eq!(
            stage.send(Method::HEAD, &call, Some("bad")).await.status,
            if entry.needs_token() { 401 } else { get.status }
        );
    }
}
