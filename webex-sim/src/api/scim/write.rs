//! A person as SCIM writes them: what the directory has a place for goes there, the rest is kept in [`Person::scim`].

use serde_json::{Map, Value};

use super::error::ScimError;
use super::schema::{CISCO, ENTERPRISE};
use crate::ids::{self, Kind};
use crate::world::{Address, Directory, Person, PhoneNumber};

/// Roles that cannot be assigned by SCIM: Location Admin and Webex Site Admin (API reference, "Create a user"). How they
/// are called as values is not documented; these are the names that have been seen or would be in the style of the others.
const UNASSIGNABLE: [&str; 6] = [
    "location_admin",
    "location_full_admin",
    "id_location_admin",
    "site_admin",
    "webex_site_admin",
    "id_site_admin",
];

/// Longest e-mail address (RFC 5321, section 4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;

/// Values of `accountStatus` that the directory knows by `login_enabled` and `invite_pending`.
const KNOWN_STATUSES: [&str; 3] = ["active", "pending", "disabled"];

/// Makes the person what `user`, which has been checked against the schemas, says: a whole user, not a change.
pub(crate) fn write(
    person: &mut Person,
    mut user: Map<String, Value>,
    directory: &Directory,
) -> Result<(), ScimError> {
    let user_name = take_text(&mut user, "userName");
    let user_name = user_name.ok_or_else(|| ScimError::Value("userName is missing.".to_owned()))?;
    if !user.contains_key("userType") {
        return Err(ScimError::Value("userType is missing.".to_owned()));
    }
    person.emails = addresses_of(user_name, list(&user, "emails"))?;
    write_roles(person, list(&user, "roles"))?;
    write_names(person, &mut user);
    person.title = take_text(&mut user, "title");
    person.timezone = take_text(&mut user, "timezone");
    person.phone_numbers = list(&user, "phoneNumbers").iter().map(phone_of).collect();
    person.addresses = list(&user, "addresses").iter().map(address_of).collect();
    write_enterprise(person, &mut user, directory);
    write_status(person, &mut user);
    person.scim = user;
    Ok(())
}

/// The primary address first, which is the name of the user; none twice.
fn addresses_of(user_name: String, emails: &[Value]) -> Result<Vec<String>, ScimError> {
    if !is_address(&user_name) {
        return Err(ScimError::Value("userName is not an e-mail address.".to_owned()));
    }
    let mut addresses = vec![user_name];
    for (n, email) in emails.iter().enumerate() {
        let email = text(email, "value").unwrap_or_default();
        if !is_address(&email) {
            return Err(ScimError::Value(format!(
                "emails[{n}].value is not an e-mail address."
            )));
        }
        if !addresses.iter().any(|own| own.eq_ignore_ascii_case(&email)) {
            addresses.push(email);
        }
    }
    Ok(addresses)
}

/// Something, one `@`, something, and no spaces: what else an address may be is up to those who send mail there.
fn is_address(text: &str) -> bool {
    let plain = text.len() <= LONGEST_ADDRESS
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control());
    let parts = text.split_once('@');
    plain
        && parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'))
}

fn write_roles(person: &mut Person, roles: &[Value]) -> Result<(), ScimError> {
    let mut names: Vec<String> = Vec::new();
    for role in roles {
        let name = text(role, "value").unwrap_or_default();
        if UNASSIGNABLE.contains(&name.to_ascii_lowercase().as_str()) && !person.roles.contains(&name) {
            return Err(ScimError::Value(format!("The role {name} cannot be assigned.")));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    person.roles = names;
    Ok(())
}

fn write_names(person: &mut Person, user: &mut Map<String, Value>) {
    let mut name = match user.shift_remove("name") {
        Some(Value::Object(name)) => name,
        _ => Map::new(),
    };
    let given = take_text(&mut name, "givenName");
    let family = take_text(&mut name, "familyName");
    if !name.is_empty() {
        user.insert("name".to_owned(), Value::Object(name));
    }
    let parts: Vec<_> = [&given, &family]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let composed = Some(parts.join(" ")).filter(|composed| !composed.is_empty());
    person.display_name = take_text(user, "displayName")
        .or(composed)
        .unwrap_or_else(|| person.email().to_owned());
    (person.first_name, person.last_name) = (given, family);
    person.nick_name = take_text(user, "nickName");
}

fn write_enterprise(person: &mut Person, user: &mut Map<String, Value>, directory: &Directory) {
    let mut fields = match user.shift_remove(ENTERPRISE) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    person.department = take_text(&mut fields, "department");
    let manager = fields.shift_remove("manager").unwrap_or_default();
    let id = text(&manager, "value");
    let known = id.as_deref().and_then(|id| directory.person(id));
    person.manager = known
        .map(|known| known.display_name.clone())
        .or_else(|| text(&manager, "displayName"));
    person.manager_id = match (known, id) {
        (Some(known), _) => Some(ids::encode(Kind::Person, known.id)),
        (None, Some(id)) => Some(ids::encode(Kind::Person, id)),
        (None, None) => None,
    };
    if !fields.is_empty() {
        user.insert(ENTERPRISE.to_owned(), Value::Object(fields));
    }
}

/// `active`, and what `accountStatus` says of it where `active` is not said.
fn write_status(person: &mut Person, user: &mut Map<String, Value>) {
    let active = user.shift_remove("active").and_then(|active| active.as_bool());
    let mut statuses = Vec::new();
    if let Some(Value::Object(fields)) = user.get_mut(CISCO) {
        if let Some(Value::Array(written)) = fields.shift_remove("accountStatus") {
            statuses = written;
        }
        let further: Vec<_> = statuses
            .iter()
            .filter(|status| !KNOWN_STATUSES.iter().any(|known| *status == *known))
            .cloned()
            .collect();
        if !further.is_empty() {
            fields.insert("accountStatus".to_owned(), Value::Array(further));
        }
        if fields.is_empty() {
            user.shift_remove(CISCO);
        }
    }
    let says = |wanted: &str| statuses.iter().any(|status| status == wanted);
    person.login_enabled = active.unwrap_or(!says("disabled"));
    if says("pending") {
        person.invite_pending = true;
    } else if says("active") {
        person.invite_pending = false;
    }
}

/// What the directory keeps of a telephone number.
pub(super) fn phone_of(value: &Value) -> PhoneNumber {
    PhoneNumber {
        kind: text(value, "type").unwrap_or_else(|| "other".to_owned()),
        value: text(value, "value").unwrap_or_default(),
        primary: value["primary"] == true,
    }
}

/// What the directory keeps of an address.
pub(super) fn address_of(value: &Value) -> Address {
    Address {
        kind: text(value, "type"),
        country: text(value, "country"),
        locality: text(value, "locality"),
        region: text(value, "region"),
        street_address: text(value, "streetAddress"),
        postal_code: text(value, "postalCode"),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn take_text(fields: &mut Map<String, Value>, key: &str) -> Option<String> {
    match fields.shift_remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn list<'a>(user: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    match user.get(key) {
        Some(Value::Array(values)) => values,
        _ => &[],
    }
}
