//! A person of the directory as a user, there and back.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::error::ScimError;
use super::patch::tests::json_values;
use super::read::{attributes, resource, version};
use super::schema::{CISCO, CORE, ENTERPRISE, checked};
use super::store::uuid;
use super::write::write;
use crate::ids::{self, Kind};
use crate::seed::Seed;
use crate::world::{Address, Directory, Person, PhoneNumber};

const AVERY: &str = "0c8e4f7a-52b3-4d96-a1e8-3f6b9d07c254";

fn directory() -> Directory {
    (*Seed::default().directory).clone()
}

fn new() -> Person {
    let organization = *directory().organizations.keys().next().unwrap();
    let id = uuid("3426a8e3-d414-4bf0-a493-4f6787632a13").unwrap();
    Person::new(
        id,
        organization,
        String::new(),
        String::new(),
        Timestamp::UNIX_EPOCH,
    )
}

fn written(user: Value) -> Result<Person, ScimError> {
    let Value::Object(user) = user else {
        panic!("{user}")
    };
    let mut person = new();
    write(&mut person, checked(user)?, &directory())?;
    Ok(person)
}

/// The user without what nobody can write.
fn shown(person: &Person) -> Value {
    let mut user = attributes(person, &directory());
    user.shift_remove("id");
    Value::Object(user)
}

/// The example of the API reference, with a manager of this world and addresses of `example.com`.
fn example() -> Value {
    json!({
        "schemas": [CORE, CISCO, ENTERPRISE],
        "userName": "user1@example.com",
        "active": true,
        "roles": [{"value": "id_full_admin", "type": "cirole", "display": "Full administrator"}],
        "name": {"familyName": "Joestar", "givenName": "Jonathan", "middleName": "Jane",
            "honorificPrefix": "Mr.", "honorificSuffix": "III"},
        "displayName": "Mr. Jonathan Jane Joestar, III",
        "nickName": "JoJo",
        "emails": [
            {"value": "user1@example.home.com", "type": "home", "display": "home email description"},
            {"value": "user1@example.com", "type": "work", "primary": true},
        ],
        "userType": "user",
        "profileUrl": "https://jojowiki.example.com/Jonathan_Joestar",
        "title": "Sales manager",
        "preferredLanguage": "en_US",
        "locale": "en_US",
        "externalId": "externalIdValue",
        "timezone": "America/Los_Angeles",
        "phoneNumbers": [{"value": "400 123 1234", "type": "work", "primary": true, "display": "work phone number"}],
        "photos": [{"value": "https://photos.example.com/1", "type": "photo", "primary": true}],
        "addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood",
            "region": "CA", "postalCode": "91608", "country": "US"}],
        "entitlements": [{"value": "x"}],
        ENTERPRISE: {"employeeNumber": "518-8888-888", "costCenter": "costCenter 123", "organization": "o",
            "division": "division 456", "department": "department 789",
            "manager": {"value": AVERY, "displayName": "Avery Quinn"}},
        CISCO: {
            "accountStatus": ["active"],
            "sipAddresses": [{"value": "sip1", "type": "enterprise", "primary": true, "display": "d"}],
            "managedOrgs": [{"orgId": "75fe2995-24f5-4831-8d2c-1c2f8255912e", "role": "id_full_admin"}],
            "managedGroups": [{"orgId": "o", "groupId": "g", "role": "location_admin"}],
            "externalAttribute1": [{"source": "s", "value": "v"}],
            "extensionAttribute2": ["one", "two"],
            "userNameType": {"any": "thing"},
            "meta": {"organizationId": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11"},
        },
    })
}

#[test]
fn everything_that_can_be_written_comes_back_as_it_was_written() {
    let person = written(example()).unwrap();
    assert_eq!(shown(&person), example());
}

#[test]
fn what_the_directory_has_a_place_for_goes_there() {
    let person = written(example()).unwrap();
    assert_eq!(person.emails, ["user1@example.com", "user1@example.home.com"]);
    assert_eq!(person.roles, ["id_full_admin"]);
    assert_eq!(person.first_name.as_deref(), Some("Jonathan"));
    assert_eq!(person.last_name.as_deref(), Some("Joestar"));
    assert_eq!(person.display_name, "Mr. Jonathan Jane Joestar, III");
    assert_eq!(person.nick_name.as_deref(), Some("JoJo"));
    assert_eq!(person.title.as_deref(), Some("Sales manager"));
    assert_eq!(person.timezone.as_deref(), Some("America/Los_Angeles"));
    assert_eq!(person.department.as_deref(), Some("department 789"));
    assert_eq!(person.manager.as_deref(), Some("Avery Quinn"));
    assert_eq!(person.manager_id, Some(ids::encode(Kind::Person, AVERY)));
    let phone = PhoneNumber {
        kind: "work".to_owned(),
        value: "400 123 1234".to_owned(),
        primary: true,
    };
    assert_eq!(person.phone_numbers, [phone]);
    assert_eq!(
        person.addresses[0].street_address.as_deref(),
        Some("100 Universal City Plaza")
    );
    assert!(person.login_enabled && !person.invite_pending);
}

#[test]
fn a_person_of_the_seed_is_a_user() {
    let directory = directory();
    let user = resource(
        directory.person(AVERY).unwrap(),
        &directory,
        "https://webexapis.com",
    );
    let organization = "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";
    let expected = json!({
        "schemas": [CORE, CISCO],
        "id": AVERY,
        "userName": "avery.quinn@acme.example.com",
        "active": true,
        "roles": [{"value": "id_full_admin", "type": "cirole", "display": "Full Administrator"}],
        "name": {"familyName": "Quinn", "givenName": "Avery"},
        "displayName": "Avery Quinn",
        "nickName": "Avery",
        "emails": [{"value": "avery.quinn@acme.example.com", "type": "work", "primary": true}],
        "userType": "user",
        CISCO: {"accountStatus": ["active"], "meta": {"organizationId": organization}},
        "meta": {
            "resourceType": "User",
            "location": format!("https://webexapis.com/identity/scim/{organization}/v2/Users/{AVERY}"),
            "version": user["meta"]["version"],
            "created": "2024-03-04T09:15:02.118Z",
            "lastModified": "2026-01-12T10:20:44.507Z",
        },
    });
    assert_eq!(Value::Object(user.clone()).to_string(), expected.to_string());
    let version = user["meta"]["version"].as_str().unwrap();
    assert!(
        version.starts_with("W/\"") && version.ends_with('"') && version.len() > 10,
        "{version}"
    );
}

#[test]
fn what_others_wrote_is_shown_too() {
    let mut person = written(example()).unwrap();
    person.emails = vec!["new@example.com".to_owned(), "user1@example.home.com".to_owned()];
    person.phone_numbers = vec![PhoneNumber {
        kind: "mobile".to_owned(),
        value: "5".to_owned(),
        primary: true,
    }];
    person.addresses = vec![Address {
        country: Some("FR".to_owned()),
        ..Address::default()
    }];
    person.roles = vec!["id_device_admin".to_owned(), "custom".to_owned()];
    (person.manager, person.manager_id) = (Some("Somebody".to_owned()), None);
    person.login_enabled = false;
    let user = shown(&person);
    let emails = json!([
        {"value": "user1@example.home.com", "type": "home", "display": "home email description"},
        {"value": "new@example.com", "type": "work", "primary": true},
    ]);
    let roles = json!([
        {"value": "id_device_admin", "type": "cirole", "display": "Device Administrator"},
        {"value": "custom", "type": "cirole"},
    ]);
    assert_eq!((&user["emails"], &user["roles"]), (&emails, &roles));
    assert_eq!(
        user["phoneNumbers"],
        json!([{"value": "5", "type": "mobile", "primary": true}])
    );
    assert_eq!(user["addresses"], json!([{"country": "FR"}]));
    assert_eq!(user[ENTERPRISE]["manager"], json!({"displayName": "Somebody"}));
    assert_eq!(user[CISCO]["accountStatus"], json!(["disabled"]));
}

#[test]
fn the_manager_has_the_name_of_the_directory_and_a_reference() {
    let mut user = example();
    user[ENTERPRISE]["manager"] = json!({"value": AVERY, "displayName": "Old Name", "$ref": "x"});
    let user = resource(&written(user).unwrap(), &directory(), "http://sim");
    let organization = "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";
    let reference = format!("http://sim/identity/scim/{organization}/v2/Users/{AVERY}");
    let expected = json!({"value": AVERY, "displayName": "Avery Quinn", "$ref": reference});
    assert_eq!(user[ENTERPRISE]["manager"], expected);
    for value in ["00000000-0000-4000-8000-000000000000", "no/uuid"] {
        let mut user = example();
        user[ENTERPRISE]["manager"] = json!({"value": value, "displayName": "Somebody"});
        assert_eq!(shown(&written(user.clone()).unwrap()), user);
    }
}

#[test]
fn names_follow_from_one_another() {
    let minimal = |more: Value| {
        let mut user = json!({"userName": "a@example.com", "userType": "user"});
        user.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        written(user).unwrap()
    };
    assert_eq!(minimal(json!({})).display_name, "a@example.com");
    let named = json!({"name": {"givenName": "A", "familyName": "B"}});
    assert_eq!(minimal(named).display_name, "A B");
    assert_eq!(minimal(json!({"name": {"familyName": "B"}})).display_name, "B");
    let person = minimal(json!({"emails": [{"value": "b@example.com"}, {"value": "A@example.com"}]}));
    assert_eq!(person.emails, ["a@example.com", "b@example.com"]);
}

#[test]
fn active_and_account_status_say_the_same() {
    let status = |more: Value| {
        let mut user = json!({"userName": "a@example.com", "userType": "user"});
        user.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let user = shown(&written(user).unwrap());
        (user["active"].clone(), user[CISCO]["accountStatus"].clone())
    };
    let table = [
        (json!({}), (json!(true), json!(["pending"]))),
        (json!({"active": false}), (json!(false), json!(["disabled"]))),
        (
            json!({CISCO: {"accountStatus": "active"}}),
            (json!(true), json!(["active"])),
        ),
        (
            json!({CISCO: {"accountStatus": ["disabled"]}}),
            (json!(false), json!(["disabled"])),
        ),
        (
            json!({"active": true, CISCO: {"accountStatus": ["disabled"]}}),
            (json!(true), json!(["pending"])),
        ),
        (
            json!({CISCO: {"accountStatus": ["active", "fraud"]}}),
            (json!(true), json!(["active", "fraud"])),
        ),
    ];
    for (more, expected) in table {
        assert_eq!(status(more.clone()), expected, "{more}");
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    let table = [
        (json!({"userType": "user"}), "userName is missing."),
        (json!({"userName": "a@example.com"}), "userType is missing."),
        (
            json!({"userName": "a", "userType": "user"}),
            "userName is not an e-mail address.",
        ),
        (
            json!({"userName": "a@b@c", "userType": "user"}),
            "userName is not an e-mail address.",
        ),
        (
            json!({"userName": "a @b", "userType": "user"}),
            "userName is not an e-mail address.",
        ),
        (
            json!({"userName": "@b", "userType": "user"}),
            "userName is not an e-mail address.",
        ),
        (
            json!({"userName": "a@", "userType": "user"}),
            "userName is not an e-mail address.",
        ),
        (
            json!({"userName": format!("{}@b", "a".repeat(253)), "userType": "user"}),
            "userName is not an e-mail address.",
        ),
        (
            json!({"userName": "a@b", "userType": "user", "emails": [{"value": "c@d"}, {"value": "e"}]}),
            "emails[1].value is not an e-mail address.",
        ),
        (
            json!({"userName": "a@b", "userType": "user", "roles": [{"value": "location_admin"}]}),
            "The role location_admin cannot be assigned.",
        ),
    ];
    for (user, text) in table {
        let error = written(user.clone()).unwrap_err();
        assert_eq!(error, ScimError::Value(text.to_owned()), "{user}");
    }
}

#[test]
fn each_change_gives_another_version() {
    let (mut person, directory) = (written(example()).unwrap(), directory());
    let mut versions = vec![version(&person, &directory)];
    person.title = None;
    versions.push(version(&person, &directory));
    person.last_modified = Timestamp::MAX;
    versions.push(version(&person, &directory));
    person.scim.insert("locale".to_owned(), json!("fr_FR"));
    versions.push(version(&person, &directory));
    assert_eq!(version(&person, &directory), versions[3]);
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 4);
}

#[test]
fn ids_are_uuids_as_webex_writes_them() {
    assert!(uuid(AVERY).is_some() && uuid(&AVERY.to_uppercase()).is_some());
    for text in [
        "",
        "me",
        &AVERY.replace('-', ""),
        &format!("{{{AVERY}}}"),
        &format!("urn:uuid:{AVERY}"),
    ] {
        assert_eq!(uuid(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_user_is_taken_or_refused_and_what_is_shown_can_be_written_again(
        fields in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    "userName", "userType", "active", "roles", "name", "displayName", "emails", "phoneNumbers",
                    "addresses", "photos", "title", "schemas", "entitlements", "x", ENTERPRISE, CISCO,
                ]),
                json_values(),
            ),
            0..6,
        ),
        lists in any::<bool>(),
    ) {
        let mut user = json!({"userName": "a@example.com", "userType": "user"});
        for (key, value) in fields {
            let list = lists && ["roles", "emails", "phoneNumbers", "addresses", "photos"].contains(&key);
            user[key] = if list { json!([{"value": "b@example.com", "type": value}]) } else { value };
        }
        if let Ok(person) = written(user) {
            let before = shown(&person);
            let Value::Object(again) = before.clone() else { unreachable!() };
            let mut second = person.clone();
            let again: Map<_, _> = checked(again).unwrap();
            write(&mut second, again, &directory()).unwrap();
            prop_assert_eq!(shown(&second), before);
        }
    }
}
