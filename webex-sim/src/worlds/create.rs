//! What a new world is made of, and whether it may be made.

use std::sync::Arc;

use super::{FIRST, MOST, Worlds, client_taken};
use crate::clock::WallClock;
use crate::control::fields::rejection;
use crate::control::settings;
use crate::control::types::{NewWorld, Rejection, Settings, SettingsPatch};
use crate::coverage::Answers;
use crate::random::Random;
use crate::replay::{Recording, Replay};
use crate::secret::{Secret, hex};
use crate::seed::Seed;
use crate::vault::{Known, Vault};
use crate::world::{Origin, Tag, World};

/// Longest name: it stands in paths and in the lines of a log.
const LONGEST_NAME: usize = 64;

/// Longest client id or secret; Webex's own have 65 and 64 characters.
const LONGEST_CREDENTIAL: usize = 256;

/// Bytes of a generated client secret, and of the part of a client id behind its `C`; as hex digits twice as many.
const CREDENTIAL_BYTES: usize = 32;

/// Tries to find a name that is free. One is enough, unless somebody names their worlds like this.
const TRIES: usize = 16;

/// What every world of a simulator starts with, unless it is told otherwise.
#[derive(Debug)]
pub(crate) struct Start {
    seed: Seed,
    /// Settings that differ from the seed's and the defaults.
    settings: SettingsPatch,
    /// Redirect URIs besides the seed's.
    redirect_uris: Vec<String>,
    clock: Arc<dyn WallClock>,
    random: Arc<dyn Random>,
    journal_capacity: usize,
    vault: Arc<Vault>,
    /// The passwords of the seed: learnt once, however many worlds have them.
    _passwords: Known,
    /// The answers of all worlds, of those that are gone as well.
    pub(super) answers: Arc<Answers>,
}

// === impl Start ===

impl Start {
    pub(crate) fn new(
        seed: Seed,
        settings: SettingsPatch,
        redirect_uris: Vec<String>,
        clock: Arc<dyn WallClock>,
        random: Arc<dyn Random>,
        journal_capacity: usize,
    ) -> Self {
        let vault = Arc::new(Vault::default());
        let passwords = Known::new(Arc::clone(&vault));
        passwords.learn(seed.directory.passwords());
        Self {
            seed,
            settings,
            redirect_uris,
            clock,
            random,
            journal_capacity,
            vault,
            _passwords: passwords,
            answers: Arc::default(),
        }
    }

    /// The world that is always there.
    pub(super) fn first(&self, recording: Recording) -> Result<World, Rejection> {
        let settings = self.settings(&self.seed, None)?;
        let mut first = self.world(FIRST.to_owned(), self.seed.clone(), settings, true);
        first.replay = Replay::new(recording);
        Ok(first)
    }

    /// The settings of a world with this seed: the defaults, the seed's, the simulator's, its own.
    fn settings(&self, seed: &Seed, own: Option<&SettingsPatch>) -> Result<Settings, Rejection> {
        let mut settings = Settings {
            redirect_uris: seed.integration.redirect_uris.clone(),
            ..Settings::default()
        };
        settings::apply(&mut settings, &seed.settings)?;
        settings::apply(&mut settings, &self.settings)?;
        for uri in &self.redirect_uris {
            if !settings.redirect_uris.contains(uri) {
                settings.redirect_uris.push(uri.clone());
            }
        }
        settings::check(&settings)?;
        if let Some(own) = own {
            settings::apply(&mut settings, own).map_err(|error| within("settings", error))?;
        }
        Ok(settings)
    }

    fn world(&self, name: String, seed: Seed, settings: Settings, passwords_known: bool) -> World {
        let origin = Origin {
            seed,
            settings,
            wall: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            journal_capacity: self.journal_capacity,
            vault: Arc::clone(&self.vault),
            passwords_known,
        };
        let mut world = World::new(name, origin);
        world.answers = Answers::within(Arc::clone(&self.answers));
        world
    }

    fn random_hex(&self, bytes: usize) -> String {
        let mut random = vec![0; bytes];
        self.random.fill(&mut random);
        hex(&random)
    }
}

// === impl Worlds ===

impl Worlds {
    /// Makes a world. On error there is none.
    pub(crate) fn create(&self, new: &NewWorld) -> Result<Arc<World>, Rejection> {
        let name = match &new.name {
            Some(name) => checked_name("name", name)?.to_owned(),
            None => self.free_name(),
        };
        let start = &self.start;
        let mut seed = match &new.seed {
            None => start.seed.clone(),
            Some(seed) => Seed::from_value(seed, &name).map_err(|error| within("seed", error.rejection()))?,
        };
        let own_client = new.seed.is_some() && seed.brings_client;
        match &new.client_id {
            Some(id) => seed.integration.client_id = checked_credential("client_id", id)?,
            None if own_client => {}
            None => seed.integration.client_id = format!("C{}", start.random_hex(CREDENTIAL_BYTES)),
        }
        match &new.client_secret {
            Some(secret) => {
                seed.integration.client_secret = Secret::new(checked_credential("client_secret", secret)?);
            }
            None if own_client && seed.brings_secret => {}
            None => seed.integration.client_secret = Secret::new(start.random_hex(CREDENTIAL_BYTES)),
        }
        let mut settings = start.settings(&seed, new.settings.as_ref())?;
        if let Some(uris) = &new.redirect_uris {
            let patch = SettingsPatch {
                redirect_uris: Some(uris.clone()),
                ..SettingsPatch::default()
            };
            settings::apply(&mut settings, &patch)?;
        }
        let client_id = seed.integration.client_id.clone();
        let mut index = self.index_mut();
        if index.names.len() >= MOST {
            let reason = format!("there are {MOST} of them already");
            return Err(rejection(
                "worlds",
                &reason,
                "fewer; DELETE /__sim/worlds/{world} deletes one",
            ));
        }
        if index.names.contains_key(&name) {
            return Err(rejection(
                "name",
                &format!("is {name:?}, which is taken"),
                "a name that no other world has",
            ));
        }
        if let Some(other) = index.tags.get(&Tag::of(&name)) {
            let reason = format!("is {name:?}, whose tokens would lead to the world {}", other.name);
            return Err(rejection("name", &reason, "another name"));
        }
        if let Some(owner) = index.clients.get(&client_id) {
            let field = if new.client_id.is_some() {
                "client_id"
            } else {
                "seed.integration.clientId"
            };
            return Err(client_taken(field, &client_id, owner));
        }
        let world = Arc::new(start.world(name, seed, settings, new.seed.is_none()));
        index.add(&world, client_id);
        Ok(world)
    }

    fn free_name(&self) -> String {
        let index = self.index();
        let mut names = (0..TRIES).map(|_| format!("world-{}", self.start.random_hex(6)));
        let free =
            names.find(|name| !index.names.contains_key(name) && !index.tags.contains_key(&Tag::of(name)));
        // Then creation is refused with the name.
        free.unwrap_or_else(|| "world".to_owned())
    }
}

/// A name of a world or a snapshot: lower-case letters, digits and hyphens.
pub(crate) fn checked_name<'a>(field: &str, name: &'a str) -> Result<&'a str, Rejection> {
    let good = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if good {
        Ok(name)
    } else {
        let accepted = format!("1 to {LONGEST_NAME} of the characters a-z, 0-9 and -");
        Err(rejection(field, &format!("is {name:?}"), &accepted))
    }
}

/// A client id or secret that fits into a form and a header field. Its value is not repeated: it may be the secret.
pub(crate) fn checked_credential(field: &str, text: &str) -> Result<String, Rejection> {
    let good =
        (1..=LONGEST_CREDENTIAL).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good {
        Ok(text.to_owned())
    } else {
        let accepted = format!("1 to {LONGEST_CREDENTIAL} visible ASCII characters");
        Err(rejection(field, "is none that a client could send", &accepted))
    }
}

/// The rejection of a part, named as a field of the whole.
pub(crate) fn within(whole: &str, error: Rejection) -> Rejection {
    let field = match error.field.as_str() {
        "" => whole.to_owned(),
        field => format!("{whole}.{field}"),
    };
    Rejection { field, ..error }
}
