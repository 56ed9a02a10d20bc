//! Changes of the users of an organisation, the same for single requests and Bulk.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::error::ScimError;
use super::patch::{has_schema, patched};
use super::read::attributes;
use super::schema::{CISCO, CORE, checked};
use super::write::write;
use crate::random::{self, Random};
use crate::world::{Person, State};

/// Attributes whose change ends all tokens of the user (API reference, "Update a user with PUT", note).
const MANAGED: [&str; 2] = ["managedOrgs", "managedGroups"];

/// The users of one organisation.
pub(crate) struct Store<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) organization: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) random: &'a dyn Random,
}

/// The id in a path; none if it is not written as Webex writes ids here.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    id.to_string().eq_ignore_ascii_case(text).then_some(id)
}

impl Store<'_> {
    /// The user of this id.
    pub(crate) fn get(&self, id: &str) -> Result<&Person, ScimError> {
        uuid(id)
            .and_then(|id| self.state.directory.people.get(&id))
            .filter(|person| person.organization == self.organization)
            .ok_or_else(|| ScimError::NotFound(format!("User {id} not found.")))
    }

    /// A new user; the id.
    pub(crate) fn create(&mut self, body: Map<String, Value>) -> Result<Uuid, ScimError> {
        has_schema(&body, CORE)?;
        let user = checked(body)?;
        let id = random::uuid(self.random);
        let mut person = Person::new(id, self.organization, String::new(), String::new(), self.now);
        write(&mut person, user, &self.state.directory)?;
        self.is_unique(&person)?;
        self.state.directory.people.insert(id, person);
        Ok(id)
    }

    /// Everything of the user is what `body` says, but for the name, which the documented body does not have: if it is left
    /// out it stays.
    pub(crate) fn replace(&mut self, id: &str, body: Map<String, Value>) -> Result<Uuid, ScimError> {
        let person = self.get(id)?.clone();
        has_schema(&body, CORE)?;
        let mut user = checked(body)?;
        let mut before = attributes(&person, &self.state.directory);
        if let (false, Some(name)) = (user.contains_key("name"), before.shift_remove("name")) {
            user.insert("name".to_owned(), name);
        }
        self.change(&person, user)
    }

    /// Applies a PATCH message.
    pub(crate) fn patch(&mut self, id: &str, message: &Map<String, Value>) -> Result<Uuid, ScimError> {
        let person = self.get(id)?.clone();
        let before = attributes(&person, &self.state.directory);
        let mut user = checked(patched(&before, message)?)?;
        follow(&before, &mut user);
        self.change(&person, user)
    }

    /// Deletes the user with every code and token.
    pub(crate) fn delete(&mut self, id: &str) -> Result<(), ScimError> {
        let id = self.get(id)?.id.to_string();
        self.state.delete_person(&id, self.now);
        Ok(())
    }

    fn change(&mut self, before: &Person, user: Map<String, Value>) -> Result<Uuid, ScimError> {
        let mut person = before.clone();
        write(&mut person, user, &self.state.directory)?;
        self.is_unique(&person)?;
        let directory = &self.state.directory;
        if attributes(&person, directory) != attributes(before, directory) {
            person.last_modified = self.now;
        }
        let id = person.id;
        let shut_out = before.login_enabled && !person.login_enabled;
        if shut_out || rights(&person) != rights(before) {
            self.state.registry.revoke_person(id, self.now);
        }
        self.state.directory.people.insert(id, person);
        Ok(id)
    }

    /// Whether nobody else in the world has one of the addresses.
    fn is_unique(&self, person: &Person) -> Result<(), ScimError> {
        let others = || {
            let people = self.state.directory.people.values();
            people.filter(|other| other.id != person.id)
        };
        let taken = person
            .emails
            .iter()
            .find(|email| others().any(|other| other.answers_to(email)));
        match taken {
            Some(email) if email == person.email() => Err(ScimError::Uniqueness(format!(
                "userName {email} is already taken."
            ))),
            Some(email) => Err(ScimError::Uniqueness(format!(
                "The e-mail address {email} is already taken."
            ))),
            None => Ok(()),
        }
    }
}

/// What follows from a PATCH that changed one of two attributes that say the same: the address in `emails` that was the
/// `userName`, and `active` where only `accountStatus` was changed.
fn follow(before: &Map<String, Value>, user: &mut Map<String, Value>) {
    let unchanged = |user: &Map<String, Value>, key: &str| before.get(key) == user.get(key);
    if !unchanged(user, "userName")
        && unchanged(user, "emails")
        && let Some(name) = user.get("userName").cloned()
        && let Some(Value::Array(emails)) = user.get_mut("emails")
    {
        for email in emails {
            let same = match (&email["value"], &before["userName"]) {
                (Value::String(email), Value::String(name)) => email.eq_ignore_ascii_case(name),
                _ => false,
            };
            if same {
                email["value"] = name.clone();
            }
        }
    }
    let status =
        |user: &Map<String, Value>| user.get(CISCO).and_then(|own| own.get("accountStatus").cloned());
    if unchanged(user, "active") && status(before) != status(user) {
        user.shift_remove("active");
    }
}

/// What a user may do: roles and what they manage, in no order.
fn rights(person: &Person) -> Vec<String> {
    let managed = person.scim.get(CISCO);
    let managed = MANAGED
        .iter()
        .filter_map(|key| managed?.get(key)?.as_array())
        .flatten()
        .map(Value::to_string);
    let mut rights: Vec<_> = person.roles.iter().cloned().chain(managed).collect();
    rights.sort();
    rights
}
