//! The worlds of a simulator. A request finds its own by what it carries: the client id of an OAuth request, the tag inside a
//! token. What leads nowhere acts on the first world, which is always there.

mod create;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::extract::Request;
use http::Method;
use http::header::AUTHORIZATION;
use indexmap::IndexMap;

use crate::api::operation::path;
use crate::control::fields::rejection;
use crate::control::types::{Coverage, Rejection};
use crate::oauth::params::Params;
use crate::replay::Recording;
use crate::world::{Tag, World};

pub(crate) use create::{Start, checked_credential, checked_name, within};

/// Name of the world that a simulator starts with.
pub(crate) const FIRST: &str = "default";

/// Worlds there may be at once. A full journal has 10 to 40 MB, so that a thousand busy worlds fill the memory of a machine: a
/// test run that forgets to delete its own is told so before that.
const MOST: usize = 1_000;

/// All worlds. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Worlds {
    first: Arc<World>,
    index: Arc<RwLock<Index>>,
    start: Arc<Start>,
}

/// The worlds, by name and by each of their marks.
#[derive(Debug, Default)]
struct Index {
    /// In the order of creation.
    names: IndexMap<String, Arc<World>>,
    clients: HashMap<String, Arc<World>>,
    tags: HashMap<Tag, Arc<World>>,
}

impl Worlds {
    /// The first world, which starts with a recording, and what further ones start with.
    pub(crate) fn new(start: Start, recording: Recording) -> Result<Self, Rejection> {
        let first = Arc::new(start.first(recording)?);
        let mut index = Index::default();
        index.add(&first, first.first_client_id().to_owned());
        Ok(Self {
            first,
            index: Arc::new(RwLock::new(index)),
            start: Arc::new(start),
        })
    }

    /// The world a request to the API acts on. `form` is its body, if that is a form.
    pub(crate) fn of_request(&self, request: &Request, form: &[u8]) -> Arc<World> {
        let index = self.index();
        if index.names.len() == 1 {
            return Arc::clone(&self.first);
        }
        let found = if [path::AUTHORIZE, path::ACCESS_TOKEN, path::REVOKE].contains(&request.uri().path()) {
            client_id(request, form).and_then(|client| index.clients.get(&client))
        } else {
            let tag = bearer(request).and_then(Tag::in_token);
            tag.and_then(|tag| index.tags.get(&tag))
        };
        Arc::clone(found.unwrap_or(&self.first))
    }

    /// The world of this name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<World>> {
        self.index().names.get(name).cloned()
    }

    /// All of them, in the order of creation.
    pub(crate) fn all(&self) -> Vec<Arc<World>> {
        self.index().names.values().cloned().collect()
    }

    /// What has been exercised in any world so far.
    pub(crate) fn coverage(&self) -> Coverage {
        self.start.answers.coverage()
    }

    /// Deletes a world: its tokens lead nowhere from now on, and who waits for something in it is told. The first world stays.
    pub(crate) fn delete(&self, world: &Arc<World>) -> Result<(), Rejection> {
        if world.name == FIRST {
            let reason = format!("{FIRST} is always there");
            return Err(rejection(
                "world",
                &reason,
                "another world; POST /__sim/reset empties this one",
            ));
        }
        let mut index = self.index_mut();
        let named = index.names.get(&world.name);
        if !named.is_some_and(|named| Arc::ptr_eq(named, world)) {
            // Somebody else was faster, and another one may have the name by now.
            return Ok(());
        }
        index.names.shift_remove(&world.name);
        index.clients.retain(|_, other| !Arc::ptr_eq(other, world));
        index.tags.remove(&Tag::of(&world.name));
        world.ended.cancel();
        Ok(())
    }

    /// Lets `change` put a state in force whose client is `client_id`, unless that is another world's.
    pub(crate) fn replace_state(
        &self,
        world: &Arc<World>,
        client_id: &str,
        change: impl FnOnce(),
    ) -> Result<(), Rejection> {
        let mut index = self.index_mut();
        let owner = index.clients.get(client_id);
        if let Some(owner) = owner.filter(|owner| !Arc::ptr_eq(owner, world)) {
            return Err(client_taken("integration.clientId", client_id, owner));
        }
        change();
        index.clients.retain(|_, other| !Arc::ptr_eq(other, world));
        // Nothing leads to a world that was deleted meanwhile.
        if !world.ended.is_cancelled() {
            index.clients.insert(client_id.to_owned(), Arc::clone(world));
        }
        Ok(())
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Index ===

impl Index {
    fn add(&mut self, world: &Arc<World>, client_id: String) {
        self.names.insert(world.name.clone(), Arc::clone(world));
        self.clients.insert(client_id, Arc::clone(world));
        self.tags.insert(Tag::of(&world.name), Arc::clone(world));
    }
}

fn client_taken(field: &str, client_id: &str, owner: &World) -> Rejection {
    let reason = format!("is {client_id:?}, which is the world {}'s", owner.name);
    rejection(field, &reason, "a client id that no other world has")
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// From where the OAuth endpoints read it: the form or HTTP Basic of a POST, the query of anything else.
fn client_id(request: &Request, form: &[u8]) -> Option<String> {
    let of = |text: &[u8]| Params::parse(text).get("client_id").map(str::to_owned);
    if request.method() == Method::POST {
        of(form).or_else(|| crate::oauth::basic_client(request.headers()))
    } else {
        of(request.uri().query().unwrap_or_default().as_bytes())
    }
}
