//! What is a rule, and what is said about what is none.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refused(rule: &Value) -> Rejection {
    draft(rule.to_string().as_bytes()).expect_err(&rule.to_string())
}

fn read(rule: &Value) -> Draft {
    draft(rule.to_string().as_bytes()).unwrap()
}

/// A rule that would be good with another `match`.
fn with_match(matching: &Value) -> Value {
    json!({"match": matching, "action": {"status": 500}})
}

#[test]
fn everything_that_can_be_said_is_kept_as_it_was_said() {
    let rule = json!({
        "id": "slow.token_1-a",
        "match": {
            "operation": "token", "method": "POST", "path": "/v1/*", "person": "avery.quinn@acme.example.com",
            "token": "0123456789ab", "grant_type": "refresh_token", "header": {"name": "X-Test", "value": "1"},
            "nth": 2, "every": 2, "probability": 0.5, "seed": 7, "when": "after"
        },
        "action": {
            "status": 503, "headers": {"x-a": "b", "server": null}, "body": {"a": [1]}, "retry_after": "soon",
            "delay": {"uniform": {"min_ms": 1, "max_ms": 2}}, "wire": {"drip": {"bytes": 1, "every_ms": 1}}
        },
        "times": 1, "after": 0, "expires_in_s": 60
    });
    let mut shown = serde_json::to_value(read(&rule).shown).unwrap();
    assert_eq!(shown, rule);
    // What is shown can be given again.
    shown["id"] = json!("again");
    assert_eq!(read(&shown).shown.id.as_deref(), Some("again"));
}

#[test]
fn every_kind_of_delay_and_wire_is_read() {
    for delay in [
        json!({"fixed": {"ms": 0}}),
        json!({"uniform": {"min_ms": 0, "max_ms": 0}}),
        json!({"lognormal": {"median_ms": 100, "sigma": 0.5}}),
    ] {
        assert_eq!(read(&json!({"action": {"delay": delay}})).when, When::Before);
    }
    for (wire, when) in [
        (json!("reset"), When::Before),
        (json!("empty"), When::Before),
        (json!("hang"), When::Before),
        (json!("malformed"), When::After),
        (json!("wrong_content_type"), When::After),
        (json!("goaway"), When::After),
        (json!({"truncate": {"bytes": 0}}), When::After),
        (json!({"drip": {"bytes": 1, "every_ms": 0}}), When::After),
    ] {
        assert_eq!(read(&json!({"action": {"wire": wire}})).when, when, "{wire}");
    }
}

#[test]
fn what_is_wrong_with_what_is_meant_is_said_by_its_field() {
    for (matching, field) in [
        (json!([]), "match"),
        (json!({"operations": "getMe"}), "match.operations"),
        (json!({"operation": "getYou"}), "match.operation"),
        (json!({"operation": 7}), "match.operation"),
        (json!({"method": "get"}), "match.method"),
        (json!({"path": "v1"}), "match.path"),
        (json!({"person": ""}), "match.person"),
        (json!({"person": 1}), "match.person"),
        (json!({"token": "0123456789AB"}), "match.token"),
        (json!({"token": "0123456789abc"}), "match.token"),
        (json!({"grant_type": ""}), "match.grant_type"),
        (json!({"header": "accept"}), "match.header"),
        (json!({"header": {}}), "match.header.name"),
        (json!({"header": {"name": "a b"}}), "match.header.name"),
        (json!({"header": {"name": "a", "value": 1}}), "match.header.value"),
        (
            json!({"header": {"name": "a", "values": "b"}}),
            "match.header.values",
        ),
        (
            json!({"header": {"name": "Authorization", "value": "Bearer x"}}),
            "match.header.value",
        ),
        (json!({"nth": 0}), "match.nth"),
        (json!({"nth": -1}), "match.nth"),
        (json!({"every": 0}), "match.every"),
        (json!({"every": 1.5}), "match.every"),
        (json!({"probability": 1.01}), "match.probability"),
        (json!({"probability": -0.1}), "match.probability"),
        (json!({"probability": "often"}), "match.probability"),
        (json!({"seed": -1}), "match.seed"),
        (json!({"when": "during"}), "match.when"),
    ] {
        let rejection = refused(&with_match(&matching));
        assert_eq!(rejection.field, field, "{matching}: {rejection}");
        assert!(!rejection.reason.is_empty() && !rejection.accepted.is_empty());
    }
}

#[test]
fn what_is_wrong_with_what_happens_is_said_by_its_field() {
    for (action, field) in [
        (json!("reset"), "action"),
        (json!({}), "action.status"),
        (json!({"code": 500}), "action.code"),
        (json!({"status": 199}), "action.status"),
        (json!({"status": 600}), "action.status"),
        (json!({"status": "ok"}), "action.status"),
        (json!({"status": 500, "headers": []}), "action.headers"),
        (
            json!({"status": 500, "headers": {"a b": "c"}}),
            "action.headers.a b",
        ),
        (json!({"status": 500, "headers": {"a": 1}}), "action.headers.a"),
        (
            json!({"status": 500, "headers": {"a": "b\n"}}),
            "action.headers.a",
        ),
        (
            json!({"status": 500, "headers": {"Content-Length": "1"}}),
            "action.headers.Content-Length",
        ),
        (json!({"headers": {"a": "b"}}), "action.headers"),
        (json!({"body": "x"}), "action.body"),
        (json!({"status": 204, "body": "x"}), "action.body"),
        (json!({"status": 304, "body": {}}), "action.body"),
        (json!({"retry_after": 1}), "action.retry_after"),
        (json!({"status": 429, "retry_after": -1}), "action.retry_after"),
        (
            json!({"status": 429, "retry_after": "\u{7f}"}),
            "action.retry_after",
        ),
        (json!({"delay": 5}), "action.delay"),
        (json!({"delay": {"fixed": {"ms": -1}}}), "action.delay"),
        (json!({"delay": {"fixed": {"ms": 1, "s": 1}}}), "action.delay"),
        (
            json!({"delay": {"fixed": {"ms": 3_600_001}}}),
            "action.delay.fixed.ms",
        ),
        (
            json!({"delay": {"uniform": {"min_ms": 2, "max_ms": 1}}}),
            "action.delay.uniform.max_ms",
        ),
        (
            json!({"delay": {"lognormal": {"median_ms": 1, "sigma": -1}}}),
            "action.delay.lognormal.sigma",
        ),
        (json!({"wire": "explode"}), "action.wire"),
        (json!({"wire": {"truncate": {}}}), "action.wire"),
        (
            json!({"wire": {"truncate": {"bytes": 1, "at": 1}}}),
            "action.wire",
        ),
        (
            json!({"wire": {"drip": {"bytes": 0, "every_ms": 1}}}),
            "action.wire.drip.bytes",
        ),
        (
            json!({"wire": {"drip": {"bytes": 1, "every_ms": 3_600_001}}}),
            "action.wire.drip.every_ms",
        ),
        (json!({"wire": "reset", "status": 500}), "action.wire"),
    ] {
        let rejection = refused(&json!({ "action": action }));
        assert_eq!(rejection.field, field, "{action}: {rejection}");
        assert!(!rejection.reason.is_empty() && !rejection.accepted.is_empty());
    }
}

#[test]
fn what_is_wrong_with_bounds_and_id_is_said_by_its_field() {
    for (extra, field) in [
        (json!({"times": 0}), "times"),
        (json!({"times": "x"}), "times"),
        (json!({"after": -1}), "after"),
        (json!({"expires_in_s": 0}), "expires_in_s"),
        (json!({"expires_in_s": 315_360_001}), "expires_in_s"),
        (json!({"id": ""}), "id"),
        (json!({"id": 1}), "id"),
        (json!({"id": "a/b"}), "id"),
        (json!({"id": "ä"}), "id"),
        (json!({"id": "unused"}), "id"),
        (json!({"id": ".."}), "id"),
        (json!({"id": "a".repeat(65)}), "id"),
        (json!({"probability": 1}), "probability"),
    ] {
        let mut rule = json!({"action": {"status": 500}});
        rule.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        assert_eq!(refused(&rule).field, field, "{extra}");
    }
    assert_eq!(refused(&json!({})).field, "action");
    assert_eq!(refused(&json!([])).field, "body");
    assert_eq!(draft(b"{").unwrap_err().field, "body");
}

#[test]
fn an_answer_that_is_not_there_cannot_be_broken() {
    let rule = |action: Value| json!({"match": {"when": "before"}, "action": action});
    for wire in [
        json!("malformed"),
        json!("goaway"),
        json!({"truncate": {"bytes": 1}}),
    ] {
        assert_eq!(
            refused(&rule(json!({ "wire": wire }))).field,
            "match.when",
            "{wire}"
        );
        assert_eq!(
            read(&rule(json!({"wire": wire, "status": 500}))).when,
            When::Before,
            "{wire}"
        );
    }
}

#[test]
fn an_unknown_operation_is_answered_with_all_that_there_are() {
    let rejection = refused(&with_match(&json!({"operation": "getYou"})));
    assert!(
        OPERATIONS
            .iter()
            .all(|operation| rejection.accepted.contains(operation.id)),
        "{rejection}"
    );
}

#[test]
fn no_secret_is_repeated() {
    let token = refused(&with_match(&json!({"token": "secret-token"})));
    assert!(!token.to_string().contains("secret-token"), "{token}");
    let header = json!({"header": {"name": "authorization", "value": "Bearer secret-token"}});
    let header = refused(&with_match(&header));
    assert!(!header.to_string().contains("secret-token"), "{header}");
    let cookie = read(&with_match(
        &json!({"header": {"name": "Cookie", "value": "abc"}}),
    ));
    assert_eq!(
        cookie.shown.matching.header.unwrap().value.as_deref(),
        Some("ba7816bf8f01")
    );
    assert_eq!(
        cookie.matcher.header.unwrap().1.as_deref(),
        Some("abc"),
        "it is compared as it is"
    );
}

/// Any JSON, and often what stands in rules.
fn any_json() -> impl Strategy<Value = Value> {
    let words = proptest::sample::select(vec![
        "after",
        "before",
        "reset",
        "hang",
        "goaway",
        "getMe",
        "GET",
        "/v1/**",
        "0123456789ab",
        "",
        "a b",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..1_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        words.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let names = proptest::sample::select(vec![
        "id",
        "match",
        "action",
        "times",
        "after",
        "expires_in_s",
        "operation",
        "method",
        "path",
        "person",
        "token",
        "grant_type",
        "header",
        "name",
        "value",
        "nth",
        "every",
        "probability",
        "seed",
        "when",
        "status",
        "headers",
        "body",
        "retry_after",
        "delay",
        "fixed",
        "ms",
        "uniform",
        "min_ms",
        "max_ms",
        "lognormal",
        "median_ms",
        "sigma",
        "wire",
        "truncate",
        "bytes",
        "drip",
        "every_ms",
        "x",
    ]);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((names.clone(), inner), 0..6).prop_map(|fields| {
                Value::Object(
                    fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_a_rule_or_refused_with_a_field(
        matching in any_json(), action in any_json(), whole in any_json(), times in any_json()
    ) {
        for rule in [
            whole,
            json!({"match": matching, "action": action}),
            json!({"action": {"status": 500, "delay": action}, "times": times}),
            json!({"match": matching, "action": {"wire": action}}),
            json!({"match": {"probability": times}, "action": {"delay": {"lognormal": action}}}),
        ] {
            match draft(rule.to_string().as_bytes()) {
                Ok(_) => {}
                Err(rejection) => prop_assert!(!rejection.field.is_empty() && !rejection.accepted.is_empty()),
            }
        }
    }
}
