//! `/v1/people` (Webex API reference, "People"). So far: who am I.

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::caller::Caller;
use super::respond::{self, Origin};
use crate::ids::{self, Kind};
use crate::world;

/// A person as an administrator sees one who never used a Webex app: fields and their order as in live answers.
/// A field without a value is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Person<'a> {
    id: String,
    emails: &'a [String],
    sip_addresses: [SipAddress; 1],
    display_name: &'a str,
    nick_name: Option<&'a str>,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    org_id: String,
    roles: Vec<String>,
    licenses: Vec<String>,
    created: String,
    last_modified: String,
    status: &'static str,
    invite_pending: bool,
    login_enabled: bool,
    r#type: &'static str,
    site_urls: &'a [String],
}

#[derive(Debug, Serialize)]
struct SipAddress {
    r#type: &'static str,
    value: String,
    primary: bool,
}

/// `GET /v1/people/me`.
pub(crate) async fn me(caller: Caller) -> Response {
    let body = Person::from(&caller.person);
    caller.noted(respond::json(
        StatusCode::OK,
        Origin::Api,
        &caller.context.tracking,
        &body,
    ))
}

impl<'a> From<&'a world::Person> for Person<'a> {
    fn from(person: &'a world::Person) -> Self {
        let organization = person.organization;
        let (name, domain) = person.email().split_once('@').expect("the seed has been checked");
        Self {
            id: ids::encode(Kind::Person, person.id),
            emails: &person.emails,
            sip_addresses: [SipAddress {
                r#type: "cloud-calling",
                value: format!(
                    "{name}@{}.calls.webex.example.com",
                    domain.split('.').next().unwrap_or(domain)
                ),
                primary: true,
            }],
            display_name: &person.display_name,
            nick_name: person.nick_name.as_deref(),
            first_name: person.first_name.as_deref(),
            last_name: person.last_name.as_deref(),
            org_id: ids::encode(Kind::Organization, organization),
            roles: person
                .roles
                .iter()
                .map(|name| ids::encode(Kind::Role, name))
                .collect(),
            licenses: person
                .licenses
                .iter()
                .map(|license| ids::encode(Kind::License, format_args!("{organization}:{license}")))
                .collect(),
            created: millis(person.created),
            last_modified: millis(person.last_modified),
            status: "unknown",
            invite_pending: false,
            login_enabled: true,
            r#type: "person",
            site_urls: &person.site_urls,
        }
    }
}

/// Milliseconds and `Z`, also where they are zero.
fn millis(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(millis(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
