//! The lines of a report, and how they are written.

use std::fmt;

use crate::printable::printable;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// The gateway works, but not for ever, or not as it should.
    Warning,
    /// The gateway does not work like this.
    Failed,
    /// Not looked at.
    Skipped,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it came to.
    pub verdict: Verdict,
    /// What was checked.
    pub what: String,
    /// What was found; of a skipped one, why.
    pub found: String,
    /// What to do; empty where nothing is to be done.
    pub fix: String,
}

/// Everything that was checked, in the order in which one thing depends on the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The checks.
    pub lines: Vec<Line>,
}

impl Line {
    /// As it should be.
    pub fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, what, found, "")
    }

    /// Works, with a flaw.
    pub fn warning(what: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, what, found, fix)
    }

    /// Does not work.
    pub fn failed(what: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Verdict::Failed, what, found, fix)
    }

    /// Not looked at.
    pub fn skipped(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, what, why, "")
    }

    fn new(
        verdict: Verdict,
        what: impl Into<String>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            verdict,
            what: what.into(),
            found: found.into(),
            fix: fix.into(),
        }
    }
}

impl Report {
    /// Whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    fn count(&self, verdict: Verdict) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| line.verdict == verdict).count()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

/// `verdict  what: found`, and the fix on a line below.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<8} {}: {}",
            self.verdict,
            printable(&self.what),
            printable(&self.found)
        )?;
        match self.fix.as_str() {
            "" => Ok(()),
            fix => write!(f, "\n         fix: {}", printable(fix)),
        }
    }
}

/// The lines and, last, their sum.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        write!(
            f,
            "failed: {}, warnings: {}, ok: {}, skipped: {}",
            self.count(Verdict::Failed),
            self.count(Verdict::Warning),
            self.count(Verdict::Ok),
            self.count(Verdict::Skipped)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_or_a_file_says_stays_on_its_line() {
        let line = Line::failed("a\u{1b}", "b\nok", "c\u{9b}");
        assert_eq!(
            line.to_string(),
            "failed   a\\u{1b}: b\\nok\n         fix: c\\u{9b}"
        );
    }
}
