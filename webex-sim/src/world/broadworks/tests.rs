//! What comes of provisioning, without HTTP.

use std::cell::Cell;

use jiff::Timestamp;
use uuid::Uuid;

use super::sync::UserSync;
use super::*;
use crate::control::types::SubscriberStatus;
use crate::random::CountingRandom;
use crate::world::{Directory, Person};

const PROVISIONING_S: i64 = 2;

/// The built-in directory, its partner, and a clock.
struct Story {
    directory: Directory,
    partner: Uuid,
    random: CountingRandom,
    now: Cell<i64>,
}

impl Story {
    fn new() -> Self {
        let directory = (*crate::Seed::default().directory).clone();
        let avery = directory.person("avery.quinn@acme.example.com").unwrap();
        Self {
            partner: avery.organization,
            directory,
            random: CountingRandom::default(),
            now: Cell::new(1_000_000_000),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.get()).unwrap()
    }

    fn due(&self) -> Timestamp {
        Timestamp::from_second(self.now.get() + PROVISIONING_S).unwrap()
    }

    /// Time goes by, and somebody looks.
    fn wait(&mut self, seconds: i64) {
        self.now.set(self.now.get() + seconds);
        self.directory.settle(self.now());
    }

    fn try_provision(&mut self, profile: Profile) -> Result<Uuid, EmailTaken> {
        let new = NewSubscriber {
            partner: self.partner,
            provisioning_id: "p".into(),
            sp_enterprise_id: "Reseller1+example".into(),
            profile,
        };
        let (now, due) = (self.now(), self.due());
        let subscriber = self.directory.provision(new, &self.random, now, due)?;
        Ok(subscriber.id)
    }

    fn provision(&mut self, user_id: &str, email: Option<&str>) -> Uuid {
        self.try_provision(profile(user_id, email)).unwrap()
    }

    fn subscriber(&self, id: Uuid) -> &Subscriber {
        &self.directory.subscribers[&id]
    }

    fn status(&self, id: Uuid) -> (SubscriberStatus, Option<u32>) {
        let subscriber = self.subscriber(id);
        let code = subscriber.errors.first().map(|fault| fault.error_code);
        (subscriber.status, code)
    }

    fn person(&self, id: Uuid) -> &Person {
        &self.directory.people[&self.subscriber(id).person.unwrap()]
    }

    fn enterprise(&mut self) -> &mut Enterprise {
        &mut self.directory.enterprises[0]
    }
}

fn profile(user_id: &str, email: Option<&str>) -> Profile {
    Profile {
        user_id: user_id.into(),
        first_name: "John".into(),
        last_name: "Andersen".into(),
        email: email.map(str::to_owned),
        primary_phone_number: Some("+1-240-555-1212".into()),
        mobile_phone_number: None,
        extension: Some("1212".into()),
        package: Package::Standard,
        language: Some("en".into()),
        timezone: Some("America/Los_Angeles".into()),
    }
}

#[test]
fn a_new_enterprise_is_a_customer_of_the_partner_and_the_next_subscriber_finds_it() {
    let mut story = Story::new();
    let organizations = story.directory.organizations.len();
    let one = story.provision("1@example.com", Some("one@example.com"));
    let two = story.provision("2@example.com", Some("two@example.com"));
    assert_eq!(story.subscriber(one).enterprise, story.subscriber(two).enterprise);
    assert_eq!(story.directory.organizations.len(), organizations + 1);
    let enterprise = story.enterprise().clone();
    let customer = &story.directory.organizations[&enterprise.organization];
    assert_eq!(
        (
            customer.display_name.as_str(),
            customer.partner,
            customer.managed_by
        ),
        ("example", false, Some(story.partner))
    );
    assert_eq!(
        story
            .directory
            .enterprise_of(story.partner, &enterprise.id.to_string())
            .map(|found| found.id),
        Some(enterprise.id)
    );
    let other = story.directory.person("devon.okafor@birch.example.com").unwrap();
    assert_eq!(story.directory.subscribers_of(other.organization).count(), 0);
    assert_eq!(story.directory.enterprises_of(other.organization).count(), 0);
}

#[test]
fn the_person_appears_when_provisioning_is_due_and_not_before() {
    let mut story = Story::new();
    let people = story.directory.people.len();
    let id = story.provision("1@example.com", Some("one@example.com"));
    story.wait(PROVISIONING_S - 1);
    assert_eq!(story.status(id), (SubscriberStatus::Provisioning, None));
    assert_eq!(
        (story.directory.people.len(), story.subscriber(id).person),
        (people, None)
    );
    let due = story.subscriber(id).due.unwrap();
    story.wait(3600);
    assert_eq!(story.status(id), (SubscriberStatus::Provisioned, None));
    assert_eq!(story.subscriber(id).last_status_change, due);
    let person = story.person(id);
    assert_eq!(
        (person.email(), person.display_name.as_str(), person.created),
        ("one@example.com", "John Andersen", due)
    );
    assert_eq!(person.organization, story.directory.enterprises[0].organization);
    assert_eq!(
        (person.phone_numbers.len(), person.extension.as_deref()),
        (1, Some("1212"))
    );
    assert_eq!(person.scim["preferredLanguage"], "en");
    assert_eq!(person.timezone.as_deref(), Some("America/Los_Angeles"));
}

#[test]
fn without_an_address_it_waits_for_one() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", None);
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(id), (SubscriberStatus::PendingEmailInput, None));
    story.wait(1_000_000);
    assert_eq!(story.status(id), (SubscriberStatus::PendingEmailInput, None));
}

#[test]
fn somebody_of_another_organisation_has_to_consent_and_moves_then() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", Some("Casey.Lind@acme.example.com"));
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(id), (SubscriberStatus::PendingUserMigration, None));
    assert_eq!(story.subscriber(id).person, None);
    let casey = story.directory.person("casey.lind@acme.example.com").unwrap().id;
    let now = story.now();
    story
        .directory
        .force_status(id, SubscriberStatus::Provisioned, Vec::new(), now);
    let organization = story.enterprise().organization;
    assert_eq!(
        (story.person(id).id, story.person(id).organization),
        (casey, organization)
    );
}

#[test]
fn of_two_with_the_same_user_id_the_second_fails() {
    let mut story = Story::new();
    let one = story.provision("1@example.com", Some("one@example.com"));
    let two = story.provision("1@EXAMPLE.com", Some("two@example.com"));
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(one), (SubscriberStatus::Provisioned, None));
    assert_eq!(story.status(two), (SubscriberStatus::Error, Some(10022)));
    assert_eq!(story.subscriber(two).person, None);
}

#[test]
fn another_partners_subscriber_may_have_the_same_user_id() {
    let mut story = Story::new();
    story.provision("1@example.com", Some("one@example.com"));
    let devon = story.directory.person("devon.okafor@birch.example.com").unwrap();
    story.partner = devon.organization;
    let other = story.provision("1@example.com", Some("two@example.com"));
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(other), (SubscriberStatus::Provisioned, None));
    assert_eq!(story.directory.enterprises.len(), 2);
}

#[test]
fn an_address_of_another_subscriber_changes_nothing() {
    let mut story = Story::new();
    story.provision("1@example.com", Some("one@example.com"));
    let before = (
        story.directory.organizations.len(),
        story.directory.subscribers.len(),
    );
    assert_eq!(
        story.try_provision(profile("2@example.com", Some("ONE@example.com"))),
        Err(EmailTaken)
    );
    assert_eq!(
        before,
        (
            story.directory.organizations.len(),
            story.directory.subscribers.len()
        )
    );
}

#[test]
fn who_comes_back_is_the_same_person() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", Some("one@example.com"));
    story.wait(PROVISIONING_S);
    let person = story.person(id).id;
    story.directory.subscribers.shift_remove(&id);
    assert!(story.directory.people.contains_key(&person));
    let again = story.provision("1@example.com", Some("one@example.com"));
    story.wait(PROVISIONING_S);
    assert_eq!(story.person(again).id, person);
}

#[test]
fn an_address_that_a_subscribers_person_got_meanwhile_fails() {
    let mut story = Story::new();
    let one = story.provision("1@example.com", Some("one@example.com"));
    story.wait(PROVISIONING_S);
    let two = story.provision("2@example.com", Some("two@example.com"));
    let person = story.person(one).id;
    story.directory.people[&person].emails = vec!["two@example.com".into()];
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(two), (SubscriberStatus::Error, Some(10022)));
}

#[test]
fn an_update_is_shown_when_it_is_through_by_the_subscriber_and_the_person() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", Some("one@example.com"));
    story.wait(PROVISIONING_S);
    let person = story.person(id).id;
    let new = Profile {
        last_name: "Andersson".into(),
        primary_phone_number: None,
        mobile_phone_number: Some("+1-818-279-1234".into()),
        ..profile("1@example.com", Some("one@example.com"))
    };
    let (now, due) = (story.now(), story.due());
    story.directory.update_subscriber(id, new, now, due);
    assert_eq!(story.status(id), (SubscriberStatus::Updating, None));
    assert_eq!(story.subscriber(id).profile.last_name, "Andersen");
    assert_eq!(story.subscriber(id).person, Some(person));
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(id), (SubscriberStatus::Provisioned, None));
    assert_eq!(story.subscriber(id).profile.last_name, "Andersson");
    let person = story.person(id);
    assert_eq!(person.display_name, "John Andersson");
    let kinds: Vec<_> = person
        .phone_numbers
        .iter()
        .map(|number| number.kind.as_str())
        .collect();
    assert_eq!(kinds, ["mobile"]);
}

#[test]
fn an_update_to_a_user_id_that_is_taken_fails_and_the_old_values_stay() {
    let mut story = Story::new();
    story.provision("1@example.com", Some("one@example.com"));
    let two = story.provision("2@example.com", Some("two@example.com"));
    story.wait(PROVISIONING_S);
    let person = story.person(two).id;
    let (now, due) = (story.now(), story.due());
    let new = profile("1@example.com", Some("two@example.com"));
    story.directory.update_subscriber(two, new, now, due);
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(two), (SubscriberStatus::Error, Some(10022)));
    assert_eq!(story.subscriber(two).profile.user_id, "2@example.com");
    assert_eq!(story.subscriber(two).person, Some(person));
    let (now, due) = (story.now(), story.due());
    let new = profile("3@example.com", Some("two@example.com"));
    story.directory.update_subscriber(two, new, now, due);
    story.wait(PROVISIONING_S);
    assert_eq!(story.status(two), (SubscriberStatus::Provisioned, None));
    assert!(story.subscriber(two).errors.is_empty());
}

#[test]
fn a_status_that_was_set_stays() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", Some("one@example.com"));
    let now = story.now();
    story
        .directory
        .force_status(id, SubscriberStatus::PendingEmailValidation, Vec::new(), now);
    story.wait(1_000);
    assert_eq!(story.status(id), (SubscriberStatus::PendingEmailValidation, None));
}

#[test]
fn a_person_who_was_deleted_does_not_come_back_with_an_update() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", Some("one@example.com"));
    story.wait(PROVISIONING_S);
    let person = story.person(id).id;
    story.directory.people.shift_remove(&person);
    let (now, due) = (story.now(), story.due());
    let new = profile("1@example.com", Some("one@example.com"));
    story.directory.update_subscriber(id, new, now, due);
    story.wait(PROVISIONING_S);
    assert_eq!(story.subscriber(id).person, Some(person));
    assert!(!story.directory.people.contains_key(&person));
}

#[test]
fn a_customer_who_was_deleted_takes_the_subscribers_out_of_sight() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", Some("one@example.com"));
    let organization = story.enterprise().organization;
    story.directory.organizations.shift_remove(&organization);
    story.wait(PROVISIONING_S);
    assert_eq!(story.directory.subscribers_of(story.partner).count(), 0);
    assert!(story.directory.person("one@example.com").is_none());
    assert_eq!(story.subscriber(id).person, None);
    story.provision("2@example.com", Some("two@example.com"));
    assert_eq!(story.directory.enterprises_of(story.partner).count(), 1);
}

#[test]
fn a_synchronisation_counts_what_differs_from_the_last_one() {
    let mut story = Story::new();
    let one = story.provision("1@example.com", Some("one@example.com"));
    let two = story.provision("2@example.com", Some("two@example.com"));
    let run = |story: &mut Story| {
        let (now, due) = (story.now(), story.due());
        story.enterprise().sync.start(now, due, "T_1".into());
        story.directory.look_ahead();
        assert_eq!(story.enterprise().sync.status, SyncStatus::InProgress);
        story.wait(PROVISIONING_S);
        let sync = &story.enterprise().sync;
        assert_eq!(sync.status, SyncStatus::Complete);
        let last = sync.last.unwrap();
        assert_eq!(last.at, due);
        (last.added, last.updated, last.deleted, sync.users.len())
    };
    assert_eq!(run(&mut story), (2, 0, 0, 2));
    assert_eq!(run(&mut story), (0, 0, 0, 2));
    story.directory.subscribers[&one].profile.extension = None;
    story.directory.subscribers.shift_remove(&two);
    story.provision("3@example.com", None);
    assert_eq!(run(&mut story), (1, 1, 1, 2));
}

#[test]
fn switching_synchronisation_off_forgets_it() {
    let mut story = Story::new();
    story.provision("1@example.com", None);
    let (now, due) = (story.now(), story.due());
    let sync = &mut story.enterprise().sync;
    sync.enable(true);
    sync.start(now, due, "T_1".into());
    sync.enable(false);
    story.wait(PROVISIONING_S);
    let sync = &story.enterprise().sync;
    assert_eq!(
        (sync.enabled, sync.status, sync.last, sync.users.len()),
        (false, SyncStatus::NotSynced, None, 0)
    );
}

#[test]
fn one_user_is_added_changed_left_alone_and_deleted() {
    let mut story = Story::new();
    let id = story.provision("1@example.com", None);
    let sync = |story: &mut Story| {
        let enterprise = story.enterprise().id;
        let current = story.directory.external_user(enterprise, "1@Example.com");
        story
            .enterprise()
            .sync
            .user("1@Example.com", current)
            .map(|(_, done)| done)
    };
    assert_eq!(sync(&mut story), Some(UserSync::Add));
    assert_eq!(sync(&mut story), Some(UserSync::NoOperation));
    story.directory.subscribers[&id].profile.extension = None;
    assert_eq!(sync(&mut story), Some(UserSync::Update));
    story.directory.subscribers.shift_remove(&id);
    assert_eq!(sync(&mut story), Some(UserSync::Delete));
    assert_eq!(sync(&mut story), None);
}

#[test]
fn addresses_have_one_at_sign_with_something_around_it() {
    for (text, good) in [
        ("a@b", true),
        ("", false),
        ("a", false),
        ("@b", false),
        ("a@", false),
        ("a@b@c", false),
        ("a b@c", false),
        ("a@b\n", false),
    ] {
        assert_eq!(is_email(text), good, "{text:?}");
    }
}
