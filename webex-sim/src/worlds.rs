//! The worlds of a simulator. A request finds its own by what it carries: the client id of an OAuth request, the tag inside a
//! token. What leads nowhere acts on the first world, which is always there.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use axum::extract::Request;
use http::header::AUTHORIZATION;

use crate::oauth::params::Params;
use crate::world::{Tag, World};

/// Name of the world that a simulator starts with.
pub(crate) const FIRST: &str = "default";

/// All worlds.
#[derive(Debug, Clone)]
pub(crate) struct Worlds {
    first: Arc<World>,
    others: Arc<RwLock<Others>>,
}

/// The worlds that were added, by each of their marks.
#[derive(Debug, Default)]
struct Others {
    by_name: HashMap<String, Arc<World>>,
    by_client: HashMap<String, Arc<World>>,
    by_tag: HashMap<Tag, Arc<World>>,
}

impl Worlds {
    pub(crate) fn new(first: Arc<World>) -> Self {
        Self {
            first,
            others: Arc::default(),
        }
    }

    /// The world a request to the API acts on. `form` is its body, if that is a form.
    pub(crate) fn of_request(&self, request: &Request, form: &[u8]) -> Arc<World> {
        let others = self
            .others
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if others.by_name.is_empty() {
            return Arc::clone(&self.first);
        }
        let token = bearer(request).and_then(Tag::in_token);
        let found = token.and_then(|tag| others.by_tag.get(&tag)).or_else(|| {
            let client = client_id(request, form)?;
            others.by_client.get(&client)
        });
        Arc::clone(found.unwrap_or(&self.first))
    }

    /// The world of this name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<World>> {
        if name == FIRST {
            return Some(Arc::clone(&self.first));
        }
        let others = self
            .others
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        others.by_name.get(name).cloned()
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// From the query, the form, or HTTP Basic.
fn client_id(request: &Request, form: &[u8]) -> Option<String> {
    let of = |text: &[u8]| Params::parse(text).get("client_id").map(str::to_owned);
    let basic = || crate::oauth::basic_client(request.headers());
    of(request.uri().query().unwrap_or_default().as_bytes())
        .or_else(|| of(form))
        .or_else(basic)
}
