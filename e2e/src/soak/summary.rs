//! What many runs come to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::SoakRun;

/// All runs of a soak.
#[derive(Debug, Default)]
pub struct Summary {
    pub(super) runs: Vec<SoakRun>,
}

impl Summary {
    /// Whether every run has passed and left nothing behind.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.runs.iter().all(SoakRun::is_good)
    }

    /// The test that took longest in any run, and in which one.
    fn slowest(&self) -> Option<(Duration, &str, usize)> {
        let times = self.runs.iter().flat_map(|run| {
            let times = run
                .tests
                .iter()
                .filter_map(|test| Some((test.took?, test.name.as_str())));
            times.map(|(took, name)| (took, name, run.number))
        });
        times.max()
    }

    /// How often each test has failed.
    fn failures(&self) -> BTreeMap<&str, usize> {
        let mut failures = BTreeMap::new();
        for name in self.runs.iter().flat_map(SoakRun::failures) {
            *failures.entry(name).or_default() += 1;
        }
        failures
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, times) in self.failures() {
            writeln!(f, "{name}: failed {times} times")?;
        }
        for run in &self.runs {
            for complaint in &run.complaints {
                writeln!(f, "run {}: {complaint}", run.number)?;
            }
        }
        if let Some((took, name, number)) = self.slowest() {
            writeln!(
                f,
                "slowest test: {name}, {:.1} s in run {number}",
                took.as_secs_f64()
            )?;
        }
        if let Some(run) = self.runs.iter().max_by_key(|run| run.took) {
            writeln!(f, "slowest run: {}, {:.1} s", run.number, run.took.as_secs_f64())?;
        }
        let bad = self.runs.iter().filter(|run| !run.is_good()).count();
        write!(f, "runs: {}, failed: {bad}", self.runs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::libtest::outcomes;

    fn run(number: usize, output: &str, complaints: &[&str]) -> SoakRun {
        SoakRun {
            number,
            took: Duration::from_mins(1),
            tests: outcomes(output),
            complaints: complaints.iter().map(ToString::to_string).collect(),
            ..SoakRun::default()
        }
    }

    #[test]
    fn all_runs_that_pass_are_a_success() {
        let summary = Summary {
            runs: vec![
                run(1, "test a ... ok <2.0s>", &[]),
                run(2, "test a ... ok <3.5s>", &[]),
            ],
        };
        assert!(summary.is_good());
        assert_eq!(
            summary.to_string(),
            "slowest test: a, 3.5 s in run 2\nslowest run: 2, 60.0 s\nruns: 2, failed: 0"
        );
    }

    #[test]
    fn a_failed_test_and_a_thing_that_stays_are_told_by_name() {
        let left = "left at the engine: container webex-e2e-x";
        let summary = Summary {
            runs: vec![
                run(1, "test a ... FAILED <2.0s>", &[]),
                run(2, "test a ... FAILED <1.0s>\ntest b ... ok <1.0s>", &[]),
                run(3, "test a ... ok <1.0s>", &[left]),
            ],
        };
        assert!(!summary.is_good());
        let told = summary.to_string();
        assert!(told.contains("a: failed 2 times\n"), "{told}");
        assert!(told.contains(&format!("run 3: {left}\n")), "{told}");
        assert!(told.ends_with("runs: 3, failed: 3"), "{told}");
    }
}
