//! What clients do that they should not do: rules that Webex does not enforce, or enforces silently. Nothing is refused
//! here; a test asks for the list.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::control::types::{Violation, ViolationKind};

/// Violations that are kept; the oldest go first. A client that breaks a rule breaks it in a loop.
const KEPT: usize = 1_000;

/// So many refreshes within [`STORM_WITHIN`] are a storm. A client that backs off from 1 s, doubling, makes four at most.
const STORM: usize = 10;
/// See [`STORM`].
const STORM_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// The violations of a world, and what is needed to notice them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Violations {
    list: VecDeque<Violation>,
    /// When the last refreshes came in, whatever they were answered with.
    refreshes: VecDeque<Timestamp>,
    /// The storm that goes on is listed already.
    storming: bool,
}

impl Violations {
    /// The oldest first.
    pub(crate) fn list(&self) -> Vec<Violation> {
        self.list.iter().cloned().collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are no more than are ever kept.
    pub(crate) fn fits(&self) -> bool {
        self.list.len() <= KEPT && self.refreshes.len() <= STORM
    }

    /// Forgets all violations; a storm that goes on is listed anew.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A refresh came in.
    pub(crate) fn refresh(&mut self, client_id: &str, now: Timestamp) {
        let recent = |at: &Timestamp| now.duration_since(*at) < STORM_WITHIN;
        self.refreshes.push_back(now);
        // Never more than a storm needs, however long it goes on.
        while self.refreshes.len() > STORM || self.refreshes.front().is_some_and(|at| !recent(at)) {
            self.refreshes.pop_front();
        }
        let storm = self.refreshes.len() == STORM;
        if storm && !self.storming {
            let detail = format!("{STORM} refreshes within {} s", STORM_WITHIN.as_secs());
            self.add(ViolationKind::RefreshStorm, client_id, detail, now);
        }
        self.storming = storm;
    }

    /// A refresh token was used that a newer one had replaced.
    pub(crate) fn reuse(&mut self, client_id: &str, fingerprint: &str, now: Timestamp) {
        let detail = format!("refresh token {fingerprint} was used after a newer one had replaced it");
        self.add(ViolationKind::RefreshTokenReuse, client_id, detail, now);
    }

    fn add(&mut self, kind: ViolationKind, client_id: &str, detail: String, now: Timestamp) {
        if self.list.len() == KEPT {
            self.list.pop_front();
        }
        self.list.push_back(Violation {
            time: format!("{now:.3}"),
            kind,
            client_id: client_id.to_owned(),
            detail,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn storms(times: impl IntoIterator<Item = i64>) -> usize {
        let mut violations = Violations::default();
        for time in times {
            violations.refresh("C1", after(time));
        }
        violations.list().len()
    }

    #[test]
    fn ten_refreshes_within_ten_seconds_are_a_storm() {
        assert_eq!(storms(0..9), 0);
        assert_eq!(storms(0..10), 1);
        assert_eq!(
            storms([0, 0, 0, 0, 0, 0, 0, 0, 0, 10]),
            0,
            "the first is ten seconds ago"
        );
    }

    #[test]
    fn a_storm_is_listed_once_until_it_has_calmed_down() {
        assert_eq!(storms(0..1000), 1);
        assert_eq!(storms((0..10).chain(100..110)), 2);
    }

    #[test]
    fn a_client_that_backs_off_makes_no_storm() {
        assert_eq!(storms([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303]), 0);
    }

    #[test]
    fn the_oldest_violations_go_first() {
        let mut violations = Violations::default();
        for n in 0..=KEPT {
            violations.reuse("C1", &n.to_string(), after(0));
        }
        let list = violations.list();
        assert_eq!(list.len(), KEPT);
        assert!(
            list[0].detail.starts_with("refresh token 1 was"),
            "{}",
            list[0].detail
        );
    }
}
