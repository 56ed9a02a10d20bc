//! The requests on their way to Webex. By them a gateway whose `-webexURL` leads back to it, through a proxy or another name,
//! knows its own request again. A field that marked it would reach Webex too, where nobody needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, header};

use crate::secret::AccessToken;

/// The `TrackingID`s in flight, each as often as it is: clients may use one for many requests.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Mutex<HashMap<String, usize>>>);

/// A request in flight, until this is dropped.
#[derive(Debug)]
pub struct Flight {
    all: InFlight,
    id: String,
}

impl InFlight {
    /// Notes a request that is about to be sent.
    #[must_use]
    pub fn begin(&self, id: &str) -> Flight {
        self.with(|ids| *ids.entry(id.to_owned()).or_default() += 1);
        Flight {
            all: self.clone(),
            id: id.to_owned(),
        }
    }

    /// Whether a request that has come in is one that was sent: it has the id of one in flight, and the token, of which clients
    /// know nothing. Neither alone says so.
    #[must_use]
    pub fn is_own(&self, id: &str, headers: &HeaderMap, token: Option<&AccessToken>) -> bool {
        self.with(|ids| ids.contains_key(id)) && token.is_some() && bearer(headers).as_ref() == token
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, usize>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.with(|ids| {
            if let Some(count) = ids.get_mut(&self.id) {
                *count -= 1;
                if *count == 0 {
                    ids.remove(&self.id);
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
        assert!(!flights.is_own("a", &own, Some(&token)));
        let (first, second) = (flights.begin("a"), flights.begin("a"));
        assert!(flights.is_own("a", &own, Some(&token)));
        assert!(!flights.is_own("b", &own, Some(&token)));
        assert!(!flights.is_own("a", &with("another"), Some(&token)));
        assert!(!flights.is_own("a", &HeaderMap::new(), Some(&token)));
        assert!(!flights.is_own("a", &HeaderMap::new(), None));
        drop(first);
        assert!(flights.is_own("a", &own, Some(&token)));
        drop(second);
        assert!(!flights.is_own("a", &own, Some(&token)));
        assert!(flights.with(|ids| ids.is_empty()));
    }
}
