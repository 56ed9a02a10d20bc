//! A subscriber: what BroadWorks says about a user, and how far Webex has come with it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::control::types::{SubscriberFault, SubscriberStatus};
use crate::ids::{self, Kind};

/// A BroadWorks user who is, or is to be, provisioned in Webex.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Subscriber {
    pub(crate) id: Uuid,
    pub(crate) enterprise: Uuid,
    pub(crate) sp_enterprise_id: String,
    pub(crate) provisioning_id: String,
    /// What is shown.
    pub(crate) profile: Profile,
    /// What an update in progress will show.
    pub(crate) next: Option<Profile>,
    pub(crate) status: SubscriberStatus,
    pub(crate) errors: Vec<SubscriberFault>,
    /// When the status changes by itself; absent while it waits for somebody.
    pub(crate) due: Option<Timestamp>,
    /// The person, from the first time it was provisioned on.
    pub(crate) person: Option<Uuid>,
    /// The id of the person if provisioning has to make one.
    pub(crate) new_person: Uuid,
    /// Whether it came about by a user's first sign-in instead of this API.
    pub(crate) self_activated: bool,
    pub(crate) created: Timestamp,
    pub(crate) last_status_change: Timestamp,
}

/// What BroadWorks knows of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) user_id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) primary_phone_number: Option<String>,
    pub(crate) mobile_phone_number: Option<String>,
    pub(crate) extension: Option<String>,
    pub(crate) package: Package,
    pub(crate) language: Option<String>,
    pub(crate) timezone: Option<String>,
}

/// What a subscriber gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Package {
    Softphone,
    Basic,
    Standard,
    Premium,
}

/// The packages by name.
pub(crate) const PACKAGES: &[(&str, Package)] = &[
    ("softphone", Package::Softphone),
    ("basic", Package::Basic),
    ("standard", Package::Standard),
    ("premium", Package::Premium),
];

/// The statuses by name.
pub(crate) const STATUSES: &[(&str, SubscriberStatus)] = &[
    ("pending_email_input", SubscriberStatus::PendingEmailInput),
    (
        "pending_email_validation",
        SubscriberStatus::PendingEmailValidation,
    ),
    ("pending_user_migration", SubscriberStatus::PendingUserMigration),
    ("provisioning", SubscriberStatus::Provisioning),
    ("provisioned", SubscriberStatus::Provisioned),
    ("updating", SubscriberStatus::Updating),
    ("error", SubscriberStatus::Error),
];

/// What a subscriber fails with whose user ID somebody else has (API reference, example of `errors`).
pub(crate) fn already_associated() -> SubscriberFault {
    SubscriberFault {
        error_code: 10022,
        description: "The BroadWorks UserID is already associated with an existing user.".into(),
    }
}

/// Whether a text looks like an e-mail address: something, one `@`, something, and no space.
pub(crate) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && !text
            .chars()
            .any(|character| character.is_whitespace() || character.is_control())
}

impl Subscriber {
    /// Whether `text` names it: UUID or Webex id.
    pub(crate) fn answers_to(&self, text: &str) -> bool {
        self.id.to_string() == text || ids::encode(Kind::Subscriber, self.id) == text
    }

    /// Whether nothing is under way that an update would disturb.
    pub(crate) fn takes_updates(&self) -> bool {
        matches!(
            self.status,
            SubscriberStatus::Provisioned | SubscriberStatus::Error
        )
    }

    /// Whether the user ID is this subscriber's: one that failed, or has not come through yet, holds nothing.
    pub(super) fn holds_user_id(&self) -> bool {
        self.person.is_some()
            || matches!(
                self.status,
                SubscriberStatus::PendingEmailInput
                    | SubscriberStatus::PendingEmailValidation
                    | SubscriberStatus::PendingUserMigration
            )
    }

    /// Changes the status now; whatever was to come by itself does not come any more.
    pub(super) fn set_status(
        &mut self,
        status: SubscriberStatus,
        errors: Vec<SubscriberFault>,
        at: Timestamp,
    ) {
        self.status = status;
        self.errors = errors;
        self.due = None;
        self.last_status_change = at;
    }
}

impl Profile {
    /// First and last name.
    pub(super) fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Whether this is the profile of the user. BroadWorks does not tell upper from lower case in user IDs.
    pub(crate) fn is_of(&self, user_id: &str) -> bool {
        self.user_id.eq_ignore_ascii_case(user_id)
    }

    /// Whether this is the address. Case does not matter, as with people.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.email
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(email))
    }
}
