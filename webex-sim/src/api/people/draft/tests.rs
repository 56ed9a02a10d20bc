use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::seed::Seed;

/// The first person of the built-in world, who has a licence of Webex Calling and no location.
fn person() -> Person {
    Seed::default().directory.people[0].clone()
}

fn license(person: &Person, code: &str) -> String {
    let organization = person.organization;
    ids::encode(
        Kind::License,
        format_args!("{organization}:{code}_7b1f0a52-64e3-4c8d-9d27-5a0e8f3c1b96"),
    )
}

fn problems(result: Result<impl Sized, ApiError>) -> Vec<String> {
    match result {
        Err(ApiError::Invalid(problems)) => problems.into_iter().map(|problem| problem.description).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    }
}

fn new(body: &Value) -> Result<Draft, ApiError> {
    Draft::of_new(body.as_object().unwrap())
}

fn known(body: &Value) -> Result<Draft, ApiError> {
    Draft::of_known(body.as_object().unwrap())
}

#[test]
fn somebody_new_needs_an_address_and_one_of_three_names() {
    let both = [
        "'emails' is required.",
        "'displayName' is required, or 'firstName', or 'lastName'.",
    ];
    assert_eq!(problems(new(&json!({}))), both);
    assert_eq!(problems(new(&json!({"emails": null, "firstName": " "}))), both);
    assert_eq!(problems(new(&json!({"emails": []}))).len(), 2);
    for name in ["displayName", "firstName", "lastName"] {
        assert_eq!(
            new(&json!({"emails": ["a@b"], name: "N"}))
                .unwrap()
                .name_to_show(),
            "N"
        );
    }
    let both = json!({"emails": ["a@b"], "firstName": "F", "lastName": "L"});
    assert_eq!(new(&both).unwrap().name_to_show(), "F L");
}

#[test]
fn each_wrong_field_is_named() {
    for (field, value, expected) in [
        ("displayName", json!(1), "'displayName' must be a string."),
        ("emails", json!("a@b"), "'emails' must be a list of strings."),
        (
            "emails",
            json!(["a@b", "c"]),
            "'emails[1]' must be an email address.",
        ),
        ("orgId", json!("x"), "'orgId' must be an organization id."),
        ("roles", json!(["id_full_admin"]), "'roles[0]' must be a role id."),
        ("licenses", json!([1]), "'licenses' must be a list of strings."),
        (
            "phoneNumbers",
            json!([{}]),
            "'phoneNumbers[0].value' is required.",
        ),
        (
            "phoneNumbers",
            json!([{"type": "pager", "value": "1"}]),
            "'phoneNumbers[0].type' must be one of work, work_extension, mobile, fax, enterprise, alternate1, alternate2.",
        ),
        (
            "phoneNumbers",
            json!([{"value": "1", "primary": "very"}]),
            "'phoneNumbers[0].primary' must be true or false.",
        ),
        (
            "addresses",
            json!([{"country": 1}]),
            "'addresses[0].country' must be a string.",
        ),
        ("siteUrls", json!({}), "'siteUrls' must be a list of strings."),
        (
            "loginEnabled",
            json!("perhaps"),
            "'loginEnabled' must be true or false.",
        ),
    ] {
        let mut body = json!({"emails": ["a@b"], "displayName": "N"});
        body[field] = value;
        assert_eq!(problems(known(&body)), [expected]);
        assert_eq!(problems(new(&body)), [expected]);
    }
}

#[test]
fn what_only_the_person_can_tell_is_checked_against_them() {
    let person = person();
    for (field, value, expected) in [
        ("extension", json!("1"), "'extension' must have 2 to 10 digits."),
        (
            "extension",
            json!("12345678901"),
            "'extension' must have 2 to 10 digits.",
        ),
        ("extension", json!("12a"), "'extension' must have 2 to 10 digits."),
        (
            "avatar",
            json!("ftp://a/b"),
            "'avatar' must be an http or https URL.",
        ),
        ("managerId", json!("x"), "'managerId' must be a person id."),
        (
            "orgId",
            json!(ids::encode(Kind::Organization, Uuid::nil())),
            "'orgId' cannot be changed.",
        ),
        (
            "locationId",
            json!(ids::encode(Kind::Location, 63715)),
            "'locationId' can only be set together with a Webex Calling license.",
        ),
    ] {
        let mut body = json!({"displayName": "N"});
        body[field] = value;
        assert_eq!(problems(known(&body).unwrap().check(&person)), [expected]);
    }
}

#[test]
fn what_stays_as_it_is_fits_however_odd() {
    let mut person = person();
    (person.extension, person.location_id) = (Some("x".to_owned()), Some("y".to_owned()));
    (person.avatar, person.manager_id) = (Some("z".to_owned()), Some("w".to_owned()));
    let body =
        json!({"displayName": "N", "extension": "x", "locationId": "y", "avatar": "z", "managerId": "w"});
    assert_eq!(problems(known(&body).unwrap().check(&person)), [""; 0]);
    let body = json!({"displayName": "N", "locationId": ids::encode(Kind::Location, 1)});
    assert_eq!(
        problems(known(&body).unwrap().check(&person)),
        ["'locationId' cannot be changed."]
    );
}

#[test]
fn calling_comes_with_a_location_and_a_number() {
    let mut person = person();
    person.licenses.clear();
    let location = ids::encode(Kind::Location, 63715);
    let check = |more: Value| {
        let mut body = json!({"displayName": "N", "licenses": [license(&person, "BCSTD")]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        problems(known(&body).unwrap().check(&person))
    };
    assert_eq!(
        check(json!({})),
        [
            "'locationId' is required with a Webex Calling license.",
            "'phoneNumbers' is required with a Webex Calling license, or 'extension'.",
        ]
    );
    assert_eq!(
        check(json!({"locationId": location, "extension": "133"})),
        [""; 0]
    );
    assert_eq!(
        check(json!({"locationId": location, "phoneNumbers": [{"value": "1"}]})),
        [""; 0]
    );
    assert_eq!(
        check(json!({"locationId": "x", "extension": "133"})),
        ["'locationId' must be a location id."]
    );
}

#[test]
fn licences_that_cannot_be_assigned_are_skipped() {
    let mut person = person();
    let (own, mut other) = (license(&person, "EE"), person.clone());
    other.organization = Uuid::nil();
    let licenses = json!([own, own, license(&other, "EE"), "x", ids::encode(Kind::Role, "r")]);
    let draft = known(&json!({"displayName": "N", "licenses": licenses})).unwrap();
    draft.fill(&mut person);
    assert_eq!(person.licenses, ["EE_7b1f0a52-64e3-4c8d-9d27-5a0e8f3c1b96"]);
}

#[test]
fn what_is_absent_is_emptied_but_for_what_a_body_cannot_say() {
    let mut person = person();
    (person.extension, person.location_id) = (Some("133".to_owned()), Some("y".to_owned()));
    person.timezone = Some("America/Denver".to_owned());
    let kept = person
        .licenses
        .iter()
        .map(|license| ids::encode(Kind::License, format_args!("{}:{license}", person.organization)));
    let body = json!({"displayName": "N", "firstName": "F", "licenses": kept.collect::<Vec<_>>()});
    let before = person.clone();
    known(&body).unwrap().fill(&mut person);
    assert_eq!((person.emails, person.timezone), (before.emails, before.timezone));
    assert_eq!(
        (person.extension.as_deref(), person.location_id.as_deref()),
        (Some("133"), Some("y"))
    );
    assert_eq!(person.nick_name.as_deref(), Some("F"));
    assert_eq!(
        (person.last_name, person.roles, person.site_urls),
        (None, vec![], vec![])
    );
    assert!(person.login_enabled);
}

#[test]
fn without_calling_extension_and_location_go() {
    let mut person = person();
    (person.extension, person.location_id) = (Some("133".to_owned()), Some("y".to_owned()));
    known(&json!({"displayName": "N"})).unwrap().fill(&mut person);
    assert_eq!((person.extension, person.location_id), (None, None));
}

#[test]
fn an_empty_extension_takes_it_away_and_a_number_does_not_set_it() {
    let mut person = person();
    person.licenses.clear();
    person.extension = Some("133".to_owned());
    let numbers = json!([{"type": "work_extension", "value": "200"}, {"type": "mobile", "value": "1"}]);
    known(&json!({"displayName": "N", "phoneNumbers": numbers}))
        .unwrap()
        .fill(&mut person);
    assert_eq!(
        (person.extension.as_deref(), person.phone_numbers.len()),
        (Some("133"), 1)
    );
    known(&json!({"displayName": "N", "extension": ""}))
        .unwrap()
        .fill(&mut person);
    assert_eq!(person.extension, None);
}

#[test]
fn a_licence_is_a_code_and_a_uuid_and_perhaps_a_site() {
    let uuid = "7b1f0a52-64e3-4c8d-9d27-5a0e8f3c1b96";
    for (text, good) in [
        (format!("MS_{uuid}"), true),
        (format!("EE_{uuid}_mysite.webex.com"), true),
        (format!("EE_{uuid}_"), false),
        (format!("_{uuid}"), false),
        ("MS".to_owned(), false),
        ("MS_x".to_owned(), false),
    ] {
        assert_eq!(is_license(&text), good, "{text}");
    }
}

#[test]
fn an_address_has_two_sides() {
    for (text, good) in [
        ("a@b", true),
        ("a@b.example.com", true),
        ("a", false),
        ("@b", false),
        ("a@", false),
        ("a@b@c", false),
        ("a b@c", false),
        ("a\u{0}@c", false),
    ] {
        assert_eq!(is_address(text), good, "{text}");
    }
    assert!(!is_address(&format!("{}@b", "a".repeat(253))));
}

/// Any JSON, not too deep.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-z]{1,5}@[a-z]{1,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((field(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// A name that means something, or any.
fn field() -> impl Strategy<Value = String> {
    let known = [
        "emails",
        "orgId",
        "displayName",
        "firstName",
        "phoneNumbers",
        "extension",
        "locationId",
        "avatar",
        "roles",
        "licenses",
        "managerId",
        "addresses",
        "siteUrls",
        "loginEnabled",
        "type",
        "value",
        "primary",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.map(str::to_owned).to_vec()),
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn any_object_is_read_or_refused_with_reasons(fields in proptest::collection::vec((field(), json_value()), 0..8)) {
        let body: Map<String, Value> = fields.into_iter().collect();
        for draft in [Draft::of_new(&body), Draft::of_known(&body)] {
            match draft {
                Ok(draft) => {
                    let mut person = person();
                    let _ = draft.check(&person);
                    draft.fill(&mut person);
                    prop_assert!(!person.emails.is_empty() && !person.display_name.is_empty());
                }
                Err(error) => prop_assert!(matches!(error, ApiError::Invalid(problems) if !problems.is_empty())),
            }
        }
    }

    #[test]
    fn filling_in_the_same_again_changes_nothing(fields in proptest::collection::vec((field(), json_value()), 0..8)) {
        let mut body: Map<String, Value> = fields.into_iter().collect();
        body.insert("displayName".to_owned(), json!("N"));
        if let Ok(draft) = Draft::of_known(&body) {
            let mut once = person();
            draft.fill(&mut once);
            let mut twice = once.clone();
            Draft::of_known(&body).unwrap().fill(&mut twice);
            prop_assert_eq!(format!("{once:?}"), format!("{twice:?}"));
        }
    }
}
