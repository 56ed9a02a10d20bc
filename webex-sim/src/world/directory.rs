//! Who and what there is: organisations, people, enterprises and subscribers, each in the order of creation.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::broadworks::{Enterprise, Subscriber};
use super::person::{FULL_ADMIN, Person, Role};
use crate::secret::Secret;
use jiff::Timestamp;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Organization {
    pub(crate) id: Uuid,
    pub(crate) display_name: String,
    pub(crate) created: Timestamp,
    /// A service provider: its full administrators are Partner Full Admins.
    pub(crate) partner: bool,
    /// The partner whose customer it is; that partner's administrators see and manage it.
    pub(crate) managed_by: Option<Uuid>,
}

/// Everything that the API shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    pub(crate) organizations: IndexMap<Uuid, Organization>,
    pub(crate) people: IndexMap<Uuid, Person>,
    pub(crate) enterprises: IndexMap<Uuid, Enterprise>,
    pub(crate) subscribers: IndexMap<Uuid, Subscriber>,
    /// When something of `BroadWorks` is due next, or earlier.
    pub(super) soonest: Option<Timestamp>,
}

impl Directory {
    /// The person `text` names: e-mail address, UUID or Webex id.
    pub(crate) fn person(&self, text: &str) -> Option<&Person> {
        self.people.values().find(|person| person.answers_to(text))
    }

    /// The passwords of all people; those who have none are left out.
    pub(crate) fn passwords(&self) -> impl Iterator<Item = &Secret> {
        let passwords = self.people.values().map(|person| &person.password);
        passwords.filter(|password| !password.expose().is_empty())
    }

    /// What the person may do.
    pub(crate) fn role(&self, person: &Person) -> Role {
        let partner = self
            .organizations
            .get(&person.organization)
            .is_some_and(|organization| organization.partner);
        match (person.has_role(&[FULL_ADMIN]), partner) {
            (true, true) => Role::PartnerFullAdmin,
            (true, false) => Role::FullAdmin,
            (false, _) => Role::User,
        }
    }

    /// Deletes an organisation with its `BroadWorks` enterprises and their subscribers, whatever is under way with them. People
    /// stay.
    pub(crate) fn delete_organization(&mut self, id: Uuid) {
        self.organizations.shift_remove(&id);
        self.enterprises
            .retain(|_, enterprise| enterprise.organization != id);
        let enterprises = &self.enterprises;
        self.subscribers
            .retain(|_, subscriber| enterprises.contains_key(&subscriber.enterprise));
        self.look_ahead();
    }

    /// Whether somebody of `organization` can see what belongs to `other`: their own, and a partner's customers.
    pub(crate) fn sees(&self, organization: Uuid, other: Uuid) -> bool {
        organization == other
            || self
                .organizations
                .get(&other)
                .is_some_and(|other| other.managed_by == Some(organization))
    }
}
