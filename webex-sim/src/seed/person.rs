//! A person of a seed. Only the address and the name have to be there.

use jiff::Timestamp;
use uuid::Uuid;

use super::defaults;
use super::section::{Found, Section};
use crate::secret::Secret;
use crate::world::{Address, FULL_ADMIN, Person, PhoneNumber, Role};

/// A person before it is known whether the rest of the seed fits.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) section: Section<'a>,
    /// Absent if it is missing or none.
    pub(super) email: Option<Found<&'a str>>,
    pub(super) organization: Option<Found<&'a str>>,
    pub(super) role: Found<Role>,
    /// All but the organisation.
    pub(super) person: Person,
    /// Whether it has an address and a name.
    pub(super) is_complete: bool,
}

/// Reads a person.
pub(super) fn read<'a>(mut section: Section<'a>, world: &str) -> Draft<'a> {
    let email = section.required("email").filter(|email| {
        let good = is_address(email.value);
        if !good {
            let reason = format!("is {:?}", email.value);
            section.wrong("email", email.place, reason, "an e-mail address");
        }
        good
    });
    let display_name = section.required("displayName");
    let organization = section.text("organization");
    let role = role(&mut section);
    let id = uuid(&mut section, "id");
    let created = time(&mut section, "created");
    let more = section.texts("otherEmails").unwrap_or_default();
    for other in more.iter().filter(|other| !is_address(other.value)) {
        let reason = format!("has {:?}", other.value);
        section.wrong("otherEmails", other.place, reason, "e-mail addresses");
    }
    let created = created.unwrap_or_else(defaults::created);
    let names = [
        email.as_ref().map_or("", |email| email.value),
        display_name.as_ref().map_or("", |name| name.value),
    ];
    let id = id.unwrap_or_else(|| defaults::id(world, "person", names[0]));
    let mut person = Person::new(id, Uuid::nil(), names[0].to_owned(), names[1].to_owned(), created);
    person
        .emails
        .extend(more.iter().map(|other| other.value.to_owned()));
    person.roles = role.value.names().iter().map(|&name| name.to_owned()).collect();
    details(&mut section, &mut person);
    Draft {
        is_complete: email.is_some() && display_name.is_some(),
        email,
        organization,
        role,
        person,
        section,
    }
}

/// What may be left out.
fn details(section: &mut Section<'_>, person: &mut Person) {
    person.password = section
        .secret("password")
        .unwrap_or_else(|| Secret::new(defaults::password(person.email())));
    person.last_modified = time(section, "lastModified").unwrap_or(person.created);
    person.first_name = section.owned("firstName");
    person.last_name = section.owned("lastName");
    person.nick_name = section.owned("nickName");
    person.roles.extend(
        texts(section, "roles")
            .into_iter()
            .filter(|role| role != FULL_ADMIN),
    );
    person.licenses = texts(section, "licenses");
    person.site_urls = texts(section, "siteUrls");
    person.phone_numbers = section
        .sections("phoneNumbers")
        .into_iter()
        .filter_map(phone_number)
        .collect();
    person.extension = section.owned("extension");
    person.location_id = section.owned("locationId");
    person.avatar = section.owned("avatar");
    person.department = section.owned("department");
    person.manager = section.owned("manager");
    person.manager_id = section.owned("managerId");
    person.title = section.owned("title");
    person.addresses = section.sections("addresses").into_iter().map(address).collect();
    person.timezone = section.owned("timezone");
    person.login_enabled = section.flag("loginEnabled").unwrap_or(true);
    person.invite_pending = section.flag("invitePending").unwrap_or(false);
    if let Some(node) = section.node("scim") {
        match node.to_json() {
            serde_json::Value::Object(scim) => person.scim = scim,
            _ => section.wrong("scim", node.place, "is no map", "a map of SCIM attributes"),
        }
    }
}

fn role(section: &mut Section<'_>) -> Found<Role> {
    let accepted = "partner_full_admin, full_admin or user";
    let role = section.parsed("role", accepted, |text| match text {
        "partner_full_admin" => Some(Role::PartnerFullAdmin),
        "full_admin" => Some(Role::FullAdmin),
        "user" => Some(Role::User),
        _ => None,
    });
    role.unwrap_or(Found {
        value: Role::User,
        place: None,
    })
}

fn phone_number(mut section: Section<'_>) -> Option<PhoneNumber> {
    let kind = section.owned("type").unwrap_or_else(|| "work".to_owned());
    let value = section.required("value");
    let primary = section.flag("primary").unwrap_or(false);
    section.finish();
    Some(PhoneNumber {
        kind,
        value: value?.value.to_owned(),
        primary,
    })
}

fn address(mut section: Section<'_>) -> Address {
    let address = Address {
        kind: section.owned("type"),
        country: section.owned("country"),
        locality: section.owned("locality"),
        region: section.owned("region"),
        street_address: section.owned("streetAddress"),
        postal_code: section.owned("postalCode"),
    };
    section.finish();
    address
}

fn is_address(text: &str) -> bool {
    let named = |(local, domain): (&str, &str)| !local.is_empty() && !domain.is_empty();
    text.split_once('@').is_some_and(named) && !text.contains(char::is_whitespace)
}

pub(super) fn uuid(section: &mut Section<'_>, name: &'static str) -> Option<Uuid> {
    let found = section.parsed(name, "a UUID", |text| Uuid::parse_str(text).ok());
    found.map(|found| found.value)
}

pub(super) fn time(section: &mut Section<'_>, name: &'static str) -> Option<Timestamp> {
    let accepted = "a time from 1970 on, such as 2024-03-04T09:12:31.000Z";
    let found = section.parsed(name, accepted, |text| {
        let time = text.parse::<Timestamp>().ok();
        time.filter(|time| *time >= Timestamp::UNIX_EPOCH)
    });
    found.map(|found| found.value)
}

fn texts(section: &mut Section<'_>, name: &'static str) -> Vec<String> {
    let found = section.texts(name).unwrap_or_default();
    found.into_iter().map(|text| text.value.to_owned()).collect()
}
