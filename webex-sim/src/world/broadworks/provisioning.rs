//! What happens to subscribers in the course of time, and the organisations and people that come of it.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::enterprise::Enterprise;
use super::subscriber::{Profile, Subscriber, already_associated};
use super::sync::{DirectorySync, ExternalUser, SyncStatus};
use crate::control::types::{SubscriberFault, SubscriberStatus};
use crate::random::{self, Random};
use crate::world::directory::{Directory, Organization};
use crate::world::person::{Person, PhoneNumber};

/// A subscriber to be.
#[derive(Debug, Clone)]
pub(crate) struct NewSubscriber {
    /// The organisation of the administrator who asks.
    pub(crate) partner: Uuid,
    pub(crate) provisioning_id: String,
    pub(crate) sp_enterprise_id: String,
    pub(crate) profile: Profile,
}

/// Another subscriber has the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The email address is already associated with another subscriber.")]
pub(crate) struct EmailTaken;

/// Something that happens by itself.
enum Due {
    Subscriber(Uuid),
    Sync(Uuid),
}

/// How provisioning ends.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Provisioned,
    /// It waits for the user.
    Waits(SubscriberStatus),
    Failed(SubscriberFault),
}

impl Directory {
    /// Whether [`Directory::settle`] might have something to do.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.soonest.is_some_and(|soonest| soonest <= now)
    }

    /// Something will be due then.
    pub(crate) fn expect_at(&mut self, due: Timestamp) {
        self.soonest = Some(self.soonest.map_or(due, |soonest| soonest.min(due)));
    }

    /// Finds out what is due next.
    pub(crate) fn look_ahead(&mut self) {
        let subscribers = self.subscribers.values().filter_map(|subscriber| subscriber.due);
        let syncs = self
            .enterprises
            .values()
            .filter_map(|enterprise| enterprise.sync.due);
        self.soonest = subscribers.chain(syncs).min();
    }

    /// Does everything that is due, in the order of time; what is due at the same time in the order of creation.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let is_due = |due: Option<Timestamp>| due.filter(|due| *due <= now);
        let subscribers = self
            .subscribers
            .values()
            .filter_map(|subscriber| Some((is_due(subscriber.due)?, Due::Subscriber(subscriber.id))));
        let syncs = self
            .enterprises
            .values()
            .filter_map(|enterprise| Some((is_due(enterprise.sync.due)?, Due::Sync(enterprise.id))));
        let mut due: Vec<_> = subscribers.chain(syncs).collect();
        due.sort_by_key(|(at, _)| *at);
        for (at, due) in due {
            match due {
                Due::Subscriber(id) => self.conclude(id, at),
                Due::Sync(id) => self.finish_sync(id, at),
            }
        }
        self.look_ahead();
    }

    /// Begins to provision a subscriber, which is through at `due`. An enterprise that is new gets a customer
    /// organisation of the partner. On error nothing has changed.
    pub(crate) fn provision(
        &mut self,
        new: NewSubscriber,
        random: &dyn Random,
        now: Timestamp,
        due: Timestamp,
    ) -> Result<&Subscriber, EmailTaken> {
        if let Some(email) = &new.profile.email
            && self.subscriber_with_email(email).is_some()
        {
            return Err(EmailTaken);
        }
        let id = random::uuid(random);
        let subscriber = Subscriber {
            id,
            enterprise: self.enterprise_for(&new, random, now),
            sp_enterprise_id: new.sp_enterprise_id,
            provisioning_id: new.provisioning_id,
            profile: new.profile,
            next: None,
            status: SubscriberStatus::Provisioning,
            errors: Vec::new(),
            due: Some(due),
            person: None,
            new_person: random::uuid(random),
            self_activated: false,
            created: now,
            last_status_change: now,
        };
        self.expect_at(due);
        Ok(self.subscribers.entry(id).or_insert(subscriber))
    }

    /// Begins to update a subscriber: `profile` is shown from `due` on.
    pub(crate) fn update_subscriber(
        &mut self,
        id: Uuid,
        profile: Profile,
        now: Timestamp,
        due: Timestamp,
    ) -> Option<&Subscriber> {
        self.expect_at(due);
        let subscriber = self.subscribers.get_mut(&id)?;
        subscriber.set_status(SubscriberStatus::Updating, Vec::new(), now);
        subscriber.next = Some(profile);
        subscriber.due = Some(due);
        Some(subscriber)
    }

    /// Gives a subscriber a status, whatever Webex would have done. `provisioned` makes the person, or moves one who has
    /// the address to the enterprise's organisation.
    pub(crate) fn force_status(
        &mut self,
        id: Uuid,
        status: SubscriberStatus,
        errors: Vec<SubscriberFault>,
        now: Timestamp,
    ) -> Option<&Subscriber> {
        if status == SubscriberStatus::Provisioned {
            self.admit(id, now);
        } else {
            self.subscribers.get_mut(&id)?.set_status(status, errors, now);
        }
        self.subscribers.get(&id)
    }

    /// The subscriber that `text` names, if it is one of the partner's.
    pub(crate) fn subscriber_of(&self, partner: Uuid, text: &str) -> Option<&Subscriber> {
        self.subscribers_of(partner)
            .find(|subscriber| subscriber.answers_to(text))
    }

    /// All subscribers of the partner.
    pub(crate) fn subscribers_of(&self, partner: Uuid) -> impl Iterator<Item = &Subscriber> {
        self.subscribers
            .values()
            .filter(move |subscriber| self.partner_of(subscriber) == Some(partner))
    }

    /// All enterprises of the partner.
    pub(crate) fn enterprises_of(&self, partner: Uuid) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.values().filter(move |enterprise| {
            self.organizations
                .get(&enterprise.organization)
                .is_some_and(|organization| organization.managed_by == Some(partner))
        })
    }

    /// The enterprise that `text` names, if it is one of the partner's.
    pub(crate) fn enterprise_of(&self, partner: Uuid, text: &str) -> Option<&Enterprise> {
        self.enterprises_of(partner)
            .find(|enterprise| enterprise.answers_to(text))
    }

    /// The subscriber who has this address, or is the person who has it.
    pub(crate) fn subscriber_with_email(&self, email: &str) -> Option<&Subscriber> {
        let person = self.person_with_email(email).map(|person| person.id);
        self.subscribers.values().find(|subscriber| {
            subscriber.profile.has_email(email) || (person.is_some() && subscriber.person == person)
        })
    }

    /// Whether another subscriber of the partner is already this BroadWorks user.
    pub(crate) fn is_user_id_taken(&self, partner: Uuid, user_id: &str, except: Option<Uuid>) -> bool {
        self.subscribers_of(partner)
            .any(|other| Some(other.id) != except && other.holds_user_id() && other.profile.is_of(user_id))
    }

    /// What BroadWorks has of a user of the enterprise.
    pub(crate) fn external_user(&self, enterprise: Uuid, user_id: &str) -> Option<ExternalUser> {
        let mut profiles = self.profiles(enterprise);
        profiles
            .find(|profile| profile.is_of(user_id))
            .map(ExternalUser::from)
    }

    fn profiles(&self, enterprise: Uuid) -> impl Iterator<Item = &Profile> {
        let subscribers = self.subscribers.values();
        subscribers
            .filter(move |subscriber| subscriber.enterprise == enterprise)
            .map(|subscriber| &subscriber.profile)
    }

    fn partner_of(&self, subscriber: &Subscriber) -> Option<Uuid> {
        let enterprise = self.enterprises.get(&subscriber.enterprise)?;
        self.organizations.get(&enterprise.organization)?.managed_by
    }

    fn person_with_email(&self, email: &str) -> Option<&Person> {
        self.people
            .values()
            .find(|person| person.emails.iter().any(|own| own.eq_ignore_ascii_case(email)))
    }

    /// The partner's enterprise of this name, or a new one.
    fn enterprise_for(&mut self, new: &NewSubscriber, random: &dyn Random, now: Timestamp) -> Uuid {
        let known = self
            .enterprises_of(new.partner)
            .find(|enterprise| enterprise.sp_enterprise_id == new.sp_enterprise_id);
        if let Some(known) = known {
            return known.id;
        }
        let name = new.sp_enterprise_id.split_once('+');
        let organization = Organization {
            id: random::uuid(random),
            display_name: name
                .map_or(new.sp_enterprise_id.as_str(), |(_, name)| name)
                .to_owned(),
            created: now,
            partner: false,
            managed_by: Some(new.partner),
        };
        let enterprise = Enterprise {
            id: random::uuid(random),
            organization: organization.id,
            sp_enterprise_id: new.sp_enterprise_id.clone(),
            provisioning_id: new.provisioning_id.clone(),
            created: now,
            sync: DirectorySync::default(),
        };
        let id = enterprise.id;
        self.organizations.insert(organization.id, organization);
        self.enterprises.insert(id, enterprise);
        id
    }

    /// Ends what a subscriber is in: provisioning or an update.
    fn conclude(&mut self, id: Uuid, at: Timestamp) {
        let Some(outcome) = self.outcome(id) else { return };
        if outcome == Outcome::Provisioned {
            return self.admit(id, at);
        }
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        subscriber.next = None;
        match outcome {
            Outcome::Waits(status) => subscriber.set_status(status, Vec::new(), at),
            Outcome::Failed(fault) => subscriber.set_status(SubscriberStatus::Error, vec![fault], at),
            Outcome::Provisioned => {}
        }
    }

    /// How it ends: decided when it is due, by what there is then.
    fn outcome(&self, id: Uuid) -> Option<Outcome> {
        let subscriber = self.subscribers.get(&id)?;
        let enterprise = self.enterprises.get(&subscriber.enterprise)?;
        let profile = subscriber.next.as_ref().unwrap_or(&subscriber.profile);
        if self.is_user_id_taken(self.partner_of(subscriber)?, &profile.user_id, Some(id)) {
            return Some(Outcome::Failed(already_associated()));
        }
        if subscriber.person.is_some() {
            return Some(Outcome::Provisioned);
        }
        let Some(email) = &profile.email else {
            return Some(Outcome::Waits(SubscriberStatus::PendingEmailInput));
        };
        Some(match self.person_with_email(email) {
            Some(person) if person.organization != enterprise.organization => {
                Outcome::Waits(SubscriberStatus::PendingUserMigration)
            }
            Some(person) if self.is_subscriber(person.id) => Outcome::Failed(already_associated()),
            Some(_) | None => Outcome::Provisioned,
        })
    }

    fn is_subscriber(&self, person: Uuid) -> bool {
        self.subscribers
            .values()
            .any(|subscriber| subscriber.person == Some(person))
    }

    /// A subscriber is provisioned: what was to be shown is, and the person is there and says the same.
    fn admit(&mut self, id: Uuid, at: Timestamp) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        if let Some(next) = subscriber.next.take() {
            subscriber.profile = next;
        }
        subscriber.set_status(SubscriberStatus::Provisioned, Vec::new(), at);
        let (profile, mapped, new) = (
            subscriber.profile.clone(),
            subscriber.person,
            subscriber.new_person,
        );
        let Some(enterprise) = self.enterprises.get(&subscriber.enterprise) else {
            return;
        };
        let organization = enterprise.organization;
        let found = profile
            .email
            .as_deref()
            .and_then(|email| self.person_with_email(email));
        let person = mapped.or(found.map(|person| person.id));
        if person.is_none() {
            let Some(email) = profile.email.clone() else {
                return;
            };
            let person = Person::new(new, organization, email, profile.display_name(), at);
            self.people.insert(new, person);
        }
        let person = person.unwrap_or(new);
        if let Some(subscriber) = self.subscribers.get_mut(&id) {
            subscriber.person = Some(person);
        }
        // A person who was deleted meanwhile stays away.
        if let Some(person) = self.people.get_mut(&person) {
            person.organization = organization;
            describe(person, &profile, at);
        }
    }

    fn finish_sync(&mut self, id: Uuid, at: Timestamp) {
        let users = self.profiles(id).map(ExternalUser::keyed).collect();
        if let Some(enterprise) = self.enterprises.get_mut(&id)
            && enterprise.sync.status == SyncStatus::InProgress
        {
            enterprise.sync.finish(users, at);
        }
    }
}

/// The person gets the names and numbers of the subscriber.
fn describe(person: &mut Person, profile: &Profile, at: Timestamp) {
    person.first_name = Some(profile.first_name.clone());
    person.last_name = Some(profile.last_name.clone());
    person.display_name = profile.display_name();
    person.extension.clone_from(&profile.extension);
    let number = |kind: &str, value: &Option<String>| {
        value.clone().map(|value| PhoneNumber {
            kind: kind.to_owned(),
            value,
            primary: kind == "work",
        })
    };
    let work = number("work", &profile.primary_phone_number);
    let mobile = number("mobile", &profile.mobile_phone_number);
    person.phone_numbers = work.into_iter().chain(mobile).collect();
    if let Some(timezone) = &profile.timezone {
        person.timezone = Some(timezone.clone());
    }
    if let Some(language) = &profile.language {
        let language = Value::String(language.clone());
        person.scim.insert("preferredLanguage".into(), language);
    }
    person.last_modified = at;
}
