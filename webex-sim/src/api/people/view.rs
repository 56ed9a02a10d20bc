//! A person as an answer shows them. Fields and their order are those of live answers; those that no live answer had
//! stand where the API reference has them. A field without a value is left out.

use serde::Serialize;

use super::draft::EXTENSION_TYPE;
use super::sight::Sight;
use crate::api::error::ApiError;
use crate::api::request_url::RequestUrl;
use crate::api::respond::millis;
use crate::ids::{self, Kind};
use crate::world;

/// What kind of answer shows a person: they differ in what they leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// One person.
    One,
    /// Somebody who has just been created: SIP addresses are assigned later.
    Created,
    /// A list.
    List,
    /// A list by ids: neither presence nor licences, roles and location.
    ById,
}

/// Who looks, and at what.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    admin: bool,
    /// `callingData`: with what Webex Calling knows.
    calling: bool,
    presence: bool,
    occasion: Occasion,
}

/// The wire form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person<'a> {
    id: String,
    emails: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phone_numbers: Vec<PhoneNumber<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sip_addresses: Option<[SipAddress; 1]>,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    org_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licenses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Address<'a>>,
    created: String,
    last_modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_pending: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_enabled: Option<bool>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    site_urls: &'a [String],
}

#[derive(Debug, Serialize)]
struct PhoneNumber<'a> {
    r#type: &'a str,
    value: &'a str,
    primary: bool,
}

#[derive(Debug, Serialize)]
struct SipAddress {
    r#type: &'static str,
    value: String,
    primary: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Address<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locality: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(rename = "streetAddress", skip_serializing_if = "Option::is_none")]
    street: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
}

// === impl View ===

impl View {
    /// As the query asks for it.
    pub(super) fn of(sight: &Sight, url: &RequestUrl, occasion: Occasion) -> Result<Self, ApiError> {
        let presence = match occasion {
            Occasion::One | Occasion::Created => true,
            Occasion::List => !url.flag("excludeStatus")?,
            Occasion::ById => false,
        };
        Ok(Self {
            admin: sight.admin,
            calling: sight.admin && url.flag("callingData")?,
            presence,
            occasion,
        })
    }

    /// Whether fields for administrators are shown that lists by ids leave out.
    fn is_enriched(self) -> bool {
        self.admin && self.occasion != Occasion::ById
    }
}

// === impl Person ===

impl<'a> Person<'a> {
    pub(super) fn new(person: &'a world::Person, view: View) -> Self {
        let location = person.location_id.as_deref();
        Self {
            id: ids::encode(Kind::Person, person.id),
            emails: &person.emails,
            phone_numbers: phone_numbers(person, view),
            extension: person.extension.as_deref().filter(|_| view.calling),
            location_id: location.filter(|_| view.calling && view.is_enriched()),
            sip_addresses: sip_address(person)
                .filter(|_| view.occasion != Occasion::Created)
                .map(|address| [address]),
            display_name: &person.display_name,
            nick_name: person.nick_name.as_deref(),
            first_name: person.first_name.as_deref(),
            last_name: person.last_name.as_deref(),
            avatar: person.avatar.as_deref(),
            org_id: ids::encode(Kind::Organization, person.organization),
            roles: view.is_enriched().then(|| roles(person)),
            licenses: view.is_enriched().then(|| licenses(person)),
            department: person.department.as_deref(),
            manager: person.manager.as_deref(),
            manager_id: person.manager_id.as_deref(),
            title: person.title.as_deref(),
            addresses: person.addresses.iter().map(Address::from).collect(),
            created: millis(person.created),
            last_modified: millis(person.last_modified),
            timezone: person.timezone.as_deref(),
            status: view.presence.then(|| status(person)),
            invite_pending: view.admin.then_some(person.invite_pending),
            login_enabled: view.admin.then_some(person.login_enabled),
            r#type: "person",
            site_urls: &person.site_urls,
        }
    }
}

/// The numbers of the person, and the extension as a number of its own where Webex Calling is asked for.
fn phone_numbers(person: &world::Person, view: View) -> Vec<PhoneNumber<'_>> {
    let numbers = person.phone_numbers.iter().map(|number| PhoneNumber {
        r#type: &number.kind,
        value: &number.value,
        primary: number.primary,
    });
    let extension = person.extension.as_deref().filter(|_| view.calling);
    let extension = extension.map(|value| PhoneNumber {
        r#type: EXTENSION_TYPE,
        value,
        primary: false,
    });
    numbers.chain(extension).collect()
}

/// The address that the cloud assigns: made from the primary e-mail address, in a domain nobody has.
fn sip_address(person: &world::Person) -> Option<SipAddress> {
    let (name, domain) = person.email().split_once('@')?;
    let site = domain.split('.').next().unwrap_or(domain);
    Some(SipAddress {
        r#type: "cloud-calling",
        value: format!("{name}@{site}.calls.webex.example.com"),
        primary: true,
    })
}

fn roles(person: &world::Person) -> Vec<String> {
    let ids = person.roles.iter().map(|name| ids::encode(Kind::Role, name));
    ids.collect()
}

fn licenses(person: &world::Person) -> Vec<String> {
    let organization = person.organization;
    let id = |license| ids::encode(Kind::License, format_args!("{organization}:{license}"));
    person.licenses.iter().map(id).collect()
}

/// Nobody here uses a Webex app: people have never signed in to one, or nothing is known of them.
fn status(person: &world::Person) -> &'static str {
    if person.invite_pending {
        "pending"
    } else {
        "unknown"
    }
}

impl<'a> From<&'a world::Address> for Address<'a> {
    fn from(address: &'a world::Address) -> Self {
        Self {
            r#type: address.kind.as_deref(),
            country: address.country.as_deref(),
            locality: address.locality.as_deref(),
            region: address.region.as_deref(),
            street: address.street_address.as_deref(),
            postal_code: address.postal_code.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn shown(admin: bool, occasion: Occasion, query: &str) -> serde_json::Value {
        let mut person = Seed::default().directory.people[0].clone();
        person.extension = Some("133".to_owned());
        person.location_id = Some("here".to_owned());
        let sight = Sight {
            organization: person.organization,
            admin,
        };
        let url = RequestUrl::at(&format!("/v1/people?{query}"));
        let view = View::of(&sight, &url, occasion).unwrap();
        serde_json::to_value(Person::new(&person, view)).unwrap()
    }

    #[test]
    fn who_looks_and_how_decides_what_is_shown() {
        let all = "roles licenses loginEnabled status sipAddresses extension locationId";
        for (admin, occasion, query, expected) in [
            (
                true,
                Occasion::One,
                "",
                "roles licenses loginEnabled status sipAddresses",
            ),
            (true, Occasion::One, "callingData=true", all),
            (
                true,
                Occasion::One,
                "excludeStatus=true",
                "roles licenses loginEnabled status sipAddresses",
            ),
            (true, Occasion::Created, "", "roles licenses loginEnabled status"),
            (
                true,
                Occasion::List,
                "excludeStatus=true",
                "roles licenses loginEnabled sipAddresses",
            ),
            (
                true,
                Occasion::ById,
                "callingData=true",
                "loginEnabled sipAddresses extension",
            ),
            (false, Occasion::One, "callingData=true", "status sipAddresses"),
        ] {
            let shown = shown(admin, occasion, query);
            let names: Vec<_> = all.split(' ').filter(|name| shown.get(name).is_some()).collect();
            assert_eq!(names.join(" "), expected, "{admin} {occasion:?} {query}");
        }
    }

    #[test]
    fn an_extension_is_a_number_too_where_calling_is_asked_for() {
        let shown = shown(true, Occasion::One, "callingData=true");
        assert_eq!(shown["phoneNumbers"][0]["type"], "work_extension");
    }
}
