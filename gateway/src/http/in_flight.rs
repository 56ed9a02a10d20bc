//! The requests on their way to Webex. By them a gateway whose `-webexURL` leads back to it, through a proxy or another name,
//! knows its own request again. A field that marked it would reach Webex too, where nobody needs it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, header};

use crate::secret::AccessToken;

/// The `TrackingID`s in flight, each as often as it is: clients may use one for many requests. They are known by hashes whose key
/// nobody outside knows.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Ids>);

#[derive(Debug, Default)]
struct Ids {
    key: RandomState,
    counts: Mutex<HashMap<u64, usize>>,
}

/// A request in flight, until this is dropped.
#[derive(Debug)]
pub struct Flight {
    all: InFlight,
    id: u64,
}

impl InFlight {
    /// Notes a request that is about to be sent, unless it is one that was sent and has come back: that has the id of one in
    /// flight and the token, of which clients know nothing. Neither alone says so.
    #[must_use]
    pub fn begin(&self, id: &str, headers: &HeaderMap, token: Option<&AccessToken>) -> Option<Flight> {
        let id = self.0.key.hash_one(id);
        self.with(|counts| {
            let count = counts.entry(id).or_default();
            let own = *count > 0 && token.is_some() && bearer(headers).as_ref() == token;
            (!own).then(|| *count += 1)
        })?;
        Some(Flight {
            all: self.clone(),
            id,
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<u64, usize>) -> T) -> T {
        act(&mut self.0.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.with(|counts| {
            if let Some(count) = counts.get_mut(&self.id) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&self.id);
                }
            }
        });
    }
}

fn bearer(headers: &HeaderMap) -> Option<AccessToken> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
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
        assert!(flights.with(|counts| counts.is_empty()));
    }
}
