//! Double entry: what the applications were told against what Webex has seen. A pure function of both, so that its
//! rules are tested without a container.
//!
//! - Every request has an outcome, and one that is not good has an incident that allows it.
//! - What Webex is said to have answered it has seen, and answered so.
//! - Nothing reaches Webex twice, except after a 401, which has done nothing (`docs/http.md`, "Sending again").
//! - What the gateway says it has not sent Webex has not seen, except with a 401.
//! - Webex has seen nothing that nobody sent.
//! - The gateway has let nobody wait for an error of its own.
//! - The load has never stood still.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::Record;
use super::books::Books;
use super::outcome::Outcome;
use super::request::Kind;
use super::sighting::{Sighting, Sightings};

/// More is not read by anybody; fewer could hide one kind of finding behind another.
const MOST_SHOWN: usize = 100;

/// The errors with which the gateway says that Webex has done nothing.
const NOT_SENT: [&str; 2] = ["not_authorised", "token_refresh_failed"];

/// The gateway's 9 s until it says what is wrong, and what a machine with more to do than it can adds to that.
const TOLD_WITHIN: Duration = Duration::from_secs(15);

/// A fault lasts longer than this. Shorter ones are those of a machine that stood still, and gateway and Webex with it.
const LULL: Duration = Duration::from_secs(5);

/// The books of one load, closed.
#[derive(Debug)]
pub struct Account(Books);

/// One thing that is wrong, with the request's id and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(String);

impl Account {
    pub(super) fn new(books: Books) -> Self {
        Self(books)
    }

    /// Panics with every request that is not accounted for, and where the load was none for a while: faults that no request
    /// has met are accounted for too easily.
    #[track_caller]
    pub fn balance(&self, seen: &Sightings) {
        let mut findings = self.findings(seen);
        findings.extend(self.lulls());
        self.settle(&findings);
    }

    /// Panics unless the people in an exported state are those that the load created, each once. Only requests that
    /// `counts` means must have left somebody.
    #[track_caller]
    pub fn balance_people(&self, state: &str, counts: impl Fn(&Record) -> bool) {
        let state: Value = serde_json::from_str(state).expect("a state is JSON");
        let people = state["people"].as_array().expect("a state has people");
        let names: Vec<&str> = people
            .iter()
            .filter_map(|person| person["displayName"].as_str())
            .collect();
        self.settle(&self.findings_among(&names, counts));
    }

    /// The requests that a fault rule met.
    #[must_use]
    pub fn met_by(&self, rule: &str, seen: &Sightings) -> Vec<&Record> {
        let met: HashSet<&str> = seen
            .0
            .iter()
            .filter(|sighting| sighting.rule.as_deref() == Some(rule))
            .map(|sighting| sighting.id.as_str())
            .collect();
        let records = self.0.records.iter();
        records
            .filter(|record| met.contains(record.request.id.as_str()))
            .collect()
    }

    /// How many requests ended so.
    #[must_use]
    pub fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.0.records.iter().filter(|record| is(&record.outcome)).count()
    }

    /// Whatever in the books contradicts what Webex has seen.
    fn findings(&self, seen: &Sightings) -> Vec<Finding> {
        let by_id = seen.by_id();
        let mut findings: Vec<Finding> = self
            .0
            .records
            .iter()
            .flat_map(|record| {
                let sightings = by_id.get(record.request.id.as_str());
                self.of_record(record, sightings.map_or(&[][..], Vec::as_slice))
            })
            .collect();
        let known: HashSet<&str> = self
            .0
            .records
            .iter()
            .map(|record| record.request.id.as_str())
            .collect();
        let own = format!("{}-", self.0.load);
        let strays = by_id
            .keys()
            .filter(|id| id.starts_with(&own) && !known.contains(**id));
        findings.extend(strays.map(|id| Finding(format!("{id}: Webex has seen it and nobody sent it"))));
        findings
    }

    /// The times in which nothing was sent for so long that what happened then has met no load.
    fn lulls(&self) -> Vec<Finding> {
        let mut sent: Vec<Duration> = self.0.records.iter().map(|record| record.sent).collect();
        sent.sort_unstable();
        let pairs = sent.iter().zip(sent.iter().skip(1));
        let lulls = pairs.filter(|(before, after)| after.saturating_sub(**before) > LULL);
        let finding = |(before, after): (&Duration, &Duration)| {
            Finding(format!(
                "nothing was sent between {before:.1?} and {after:.1?}: the load stood still"
            ))
        };
        lulls.map(finding).collect()
    }

    fn of_record(&self, record: &Record, seen: &[&Sighting]) -> Vec<Finding> {
        let excused = record.outcome.is_good() || self.0.incidents.iter().any(|one| one.excuses(record));
        let unexcused = (!excused).then(|| {
            let now = self.0.incidents.iter().filter(|incident| {
                record.ended >= incident.from && incident.until.is_none_or(|until| record.sent <= until)
            });
            let now: Vec<&str> = now.map(|incident| incident.name.as_str()).collect();
            match now.is_empty() {
                true => "nothing was wrong then".to_owned(),
                false => format!("not explained by: {}", now.join(", ")),
            }
        });
        let finding = |why: String| Finding(format!("{record}; Webex saw {}: {why}", told(seen)));
        let contradiction = contradiction(&record.outcome, seen).map(str::to_owned);
        let late = late(record).map(str::to_owned);
        unexcused
            .into_iter()
            .chain(contradiction)
            .chain(late)
            .map(finding)
            .collect()
    }

    fn findings_among(&self, names: &[&str], counts: impl Fn(&Record) -> bool) -> Vec<Finding> {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for name in names {
            *times.entry(name).or_default() += 1;
        }
        let creates = self
            .0
            .records
            .iter()
            .filter(|record| record.request.kind == Kind::Create);
        let findings = creates.filter_map(|record| {
            let why = match times.get(record.request.id.as_str()).copied().unwrap_or_default() {
                0 if record.outcome.is_good() && counts(record) => "the person is not there",
                1 if matches!(
                    record.outcome,
                    Outcome::Answered { .. } | Outcome::NoConnection { .. }
                ) && !record.outcome.is_good() =>
                {
                    "the person is there all the same"
                }
                0 | 1 => return None,
                _ => "the person is there more than once",
            };
            Some(Finding(format!("{record}: {why}")))
        });
        findings.collect()
    }

    #[track_caller]
    fn settle(&self, findings: &[Finding]) {
        let shown: Vec<&str> = findings
            .iter()
            .take(MOST_SHOWN)
            .map(|finding| finding.0.as_str())
            .collect();
        assert!(
            findings.is_empty(),
            "the books do not balance, {} findings ({self}):\n{}",
            findings.len(),
            shown.join("\n")
        );
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.0.keep_if_panicking();
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut classes: BTreeMap<String, usize> = BTreeMap::new();
        for record in &self.0.records {
            *classes.entry(record.outcome.class()).or_default() += 1;
        }
        let classes: Vec<String> = classes
            .iter()
            .map(|(class, count)| format!("{count} × {class}"))
            .collect();
        write!(f, "{} requests: {}", self.0.records.len(), classes.join(", "))
    }
}

/// Whether the gateway has let an application wait for an error of its own.
fn late(record: &Record) -> Option<&'static str> {
    let is_late = record.ended.saturating_sub(record.sent) > TOLD_WITHIN;
    (is_late && matches!(record.outcome, Outcome::Refused { .. })).then_some("it was told too late")
}

/// What cannot be true of what the application was told, if Webex has seen this.
fn contradiction(outcome: &Outcome, seen: &[&Sighting]) -> Option<&'static str> {
    let (last, before) = match seen.split_last() {
        Some((last, before)) => (Some(*last), before),
        None => (None, seen),
    };
    if before.iter().any(|sighting| sighting.status != Some(401)) {
        return Some("it was sent again where it may have been processed");
    }
    if before.len() > 1 {
        return Some("it was sent again after a second 401");
    }
    let status = last.and_then(|sighting| sighting.status);
    match outcome {
        Outcome::Answered { status: told, .. } | Outcome::Cut { status: told } => match last {
            None => Some("Webex has not seen it"),
            Some(_) if status != Some(*told) => Some("Webex did not answer so"),
            Some(_) => None,
        },
        Outcome::Refused { code, .. } if NOT_SENT.contains(code) => (last.is_some() && status != Some(401))
            .then_some("it was sent although the gateway had no token for it"),
        Outcome::NoConnection { .. } | Outcome::Page => {
            last.is_some().then_some("it was not for Webex and went there")
        }
        Outcome::Lost => Some("it has no outcome"),
        Outcome::Refused { .. }
        | Outcome::Ended { .. }
        | Outcome::Nginx { .. }
        | Outcome::Foreign { .. }
        | Outcome::Wrong { .. } => None,
    }
}

fn told(seen: &[&Sighting]) -> String {
    if seen.is_empty() {
        return "nothing of it".to_owned();
    }
    let statuses: Vec<String> = seen
        .iter()
        .map(|sighting| {
            let status = sighting
                .status
                .map_or("no answer".to_owned(), |status| status.to_string());
            let rule = sighting.rule.as_ref().map(|rule| format!(" by {rule}"));
            status + &rule.unwrap_or_default()
        })
        .collect();
    format!("it {} times ({})", seen.len(), statuses.join(", "))
}

#[cfg(test)]
mod tests;
