//! The tokens' life as one worker sees it. What it reads is a copy of its own: thousands of requests a second that counted the same
//! references would take them from each other's processor each time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::snapshot::{Access, Snapshot};
use crate::clock::Now;

/// Shows the newest state. Clones share the copy.
#[derive(Clone)]
pub struct Sight(Arc<Mutex<Seen>>);

struct Seen {
    newest: watch::Receiver<Arc<Snapshot>>,
    copy: Arc<Snapshot>,
}

impl Sight {
    pub(super) fn new(mut newest: watch::Receiver<Arc<Snapshot>>) -> Self {
        let copy = Arc::new(newest.borrow_and_update().own_copy());
        Self(Arc::new(Mutex::new(Seen { newest, copy })))
    }

    /// The state now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a sender it stays as it is.
        if seen.newest.has_changed().unwrap_or(false) {
            let copy = seen.newest.borrow_and_update().own_copy();
            seen.copy = Arc::new(copy);
        }
        Arc::clone(&seen.copy)
    }

    /// The access token, where one can be sent now.
    #[must_use]
    pub fn access(&self, now: Now) -> Option<Access> {
        self.snapshot().access(now)
    }
}

impl fmt::Debug for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sight").field(&self.snapshot().state).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock, Timestamp};
    use crate::token::flight::Flight;
    use crate::token::lifecycle::AuthState;
    use crate::token::samples::tokens;

    #[test]
    fn each_sight_has_a_copy_of_its_own_and_shows_what_changed_at_once() {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let flight = Flight::new(Arc::new(clock.clone()), Box::new(|| 0.5));
        let sights = [(); 2].map(|()| Sight::new(flight.subscribe()));
        assert!(sights.iter().all(|sight| sight.access(clock.now()).is_none()));
        for bearer in ["1", "2"] {
            flight.transition(|life, now, dice| life.install(tokens(bearer, now), now, dice));
            let held = flight.snapshot().access(clock.now()).expect("a token");
            let [one, other] = sights
                .each_ref()
                .map(|sight| sight.access(clock.now()).expect("a token"));
            assert_eq!((&one.bearer, one.generation), (&held.bearer, held.generation));
            assert_eq!(one.fingerprint, held.fingerprint);
            assert!(one.bearer.is_sensitive());
            assert_eq!(other.bearer, held.bearer);
            let places = [&held, &one, &other].map(|access| access.bearer.as_bytes().as_ptr());
            assert!(places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
        }
        assert_eq!(sights[0].snapshot().state, AuthState::Ok);
        assert!(
            Arc::ptr_eq(&sights[0].snapshot(), &sights[0].snapshot()),
            "nothing is copied twice"
        );
    }
}
