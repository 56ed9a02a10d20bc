//! `/v1/broadworks/enterprises/{id}/broadworksDirectorySync`.

use axum::response::Response;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fields::{Fields, Rule};
use super::{Id, Partner, Received, object, profile, text};
use crate::api::error::ApiError;
use crate::world::broadworks::{self, SyncStatus, after};

/// The one thing that can be asked of a synchronisation.
const SYNC_NOW: Rule = Rule {
    longest: 255,
    is_good: |text| text == "SYNC_NOW",
    expected: "SYNC_NOW",
};

/// How an enterprise is synchronised. What has not happened yet is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DirectorySync<'a> {
    enable_dir_sync: bool,
    directory_sync_status: Status<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync_start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync_end_time: Option<String>,
    #[serde(rename = "syncStatus")]
    state: SyncStatus,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    counters: Option<Counters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_successful_sync_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync_tracking_id: Option<&'a str>,
}

/// What the last synchronisation did. There are users only: nothing is known of machines and contacts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counters {
    users_added: usize,
    users_updated: usize,
    users_deleted: usize,
    machines_added: usize,
    machines_updated: usize,
    machines_deleted: usize,
    #[serde(rename = "totalExternalUsersInCI")]
    total_external_users_in_ci: usize,
    #[serde(rename = "totalExternalMachinesInCI")]
    total_external_machines_in_ci: usize,
    user_contacts_added: usize,
    user_contacts_updated: usize,
    user_contacts_deleted: usize,
    org_contacts_added: usize,
    org_contacts_updated: usize,
    org_contacts_deleted: usize,
    total_user_contacts_in_contact_service: usize,
    total_org_contacts_in_contact_service: usize,
}

/// `GET`: the latest status.
pub(crate) async fn get(partner: Partner, id: Id) -> Response {
    let state = partner.0.context.world.state();
    let found = state.directory.enterprise_of(partner.organization(), &text(id));
    let answer = found.map(|enterprise| partner.json(&DirectorySync::from(&enterprise.sync)));
    partner.answer(answer.ok_or(ApiError::NotFound))
}

/// `PUT`: on or off.
pub(crate) async fn put(partner: Partner, id: Id, headers: HeaderMap, body: Received) -> Response {
    let put = || {
        let body = object(&headers, body)?;
        let mut fields = Fields::new(&body);
        let enabled = fields.mandatory_flag("enableDirSync");
        fields.finish(())?;
        change(&partner, &text(id), |sync, _, _| {
            sync.enable(enabled);
            Ok(())
        })
    };
    partner.answer(put())
}

/// `POST`: synchronise now.
pub(crate) async fn post(partner: Partner, id: Id, headers: HeaderMap, body: Received) -> Response {
    let post = || {
        read_trigger(&object(&headers, body)?)?;
        change(&partner, &text(id), |sync, now, delay_s| {
            must_be_enabled(sync)?;
            if sync.status == SyncStatus::InProgress {
                let why = "A directory synchronization is already in progress.";
                return Err(ApiError::Conflict(why.to_owned()));
            }
            let tracking_id = partner.0.context.tracking.as_str().to_owned();
            sync.start(now, after(now, delay_s), tracking_id);
            Ok(())
        })
    };
    partner.answer(post())
}

/// `POST …/externalUser`: synchronise one user, at once.
pub(crate) async fn external_user(partner: Partner, id: Id, headers: HeaderMap, body: Received) -> Response {
    let sync_user = || {
        let user_id = profile::external_user(&object(&headers, body)?)?;
        let directory = &mut partner.0.context.world.state().directory;
        let enterprise = directory.enterprise_of(partner.organization(), &text(id));
        let enterprise = enterprise.ok_or(ApiError::NotFound)?;
        must_be_enabled(&enterprise.sync)?;
        let id = enterprise.id;
        let current = directory.external_user(id, &user_id);
        let enterprise = directory.enterprises.get_mut(&id).ok_or(ApiError::NotFound)?;
        let done = enterprise.sync.user(&user_id, current);
        let (user, status) = done.ok_or(ApiError::NotFound)?;
        Ok(partner.json(&json!({"userResponse": user, "status": status})))
    };
    partner.answer(sync_user())
}

fn read_trigger(body: &Map<String, Value>) -> Result<(), ApiError> {
    let mut fields = Fields::new(body);
    fields.mandatory("syncStatus", SYNC_NOW);
    fields.finish(())
}

fn must_be_enabled(sync: &broadworks::DirectorySync) -> Result<(), ApiError> {
    if sync.enabled {
        return Ok(());
    }
    let why = "Directory synchronization is not enabled for this enterprise.";
    Err(ApiError::Conflict(why.to_owned()))
}

/// Changes the synchronisation of an enterprise and answers with the short form. `change` gets the time and how long a
/// synchronisation takes.
fn change(
    partner: &Partner,
    id: &str,
    change: impl FnOnce(&mut broadworks::DirectorySync, Timestamp, u64) -> Result<(), ApiError>,
) -> Result<Response, ApiError> {
    let world = &partner.0.context.world;
    let mut state = world.state();
    let delay_s = state.settings.directory_sync_delay_s;
    let directory = &mut state.directory;
    let known = directory.enterprise_of(partner.organization(), id);
    let id = known.ok_or(ApiError::NotFound)?.id;
    let enterprise = directory.enterprises.get_mut(&id).ok_or(ApiError::NotFound)?;
    let sync = &mut enterprise.sync;
    change(sync, world.clock.now(), delay_s)?;
    let short = json!({
        "enableDirSync": sync.enabled,
        "directorySyncStatus": {"syncStatus": sync.status},
    });
    directory.look_ahead();
    Ok(partner.json(&short))
}

impl<'a> From<&'a broadworks::DirectorySync> for DirectorySync<'a> {
    fn from(sync: &'a broadworks::DirectorySync) -> Self {
        let counters = sync.last.map(|last| Counters {
            users_added: last.added,
            users_updated: last.updated,
            users_deleted: last.deleted,
            machines_added: 0,
            machines_updated: 0,
            machines_deleted: 0,
            total_external_users_in_ci: sync.users.len(),
            total_external_machines_in_ci: 0,
            user_contacts_added: 0,
            user_contacts_updated: 0,
            user_contacts_deleted: 0,
            org_contacts_added: 0,
            org_contacts_updated: 0,
            org_contacts_deleted: 0,
            total_user_contacts_in_contact_service: 0,
            total_org_contacts_in_contact_service: 0,
        });
        let ended = sync.last.map(|last| micros(last.at));
        Self {
            enable_dir_sync: sync.enabled,
            directory_sync_status: Status {
                last_sync_start_time: sync.started.map(micros),
                last_sync_end_time: ended.clone(),
                state: sync.status,
                counters,
                last_successful_sync_time: ended,
                last_sync_tracking_id: sync.tracking_id.as_deref(),
            },
        }
    }
}

/// Times of synchronisations have microseconds in the documented answers.
fn micros(time: Timestamp) -> String {
    format!("{time:.6}")
}
