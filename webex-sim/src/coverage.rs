//! Which operations have been answered with which status: what a test suite has exercised, and what it has not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::operation::{OPERATIONS, Operation};
use crate::control::types::{Coverage, OperationCoverage, StatusCoverage};

/// Answers, counted: those of a world, or of all. A reset does not take them back: it is the suite that is measured.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    counts: Mutex<BTreeMap<(&'static str, u16), Count>>,
    /// Where they are counted as well: a world may be gone before anybody has looked.
    all: Option<Arc<Self>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    answers: u64,
    scripted: u64,
}

impl Answers {
    /// None yet; they are counted in `all`, too.
    pub(crate) fn within(all: Arc<Self>) -> Self {
        Self {
            all: Some(all),
            ..Self::default()
        }
    }

    /// One more. `scripted` says that it was not the simulation that chose the status.
    pub(crate) fn count(&self, operation: &Operation, status: u16, scripted: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((operation.id, status)).or_default();
        count.answers += 1;
        count.scripted += u64::from(scripted);
        drop(counts);
        if let Some(all) = &self.all {
            all.count(operation, status, scripted);
        }
    }

    /// What has been exercised and what has not.
    pub(crate) fn coverage(&self) -> Coverage {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let operations: Vec<_> = OPERATIONS
            .iter()
            .map(|operation| of(operation, &counts))
            .collect();
        let statuses = || operations.iter().flat_map(|operation| &operation.statuses);
        Coverage {
            documented: statuses().filter(|status| status.documented).count(),
            exercised: statuses()
                .filter(|status| status.documented && status.answers > 0)
                .count(),
            operations,
        }
    }
}

fn of(operation: &Operation, counts: &BTreeMap<(&'static str, u16), Count>) -> OperationCoverage {
    let mut statuses: BTreeMap<u16, Count> = operation
        .documented()
        .map(|status| (status, Count::default()))
        .collect();
    for ((id, status), count) in counts {
        if *id == operation.id {
            statuses.insert(*status, *count);
        }
    }
    let documented: Vec<_> = operation.documented().collect();
    let statuses = statuses.into_iter().map(|(status, count)| StatusCoverage {
        status,
        documented: documented.contains(&status),
        answers: count.answers,
        scripted: count.scripted,
    });
    OperationCoverage {
        operation: operation.id.to_owned(),
        method: operation.method.to_owned(),
        path: operation.path.to_owned(),
        statuses: statuses.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_statuses_count_for_the_figure() {
        let answers = Answers::default();
        let person = Operation::named("getPerson").unwrap();
        for (status, scripted) in [(200, false), (200, false), (503, true), (418, true)] {
            answers.count(person, status, scripted);
        }
        let coverage = answers.coverage();
        assert_eq!(coverage.exercised, 2);
        assert!(
            coverage.documented > OPERATIONS.len() * 8,
            "{}",
            coverage.documented
        );
        let person = coverage
            .operations
            .iter()
            .find(|one| one.operation == "getPerson")
            .unwrap();
        let of = |status| person.statuses.iter().find(|one| one.status == status).unwrap();
        assert_eq!(
            (of(200).answers, of(200).scripted, of(200).documented),
            (2, 0, true)
        );
        assert_eq!(
            (of(503).scripted, of(418).documented, of(404).answers),
            (1, false, 0)
        );
    }
}
