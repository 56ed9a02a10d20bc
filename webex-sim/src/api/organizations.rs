//! `/v1/organizations` (Webex API reference, "Organizations"): the caller's own and those it manages.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::caller::Caller;
use super::error::ApiError;
use super::respond::{self, Origin};
use crate::ids::{self, Kind};
use crate::world::{self, Directory};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Organization<'a> {
    id: String,
    display_name: &'a str,
    created: String,
}

#[derive(Debug, Serialize)]
struct List<'a> {
    items: Vec<Organization<'a>>,
}

/// Why an organisation cannot be deleted. The reasons are Webex's, the texts the simulator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum InUse {
    #[error("The organization of the administrator who asks cannot be deleted.")]
    Own,
    #[error("The organization has managed organizations.")]
    Manages,
    #[error("The organization has directory synchronization enabled.")]
    DirectorySync,
    #[error("The organization has more than one user.")]
    Users,
    #[error("The organization has active licenses.")]
    Licenses,
}

/// `GET /v1/organizations`: all at once, there are no pages.
pub(crate) async fn list(caller: Caller) -> Response {
    let state = caller.context.world.state();
    let own = caller.person.organization;
    let organizations = state.directory.organizations.values();
    let visible = organizations.filter(|organization| state.directory.sees(own, organization.id));
    let body = List {
        items: visible.map(Organization::from).collect(),
    };
    caller.noted(ok(&caller, &body))
}

/// `GET /v1/organizations/{orgId}`.
pub(crate) async fn get(caller: Caller, id: Result<Path<String>, PathRejection>) -> Response {
    let state = caller.context.world.state();
    // What is no text names nothing.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let found = visible(&state.directory, caller.person.organization, &id);
    caller.answered(found.map(|organization| ok(&caller, &Organization::from(organization))))
}

/// `DELETE /v1/organizations/{orgId}`: with its last user, if there is one, and with its BroadWorks enterprises and their
/// subscribers.
pub(crate) async fn delete(caller: Caller, id: Result<Path<String>, PathRejection>) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    caller.answered(remove(&caller, &id))
}

fn remove(caller: &Caller, id: &str) -> Result<Response, ApiError> {
    let mut state = caller.context.world.state();
    let id = visible(&state.directory, caller.person.organization, id)?.id;
    if let Some(reason) = in_use(&state.directory, caller.person.organization, id) {
        return Err(ApiError::Conflict(reason.to_string()));
    }
    let people = state.directory.people.values();
    let last = people.filter(|person| person.organization == id);
    for person in last.map(|person| person.id.to_string()).collect::<Vec<_>>() {
        state.delete_person(&person, caller.context.world.clock.now());
    }
    state.directory.delete_organization(id);
    Ok(respond::no_content(&caller.context.tracking))
}

/// The organisation of this id, if somebody of `own` can see it.
fn visible<'a>(directory: &'a Directory, own: Uuid, id: &str) -> Result<&'a world::Organization, ApiError> {
    let id = ids::decode_uuid(Kind::Organization, id).filter(|id| directory.sees(own, *id));
    id.and_then(|id| directory.organizations.get(&id))
        .ok_or(ApiError::NotFound)
}

fn in_use(directory: &Directory, own: Uuid, id: Uuid) -> Option<InUse> {
    let people = || {
        directory
            .people
            .values()
            .filter(|person| person.organization == id)
    };
    let manages = directory
        .organizations
        .values()
        .any(|other| other.managed_by == Some(id));
    let synchronized = directory
        .enterprises
        .values()
        .any(|enterprise| enterprise.organization == id && enterprise.sync.enabled);
    [
        (own == id, InUse::Own),
        (manages, InUse::Manages),
        (synchronized, InUse::DirectorySync),
        (people().count() > 1, InUse::Users),
        (
            people().any(|person| !person.licenses.is_empty()),
            InUse::Licenses,
        ),
    ]
    .into_iter()
    .find_map(|(is, reason)| is.then_some(reason))
}

fn ok(caller: &Caller, body: &impl Serialize) -> Response {
    respond::json(StatusCode::OK, Origin::Api, &caller.context.tracking, body)
}

impl<'a> From<&'a world::Organization> for Organization<'a> {
    fn from(organization: &'a world::Organization) -> Self {
        Self {
            id: ids::encode(Kind::Organization, organization.id),
            display_name: &organization.display_name,
            created: seconds(organization.created),
        }
    }
}

/// Whole seconds with an offset, unlike the times of people.
fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::world::broadworks::{DirectorySync, Enterprise};

    /// The built-in world, in which the first organisation manages the second.
    fn directory() -> (Directory, Uuid, Uuid) {
        let mut directory = Seed::default().directory;
        let (own, other) = (directory.organizations[0].id, directory.organizations[1].id);
        directory.organizations[1].managed_by = Some(own);
        ((*directory).clone(), own, other)
    }

    #[test]
    fn times_are_in_seconds_with_an_offset() {
        assert_eq!(seconds(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00+00:00");
    }

    #[test]
    fn an_organisation_that_nothing_hangs_on_is_not_in_use() {
        let (directory, own, other) = directory();
        assert_eq!(in_use(&directory, own, other), None);
    }

    #[test]
    fn each_reason_keeps_an_organisation() {
        let (start, own, other) = directory();
        assert_eq!(in_use(&start, own, own), Some(InUse::Own));
        assert_eq!(in_use(&start, other, own), Some(InUse::Manages));

        let mut directory = start.clone();
        directory.people[3].licenses.push("EE_1".to_owned());
        assert_eq!(in_use(&directory, own, other), Some(InUse::Licenses));

        let mut directory = start.clone();
        directory.people[0].organization = other;
        assert_eq!(in_use(&directory, own, other), Some(InUse::Users));

        let mut directory = start;
        let mut enterprise = Enterprise {
            id: Uuid::nil(),
            organization: other,
            sp_enterprise_id: String::new(),
            provisioning_id: String::new(),
            created: jiff::Timestamp::UNIX_EPOCH,
            sync: DirectorySync::default(),
        };
        directory.enterprises.insert(enterprise.id, enterprise.clone());
        assert_eq!(in_use(&directory, own, other), None);
        enterprise.sync.enable(true);
        directory.enterprises.insert(enterprise.id, enterprise);
        assert_eq!(in_use(&directory, own, other), Some(InUse::DirectorySync));
    }
}
