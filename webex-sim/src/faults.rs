//! Rules by which requests fail. [`Faults`] decides, purely; [`Plan::carry_out`] acts, in front of the operations.

mod action;
mod answer;
mod carry_out;
mod delay;
mod generator;
mod matcher;
mod path;
mod read;
mod rule;
mod wire;

use jiff::Timestamp;

use crate::control::fields::rejection;
use crate::control::types::{Fault, Rejection};

pub(crate) use answer::too_many_requests;
pub(crate) use matcher::Seen;
pub(crate) use read::draft;
pub(crate) use rule::{Draft, Plan, Rule};

/// The rules of a world, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    /// Ids made so far.
    made: u64,
}

impl Faults {
    /// What the first rule that fires does to a request. Rules after it do not see the request.
    pub(crate) fn ask(&mut self, seen: &Seen<'_>, now: Timestamp) -> Option<Plan> {
        self.rules.iter_mut().find_map(|rule| rule.ask(seen, now))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Adds a rule behind the others.
    pub(crate) fn add(&mut self, draft: Draft, now: Timestamp) -> Result<Fault, Rejection> {
        let id = match draft.shown.id.clone() {
            Some(id) if self.find(&id).is_some() => {
                let reason = format!("is {id:?}, which another rule has");
                return Err(rejection("id", &reason, "an id that no rule has, or none"));
            }
            Some(id) => id,
            None => self.make_id(),
        };
        let rule = Rule::new(draft, id, now);
        let shown = rule.show();
        self.rules.push(rule);
        Ok(shown)
    }

    pub(crate) fn find(&self, id: &str) -> Option<Fault> {
        self.rules.iter().find(|rule| rule.id() == id).map(Rule::show)
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.rules.iter().map(Rule::show).collect()
    }

    /// Those that never fired.
    pub(crate) fn unused(&self) -> Vec<Fault> {
        let unused = self.rules.iter().filter(|rule| !rule.has_fired());
        unused.map(Rule::show).collect()
    }

    /// Removes a rule; what had come of it.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Fault> {
        let at = self.rules.iter().position(|rule| rule.id() == id)?;
        Some(self.rules.remove(at).show())
    }

    /// Removes all rules.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    fn make_id(&mut self) -> String {
        loop {
            self.made += 1;
            let id = format!("fault-{}", self.made);
            if self.find(&id).is_none() {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests;
