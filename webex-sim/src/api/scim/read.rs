//! A person as SCIM shows them. The order is that of the examples in the API reference.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::schema::{CISCO, CORE, ENTERPRISE};
use super::write::{address_of, phone_of};
use crate::api::respond::millis;
use crate::world::{Directory, Person};

/// Attributes between the type of the user and the time zone; the title is the person's, the others are SCIM's own.
const IN_BETWEEN: [&str; 5] = ["profileUrl", "title", "preferredLanguage", "locale", "externalId"];

/// Names in [`Person::scim`] that have a place of their own in the answer.
const MIXED: [&str; 8] = [
    "roles",
    "name",
    "emails",
    "userType",
    "phoneNumbers",
    "photos",
    "addresses",
    "timezone",
];

/// Names of the administrator roles that the API reference mentions.
const ROLES: [(&str, &str); 4] = [
    ("id_full_admin", "Full Administrator"),
    ("id_user_admin", "User Administrator"),
    ("id_readonly_admin", "Read-only Administrator"),
    ("id_device_admin", "Device Administrator"),
];

/// The whole user; `base` is scheme and authority of the request.
pub(crate) fn resource(person: &Person, directory: &Directory, base: &str) -> Map<String, Value> {
    let mut user = attributes(person, directory);
    if let Some(manager) = user
        .get_mut(ENTERPRISE)
        .and_then(|fields| fields.get_mut("manager"))
        && let Some(id) = manager["value"].as_str()
    {
        let organization = directory
            .person(id)
            .map_or(person.organization, |it| it.organization);
        manager["$ref"] = format!("{base}/identity/scim/{organization}/v2/Users/{id}").into();
    }
    let meta = json!({
        "resourceType": "User",
        "location": location(person, base),
        "version": version(person, directory),
        "created": millis(person.created),
        "lastModified": millis(person.last_modified),
    });
    user.insert("meta".to_owned(), meta);
    user
}

/// Where the user is.
pub(crate) fn location(person: &Person, base: &str) -> String {
    let (organization, id) = (person.organization, person.id);
    format!("{base}/identity/scim/{organization}/v2/Users/{id}")
}

/// A weak entity tag in the form of the examples, another one after each change.
pub(crate) fn version(person: &Person, directory: &Directory) -> String {
    let shown = Value::Object(attributes(person, directory)).to_string();
    let digest = Sha256::new()
        .chain_update(person.last_modified.as_nanosecond().to_be_bytes())
        .chain_update(shown)
        .finalize();
    let short = digest
        .iter()
        .take(8)
        .fold(0, |all: u64, &byte| all << 8 | u64::from(byte));
    format!("W/\"{short:x}\"")
}

/// What can be written of the user, with `schemas` and `id`: all that does not depend on the request.
pub(crate) fn attributes(person: &Person, directory: &Directory) -> Map<String, Value> {
    let enterprise = enterprise(person, directory);
    let mut schemas = vec![CORE, CISCO];
    schemas.extend((!enterprise.is_empty()).then_some(ENTERPRISE));
    let mut user = Map::new();
    user.insert("schemas".to_owned(), json!(schemas));
    user.insert("id".to_owned(), json!(person.id.to_string()));
    user.insert("userName".to_owned(), json!(person.email()));
    user.insert("active".to_owned(), json!(person.login_enabled));
    put_list(&mut user, "roles", roles(person));
    put_object(&mut user, "name", name(person));
    user.insert("displayName".to_owned(), json!(person.display_name));
    put_text(&mut user, "nickName", person.nick_name.as_deref());
    put_list(&mut user, "emails", emails(person));
    let user_type = person.scim.get("userType").cloned();
    user.insert("userType".to_owned(), user_type.unwrap_or_else(|| json!("user")));
    for key in IN_BETWEEN {
        match (key, person.scim.get(key)) {
            ("title", _) => put_text(&mut user, key, person.title.as_deref()),
            (_, Some(value)) => drop(user.insert(key.to_owned(), value.clone())),
            (_, None) => {}
        }
    }
    put_text(&mut user, "timezone", person.timezone.as_deref());
    put_list(&mut user, "phoneNumbers", phone_numbers(person));
    put_list(&mut user, "photos", kept(person, "photos").to_vec());
    put_list(&mut user, "addresses", addresses(person));
    for (key, value) in &person.scim {
        let shown = MIXED.contains(&key.as_str()) || IN_BETWEEN.contains(&key.as_str());
        if !shown && key != ENTERPRISE && key != CISCO {
            user.insert(key.clone(), value.clone());
        }
    }
    put_object(&mut user, ENTERPRISE, enterprise);
    put_object(&mut user, CISCO, cisco(person));
    user
}

fn roles(person: &Person) -> Vec<Value> {
    let kept = kept(person, "roles");
    let role = |name: &String| {
        let own = kept.iter().find(|role| role["value"] == **name);
        own.cloned().unwrap_or_else(|| {
            let known = ROLES.iter().find(|(role, _)| role == name);
            match known {
                Some((_, display)) => json!({"value": name, "type": "cirole", "display": display}),
                None => json!({"value": name, "type": "cirole"}),
            }
        })
    };
    person.roles.iter().map(role).collect()
}

fn name(person: &Person) -> Map<String, Value> {
    let mut name = Map::new();
    put_text(&mut name, "familyName", person.last_name.as_deref());
    put_text(&mut name, "givenName", person.first_name.as_deref());
    if let Some(Value::Object(fields)) = person.scim.get("name") {
        name.extend(fields.clone());
    }
    name
}

/// The addresses of the person, those that were written by SCIM in its order and with what it wrote about them.
fn emails(person: &Person) -> Vec<Value> {
    let kept = kept(person, "emails");
    let place = |email: &str| {
        kept.iter().position(|own| {
            own["value"]
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(email))
        })
    };
    let mut emails: Vec<_> = person
        .emails
        .iter()
        .enumerate()
        .map(|(n, email)| {
            let place = place(email);
            let own = place.and_then(|place| kept[place].as_object().cloned());
            let mut shown = own.unwrap_or_else(|| {
                let kind = if n == 0 { "work" } else { "other" };
                Map::from_iter([
                    ("value".to_owned(), json!(email)),
                    ("type".to_owned(), json!(kind)),
                ])
            });
            shown.shift_remove("primary");
            if n == 0 {
                shown.insert("primary".to_owned(), json!(true));
            }
            (place.unwrap_or(usize::MAX), Value::Object(shown))
        })
        .collect();
    emails.sort_by_key(|(place, _)| *place);
    emails.into_iter().map(|(_, email)| email).collect()
}

fn phone_numbers(person: &Person) -> Vec<Value> {
    let kept = kept(person, "phoneNumbers");
    let phone = |number: &_| {
        let own = kept.iter().find(|own| phone_of(own) == *number);
        own.cloned().unwrap_or_else(|| {
            let mut shown = json!({"value": number.value, "type": number.kind});
            if number.primary {
                shown["primary"] = json!(true);
            }
            shown
        })
    };
    person.phone_numbers.iter().map(phone).collect()
}

fn addresses(person: &Person) -> Vec<Value> {
    let kept = kept(person, "addresses");
    let address = |address: &_| {
        let own = kept.iter().find(|own| address_of(own) == *address);
        own.cloned().unwrap_or_else(|| {
            let mut shown = Map::new();
            put_text(&mut shown, "type", address.kind.as_deref());
            put_text(&mut shown, "streetAddress", address.street_address.as_deref());
            put_text(&mut shown, "locality", address.locality.as_deref());
            put_text(&mut shown, "region", address.region.as_deref());
            put_text(&mut shown, "postalCode", address.postal_code.as_deref());
            put_text(&mut shown, "country", address.country.as_deref());
            Value::Object(shown)
        })
    };
    person.addresses.iter().map(address).collect()
}

fn enterprise(person: &Person, directory: &Directory) -> Map<String, Value> {
    let mut fields = match person.scim.get(ENTERPRISE) {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    put_text(&mut fields, "department", person.department.as_deref());
    put_object(&mut fields, "manager", manager(person, directory));
    fields
}

/// The manager by id and name: whom the directory knows has the name there.
fn manager(person: &Person, directory: &Directory) -> Map<String, Value> {
    let mut manager = Map::new();
    let known = person.manager_id.as_deref().and_then(|id| directory.person(id));
    match (known, &person.manager_id) {
        (Some(known), _) => {
            put_text(&mut manager, "value", Some(&known.id.to_string()));
            put_text(&mut manager, "displayName", Some(&known.display_name));
        }
        (None, Some(id)) => {
            put_text(&mut manager, "value", Some(&scim_id(id)));
            put_text(&mut manager, "displayName", person.manager.as_deref());
        }
        (None, None) => put_text(&mut manager, "displayName", person.manager.as_deref()),
    }
    manager
}

/// The UUID inside a Webex id; anything else as it is.
fn scim_id(id: &str) -> String {
    let decoded = URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
    let text = String::from_utf8(decoded).unwrap_or_default();
    match text.strip_prefix("ciscospark://us/PEOPLE/") {
        Some(inner) => inner.to_owned(),
        None => id.to_owned(),
    }
}

fn cisco(person: &Person) -> Map<String, Value> {
    let mut fields = Map::new();
    let own = match person.scim.get(CISCO) {
        Some(Value::Object(own)) => own.clone(),
        _ => Map::new(),
    };
    let status = match (person.login_enabled, person.invite_pending) {
        (false, _) => "disabled",
        (true, true) => "pending",
        (true, false) => "active",
    };
    let further = own.get("accountStatus").and_then(Value::as_array);
    let statuses: Vec<_> = [json!(status)]
        .into_iter()
        .chain(further.into_iter().flatten().cloned())
        .collect();
    fields.insert("accountStatus".to_owned(), Value::Array(statuses));
    for (key, value) in own {
        fields.entry(key).or_insert(value);
    }
    fields.insert(
        "meta".to_owned(),
        json!({"organizationId": person.organization.to_string()}),
    );
    fields
}

/// What SCIM wrote under this name.
fn kept<'a>(person: &'a Person, name: &str) -> &'a [Value] {
    match person.scim.get(name) {
        Some(Value::Array(values)) => values,
        _ => &[],
    }
}

fn put_text(fields: &mut Map<String, Value>, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        fields.insert(key.to_owned(), json!(text));
    }
}

fn put_list(fields: &mut Map<String, Value>, key: &str, values: Vec<Value>) {
    if !values.is_empty() {
        fields.insert(key.to_owned(), Value::Array(values));
    }
}

fn put_object(fields: &mut Map<String, Value>, key: &str, object: Map<String, Value>) {
    if !object.is_empty() {
        fields.insert(key.to_owned(), Value::Object(object));
    }
}
