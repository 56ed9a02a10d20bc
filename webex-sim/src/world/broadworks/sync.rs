//! Synchronisation of an enterprise's BroadWorks directory into Webex. The users in that directory are those whom the
//! simulator knows of BroadWorks: the subscribers of the enterprise.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::subscriber::Profile;

/// How an enterprise is synchronised, and how far that is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DirectorySync {
    pub(crate) enabled: bool,
    pub(crate) status: SyncStatus,
    /// When a synchronisation in progress ends.
    pub(crate) due: Option<Timestamp>,
    pub(crate) started: Option<Timestamp>,
    /// What the last one did that came to its end.
    pub(crate) last: Option<Finished>,
    /// Tracking id of the request that started it.
    pub(crate) tracking_id: Option<String>,
    /// The users who have been brought to Webex, by user ID in lower case.
    pub(crate) users: IndexMap<String, ExternalUser>,
}

/// How far a synchronisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SyncStatus {
    #[default]
    NotSynced,
    InProgress,
    Complete,
}

/// What a synchronisation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Finished {
    pub(crate) at: Timestamp,
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) deleted: usize,
}

/// A user of the enterprise's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExternalUser {
    pub(crate) user_id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extension: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mobile: Option<String>,
}

/// What the synchronisation of one user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum UserSync {
    Add,
    Update,
    Delete,
    NoOperation,
}

// === impl DirectorySync ===

impl DirectorySync {
    /// Switches it on or off. Off forgets what was synchronised, and ends what is in progress.
    pub(crate) fn enable(&mut self, enabled: bool) {
        if enabled {
            self.enabled = true;
        } else {
            *self = Self::default();
        }
    }

    /// Starts a synchronisation that ends at `due`.
    pub(crate) fn start(&mut self, now: Timestamp, due: Timestamp, tracking_id: String) {
        self.status = SyncStatus::InProgress;
        self.started = Some(now);
        self.due = Some(due);
        self.tracking_id = Some(tracking_id);
    }

    /// Ends the one in progress: Webex has now the users of BroadWorks.
    pub(super) fn finish(&mut self, users: IndexMap<String, ExternalUser>, at: Timestamp) {
        let (known, new): (Vec<_>, Vec<_>) = users
            .iter()
            .partition(|(user_id, _)| self.users.contains_key(*user_id));
        let changed = known
            .iter()
            .filter(|(user_id, user)| self.users.get(*user_id) != Some(user));
        let finished = Finished {
            at,
            added: new.len(),
            updated: changed.count(),
            deleted: self.users.len() - known.len(),
        };
        self.users = users;
        self.status = SyncStatus::Complete;
        self.due = None;
        self.last = Some(finished);
    }

    /// Brings one user up to date: `current` is what BroadWorks has. Absent if neither side knows the user.
    pub(crate) fn user(
        &mut self,
        user_id: &str,
        current: Option<ExternalUser>,
    ) -> Option<(ExternalUser, UserSync)> {
        let key = key(user_id);
        let Some(current) = current else {
            let gone = self.users.shift_remove(&key)?;
            return Some((gone, UserSync::Delete));
        };
        let done = match self.users.insert(key, current.clone()) {
            None => UserSync::Add,
            Some(before) if before == current => UserSync::NoOperation,
            Some(_) => UserSync::Update,
        };
        Some((current, done))
    }
}

// === impl ExternalUser ===

impl ExternalUser {
    /// With its key among the users of the directory.
    pub(super) fn keyed(profile: &Profile) -> (String, Self) {
        (key(&profile.user_id), Self::from(profile))
    }
}

impl From<&Profile> for ExternalUser {
    fn from(profile: &Profile) -> Self {
        Self {
            user_id: profile.user_id.clone(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            extension: profile.extension.clone(),
            number: profile.primary_phone_number.clone(),
            mobile: profile.mobile_phone_number.clone(),
        }
    }
}

fn key(user_id: &str) -> String {
    user_id.to_ascii_lowercase()
}
