//! What is wrong with a seed, and where.

use std::fmt;

use crate::control::types::Rejection;

/// Where something stands in a text; both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; absent if the seed came as JSON over HTTP.
    pub place: Option<Place>,
    /// The field, such as `people[2].email`; empty for the whole.
    pub path: String,
    /// What is wrong with it; never a secret.
    pub reason: String,
    /// What would have been right.
    pub accepted: String,
}

/// A seed that cannot be used: everything that is wrong with it, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SeedError {
    pub(crate) problems: Vec<Problem>,
}

// === impl Problem ===

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}: ")?;
        }
        let path = if self.path.is_empty() {
            "the seed"
        } else {
            &self.path
        };
        write!(f, "{path} {}; accepted: {}", self.reason, self.accepted)
    }
}

// === impl SeedError ===

impl SeedError {
    /// Everything that is wrong; at least one thing.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The first problem, as the control API says it.
    pub(crate) fn rejection(&self) -> Rejection {
        let problem = self.problems.first().expect("an error has a problem");
        Rejection {
            field: problem.path.clone(),
            reason: problem.reason.clone(),
            accepted: problem.accepted.clone(),
        }
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the seed is not valid:")?;
        match self.problems.as_slice() {
            [only] => write!(f, " {only}"),
            all => all.iter().try_for_each(|problem| write!(f, "\n  {problem}")),
        }
    }
}

impl From<Problem> for SeedError {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}
