//! The requests on their way to Webex. By them a gateway whose `-webexURL` leads back to it, through a proxy or another name,
//! knows its own request again. A field that marked it would reach Webex too, where nobody needs it.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use foldhash::quality::RandomState;
use http::{HeaderMap, header};

use crate::proxy::headers::lines;
use crate::secret::AccessToken;

/// The `TrackingID`s in flight, each as often as it is: clients may use one for many requests. They are known by hashes: what has
/// the hash of another is taken for it, which matters only to a request that has the token as well. Clones share a place for them;
/// who is [`InFlight::beside`] another has a place of its own, and knows those of all others.
#[derive(Clone)]
pub struct InFlight {
    own: Arc<Place>,
    all: Arc<All>,
}

#[derive(Default)]
struct All {
    key: RandomState,
    places: RwLock<Vec<Arc<Place>>>,
}

#[derive(Default)]
struct Place(Mutex<Counts>);

/// By hashes, which need not be hashed once more.
type Counts = HashMap<u64, usize, BuildHasherDefault<Hashed>>;

/// Takes a hash as it is.
#[derive(Default)]
struct Hashed(u64);

/// A request in flight, until this is dropped.
pub struct Flight {
    place: Arc<Place>,
    id: u64,
}

impl InFlight {
    /// Notes a request that is about to be sent, unless it is one that was sent and has come back: that has the id of one in
    /// flight and the token, of which clients know nothing. Neither alone says so.
    #[must_use]
    pub fn begin(&self, id: &str, headers: &HeaderMap, token: Option<&AccessToken>) -> Option<Flight> {
        let id = self.all.key.hash_one(id);
        if token.is_some() && bearer(headers).as_ref() == token && self.all.have(id) {
            return None;
        }
        self.own.with(|counts| *counts.entry(id).or_default() += 1);
        let place = Arc::clone(&self.own);
        Some(Flight { place, id })
    }

    /// One for another worker.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self::at(&self.all)
    }

    fn at(all: &Arc<All>) -> Self {
        let own = Arc::default();
        let mut places = all.places.write().unwrap_or_else(PoisonError::into_inner);
        places.push(Arc::clone(&own));
        let all = Arc::clone(all);
        Self { own, all }
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self::at(&Arc::default())
    }
}

impl All {
    fn have(&self, id: u64) -> bool {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places
            .iter()
            .any(|place| place.with(|counts| counts.contains_key(&id)))
    }
}

impl Place {
    fn with<T>(&self, act: impl FnOnce(&mut Counts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.place.with(|counts| {
            if let Some(count) = counts.get_mut(&self.id) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&self.id);
                }
            }
        });
    }
}

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn bearer(headers: &HeaderMap) -> Option<AccessToken> {
    let text = lines(headers, header::AUTHORIZATION).next()?.to_str().ok()?;
    AccessToken::new(text.strip_prefix("Bearer ")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_token_together_are_the_gateways_own_as_long_as_the_request_runs() {
        let token = AccessToken::new("held").unwrap();
        let with = |bearer: &str| {
            let bearer = AccessToken::new(bearer).unwrap().bearer();
            HeaderMap::from_iter([(header::AUTHORIZATION, bearer)])
        };
        let own = with("held");
        let flights = InFlight::default();
        let first = flights
            .begin("a", &own, Some(&token))
            .expect("nothing is in flight");
        assert!(flights.begin("a", &own, Some(&token)).is_none());
        let others = [
            flights.begin("b", &own, Some(&token)),
            flights.begin("a", &with("another"), Some(&token)),
            flights.begin("a", &HeaderMap::new(), Some(&token)),
            flights.begin("a", &HeaderMap::new(), None),
        ];
        assert!(others.iter().all(Option::is_some));
        drop(first);
        assert!(
            flights.begin("a", &own, Some(&token)).is_none(),
            "others have the id, too"
        );
        drop(others);
        assert!(flights.begin("a", &own, Some(&token)).is_some());
        assert!(flights.own.with(|counts| counts.is_empty()));
    }

    #[test]
    fn a_request_that_comes_back_to_another_worker_is_known_there() {
        let token = AccessToken::new("held").unwrap();
        let own = HeaderMap::from_iter([(header::AUTHORIZATION, token.bearer())]);
        let here = InFlight::default();
        let there = here.beside();
        let first = here.begin("a", &own, Some(&token));
        assert!(first.is_some());
        assert!(there.begin("a", &own, Some(&token)).is_none());
        assert!(there.begin("b", &own, Some(&token)).is_some());
        drop(first);
        assert!(there.begin("a", &own, Some(&token)).is_some());
    }
}
