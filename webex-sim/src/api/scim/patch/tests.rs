//! The examples of RFC 7644, section 3.5.2, for users, and everything the API reference says about operations.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::scim::schema::{CISCO, ENTERPRISE};

fn user() -> Value {
    json!({
        "userName": "babs@example.com",
        "userType": "user",
        "title": "Boss",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [
            {"value": "babs@example.com", "type": "work", "primary": true},
            {"value": "babs@home.example.com", "type": "home", "display": "at home"},
        ],
        "addresses": [
            {"type": "work", "streetAddress": "1 Old Road", "locality": "Hollywood"},
            {"type": "home", "streetAddress": "2 Small Lane"},
        ],
        ENTERPRISE: {"department": "Sales", "manager": {"value": "m", "displayName": "M"}},
        CISCO: {"extensionAttribute1": ["a", "b"]},
    })
}

fn run(operations: &Value) -> Result<Value, ScimError> {
    let message = json!({"schemas": [PATCH_OP], "Operations": operations});
    let user = user();
    patched(user.as_object().unwrap(), message.as_object().unwrap()).map(Value::Object)
}

/// The user with some attributes replaced; null takes one away.
fn with(changes: &Value) -> Value {
    let mut user = user();
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            user.as_object_mut().unwrap().shift_remove(key);
        } else {
            user[key] = value.clone();
        }
    }
    user
}

#[track_caller]
fn changes(operations: &Value, changes: &Value) {
    assert_eq!(run(operations), Ok(with(changes)), "{operations}");
}

#[track_caller]
fn fails(operation: &Value, scim_type: &str, text: &str) {
    let error = run(&json!([operation])).unwrap_err();
    assert_eq!(
        (error.parts().1, error.to_string()),
        (Some(scim_type), format!("Operations[0]: {text}")),
        "{operation}"
    );
}

#[test]
fn add_without_path_adds_attributes_and_values() {
    let (work, home) = (&user()["emails"][0], &user()["emails"][1]);
    let new = json!({"value": "babs@jensen.example.org", "type": "home"});
    changes(
        &json!([{"op": "add", "value": {"emails": [new], "nickname": "Babs"}}]),
        &json!({"emails": [work, home, new], "nickName": "Babs"}),
    );
}

#[test]
fn add_to_a_list_appends_what_is_not_there_yet() {
    let (work, home) = (&user()["emails"][0], &user()["emails"][1]);
    changes(
        &json!([{"op": "add", "path": "emails", "value": [home]}]),
        &json!({}),
    );
    let new = json!({"value": "x@example.com"});
    changes(
        &json!([{"op": "add", "path": "emails", "value": new}]),
        &json!({"emails": [work, home, new]}),
    );
    changes(
        &json!([{"op": "add", "path": "phoneNumbers", "value": [{"value": "1"}]}]),
        &json!({"phoneNumbers": [{"value": "1"}]}),
    );
    changes(
        &json!([{"op": "add", "path": format!("{CISCO}:extensionAttribute1"), "value": "c"}]),
        &json!({CISCO: {"extensionAttribute1": ["a", "b", "c"]}}),
    );
}

#[test]
fn add_to_one_value_replaces_it_and_to_an_object_adds_to_it() {
    changes(
        &json!([{"op": "add", "path": "title", "value": "Chief"}]),
        &json!({"title": "Chief"}),
    );
    changes(
        &json!([{"op": "add", "path": "name", "value": {"MiddleName": "B", "GIVENNAME": "Babs"}}]),
        &json!({"name": {"givenName": "Babs", "familyName": "Jensen", "MiddleName": "B"}}),
    );
    changes(
        &json!([{"op": "add", "path": "name.middleName", "value": "B"}]),
        &json!({"name": {"givenName": "Barbara", "familyName": "Jensen", "middleName": "B"}}),
    );
    changes(
        &json!([{"op": "add", "path": format!("{ENTERPRISE}:costCenter"), "value": "7"}]),
        &json!({ENTERPRISE: {"department": "Sales", "manager": {"value": "m", "displayName": "M"}, "costCenter": "7"}}),
    );
}

#[test]
fn add_with_a_filter_that_matches_nothing_makes_what_it_describes() {
    changes(
        &json!([{"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]),
        &json!({"phoneNumbers": [{"type": "mobile", "value": "1"}]}),
    );
    changes(
        &json!([{"op": "add", "path": "phoneNumbers[type eq \"fax\" and value eq \"2\"]", "value": {"display": "d"}}]),
        &json!({"phoneNumbers": [{"type": "fax", "value": "2", "display": "d"}]}),
    );
    fails(
        &json!({"op": "add", "path": "emails[type ne \"work\" and type ne \"home\"]", "value": {"value": "x"}}),
        "noTarget",
        "No value of emails is what the path wants.",
    );
}

#[test]
fn remove_takes_away_attributes_values_and_parts() {
    let (work, home) = (&user()["emails"][0], &user()["emails"][1]);
    changes(
        &json!([{"op": "remove", "path": "title"}]),
        &json!({"title": null}),
    );
    changes(
        &json!([{"op": "remove", "path": "emails"}]),
        &json!({"emails": null}),
    );
    changes(&json!([{"op": "remove", "path": "nickName"}]), &json!({}));
    changes(
        &json!([{"op": "remove", "path": "emails[value eq \"babs@home.example.com\"]"}]),
        &json!({"emails": [work]}),
    );
    changes(
        &json!([{"op": "remove", "path": "emails[type eq \"work\" and value ew \"example.com\"]"}]),
        &json!({"emails": [home]}),
    );
    changes(
        &json!([{"op": "remove", "path": "emails[value pr]"}]),
        &json!({"emails": null}),
    );
    changes(
        &json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]),
        &json!({}),
    );
    changes(
        &json!([{"op": "remove", "path": "emails[type eq \"home\"].display"}]),
        &json!({"emails": [work, {"value": "babs@home.example.com", "type": "home"}]}),
    );
    changes(
        &json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
        &json!({"name": null}),
    );
    changes(
        &json!([{"op": "remove", "path": format!("{ENTERPRISE}:manager")}]),
        &json!({ENTERPRISE: {"department": "Sales"}}),
    );
    changes(
        &json!([{"op": "remove", "path": ENTERPRISE}]),
        &json!({ENTERPRISE: null}),
    );
    changes(
        &json!([{"op": "remove", "path": format!("{CISCO}:extensionAttribute1[value eq \"a\"]")}]),
        &json!({CISCO: {"extensionAttribute1": ["b"]}}),
    );
}

#[test]
fn operations_build_on_one_another() {
    let new = json!({"value": "new@example.com", "type": "other"});
    let operations = json!([
        {"op": "remove", "path": "emails[type eq \"work\"]"},
        {"op": "remove", "path": "emails[type eq \"home\"]"},
        {"op": "add", "path": "emails", "value": [new]},
        {"op": "replace", "path": "emails[type eq \"other\"].display", "value": "new"},
    ]);
    let new = json!({"value": "new@example.com", "type": "other", "display": "new"});
    changes(&operations, &json!({"emails": [new]}));
}

#[test]
fn replace_sets_lists_whole_and_objects_by_their_parts() {
    let new = json!([{"value": "new@example.com", "type": "work"}]);
    changes(
        &json!([{"op": "replace", "path": "emails", "value": new}]),
        &json!({"emails": new}),
    );
    changes(
        &json!([{"op": "replace", "value": {"emails": new, "nickname": "Babs"}}]),
        &json!({"emails": new, "nickName": "Babs"}),
    );
    changes(
        &json!([{"op": "replace", "path": "name", "value": {"givenName": "Babs"}}]),
        &json!({"name": {"givenName": "Babs", "familyName": "Jensen"}}),
    );
    changes(
        &json!([{"op": "replace", "path": "nickName", "value": "B"}]),
        &json!({"nickName": "B"}),
    );
    changes(
        &json!([{"op": "replace", "path": "title", "value": null}]),
        &json!({"title": null}),
    );
    changes(
        &json!([{"op": "replace", "path": "emails", "value": []}]),
        &json!({"emails": null}),
    );
    changes(
        &json!([{"op": "replace", "value": {ENTERPRISE: {"department": "HR"}, "urn:x:y": {"a": 1}, "id": "x"}}]),
        &json!({ENTERPRISE: {"department": "HR", "manager": {"value": "m", "displayName": "M"}}}),
    );
    changes(
        &json!([{"op": "replace", "path": ENTERPRISE, "value": {"manager": {"displayName": null}}}]),
        &json!({ENTERPRISE: {"department": "Sales", "manager": {"value": "m"}}}),
    );
}

#[test]
fn replace_with_a_filter_sets_the_values_that_match() {
    let (work, home) = (&user()["addresses"][0], &user()["addresses"][1]);
    let new = json!({"type": "work", "streetAddress": "911 Universal City Plaza", "country": "US"});
    changes(
        &json!([{"op": "replace", "path": "addresses[type eq \"work\"]", "value": new}]),
        &json!({"addresses": [new, home]}),
    );
    let mut moved = work.clone();
    moved["streetAddress"] = json!("1010 Broadway Ave");
    changes(
        &json!([{"op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1010 Broadway Ave"}]),
        &json!({"addresses": [moved, home]}),
    );
    let (mut one, mut other) = (work.clone(), home.clone());
    (one["country"], other["country"]) = (json!("US"), json!("US"));
    changes(
        &json!([{"op": "replace", "path": "addresses.country", "value": "US"}]),
        &json!({"addresses": [one, other]}),
    );
}

#[test]
fn one_value_is_primary() {
    let not_any_more = json!({"value": "babs@example.com", "type": "work", "primary": false});
    let home =
        json!({"value": "babs@home.example.com", "type": "home", "display": "at home", "primary": true});
    changes(
        &json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]),
        &json!({"emails": [not_any_more, home]}),
    );
    let new = json!({"value": "x@example.com", "primary": true});
    changes(
        &json!([{"op": "add", "path": "emails", "value": [new]}]),
        &json!({"emails": [not_any_more, user()["emails"][1], new]}),
    );
}

#[test]
fn operators_and_member_names_are_taken_in_any_case() {
    let message =
        json!({"schemas": [PATCH_OP], "operations": [{"OP": "Replace", "Path": "TITLE", "Value": "x"}]});
    let user = user();
    let read = patched(user.as_object().unwrap(), message.as_object().unwrap());
    assert_eq!(read.map(Value::Object), Ok(with(&json!({"title": "x"}))));
}

#[test]
fn paths_that_lead_nowhere_are_told() {
    let unknown = |path: &str| format!("{path} is not an attribute of a user.");
    let table = [
        (
            json!({"op": "remove"}),
            "noTarget",
            "remove needs a path.".to_owned(),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"other\"]", "value": {"value": "x"}}),
            "noTarget",
            "No value of emails is what the path wants.".to_owned(),
        ),
        (
            json!({"op": "replace", "path": "phoneNumbers.type", "value": "work"}),
            "noTarget",
            "No value of phoneNumbers is what the path wants.".to_owned(),
        ),
        (
            json!({"op": "add", "path": "shoeSize", "value": 1}),
            "invalidPath",
            unknown("shoeSize"),
        ),
        (
            json!({"op": "add", "path": "department", "value": "x"}),
            "invalidPath",
            unknown("department"),
        ),
        (
            json!({"op": "add", "path": "name.size", "value": "x"}),
            "invalidPath",
            unknown("name.size"),
        ),
        (
            json!({"op": "add", "path": "title.value", "value": "x"}),
            "invalidPath",
            unknown("title.value"),
        ),
        (
            json!({"op": "add", "path": "", "value": "x"}),
            "invalidPath",
            " is not a path.".to_owned(),
        ),
        (
            json!({"op": "add", "path": "a b", "value": "x"}),
            "invalidPath",
            "a b is not a path.".to_owned(),
        ),
        (
            json!({"op": "add", "path": 1, "value": "x"}),
            "invalidPath",
            "path is not a text.".to_owned(),
        ),
        (
            json!({"op": "add", "path": "name[givenName eq \"x\"]", "value": {}}),
            "invalidPath",
            "name[givenName eq \"x\"] has a filter where there is no list.".to_owned(),
        ),
        (
            json!({"op": "add", "path": "emails[type is 1]", "value": {}}),
            "invalidFilter",
            "The filter of the path emails[type is 1] cannot be read: expected an operator at character 13."
                .to_owned(),
        ),
    ];
    for (operation, scim_type, text) in table {
        fails(&operation, scim_type, &text);
    }
}

#[test]
fn values_that_cannot_be_and_changes_that_must_not_be_are_told() {
    let table = [
        (
            json!({"op": "add", "path": "title"}),
            "invalidValue",
            "value is missing.".to_owned(),
        ),
        (
            json!({"op": "replace"}),
            "invalidValue",
            "value is missing.".to_owned(),
        ),
        (
            json!({"op": "add", "value": "x"}),
            "invalidValue",
            "Without a path the value is an object of attributes.".to_owned(),
        ),
        (
            json!({"op": "add", "path": ENTERPRISE, "value": "x"}),
            "invalidValue",
            format!("The value of {ENTERPRISE} is not an object."),
        ),
        (
            json!({"op": "replace", "path": "id", "value": "x"}),
            "mutability",
            "id cannot be changed.".to_owned(),
        ),
        (
            json!({"op": "remove", "path": "meta.created"}),
            "mutability",
            "meta.created cannot be changed.".to_owned(),
        ),
        (
            json!({"op": "add", "path": format!("{ENTERPRISE}:manager.$ref"), "value": "x"}),
            "mutability",
            format!("{ENTERPRISE}:manager.$ref cannot be changed."),
        ),
        (
            json!({"op": "remove", "path": "userName"}),
            "mutability",
            "userName cannot be removed.".to_owned(),
        ),
        (
            json!({"op": "replace", "path": "userType", "value": null}),
            "mutability",
            "userType cannot be removed.".to_owned(),
        ),
        (
            json!({"op": "move", "path": "x"}),
            "invalidSyntax",
            "op is none of add, replace, remove.".to_owned(),
        ),
        (
            json!({"path": "x"}),
            "invalidSyntax",
            "op is none of add, replace, remove.".to_owned(),
        ),
        (
            json!("add"),
            "invalidSyntax",
            "The operation is not an object.".to_owned(),
        ),
    ];
    for (operation, scim_type, text) in table {
        fails(&operation, scim_type, &text);
    }
}

#[test]
fn the_message_has_to_be_one() {
    let table = [
        (
            json!({}),
            "schemas does not contain urn:ietf:params:scim:api:messages:2.0:PatchOp.",
        ),
        (json!({"schemas": [PATCH_OP]}), "Operations is not a list."),
        (
            json!({"schemas": [PATCH_OP], "Operations": {}}),
            "Operations is not a list.",
        ),
        (
            json!({"schemas": [PATCH_OP], "Operations": []}),
            "Operations is empty.",
        ),
    ];
    for (message, text) in table {
        let read = patched(&Map::new(), message.as_object().unwrap());
        assert_eq!(read, Err(ScimError::Syntax(text.to_owned())), "{message}");
    }
}

/// Any JSON of a few levels.
pub(crate) fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        Just(json!("work")),
    ];
    let names = proptest::sample::select(vec![
        "value",
        "type",
        "primary",
        "givenName",
        "emails",
        "x",
        ENTERPRISE,
        CISCO,
    ]);
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((names.clone(), inner), 0..3).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_operation_is_done_or_refused(
        op in proptest::sample::select(vec!["add", "replace", "remove"]),
        path in proptest::option::of(proptest::sample::select(vec![
            "userName", "title", "name", "name.givenName", "emails", "emails.value", "emails[type eq \"work\"]",
            "emails[type eq \"x\"].value", "emails[value pr].primary", ENTERPRISE, CISCO,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "urn:scim:schemas:extension:cisco:webexidentity:2.0:User:extensionAttribute1[value eq \"a\"]",
        ])),
        values in proptest::collection::vec(json_values(), 1..4),
    ) {
        let operations: Vec<_> = values.iter().map(|value| match path {
            Some(path) => json!({"op": op, "path": path, "value": value}),
            None => json!({"op": op, "value": value}),
        }).collect();
        if let Ok(user) = run(&json!(operations)) {
            prop_assert!(user["userName"] != Value::Null);
        }
    }

    #[test]
    fn any_path_is_read_or_refused(path in "\\PC{0,40}") {
        let _ = run(&json!([{"op": "add", "path": path, "value": "x"}]));
    }
}
