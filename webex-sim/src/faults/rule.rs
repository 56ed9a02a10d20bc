//! A rule at work: which of the requests that it means it fires on. Pure: the time of a request is an argument.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::delay;
use super::generator::Generator;
use super::matcher::{Matcher, Seen};
use crate::control::types::{Fault, FaultRule, When};

/// A rule with its counters.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// As it is shown; `id` and `matching.when` are set.
    shown: FaultRule,
    matcher: Matcher,
    action: Arc<Action>,
    when: When,
    generator: Generator,
    expires_at: Option<Timestamp>,
    matches: u64,
    hits: u64,
    last_hit: Option<Timestamp>,
}

/// A rule that has been read and not yet added.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(super) shown: FaultRule,
    pub(super) matcher: Matcher,
    pub(super) action: Action,
    pub(super) when: When,
}

/// What a rule that fires does to a request.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(super) when: When,
    pub(super) delay: Duration,
    pub(super) action: Arc<Action>,
}

impl Rule {
    pub(super) fn new(draft: Draft, id: String, now: Timestamp) -> Self {
        let mut shown = draft.shown;
        shown.id = Some(id);
        shown.matching.when = Some(draft.when);
        let life = shown.expires_in_s.map(|seconds| {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            now.checked_add(SignedDuration::from_secs(seconds))
                .unwrap_or(Timestamp::MAX)
        });
        Self {
            generator: Generator::new(shown.matching.seed.unwrap_or_default()),
            shown,
            matcher: draft.matcher,
            action: Arc::new(draft.action),
            when: draft.when,
            expires_at: life,
            matches: 0,
            hits: 0,
            last_hit: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        self.shown.id.as_deref().unwrap_or_default()
    }

    pub(super) fn has_fired(&self) -> bool {
        self.hits > 0
    }

    /// What it does to a request, if it fires.
    pub(super) fn ask(&mut self, seen: &Seen<'_>, now: Timestamp) -> Option<Plan> {
        if self.expires_at.is_some_and(|end| now >= end) || !self.matcher.means(seen) {
            return None;
        }
        self.matches += 1;
        if !self.is_its_turn() {
            return None;
        }
        self.hits += 1;
        self.last_hit = Some(now);
        let delay = self.action.delay;
        Some(Plan {
            id: self.id().to_owned(),
            when: self.when,
            delay: delay.map_or(Duration::ZERO, |delay| delay::sample(&delay, &mut self.generator)),
            action: Arc::clone(&self.action),
        })
    }

    /// Whether it fires on the matching request that has just been counted.
    fn is_its_turn(&mut self) -> bool {
        let Some(number) = self.matches.checked_sub(self.shown.after.unwrap_or(0)) else {
            return false;
        };
        let matching = &self.shown.matching;
        let chosen = number > 0
            && self.shown.times.is_none_or(|times| self.hits < times)
            && matching.nth.is_none_or(|nth| number == nth)
            && matching.every.is_none_or(|every| number % every == 0);
        // One number for each request that comes so far, so that the sequence is the same whatever else happens.
        chosen
            && self
                .shown
                .matching
                .probability
                .is_none_or(|probability| self.generator.fraction() < probability)
    }

    pub(super) fn show(&self) -> Fault {
        Fault {
            rule: self.shown.clone(),
            hits: self.hits,
            matches: self.matches,
            last_hit: self.last_hit.map(|time| format!("{time:.3}")),
            expires_at: self.expires_at.map(|time| format!("{time:.3}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::faults::read;

    fn rule(json: &str) -> Rule {
        let draft = read::draft(json.as_bytes()).unwrap();
        Rule::new(draft, "r".into(), Timestamp::UNIX_EPOCH)
    }

    fn ask(rule: &mut Rule, path: &str, second: i64) -> Option<Plan> {
        let headers = HeaderMap::new();
        let seen = Seen {
            operation: None,
            method: "GET",
            path,
            headers: &headers,
            person: None,
            tokens: &[],
            grant_type: None,
        };
        rule.ask(&seen, Timestamp::from_second(second).unwrap())
    }

    /// The numbers of those of 20 requests on which the rule fires.
    fn fires(json: &str) -> Vec<usize> {
        let mut rule = rule(json);
        (1..=20).filter(|_| ask(&mut rule, "/", 0).is_some()).collect()
    }

    #[test]
    fn without_bounds_it_fires_always() {
        assert_eq!(fires(r#"{"action":{"status":500}}"#).len(), 20);
    }

    #[test]
    fn times_after_nth_and_every_choose_among_the_matching_requests() {
        let with = |bounds: &str| fires(&format!(r#"{{"action":{{"status":500}},{bounds}}}"#));
        assert_eq!(with(r#""times":2"#), [1, 2]);
        assert_eq!(with(r#""times":2,"after":3"#), [4, 5]);
        assert_eq!(with(r#""after":0,"times":1"#), [1]);
        assert_eq!(with(r#""match":{"nth":3}"#), [3]);
        assert_eq!(with(r#""match":{"nth":3},"after":2"#), [5]);
        assert_eq!(with(r#""match":{"every":6}"#), [6, 12, 18]);
        assert_eq!(with(r#""match":{"every":6},"times":2"#), [6, 12]);
        assert_eq!(with(r#""match":{"every":6,"nth":12}"#), [12]);
        assert_eq!(with(r#""match":{"every":6,"nth":7}"#), [0_usize; 0]);
    }

    #[test]
    fn the_same_seed_is_the_same_luck() {
        let with = |seed: u64| {
            fires(&format!(
                r#"{{"action":{{"status":500}},"match":{{"probability":0.5,"seed":{seed}}}}}"#
            ))
        };
        assert_eq!(with(7), with(7));
        assert_ne!(with(7), with(8));
        assert!((4..=16).contains(&with(7).len()), "{:?}", with(7));
        let certain = |probability: &str| {
            fires(&format!(
                r#"{{"action":{{"status":500}},"match":{{"probability":{probability}}}}}"#
            ))
        };
        assert_eq!((certain("0").len(), certain("1").len()), (0, 20));
    }

    #[test]
    fn only_matching_requests_are_counted() {
        let mut rule = rule(r#"{"action":{"status":500},"match":{"path":"/a","nth":2}}"#);
        let fired: Vec<_> = ["/a", "/b", "/b", "/a", "/a"]
            .into_iter()
            .map(|path| ask(&mut rule, path, 0).is_some())
            .collect();
        assert_eq!(fired, [false, false, false, true, false]);
        let shown = rule.show();
        assert_eq!((shown.matches, shown.hits), (3, 1));
    }

    #[test]
    fn it_ends_at_its_second_and_counts_no_more() {
        let mut rule = rule(r#"{"action":{"status":500},"expires_in_s":10}"#);
        assert!(ask(&mut rule, "/", 9).is_some() && ask(&mut rule, "/", 10).is_none());
        let shown = rule.show();
        assert_eq!((shown.matches, shown.hits), (1, 1));
        assert_eq!(shown.last_hit.as_deref(), Some("1970-01-01T00:00:09.000Z"));
        assert_eq!(shown.expires_at.as_deref(), Some("1970-01-01T00:00:10.000Z"));
    }
}
