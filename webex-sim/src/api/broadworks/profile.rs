//! What bodies say about a BroadWorks user: of a subscriber to be, of an update, of a precheck.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::fields::{Change, Fields, Rule};
use crate::api::error::ApiError;
use crate::world::broadworks::{NewSubscriber, PACKAGES, Package, Profile, is_email};

/// BroadWorks allows no longer user ID.
const USER_ID: Rule = text(161);

/// Webex documents no size for what is below; longer ones are mistakes.
const TEXT: Rule = text(255);

const SP_ENTERPRISE_ID: Rule = Rule {
    longest: 255,
    is_good: |text| {
        let parts = text.split_once('+');
        parts.is_some_and(|(provider, enterprise)| !provider.is_empty() && !enterprise.is_empty())
    },
    expected: "a service provider and an enterprise, such as Reseller1+acme",
};

const PROVISIONING_ID: Rule = Rule {
    longest: 255,
    is_good: is_provisioning_id,
    expected: "a provisioning ID of Partner Hub",
};

const PACKAGE: Rule = Rule {
    longest: 255,
    is_good: |text| package(text).is_some(),
    expected: "one of softphone, basic, standard, premium",
};

/// RFC 5321, section 4.5.3.1.3.
const EMAIL: Rule = Rule {
    longest: 254,
    is_good: is_email,
    expected: "an e-mail address",
};

/// As BroadWorks writes numbers, such as `+1-240-555-1212` and `+188-(2323)-(343)`.
const NUMBER: Rule = Rule {
    longest: 32,
    is_good: |text| {
        let allowed = |character: char| character.is_ascii_digit() || "+-(). ".contains(character);
        text.chars().all(allowed) && text.contains(|character: char| character.is_ascii_digit())
    },
    expected: "a phone number",
};

/// BroadWorks allows no longer extension.
const EXTENSION: Rule = Rule {
    longest: 20,
    is_good: |text| text.bytes().all(|byte| byte.is_ascii_digit()),
    expected: "digits",
};

const fn text(longest: usize) -> Rule {
    Rule {
        longest,
        is_good: |_| true,
        expected: "a text",
    }
}

/// The body of `POST /v1/broadworks/subscribers`.
pub(super) fn new_subscriber(body: &Map<String, Value>, partner: Uuid) -> Result<NewSubscriber, ApiError> {
    let mut fields = Fields::new(body);
    let fields_of = &mut fields;
    let new = NewSubscriber {
        partner,
        provisioning_id: fields_of.mandatory("provisioningId", PROVISIONING_ID).to_owned(),
        sp_enterprise_id: fields_of.mandatory("spEnterpriseId", SP_ENTERPRISE_ID).to_owned(),
        profile: Profile {
            user_id: fields_of.mandatory("userId", USER_ID).to_owned(),
            first_name: fields_of.mandatory("firstName", TEXT).to_owned(),
            last_name: fields_of.mandatory("lastName", TEXT).to_owned(),
            // One that is wrong is refused with the rest.
            package: package(fields_of.mandatory("package", PACKAGE)).unwrap_or(Package::Softphone),
            email: fields_of.optional("email", EMAIL).map(str::to_owned),
            primary_phone_number: fields_of
                .optional("primaryPhoneNumber", NUMBER)
                .map(str::to_owned),
            mobile_phone_number: fields_of.optional("mobilePhoneNumber", NUMBER).map(str::to_owned),
            extension: fields_of.optional("extension", EXTENSION).map(str::to_owned),
            language: fields_of.optional("language", TEXT).map(str::to_owned),
            timezone: fields_of.optional("timezone", TEXT).map(str::to_owned),
        },
    };
    fields.finish(new)
}

/// The body of `PUT /v1/broadworks/subscribers/{subscriberId}`: the profile with what it changes.
pub(super) fn updated(body: &Map<String, Value>, profile: &Profile) -> Result<Profile, ApiError> {
    let mut fields = Fields::new(body);
    let mut new = profile.clone();
    let set = |value: &mut String, text: Option<&str>| {
        if let Some(text) = text {
            text.clone_into(value);
        }
    };
    set(&mut new.user_id, fields.filled("userId", USER_ID));
    set(&mut new.first_name, fields.filled("firstName", TEXT));
    set(&mut new.last_name, fields.filled("lastName", TEXT));
    if let Some(package) = fields.filled("package", PACKAGE).and_then(package) {
        new.package = package;
    }
    if let Some(timezone) = fields.filled("timezone", TEXT) {
        new.timezone = Some(timezone.to_owned());
    }
    for (value, name, rule) in [
        (&mut new.primary_phone_number, "primaryPhoneNumber", NUMBER),
        (&mut new.mobile_phone_number, "mobilePhoneNumber", NUMBER),
        (&mut new.extension, "extension", EXTENSION),
    ] {
        match fields.change(name, rule) {
            Change::Keep => {}
            Change::Remove => *value = None,
            Change::Set(text) => *value = Some(text.to_owned()),
        }
    }
    let reachable = |profile: &Profile| profile.primary_phone_number.is_some() || profile.extension.is_some();
    if reachable(profile) && !reachable(&new) {
        let what = "and extension must not both be removed";
        fields.problem("primaryPhoneNumber", None, what);
    }
    fields.finish(new)
}

/// What a precheck is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Precheck {
    pub(super) email: String,
    pub(super) user_id: Option<String>,
}

/// The body of `POST /v1/broadworks/subscribers/validate`: as for a new subscriber, but only the address has to be there.
pub(super) fn precheck(body: &Map<String, Value>) -> Result<Precheck, ApiError> {
    let mut fields = Fields::new(body);
    let precheck = Precheck {
        email: fields.mandatory("email", EMAIL).to_owned(),
        user_id: fields.optional("userId", USER_ID).map(str::to_owned),
    };
    for (name, rule) in [
        ("provisioningId", PROVISIONING_ID),
        ("spEnterpriseId", SP_ENTERPRISE_ID),
        ("firstName", TEXT),
        ("lastName", TEXT),
        ("package", PACKAGE),
        ("primaryPhoneNumber", NUMBER),
        ("mobilePhoneNumber", NUMBER),
        ("extension", EXTENSION),
        ("language", TEXT),
        ("timezone", TEXT),
    ] {
        fields.optional(name, rule);
    }
    fields.inside("customerInfo", |info| {
        info.mandatory("primaryEmail", EMAIL);
    });
    fields.finish(precheck)
}

/// The user of `POST …/broadworksDirectorySync/externalUser`.
pub(super) fn external_user(body: &Map<String, Value>) -> Result<String, ApiError> {
    let mut fields = Fields::new(body);
    let user_id = fields.mandatory("userId", USER_ID).to_owned();
    fields.finish(user_id)
}

fn package(name: &str) -> Option<Package> {
    let known = PACKAGES.iter().find(|(known, _)| *known == name);
    known.map(|(_, package)| *package)
}

/// Base64, of whichever alphabet, of two UUIDs with a colon between. Which ones exist only Partner Hub knows.
fn is_provisioning_id(text: &str) -> bool {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decode = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    let bytes = decode(&alphabet::URL_SAFE).or_else(|| decode(&alphabet::STANDARD));
    let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    let is_uuid =
        |text: &str| Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text.to_lowercase());
    text.split_once(':')
        .is_some_and(|(one, other)| is_uuid(one) && is_uuid(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str =
        "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ";

    fn profile() -> Profile {
        new_subscriber(&body(&json!({"extension": "1212"})), Uuid::nil())
            .unwrap()
            .profile
    }

    fn body(more: &Value) -> Map<String, Value> {
        let mut body = json!({"provisioningId": ID, "userId": "95547321@example.com", "spEnterpriseId": "Reseller1+example",
            "firstName": "John", "lastName": "Andersen", "package": "standard"});
        let fields = body.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        fields.clone()
    }

    /// Code and field of each problem.
    fn problems<T: std::fmt::Debug>(result: Result<T, ApiError>) -> Vec<(Option<u16>, String)> {
        match result {
            Err(ApiError::Invalid(problems)) => {
                let parts = |problem: crate::api::error::Problem| (problem.code, problem.field.unwrap());
                problems.into_iter().map(parts).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_mandatory_field_that_is_missing_is_named() {
        let expected = [
            "provisioningId",
            "spEnterpriseId",
            "userId",
            "firstName",
            "lastName",
            "package",
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|name| (Some(1001), (*name).to_owned()))
            .collect();
        assert_eq!(problems(new_subscriber(&Map::new(), Uuid::nil())), expected);
        let nulls = expected
            .iter()
            .map(|(_, name)| (name.clone(), Value::Null))
            .collect();
        assert_eq!(problems(new_subscriber(&nulls, Uuid::nil())), expected);
    }

    #[test]
    fn a_wrong_value_is_named_with_its_code_if_it_has_one() {
        for (field, value, code) in [
            ("userId", json!(""), Some(1002)),
            ("userId", json!("x".repeat(162)), Some(1002)),
            ("userId", json!(7), None),
            ("firstName", json!("ä".repeat(256)), Some(1002)),
            ("lastName", json!([]), None),
            ("package", json!("gold"), None),
            ("package", json!("Standard"), None),
            ("spEnterpriseId", json!("acme"), None),
            ("spEnterpriseId", json!("+acme"), None),
            ("spEnterpriseId", json!("Reseller1+"), None),
            ("provisioningId", json!("xyz"), None),
            ("provisioningId", json!("YTpi"), None),
            ("email", json!("john"), None),
            ("email", json!("a b@example.com"), None),
            ("email", json!("a@b@example.com"), None),
            (
                "email",
                json!(format!("{}@example.com", "x".repeat(243))),
                Some(1002),
            ),
            ("primaryPhoneNumber", json!("call me"), None),
            ("mobilePhoneNumber", json!("+"), None),
            ("extension", json!("12a"), None),
            ("extension", json!("1".repeat(21)), Some(1002)),
            ("timezone", json!({}), None),
            ("language", json!(false), None),
        ] {
            let body = body(&json!({field: value}));
            assert_eq!(
                problems(new_subscriber(&body, Uuid::nil())),
                [(code, field.to_owned())],
                "{field} {value}"
            );
        }
    }

    #[test]
    fn the_longest_values_and_every_alphabet_are_good() {
        for more in [
            json!({"userId": "x".repeat(161), "firstName": "ä".repeat(255), "extension": "1".repeat(20)}),
            json!({"provisioningId": format!("{ID}==")}),
            json!({"email": "", "extension": null, "primaryPhoneNumber": "+188-(2323)-(343)"}),
            json!({"unknown": [1, 2]}),
        ] {
            assert!(new_subscriber(&body(&more), Uuid::nil()).is_ok(), "{more}");
        }
    }

    #[test]
    fn an_update_changes_what_it_names() {
        let change = json!({"lastName": "Andersson", "package": "premium", "mobilePhoneNumber": "+1-818-279-1234", "firstName": null});
        let new = updated(change.as_object().unwrap(), &profile()).unwrap();
        let expected = Profile {
            last_name: "Andersson".into(),
            package: Package::Premium,
            mobile_phone_number: Some("+1-818-279-1234".into()),
            ..profile()
        };
        assert_eq!(new, expected);
    }

    #[test]
    fn the_empty_text_removes_numbers_as_long_as_one_remains() {
        let update = |change: Value, profile: &Profile| updated(change.as_object().unwrap(), profile);
        let both = update(json!({"primaryPhoneNumber": "+1-240-555-1212"}), &profile()).unwrap();
        assert_eq!(update(json!({"extension": ""}), &both).unwrap().extension, None);
        assert!(update(json!({"primaryPhoneNumber": ""}), &both).is_ok());
        let swapped = json!({"extension": "", "primaryPhoneNumber": "+1-240-555-1213"});
        assert!(update(swapped, &profile()).is_ok());
        assert_eq!(
            problems(update(json!({"extension": ""}), &profile())),
            [(None, "primaryPhoneNumber".to_owned())]
        );
        let neither = Profile {
            extension: None,
            ..profile()
        };
        assert!(update(json!({"firstName": "Jon"}), &neither).is_ok());
        assert_eq!(
            problems(update(json!({"userId": "", "timezone": ""}), &neither)),
            [
                (Some(1002), "userId".to_owned()),
                (Some(1002), "timezone".to_owned())
            ]
        );
    }

    #[test]
    fn a_precheck_needs_an_address_and_checks_what_else_is_there() {
        let check = |body: Value| precheck(body.as_object().unwrap());
        let good =
            json!({"email": "john.anderson@example.com", "customerInfo": {"primaryEmail": "a@example.com"}});
        assert_eq!(check(good).unwrap().user_id, None);
        assert_eq!(problems(check(json!({}))), [(Some(1001), "email".to_owned())]);
        let wrong = json!({"email": "a@example.com", "package": "gold", "customerInfo": {}});
        assert_eq!(
            problems(check(wrong)),
            [
                (None, "package".to_owned()),
                (Some(1001), "customerInfo.primaryEmail".to_owned())
            ]
        );
        assert_eq!(
            problems(check(json!({"email": "a@example.com", "customerInfo": 7}))),
            [(None, "customerInfo".to_owned())]
        );
    }
}
