//! The people of a world and the organisations they belong to.

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::ids::{self, Kind};
use crate::secret::Secret;

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) password: Secret,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) display_name: String,
    pub(crate) nick_name: String,
    pub(crate) organization: Uuid,
    pub(crate) role: Role,
    /// Code and UUID, such as `BCSTD_<uuid>`.
    pub(crate) licenses: Vec<String>,
    pub(crate) site_urls: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) last_modified: Timestamp,
}

/// An organisation.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: Uuid,
    pub(crate) display_name: String,
    #[expect(dead_code, reason = "shown by the organizations operations, which come next")]
    pub(crate) created: Timestamp,
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Full administrator of a partner organisation: whom the integration needs.
    PartnerFullAdmin,
    /// Full administrator of a customer organisation.
    FullAdmin,
    /// No administrator.
    User,
}

// === impl Person ===

impl Person {
    /// Whether `text` names this person: e-mail address, UUID or Webex id.
    pub(crate) fn answers_to(&self, text: &str) -> bool {
        self.email.eq_ignore_ascii_case(text)
            || self.id.to_string() == text
            || ids::encode(Kind::Person, self.id) == text
    }
}

// === impl Role ===

impl Role {
    /// How the sign-in page calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::PartnerFullAdmin => "Partner Full Admin",
            Self::FullAdmin => "Full Administrator",
            Self::User => "User",
        }
    }

    /// The names inside the role ids of `/v1/people`. A partner's full administrator and a customer's have the same
    /// role; it is the organisation that differs.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::PartnerFullAdmin | Self::FullAdmin => &["id_full_admin"],
            Self::User => &[],
        }
    }
}
