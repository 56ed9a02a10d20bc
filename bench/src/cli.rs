//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::bar::Bar;
use crate::measure::Plan;
use crate::output;
use crate::peer::Peer;
use crate::report::Method;
use crate::scenario::Scenario;

/// Measures the gateway beside nginx, HAProxy and Go's reverse proxy doing the same job on this machine
///
/// Ends with 1 where a request failed or a bar is not met, and with 2 where the machine is too noisy to tell.
#[derive(Debug, Parser)]
#[command(name = "webex-bench", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure, print tables, and keep the report
    Run(Run),
    /// Measure what a bar needs, and say whether it is met
    Bar {
        bar: Bar,
        #[command(flatten)]
        options: Options,
    },
    /// Write docs/benchmarks.md and docs/benchmarks.svg anew from target/bench/report.json
    Write,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A fast look: fewer scenarios, two rounds of a second each
    #[arg(long)]
    quick: bool,
    /// Only scenarios with one of these in their names, such as plain/get or tls-h2
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<String>,
    /// Only these
    #[arg(long, value_enum, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// Leave out memory, starts and the simulator
    #[arg(long)]
    pub(crate) load_only: bool,
    /// Write docs/benchmarks.md and docs/benchmarks.svg anew, which show everything
    #[arg(long, conflicts_with_all = ["quick", "only", "peers", "load_only"])]
    pub(crate) write: bool,
    /// Where the report goes
    #[arg(long, value_name = "FILE", default_value_os_t = output::report_path())]
    pub(crate) report: PathBuf,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often everybody has a turn
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// How long a turn is
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,
    /// The release binary of the gateway, if it is not in target/release
    #[arg(long, value_name = "FILE", overrides_with = "gateway")]
    pub(crate) gateway: Option<PathBuf>,
    /// The release binary of the simulator, if it is not in target/release
    #[arg(long, value_name = "FILE", overrides_with = "simulator")]
    pub(crate) simulator: Option<PathBuf>,
}

/// Of a run for the record.
const METHOD: Method = Method {
    rounds: 5,
    seconds: 3,
    warm_up: true,
};
/// Of a fast look.
const QUICK: Method = Method {
    rounds: 2,
    seconds: 1,
    warm_up: false,
};
/// Of a bar: it has fewer scenarios, and says yes or no.
const BAR: Method = Method {
    rounds: 7,
    seconds: 4,
    warm_up: true,
};

impl Run {
    /// What to measure; an error if nothing has such a name.
    pub(crate) fn plan(&self) -> anyhow::Result<Plan> {
        let (mut scenarios, method) = match self.quick {
            true => (Scenario::few(), QUICK),
            false => (Scenario::all(), METHOD),
        };
        if !self.only.is_empty() {
            scenarios = Scenario::all();
            scenarios.retain(|scenario| self.only.iter().any(|part| scenario.to_string().contains(part)));
            let names: Vec<String> = Scenario::all().iter().map(ToString::to_string).collect();
            anyhow::ensure!(
                !scenarios.is_empty(),
                "no scenario has such a name; there are {}",
                names.join(", ")
            );
        }
        Ok(Plan {
            scenarios,
            method: self.options.method(method),
        })
    }

    pub(crate) fn peers(&self) -> &[Peer] {
        match self.peers.as_slice() {
            [] => &Peer::ALL,
            some => some,
        }
    }
}

impl Options {
    /// What a bar is measured with.
    pub(crate) fn bar_plan(&self, bar: Bar) -> Plan {
        Plan {
            scenarios: bar.scenarios().to_vec(),
            method: self.method(BAR),
        }
    }

    fn method(&self, usual: Method) -> Method {
        Method {
            rounds: self.rounds.unwrap_or(usual.rounds),
            seconds: self.seconds.unwrap_or(usual.seconds),
            warm_up: usual.warm_up,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Run {
        let cli = Cli::try_parse_from(["webex-bench", "run"].iter().chain(arguments)).unwrap();
        match cli.command {
            Command::Run(run) => run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scenarios_are_chosen_by_parts_of_their_names() {
        let plan = run(&["--only", "plain/get,tls-h2/get/64", "--rounds", "3"])
            .plan()
            .unwrap();
        let names: Vec<String> = plan.scenarios.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            ["plain/get/1", "plain/get/64", "plain/get/512", "tls-h2/get/64"]
        );
        assert_eq!((plan.method.rounds, plan.method.seconds), (3, 3));
    }

    #[test]
    fn a_name_that_nothing_has_is_told_with_those_there_are() {
        let error = run(&["--only", "put"]).plan().err().unwrap().to_string();
        assert!(error.contains("plain/get/1"), "{error}");
    }

    #[test]
    fn a_part_is_not_written_into_the_documents() {
        let arguments = |part| ["webex-bench", "run", "--write", part];
        assert!(Cli::try_parse_from(arguments("--quick")).is_err());
        assert!(Cli::try_parse_from(arguments("--rounds=7")).is_ok());
    }

    #[test]
    fn a_fast_look_is_short() {
        let plan = run(&["--quick", "--peers", "gateway,nginx"]).plan().unwrap();
        assert_eq!(plan.method, QUICK);
    }
}
