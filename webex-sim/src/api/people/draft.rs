//! What a body says about a person, and what comes of it. Fields that nobody may set, and unknown ones, are ignored.

use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use super::fields::Fields;
use crate::api::error::ApiError;
use crate::ids::{self, Kind};
use crate::world::{Address, Person, PhoneNumber};

/// A number that shows the extension; `extension` is what sets it (API reference, "Update a Person").
pub(super) const EXTENSION_TYPE: &str = "work_extension";

/// Types of telephone numbers: those of the API reference, and three that clients have met.
const PHONE_TYPES: [&str; 7] = [
    "work",
    EXTENSION_TYPE,
    "mobile",
    "fax",
    "enterprise",
    "alternate1",
    "alternate2",
];

/// What licences of Webex Calling begin with, such as `BCSTD` and `BCPRO`.
const CALLING_CODE: &str = "BC";

/// Longest e-mail address: RFC 5321, section 4.5.3.1.3, less the angle brackets.
const LONGEST_ADDRESS: usize = 254;

/// Digits of an extension of Webex Calling.
const EXTENSION_DIGITS: std::ops::RangeInclusive<usize> = 2..=10;

/// The fields of a body that mean something.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// Never empty if it is there.
    pub(super) emails: Option<Vec<String>>,
    pub(super) organization: Option<Uuid>,
    display_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    nick_name: Option<String>,
    phone_numbers: Vec<PhoneNumber>,
    /// Empty: take it away.
    extension: Option<String>,
    location_id: Option<String>,
    avatar: Option<String>,
    /// Names.
    roles: Vec<String>,
    /// Ids, as they were written.
    licenses: Vec<String>,
    department: Option<String>,
    manager: Option<String>,
    manager_id: Option<String>,
    title: Option<String>,
    addresses: Vec<Address>,
    site_urls: Vec<String>,
    login_enabled: Option<bool>,
}

impl Draft {
    /// For somebody new. One address is used, however many there are.
    pub(super) fn of_new(body: &Map<String, Value>) -> Result<Self, ApiError> {
        let mut fields = Fields::new(body);
        let mut draft = Self::read(&mut fields);
        draft.login_enabled = None;
        match &mut draft.emails {
            Some(emails) => emails.truncate(1),
            None if body.get("emails").is_none_or(Value::is_null) => fields.wrong("emails", "is required."),
            None => {}
        }
        let names = ["displayName", "firstName", "lastName"];
        if names.iter().all(|name| body.get(*name).is_none_or(says_nothing)) {
            fields.wrong("displayName", "is required, or 'firstName', or 'lastName'.");
        }
        fields.finish().map(|()| draft)
    }

    /// For somebody who is there.
    pub(super) fn of_known(body: &Map<String, Value>) -> Result<Self, ApiError> {
        let mut fields = Fields::new(body);
        let draft = Self::read(&mut fields);
        if body.get("displayName").is_none_or(says_nothing) {
            fields.wrong("displayName", "is required.");
        }
        fields.finish().map(|()| draft)
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            emails: emails(fields),
            organization: organization(fields),
            display_name: fields.text("displayName"),
            first_name: fields.text("firstName"),
            last_name: fields.text("lastName"),
            nick_name: fields.text("nickName"),
            phone_numbers: fields.objects("phoneNumbers", phone_number).unwrap_or_default(),
            extension: fields.blank_or_text("extension"),
            location_id: fields.text("locationId"),
            avatar: fields.text("avatar"),
            roles: roles(fields),
            licenses: fields.texts("licenses").unwrap_or_default(),
            department: fields.text("department"),
            manager: fields.text("manager"),
            manager_id: fields.text("managerId"),
            title: fields.text("title"),
            addresses: fields.objects("addresses", address).unwrap_or_default(),
            site_urls: fields.texts("siteUrls").unwrap_or_default(),
            login_enabled: fields.flag("loginEnabled"),
        }
    }

    /// The name to show: the one that is given, else made from the others.
    pub(super) fn name_to_show(&self) -> String {
        let parts = [&self.first_name, &self.last_name];
        let parts: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
        self.display_name.clone().unwrap_or_else(|| parts.join(" "))
    }

    /// Whether it fits `before`, the person as they are: what stays as it is always fits.
    pub(super) fn check(&self, before: &Person) -> Result<(), ApiError> {
        let none = Map::new();
        let mut fields = Fields::new(&none);
        if self.organization.is_some_and(|id| id != before.organization) {
            fields.wrong("orgId", "cannot be changed.");
        }
        let extension = changed(self.extension.as_ref(), before.extension.as_ref());
        if extension.is_some_and(|text| !text.is_empty() && !is_extension(text)) {
            fields.wrong("extension", "must have 2 to 10 digits.");
        }
        let avatar = changed(self.avatar.as_ref(), before.avatar.as_ref());
        if avatar.is_some_and(|text| !is_web_url(text)) {
            fields.wrong("avatar", "must be an http or https URL.");
        }
        let manager = changed(self.manager_id.as_ref(), before.manager_id.as_ref());
        if manager.is_some_and(|id| ids::decode_uuid(Kind::Person, id).is_none()) {
            fields.wrong("managerId", "must be a person id.");
        }
        self.check_calling(before, &mut fields);
        fields.finish()
    }

    /// Location and number come with the first licence of Webex Calling, all in one request (API reference, "Create a Person");
    /// after that the location stays.
    fn check_calling(&self, before: &Person, fields: &mut Fields<'_>) {
        let has_it = |licenses: &[String]| licenses.iter().any(|license| is_calling(license));
        let starts = has_it(&self.assigned(before)) && !has_it(&before.licenses);
        let location = changed(self.location_id.as_ref(), before.location_id.as_ref());
        match location {
            Some(_) if before.location_id.is_some() => fields.wrong("locationId", "cannot be changed."),
            Some(_) if !starts => {
                fields.wrong(
                    "locationId",
                    "can only be set together with a Webex Calling license.",
                );
            }
            Some(id) if ids::decode(Kind::Location, id).is_none() => {
                fields.wrong("locationId", "must be a location id.");
            }
            None if starts && before.location_id.is_none() => {
                fields.wrong("locationId", "is required with a Webex Calling license.");
            }
            _ => {}
        }
        let number = self
            .phone_numbers
            .iter()
            .any(|number| number.kind != EXTENSION_TYPE);
        let extension = self.extension.as_ref().is_some_and(|text| !text.is_empty());
        if starts && !number && !extension {
            let what = "is required with a Webex Calling license, or 'extension'.";
            fields.wrong("phoneNumbers", what);
        }
    }

    /// Puts everything on the person: what is absent is empty from now on. Exceptions are what a body cannot say to the end: the
    /// address and the name, which everybody has, and extension and location, which not every answer shows.
    pub(super) fn fill(self, person: &mut Person) {
        let licenses = self.assigned(person);
        let known_extension = |number: &PhoneNumber| person.phone_numbers.contains(number);
        let mut phone_numbers = self.phone_numbers;
        phone_numbers.retain(|number| number.kind != EXTENSION_TYPE || known_extension(number));
        person.phone_numbers = phone_numbers;
        if let Some(emails) = self.emails {
            person.emails = emails;
        }
        if let Some(name) = self.display_name {
            person.display_name = name;
        }
        // Without Webex Calling nobody keeps a location or an extension from it.
        let has = licenses.iter().any(|license| is_calling(license));
        let had = person.licenses.iter().any(|license| is_calling(license));
        if has {
            person.location_id = self.location_id.or(person.location_id.take());
        } else if had {
            (person.location_id, person.extension) = (None, None);
        }
        if let Some(extension) = self.extension {
            person.extension = Some(extension).filter(|text| !text.is_empty());
        }
        person.licenses = licenses;
        // "Set to the firstName automatically" (API reference).
        person.nick_name = self.nick_name.or_else(|| self.first_name.clone());
        person.first_name = self.first_name;
        person.last_name = self.last_name;
        person.avatar = self.avatar;
        person.roles = self.roles;
        person.department = self.department;
        person.manager = self.manager;
        person.manager_id = self.manager_id;
        person.title = self.title;
        person.addresses = self.addresses;
        person.site_urls = self.site_urls;
        person.login_enabled = self.login_enabled.unwrap_or(person.login_enabled);
    }

    /// The licences that the person gets; those that cannot be assigned are skipped, as Webex does.
    fn assigned(&self, before: &Person) -> Vec<String> {
        let own = format!("{}:", before.organization);
        let mut licenses: Vec<String> = Vec::new();
        for id in &self.licenses {
            let Some(license) = ids::decode(Kind::License, id) else {
                continue;
            };
            let Some(license) = license.strip_prefix(&own).map(str::to_owned) else {
                continue;
            };
            if (is_license(&license) || before.licenses.contains(&license)) && !licenses.contains(&license) {
                licenses.push(license);
            }
        }
        licenses
    }
}

/// Whether somebody is an attendee of this site, not its host.
pub(super) fn is_attendee(site: &str) -> bool {
    site.ends_with("#attendee")
}

fn emails(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let sent = fields.texts("emails")?;
    if sent.is_empty() {
        fields.wrong("emails", "must not be empty.");
        return None;
    }
    let mut emails: Vec<String> = Vec::new();
    for (n, email) in sent.into_iter().enumerate() {
        if !is_address(&email) {
            fields.wrong(&format!("emails[{n}]"), "must be an email address.");
        } else if !emails.iter().any(|known| known.eq_ignore_ascii_case(&email)) {
            emails.push(email);
        }
    }
    Some(emails).filter(|emails| !emails.is_empty())
}

fn organization(fields: &mut Fields<'_>) -> Option<Uuid> {
    let id = ids::decode_uuid(Kind::Organization, &fields.text("orgId")?);
    if id.is_none() {
        fields.wrong("orgId", "must be an organization id.");
    }
    id
}

fn roles(fields: &mut Fields<'_>) -> Vec<String> {
    let mut roles = Vec::new();
    for (n, id) in fields.texts("roles").unwrap_or_default().into_iter().enumerate() {
        match ids::decode(Kind::Role, &id).filter(|name| is_role(name)) {
            Some(role) if !roles.contains(&role) => roles.push(role),
            Some(_) => {}
            None => fields.wrong(&format!("roles[{n}]"), "must be a role id."),
        }
    }
    roles
}

fn phone_number(fields: &mut Fields<'_>) -> Option<PhoneNumber> {
    let kind = fields.text("type").unwrap_or_else(|| "work".to_owned());
    if !PHONE_TYPES.contains(&kind.as_str()) {
        fields.wrong("type", &format!("must be one of {}.", PHONE_TYPES.join(", ")));
    }
    let value = fields.text("value");
    if value.is_none() {
        fields.wrong("value", "is required.");
    }
    let primary = fields.flag("primary").unwrap_or_default();
    value.map(|value| PhoneNumber { kind, value, primary })
}

fn address(fields: &mut Fields<'_>) -> Option<Address> {
    let address = Address {
        kind: fields.text("type"),
        country: fields.text("country"),
        locality: fields.text("locality"),
        region: fields.text("region"),
        street_address: fields.text("streetAddress"),
        postal_code: fields.text("postalCode"),
    };
    (address != Address::default()).then_some(address)
}

fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The new value, if it is another one.
fn changed<'a>(new: Option<&'a String>, old: Option<&String>) -> Option<&'a String> {
    new.filter(|new| Some(*new) != old)
}

/// Something on both sides of the only `@`, and no blanks.
fn is_address(text: &str) -> bool {
    let sides = text.split_once('@');
    let good = |(name, domain): (&str, &str)| !name.is_empty() && !domain.is_empty() && !domain.contains('@');
    let visible = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    text.len() <= LONGEST_ADDRESS && visible && sides.is_some_and(good)
}

fn is_extension(text: &str) -> bool {
    EXTENSION_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Such as `id_full_admin` and `atlas-portal.partner.salesadmin`.
fn is_role(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// A code and a UUID, which the name of a site may follow: `EE_<uuid>_<site>`.
fn is_license(text: &str) -> bool {
    let Some((code, rest)) = text.split_once('_') else {
        return false;
    };
    let (uuid, site) = rest
        .split_once('_')
        .map_or((rest, None), |(uuid, site)| (uuid, Some(site)));
    let code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    code && Uuid::try_parse(uuid).is_ok() && site != Some("")
}

fn is_calling(license: &str) -> bool {
    license.starts_with(CALLING_CODE)
}

#[cfg(test)]
mod tests;
