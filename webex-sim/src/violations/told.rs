//! What clients have been told, and may be expected to know: how long to wait, which tokens are dead.

use std::collections::HashMap;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use indexmap::{IndexMap, IndexSet};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Fingerprints that are kept of each kind; the oldest go first. More are a test that has run for long.
const KEPT: usize = 1_000;

/// A client that wants to know whether a revoked token works again may ask so often. Clients that ask twice a minute, measured
/// where they are, come in a little earlier now and then.
const QUESTION_SPACING: SignedDuration = SignedDuration::from_secs(20);

/// What was answered so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// By operation and person: no call before this time.
    waits: HashMap<(&'static str, Uuid), Timestamp>,
    /// Fingerprints of revoked access tokens that were answered with 401, and when somebody asked about them last since.
    dead: IndexMap<String, Option<Timestamp>>,
    /// Fingerprints of refresh tokens that were refused.
    refused: IndexSet<String>,
}

impl Told {
    pub(super) fn wait(&mut self, operation: &'static str, person: Uuid, until: Timestamp) {
        let known = self.waits.entry((operation, person)).or_insert(until);
        *known = until.max(*known);
    }

    /// Until when the operation should not be called for the person, if that is not over.
    pub(super) fn must_wait(
        &mut self,
        operation: &'static str,
        person: Uuid,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let until = *self.waits.get(&(operation, person))?;
        if now < until {
            return Some(until);
        }
        self.waits.remove(&(operation, person));
        None
    }

    pub(super) fn dead(&mut self, fingerprint: &str) {
        self.dead.entry(fingerprint.to_owned()).or_default();
        if self.dead.len() > KEPT {
            self.dead.shift_remove_index(0);
        }
    }

    /// Notes a question about a token that is known to be dead, and tells whether it is too early for one.
    pub(super) fn asked_too_early(&mut self, fingerprint: &str, now: Timestamp) -> bool {
        let Some(asked) = self.dead.get_mut(fingerprint) else {
            return false;
        };
        let early = asked.is_some_and(|at| now.duration_since(at) < QUESTION_SPACING);
        *asked = Some(now);
        early
    }

    pub(super) fn knows_dead(&self, fingerprint: &str) -> bool {
        self.dead.contains_key(fingerprint)
    }

    /// Whether it had been told before.
    pub(super) fn refused(&mut self, fingerprint: &str) -> bool {
        !remember(&mut self.refused, fingerprint)
    }
}

/// Whether it is new.
fn remember(set: &mut IndexSet<String>, fingerprint: &str) -> bool {
    let new = set.insert(fingerprint.to_owned());
    if set.len() > KEPT {
        set.shift_remove_index(0);
    }
    new
}

/// The time that `Retry-After` names: seconds from now, or a date (RFC 9110, section 10.2.3). Absent if there is none that
/// can be read.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = SignedDuration::from_secs(text.parse().unwrap_or(i64::MAX));
        return Some(now.checked_add(seconds).unwrap_or(Timestamp::MAX));
    }
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<i64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers, Timestamp::UNIX_EPOCH).map(Timestamp::as_second)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(of("0"), Some(0));
        assert_eq!(of(" 3600 "), Some(3_600));
        assert_eq!(of("Thu, 01 Jan 1970 00:02:00 GMT"), Some(120));
        assert_eq!(
            of("99999999999999999999"),
            Some(Timestamp::MAX.as_second()),
            "very long is the end of time"
        );
    }

    #[test]
    fn what_cannot_be_read_binds_nobody() {
        for value in ["", "-1", "1.5", "rand(30),add(30)", "soon", "Thu, 01 Jan"] {
            assert_eq!(of(value), None, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn the_longest_wait_counts_and_ends_in_time() {
        let (mut told, person) = (Told::default(), Uuid::from_u128(1));
        let at = |second| Timestamp::from_second(second).unwrap();
        told.wait("getMe", person, at(60));
        told.wait("getMe", person, at(30));
        assert_eq!(told.must_wait("getMe", person, at(59)), Some(at(60)));
        assert_eq!(told.must_wait("listPeople", person, at(59)), None);
        assert_eq!(told.must_wait("getMe", Uuid::from_u128(2), at(59)), None);
        assert_eq!(told.must_wait("getMe", person, at(60)), None);
        assert!(told.waits.is_empty());
    }

    #[test]
    fn only_so_many_fingerprints_are_kept() {
        let mut told = Told::default();
        for n in 0..=KEPT {
            told.dead(&n.to_string());
        }
        assert!(!told.knows_dead("0") && told.knows_dead("1"));
        assert!(!told.refused("x") && told.refused("x"));
    }
}
