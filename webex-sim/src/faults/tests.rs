//! The list of rules.

use http::HeaderMap;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn with(rules: &[&str]) -> Faults {
    let mut faults = Faults::default();
    for rule in rules {
        faults.add(draft(rule.as_bytes()).unwrap(), NOW).unwrap();
    }
    faults
}

fn ask(faults: &mut Faults, path: &str) -> Option<String> {
    let headers = HeaderMap::new();
    let seen = Seen {
        operation: None,
        method: "GET",
        path,
        headers: &headers,
        person: None,
        tokens: &[],
        grant_type: None,
    };
    faults.ask(&seen, NOW).map(|plan| plan.id)
}

fn ids(faults: Vec<Fault>) -> Vec<String> {
    faults.into_iter().filter_map(|fault| fault.rule.id).collect()
}

#[test]
fn the_first_rule_that_fires_decides_and_later_ones_do_not_see_the_request() {
    let mut faults = with(&[
        r#"{"id":"once","action":{"status":500},"times":1}"#,
        r#"{"id":"rest","action":{"status":503}}"#,
    ]);
    assert_eq!(ask(&mut faults, "/").as_deref(), Some("once"));
    assert_eq!(faults.find("rest").unwrap().matches, 0);
    assert_eq!(ask(&mut faults, "/").as_deref(), Some("rest"));
    assert_eq!(faults.find("once").unwrap().matches, 2);
}

#[test]
fn ids_are_made_where_none_is_given_and_never_twice() {
    let mut faults = with(&[
        r#"{"id":"fault-1","action":{"status":500}}"#,
        r#"{"action":{"status":500}}"#,
        r#"{"action":{"status":500}}"#,
    ]);
    assert_eq!(ids(faults.list()), ["fault-1", "fault-2", "fault-3"]);
    let taken = draft(br#"{"id":"fault-2","action":{"status":500}}"#).unwrap();
    assert_eq!(faults.add(taken, NOW).unwrap_err().field, "id");
    assert_eq!(faults.list().len(), 3);
}

#[test]
fn rules_that_never_fired_are_unused_even_if_they_let_requests_pass() {
    let mut faults = with(&[
        r#"{"id":"hit","match":{"path":"/a"},"action":{"status":500}}"#,
        r#"{"id":"passed","match":{"path":"/b"},"action":{"status":500},"after":5}"#,
        r#"{"id":"never","match":{"path":"/c"},"action":{"status":500}}"#,
    ]);
    assert_eq!(ids(faults.unused()), ["hit", "passed", "never"]);
    ask(&mut faults, "/a");
    assert_eq!(ask(&mut faults, "/b"), None);
    assert_eq!(ids(faults.unused()), ["passed", "never"]);
}

#[test]
fn a_removed_rule_fires_no_more() {
    let mut faults = with(&[
        r#"{"id":"a","action":{"status":500}}"#,
        r#"{"action":{"status":500}}"#,
    ]);
    ask(&mut faults, "/");
    assert_eq!(faults.remove("a").unwrap().hits, 1);
    assert_eq!(faults.remove("a"), None);
    assert_eq!(ask(&mut faults, "/").as_deref(), Some("fault-1"));
    faults.clear();
    assert!(faults.is_empty() && ask(&mut faults, "/").is_none());
}
