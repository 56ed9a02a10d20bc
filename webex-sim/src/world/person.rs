//! A person of a world: one record behind the sign-in page, `/v1/people`, and the SCIM users.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::ids::{self, Kind};
use crate::secret::{Secret, exported};

/// Role of a full administrator, as role ids and SCIM roles name it.
pub(crate) const FULL_ADMIN: &str = "id_full_admin";

/// Somebody of an organisation. A field without a value is left out of answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    /// The primary one first; there is at least one.
    pub(crate) emails: Vec<String>,
    #[serde(with = "exported")]
    pub(crate) password: Secret,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) display_name: String,
    pub(crate) nick_name: Option<String>,
    /// Names of administrator roles, such as [`FULL_ADMIN`]; none for a user.
    pub(crate) roles: Vec<String>,
    /// Code and UUID, such as `BCSTD_<uuid>`.
    pub(crate) licenses: Vec<String>,
    pub(crate) site_urls: Vec<String>,
    pub(crate) phone_numbers: Vec<PhoneNumber>,
    pub(crate) extension: Option<String>,
    /// Webex id of a location, as it was written.
    pub(crate) location_id: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) manager: Option<String>,
    pub(crate) manager_id: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) timezone: Option<String>,
    /// `loginEnabled`, and `active` of SCIM.
    pub(crate) login_enabled: bool,
    pub(crate) invite_pending: bool,
    pub(crate) created: Timestamp,
    pub(crate) last_modified: Timestamp,
    /// What only SCIM knows of the person, under SCIM's names: kept and returned as it was written.
    pub(crate) scim: Map<String, Value>,
}

/// A telephone number of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PhoneNumber {
    /// Such as `work`, `mobile`, `work_extension`.
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) primary: bool,
}

/// A postal address of a person.
#[expect(clippy::struct_field_names, reason = "Webex says streetAddress")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Address {
    /// Such as `work`.
    pub(crate) kind: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) locality: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) street_address: Option<String>,
    pub(crate) postal_code: Option<String>,
}

/// What a person may do, as the sign-in page and seeds say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Full administrator of a partner organisation: whom the integration needs.
    PartnerFullAdmin,
    /// Full administrator of a customer organisation.
    FullAdmin,
    /// No full administrator.
    User,
}

// === impl Person ===

impl Person {
    /// Somebody with a name and an address, and nothing else yet.
    pub(crate) fn new(
        id: Uuid,
        organization: Uuid,
        email: String,
        display_name: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            organization,
            emails: vec![email],
            password: Secret::new(""),
            first_name: None,
            last_name: None,
            display_name,
            nick_name: None,
            roles: Vec::new(),
            licenses: Vec::new(),
            site_urls: Vec::new(),
            phone_numbers: Vec::new(),
            extension: None,
            location_id: None,
            avatar: None,
            department: None,
            manager: None,
            manager_id: None,
            title: None,
            addresses: Vec::new(),
            timezone: None,
            login_enabled: true,
            invite_pending: true,
            created: now,
            last_modified: now,
            scim: Map::new(),
        }
    }

    /// The primary address.
    pub(crate) fn email(&self) -> &str {
        self.emails.first().expect("everybody has an address")
    }

    /// Whether `text` names this person: e-mail address, UUID or Webex id.
    pub(crate) fn answers_to(&self, text: &str) -> bool {
        self.emails.iter().any(|email| email.eq_ignore_ascii_case(text))
            || self.id.to_string() == text
            || ids::encode(Kind::Person, self.id) == text
    }

    /// Whether the person has one of these roles.
    pub(crate) fn has_role(&self, roles: &[&str]) -> bool {
        self.roles.iter().any(|own| roles.contains(&own.as_str()))
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
            Self::PartnerFullAdmin | Self::FullAdmin => &[FULL_ADMIN],
            Self::User => &[],
        }
    }
}
