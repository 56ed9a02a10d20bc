//! What a test program prints, test by test.

use std::time::Duration;

/// Has each test's time told. It counts as unstable, so that it has to be asked for twice.
pub(super) const TIMED: [&str; 2] = ["-Zunstable-options", "--report-time"];
/// The variable that lets a stable toolchain's programs do what counts as unstable.
pub(super) const UNSTABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) name: String,
    verdict: Verdict,
    /// Absent where it was not told.
    pub(super) took: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
}

impl Outcome {
    pub(super) fn has_failed(&self) -> bool {
        self.verdict == Verdict::Failed
    }
}

/// The tests that have run, in the order in which they ended.
pub(super) fn outcomes(output: &str) -> Vec<Outcome> {
    output.lines().filter_map(outcome).collect()
}

/// Reads `test <name> ... ok <1.234s>`.
fn outcome(line: &str) -> Option<Outcome> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let (verdict, rest) = match rest.strip_prefix("ok") {
        Some(rest) => (Verdict::Passed, rest),
        None => (Verdict::Failed, rest.strip_prefix("FAILED")?),
    };
    let seconds = rest
        .trim()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix("s>"));
    let took = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.parse().ok()?).ok());
    Some(Outcome {
        name: name.trim_end_matches(" - should panic").to_owned(),
        verdict,
        took,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_is_read_with_its_time() {
        let output = "\
running 5 tests
test restart::a_restart_keeps_the_authorisation ... ok <5.250s>
test health::stays_healthy ... FAILED <12.000s>
test security::a_canary - should panic ... ok <4.5s>
test left_behind::scene ... ignored, it is played by another test
test raw::tests::untimed ... ok

failures:
---- health::stays_healthy stdout ----
test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 12.10s
";
        let told: Vec<_> = outcomes(output)
            .into_iter()
            .map(|test| {
                (
                    test.has_failed(),
                    test.took.map(|took| took.as_millis()),
                    test.name,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (
                    false,
                    Some(5250),
                    "restart::a_restart_keeps_the_authorisation".to_owned()
                ),
                (true, Some(12_000), "health::stays_healthy".to_owned()),
                (false, Some(4500), "security::a_canary".to_owned()),
                (false, None, "raw::tests::untimed".to_owned()),
            ]
        );
    }
}
