//! A world: everything that one integration and the people who use it can see and change. It owns its state, clock,
//! journal and randomness; request handlers are given the world they act on, so that several can live side by side.

pub(crate) mod broadworks;
mod directory;
mod person;
mod tag;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::clock::{SimClock, WallClock};
use crate::control::types::{Consent, Settings};
use crate::journal::Journal;
use crate::oauth::{Registry, ScopeSet};
use crate::random::Random;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::violations::Violations;

pub(crate) use directory::{Directory, Organization};
pub(crate) use person::{Address, Person, PhoneNumber, Role};
pub(crate) use tag::Tag;

/// One isolated simulation.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) clock: SimClock,
    pub(crate) journal: Journal,
    pub(crate) random: Arc<dyn Random>,
    /// What [`World::reset`] goes back to.
    seed: Seed,
    /// The settings of the start, for the same purpose.
    settings: Settings,
    /// A std mutex: it is held for lookups and small changes only, never across an await.
    state: Mutex<State>,
}

/// What requests change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) directory: Directory,
    pub(crate) integration: Integration,
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    /// Answers to coming authorize requests, the next one first.
    pub(crate) consent: VecDeque<Consent>,
    pub(crate) violations: Violations,
    /// How many coming token answers are lost on the way.
    pub(crate) lose_answers: u32,
}

/// The OAuth client that is registered with Webex.
#[derive(Debug, Clone)]
pub(crate) struct Integration {
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    /// As in the seed; the ones in force are in [`Settings::redirect_uris`].
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: ScopeSet,
}

// === impl World ===

impl World {
    pub(crate) fn new(
        name: String,
        seed: Seed,
        settings: Settings,
        wall: Arc<dyn WallClock>,
        random: Arc<dyn Random>,
        journal_capacity: usize,
    ) -> Self {
        let state = State::new(Tag::of(&name), &seed, &settings);
        Self {
            name,
            clock: SimClock::new(wall),
            journal: Journal::new(journal_capacity),
            random,
            state: Mutex::new(state),
            seed,
            settings,
        }
    }

    /// The state, locked. Never hold it across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything as at the start: state, settings, clock, journal.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        self.clock.reset();
        *state = State::new(Tag::of(&self.name), &self.seed, &self.settings);
        self.journal.clear();
    }
}

// === impl State ===

impl State {
    fn new(tag: Tag, seed: &Seed, settings: &Settings) -> Self {
        Self {
            directory: seed.directory.clone(),
            integration: seed.integration.clone(),
            settings: settings.clone(),
            registry: Registry::new(tag),
            consent: VecDeque::new(),
            violations: Violations::default(),
            lose_answers: 0,
        }
    }

    /// The person `text` names: e-mail address, UUID or Webex id.
    pub(crate) fn person(&self, text: &str) -> Option<&Person> {
        self.directory.person(text)
    }

    /// What must never be shown: the client secret and the passwords.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let passwords = self.directory.people.values().map(|person| &person.password);
        let all = passwords.chain([&self.integration.client_secret]);
        let known = all.filter(|secret| !secret.expose().is_empty());
        known.map(|secret| secret.expose().to_owned()).collect()
    }

    /// Gives a person another password; every code and token of theirs is dead from now on. The number of tokens
    /// that were good; absent if there is no such person.
    pub(crate) fn change_password(&mut self, text: &str, password: Secret, now: Timestamp) -> Option<usize> {
        let id = self.directory.person(text)?.id;
        self.directory.people.get_mut(&id)?.password = password;
        Some(self.registry.revoke_person(id, now))
    }

    /// Deletes a person with every code and token; the number of tokens that were good.
    pub(crate) fn delete_person(&mut self, text: &str, now: Timestamp) -> Option<usize> {
        let id = self.directory.person(text)?.id;
        self.directory.people.shift_remove(&id);
        Some(self.registry.revoke_person(id, now))
    }
}
