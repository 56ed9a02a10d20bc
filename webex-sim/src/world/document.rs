//! The state of a world as one JSON document: exported, and imported as a whole or not at all. It holds tokens, passwords
//! and the client secret as they are.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::broadworks::{Enterprise, Subscriber};
use super::directory::{Directory, Organization};
use super::{Integration, Person, Shared, State, Tag, World};
use crate::clock::Mode;
use crate::control::fields::rejection;
use crate::control::handlers::consent::{self, is_error_code};
use crate::control::settings;
use crate::control::types::{Consent, Imported, Rejection, Settings};
use crate::oauth::Registry;
use crate::oauth::registry::document::RegistryDocument;
use crate::secret::exported;
use crate::violations::Violations;
use crate::worlds::{FIRST, Worlds, within};

/// The format written here, and the only one read. A new one gets the next number.
const FORMAT: u32 = 1;

const ACCEPTED: &str = "a state as GET /__sim/state gives it";

/// Fields whose value is not repeated in a rejection.
const SECRET_FIELDS: [&str; 4] = ["password", "clientSecret", "value", "latest"];

/// A world's state.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    format: u32,
    /// Name of the world: its tokens lead there.
    world: String,
    clock: Mode,
    integration: Integration,
    settings: Settings,
    organizations: Vec<Organization>,
    people: Vec<Person>,
    enterprises: Vec<Enterprise>,
    subscribers: Vec<Subscriber>,
    registry: RegistryDocument,
    consent: Vec<Consent>,
    violations: Violations,
    lose_answers: u32,
}

/// What tells the format of a document, whatever else is in it.
#[derive(Deserialize)]
struct Format {
    format: Option<serde_json::Value>,
}

impl World {
    /// The state of this moment.
    pub(crate) fn export(&self) -> Vec<u8> {
        let (state, clock) = {
            let state = self.state();
            (state.clone(), self.clock.kept())
        };
        let directory = &state.directory;
        let document = Document {
            format: FORMAT,
            world: self.name.clone(),
            clock,
            organizations: directory.organizations.values().cloned().collect(),
            people: directory.people.values().cloned().collect(),
            enterprises: directory.enterprises.values().cloned().collect(),
            subscribers: directory.subscribers.values().cloned().collect(),
            integration: state.integration,
            settings: state.settings,
            registry: state.registry.document(),
            consent: state.consent.into(),
            violations: state.violations,
            lose_answers: state.lose_answers,
        };
        exported::in_full(|| serde_json::to_vec_pretty(&document)).expect("a state is plain data")
    }

    /// Puts an exported state in force. What such a document does not hold is as at the start, but for the journal and the
    /// snapshots, which stay. On error nothing has changed.
    pub(crate) fn import(self: &Arc<Self>, worlds: &Worlds, body: &[u8]) -> Result<Imported, Rejection> {
        let document = read(body)?;
        let clock = document.clock;
        let client_id = document.integration.client_id.clone();
        let first = self.first_state(&self.state());
        let state = self.checked(document, first)?;
        let imported = Imported {
            organizations: state.directory.organizations.len(),
            people: state.directory.people.len(),
            tokens: state.registry.token_count(),
        };
        state.secrets.learn(state.directory.passwords());
        state.secrets.learn([&state.integration.client_secret]);
        worlds.replace_state(self, &client_id, || {
            self.put(state, clock);
            self.replay.reset();
        })?;
        Ok(imported)
    }

    /// The state that a document describes, if it is one of this world.
    fn checked(&self, document: Document, first: State) -> Result<State, Rejection> {
        let own = Tag::of(&self.name);
        if Tag::of(&document.world) != own {
            let reason = format!("is {0:?}, and its tokens lead to the world {0}", document.world);
            let accepted = format!(
                "a state of the world {}; another one goes into a world of its name",
                self.name
            );
            return Err(rejection("world", &reason, &accepted));
        }
        if self.clock.would_show(document.clock).is_none() {
            return Err(rejection("clock", "is before 1970", "a time from 1970 to 9999"));
        }
        if document.integration.client_id.is_empty() {
            return Err(rejection("integration.clientId", "is empty", "a client id"));
        }
        settings::check(&document.settings).map_err(|error| within("settings", error))?;
        // What no simulator has issued acts on the first world.
        let leads_here = |token: &str| match Tag::in_token(token) {
            Some(tag) => tag == own,
            None => self.name == FIRST,
        };
        let registry = Registry::from_document(own, document.registry, leads_here)?;
        let mut directory = Directory {
            organizations: by_id("organizations", document.organizations, |one| one.id)?,
            people: by_id("people", document.people, |one| one.id)?,
            enterprises: by_id("enterprises", document.enterprises, |one| one.id)?,
            subscribers: by_id("subscribers", document.subscribers, |one| one.id)?,
            ..Directory::default()
        };
        directory.look_ahead();
        check_people(&directory)?;
        check_consent(&document.consent)?;
        if !document.violations.fits() {
            return Err(rejection("violations", "has too many entries", ACCEPTED));
        }
        Ok(State {
            directory: Shared::new(directory),
            integration: document.integration,
            settings: document.settings,
            registry,
            consent: document.consent.into(),
            violations: document.violations,
            lose_answers: document.lose_answers,
            ..first
        })
    }
}

fn read(body: &[u8]) -> Result<Document, Rejection> {
    let format: Format = serde_json::from_slice(body)
        .map_err(|error| rejection("body", &format!("is no JSON object: {error}"), ACCEPTED))?;
    if format.format != Some(FORMAT.into()) {
        let reason = match format.format {
            None => "is missing".to_owned(),
            Some(format) => format!("is {format}"),
        };
        return Err(rejection("format", &reason, &FORMAT.to_string()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let secret = path
            .rsplit('.')
            .next()
            .is_some_and(|name| SECRET_FIELDS.contains(&name));
        let reason = if secret {
            "is no text".to_owned()
        } else {
            error.into_inner().to_string()
        };
        rejection(&path, &reason, ACCEPTED)
    })?;
    Ok(document)
}

fn by_id<T>(field: &str, all: Vec<T>, id: impl Fn(&T) -> Uuid) -> Result<IndexMap<Uuid, T>, Rejection> {
    let mut read = IndexMap::with_capacity(all.len());
    for (n, one) in all.into_iter().enumerate() {
        let id = id(&one);
        if read.insert(id, one).is_some() {
            let reason = format!("is {id}, which another one has");
            return Err(rejection(
                &format!("{field}[{n}].id"),
                &reason,
                "an id of its own",
            ));
        }
    }
    Ok(read)
}

/// Everybody has an address that nobody else has, and an organisation.
fn check_people(directory: &Directory) -> Result<(), Rejection> {
    let mut addresses = HashSet::new();
    for (n, person) in directory.people.values().enumerate() {
        let field = |name: &str| format!("people[{n}].{name}");
        if person.emails.is_empty() {
            return Err(rejection(&field("emails"), "is empty", "at least one address"));
        }
        for email in &person.emails {
            if !addresses.insert(email.to_ascii_lowercase()) {
                let reason = format!("has {email:?}, which is there already");
                return Err(rejection(&field("emails"), &reason, "addresses of their own"));
            }
        }
        if !directory.organizations.contains_key(&person.organization) {
            let reason = format!("is {}, which is unknown", person.organization);
            let accepted = "the id of an organisation of this state";
            return Err(rejection(&field("organization"), &reason, accepted));
        }
    }
    Ok(())
}

fn check_consent(queue: &[Consent]) -> Result<(), Rejection> {
    if queue.len() > consent::LONGEST {
        let accepted = format!("at most {}", consent::LONGEST);
        return Err(rejection(
            "consent",
            &format!("has {} entries", queue.len()),
            &accepted,
        ));
    }
    for (n, answer) in queue.iter().enumerate() {
        if let Consent::Error { error, .. } = answer
            && !is_error_code(error)
        {
            let accepted = "an OAuth error code such as server_error";
            return Err(rejection(
                &format!("consent[{n}].error"),
                &format!("is {error:?}"),
                accepted,
            ));
        }
    }
    Ok(())
}
