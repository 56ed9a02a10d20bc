//! What clients do that they should not do: rules that Webex does not enforce, or enforces silently. Nothing is refused
//! here; a test asks for the list.

mod told;

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::told::Told;
use crate::control::types::{Violation, ViolationKind};

pub(crate) use self::told::retry_after;

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
    #[serde(skip)]
    told: Told,
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

    /// Forgets all violations; a storm that goes on is listed anew. What clients have been told stays.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            told: std::mem::take(&mut self.told),
            ..Self::default()
        };
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

    /// A client was told when to call an operation for a person again.
    pub(crate) fn told_to_wait(&mut self, operation: &'static str, person: Uuid, until: Timestamp) {
        self.told.wait(operation, person, until);
    }

    /// An operation is called for a person, who is named `email`.
    pub(crate) fn call(
        &mut self,
        client_id: &str,
        operation: &'static str,
        (person, email): (Uuid, &str),
        now: Timestamp,
    ) {
        if let Some(until) = self.told.must_wait(operation, person, now) {
            let detail =
                format!("{operation} was called for {email} before {until:.3}, which Retry-After named");
            self.add(ViolationKind::RetryAfterIgnored, client_id, detail, now);
        }
    }

    /// A revoked access token was answered with 401.
    pub(crate) fn told_dead(&mut self, fingerprint: &str) {
        self.told.dead(fingerprint);
    }

    /// A revoked access token comes in; with `question` where the request is good for nothing but to learn whether it works.
    pub(crate) fn dead_token(&mut self, client_id: &str, fingerprint: &str, question: bool, now: Timestamp) {
        let wrong = match question {
            true => self.told.asked_too_early(fingerprint, now),
            false => self.told.knows_dead(fingerprint),
        };
        if wrong {
            let detail = format!("access token {fingerprint} is revoked and was used again after a 401");
            self.add(ViolationKind::UseAfterRevocation, client_id, detail, now);
        }
    }

    /// A refresh token was refused.
    pub(crate) fn refused_refresh(&mut self, client_id: &str, fingerprint: &str, now: Timestamp) {
        if self.told.refused(fingerprint) {
            let detail = format!("refresh token {fingerprint} was used again after it had been refused");
            self.add(ViolationKind::RefreshAfterInvalid, client_id, detail, now);
        }
    }

    /// A code was presented that had been presented before.
    pub(crate) fn code_again(&mut self, client_id: &str, fingerprint: &str, now: Timestamp) {
        let detail = format!("authorization code {fingerprint} was presented again");
        self.add(ViolationKind::CodeReuse, client_id, detail, now);
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

    fn kinds(violations: &Violations) -> Vec<ViolationKind> {
        let list = violations.list.iter();
        list.map(|violation| violation.kind).collect()
    }

    #[test]
    fn calling_before_the_time_that_was_named_is_a_violation() {
        let (mut violations, person) = (
            Violations::default(),
            (Uuid::from_u128(1), "avery@acme.example.com"),
        );
        violations.call("C1", "getMe", person, after(0));
        violations.told_to_wait("getMe", person.0, after(60));
        violations.call("C1", "listPeople", person, after(59));
        violations.call(
            "C1",
            "getMe",
            (Uuid::from_u128(2), "blake@acme.example.com"),
            after(59),
        );
        assert_eq!(kinds(&violations), []);
        violations.call("C1", "getMe", person, after(59));
        assert_eq!(kinds(&violations), [ViolationKind::RetryAfterIgnored]);
        assert_eq!(
            violations.list()[0].detail,
            "getMe was called for avery@acme.example.com before 1970-01-01T00:01:00.000Z, which Retry-After named"
        );
        violations.call("C1", "getMe", person, after(60));
        assert_eq!(violations.list().len(), 1);
    }

    #[test]
    fn the_first_refusal_is_not_the_clients_fault() {
        let mut violations = Violations::default();
        violations.dead_token("C1", "abc", false, after(0));
        violations.told_dead("abc");
        violations.refused_refresh("C1", "def", after(0));
        assert_eq!(kinds(&violations), []);
        violations.dead_token("C1", "abc", false, after(0));
        violations.refused_refresh("C1", "def", after(0));
        assert_eq!(
            kinds(&violations),
            [
                ViolationKind::UseAfterRevocation,
                ViolationKind::RefreshAfterInvalid
            ]
        );
    }

    #[test]
    fn whether_a_dead_token_works_again_may_be_asked_now_and_then() {
        let mut violations = Violations::default();
        violations.told_dead("abc");
        for second in [0, 20, 50] {
            violations.dead_token("C1", "abc", true, after(second));
        }
        assert_eq!(kinds(&violations), []);
        violations.dead_token("C1", "abc", true, after(69));
        assert_eq!(kinds(&violations), [ViolationKind::UseAfterRevocation]);
    }

    #[test]
    fn clearing_the_list_does_not_clear_what_clients_know() {
        let mut violations = Violations::default();
        violations.told_dead("abc");
        violations.clear();
        violations.dead_token("C1", "abc", false, after(0));
        assert_eq!(kinds(&violations), [ViolationKind::UseAfterRevocation]);
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
