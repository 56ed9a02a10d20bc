//! What a test run has exercised of what Webex documents: adds up the lines that the tests wrote to the file of
//! `WEBEX_SIM_COVERAGE`, which is named as argument (`just bar-sim-coverage`).
//!
//! Prints for each operation the documented statuses that no test has seen and how many were the simulation's own doing, not
//! a fault rule's or a replay's. Exits 1 below 95 % of the documented pairs of operation and status.

#![expect(clippy::print_stdout, reason = "a bar prints its figure")]

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

use serde::Deserialize;
use webex_sim::Simulator;
use webex_sim::types::OperationCoverage;

/// The bar, in percent.
const BAR: usize = 95;

/// A line of a test: how often an operation was answered with a status in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    operation: String,
    status: u16,
    answers: u64,
    scripted: u64,
}

/// By operation and status: whether any answer was natural.
type Seen = BTreeMap<(String, u16), bool>;

/// Pairs of one operation or of all.
#[derive(Debug, Default)]
struct Tally {
    documented: usize,
    exercised: usize,
    natural: usize,
    missing: Vec<u16>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // cargo bench adds an argument of its own.
    let path = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let path = path.ok_or("name the file that the tests have written")?;
    let seen = read(&std::fs::read_to_string(path)?)?;
    let simulator = Simulator::builder().start().await?;
    let mut all = Tally::default();
    for operation in &simulator.coverage().operations {
        let tally = Tally::of(operation, &seen);
        tally.print(&operation.operation);
        all.documented += tally.documented;
        all.exercised += tally.exercised;
        all.natural += tally.natural;
    }
    simulator.stop().await;
    let Tally {
        documented,
        exercised,
        natural,
        ..
    } = all;
    let permille = 1_000 * exercised / documented;
    println!(
        "{exercised} of {documented} documented pairs exercised ({}.{} %), {natural} of them naturally (bar: {BAR} %)",
        permille / 10,
        permille % 10,
    );
    Ok(if 100 * exercised >= BAR * documented {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(text: &str) -> Result<Seen, serde_json::Error> {
    let mut seen = Seen::new();
    for line in text.lines() {
        let line: Line = serde_json::from_str(line)?;
        *seen.entry((line.operation, line.status)).or_default() |= line.answers > line.scripted;
    }
    Ok(seen)
}

impl Tally {
    fn of(operation: &OperationCoverage, seen: &Seen) -> Self {
        let mut tally = Self::default();
        for status in operation.statuses.iter().filter(|status| status.documented) {
            tally.documented += 1;
            match seen.get(&(operation.operation.clone(), status.status)) {
                None => tally.missing.push(status.status),
                Some(natural) => {
                    tally.exercised += 1;
                    tally.natural += usize::from(*natural);
                }
            }
        }
        tally
    }

    fn print(&self, operation: &str) {
        let scripted = self.exercised - self.natural;
        println!(
            "{operation}: {} documented, {} natural, {scripted} only by a fault rule or a replay, missing {:?}",
            self.documented, self.natural, self.missing
        );
    }
}
