//! A world: everything that one integration and the people who use it can see and change. It owns its state, clock,
//! journal and randomness; request handlers are given the world they act on, so that several can live side by side.

pub(crate) mod broadworks;
mod directory;
pub(crate) mod document;
mod person;
mod shared;
pub(crate) mod snapshots;
mod tag;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::clock::{SimClock, WallClock};
use crate::control::types::{Consent, Settings};
use crate::coverage::Answers;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::oauth::{Registry, ScopeSet};
use crate::random::Random;
use crate::replay::Replay;
use crate::secret::{Secret, exported};
use crate::seed::Seed;
use crate::vault::{Known, Vault};
use crate::violations::Violations;

pub(crate) use directory::{Directory, Organization};
pub(crate) use person::{Address, FULL_ADMIN, Person, PhoneNumber, Role};
pub(crate) use shared::Shared;
pub(crate) use snapshots::Snapshots;
pub(crate) use tag::Tag;

/// One isolated simulation.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) name: String,
    /// Real time.
    pub(crate) created: Timestamp,
    /// Cancelled when the world is deleted.
    pub(crate) ended: CancellationToken,
    /// Where the secrets of all worlds are.
    pub(crate) vault: Arc<Vault>,
    pub(crate) snapshots: Snapshots,
    pub(crate) clock: SimClock,
    pub(crate) journal: Journal,
    pub(crate) answers: Answers,
    pub(crate) replay: Replay,
    pub(crate) random: Arc<dyn Random>,
    /// What [`World::reset`] goes back to.
    seed: Seed,
    /// The settings of the start, for the same purpose.
    settings: Settings,
    /// A std mutex: it is held for lookups and small changes only, never across an await.
    state: Mutex<State>,
}

/// What a world is given at its start.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) seed: Seed,
    pub(crate) settings: Settings,
    pub(crate) wall: Arc<dyn WallClock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) journal_capacity: usize,
    pub(crate) vault: Arc<Vault>,
    /// Whether the vault has the passwords of the seed already, because other worlds start with it, too.
    pub(crate) passwords_known: bool,
}

/// What requests change.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) directory: Shared<Directory>,
    pub(crate) integration: Integration,
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    /// Answers to coming authorize requests, the next one first.
    pub(crate) consent: VecDeque<Consent>,
    pub(crate) violations: Violations,
    /// How many coming token answers are lost on the way.
    pub(crate) lose_answers: u32,
    /// By which requests fail.
    pub(crate) faults: Faults,
    /// How many requests everybody has made.
    pub(crate) limits: Limits,
    /// What must never be shown: passwords and the client secret.
    pub(crate) secrets: Known,
}

/// The OAuth client that is registered with Webex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Integration {
    pub(crate) name: String,
    pub(crate) client_id: String,
    #[serde(with = "exported")]
    pub(crate) client_secret: Secret,
    /// As in the seed; the ones in force are in [`Settings::redirect_uris`].
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: ScopeSet,
}

// === impl World ===

impl World {
    pub(crate) fn new(name: String, origin: Origin) -> Self {
        let Origin {
            seed,
            settings,
            wall,
            random,
            journal_capacity,
            vault,
            passwords_known,
        } = origin;
        let secrets = Known::new(Arc::clone(&vault));
        secrets.learn([&seed.integration.client_secret]);
        if !passwords_known {
            secrets.learn(seed.directory.passwords());
        }
        let state = State::new(Tag::of(&name), &seed, &settings, secrets);
        Self {
            name,
            created: wall.now(),
            ended: CancellationToken::new(),
            vault,
            snapshots: Snapshots::default(),
            clock: SimClock::new(wall),
            journal: Journal::new(journal_capacity),
            answers: Answers::default(),
            replay: Replay::default(),
            random,
            state: Mutex::new(state),
            seed,
            settings,
        }
    }

    /// The state as it is now, what is due has happened, locked. Never hold it across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Worlds share what nobody has changed: it is not touched for nothing.
        let now = self.clock.now();
        if state.directory.is_due(now) {
            state.directory.settle(now);
        }
        state
    }

    /// Everything as at the start: state, settings, clock, journal. Snapshots stay.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        self.clock.reset();
        *state = self.first_state(&state);
        self.journal.clear();
        self.replay.reset();
    }

    /// The state of the start. `now` is the one in force: secrets that were learnt stay known.
    pub(crate) fn first_state(&self, now: &State) -> State {
        State::new(
            Tag::of(&self.name),
            &self.seed,
            &self.settings,
            now.secrets.clone(),
        )
    }

    /// The client id of the start.
    pub(crate) fn first_client_id(&self) -> &str {
        &self.seed.integration.client_id
    }
}

// === impl State ===

impl State {
    fn new(tag: Tag, seed: &Seed, settings: &Settings, secrets: Known) -> Self {
        Self {
            directory: seed.directory.clone(),
            integration: seed.integration.clone(),
            settings: settings.clone(),
            registry: Registry::new(tag),
            consent: VecDeque::new(),
            violations: Violations::default(),
            lose_answers: 0,
            faults: Faults::default(),
            limits: Limits::default(),
            secrets,
        }
    }

    /// The person `text` names: e-mail address, UUID or Webex id.
    pub(crate) fn person(&self, text: &str) -> Option<&Person> {
        self.directory.person(text)
    }

    /// Gives a person another password; every code and token of theirs is dead from now on. The number of tokens
    /// that were good; absent if there is no such person.
    pub(crate) fn change_password(&mut self, text: &str, password: Secret, now: Timestamp) -> Option<usize> {
        let id = self.directory.person(text)?.id;
        self.secrets.learn([&password]);
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
