//! All that was measured, as `report.json` has it.

use serde::{Deserialize, Serialize};

use crate::load::{Errors, Outcome, as_figure};
use crate::machine::Machine;
use crate::peer::Peer;
use crate::scenario::Scenario;
use crate::statistics::{Figure, paired_ratio};
use crate::words;

/// A whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Of the day, in UTC.
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) method: Method,
    pub(crate) cells: Vec<Cell>,
    pub(crate) resident: Vec<Resident>,
    pub(crate) starts: Vec<Start>,
    pub(crate) simulator: Option<Simulator>,
    /// Where there is an engine that has the image.
    pub(crate) image_bytes: Option<u64>,
    pub(crate) missing: Vec<Missing>,
}

/// How it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) rounds: u32,
    /// Of load in each.
    pub(crate) seconds: u32,
    /// Whether a second of load that does not count came before the first round.
    pub(crate) warm_up: bool,
}

/// One scenario with one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) scenario: Scenario,
    pub(crate) peer: Peer,
    pub(crate) figures: Figures,
    /// In the order of the rounds, so that those of several peers make pairs.
    pub(crate) runs: Vec<Run>,
}

/// One round of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    /// Of the peer and its children; `None` where nothing is between.
    pub(crate) cpu_seconds: Option<f64>,
}

/// What the rounds of a cell come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) requests_per_second: Figure,
    pub(crate) p50_us: Figure,
    pub(crate) p99_us: Figure,
    pub(crate) cpu_seconds_per_100k: Option<Figure>,
    /// Of all rounds.
    pub(crate) errors: Errors,
    /// Requests per second, round by round; `None` without nginx.
    pub(crate) ratio_to_nginx: Option<f64>,
}

/// Memory of a peer and its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resident {
    pub(crate) peer: Peer,
    pub(crate) idle_bytes: u64,
    /// With 2,000 connections that have had an answer each and stay open.
    pub(crate) connected_bytes: u64,
    /// The peak while 1 GiB streams down.
    pub(crate) streaming_bytes: u64,
}

/// From its start to its first answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) peer: Peer,
    pub(crate) took_us: Figure,
}

/// The simulator by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Simulator {
    /// `GET /v1/people/me` over 64 connections.
    pub(crate) requests_per_second: Figure,
    pub(crate) start_us: Figure,
}

/// A peer that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub(crate) peer: Peer,
    /// The Debian package that has it.
    pub(crate) package: String,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    RequestsPerSecond,
    P50,
    P99,
    Cpu,
}

impl Report {
    pub(crate) fn cell(&self, scenario: Scenario, peer: Peer) -> Option<&Cell> {
        find(&self.cells, scenario, peer)
    }

    pub(crate) fn figures(&self, scenario: Scenario, peer: Peer) -> Option<&Figures> {
        self.cell(scenario, peer).map(|cell| &cell.figures)
    }

    /// The median of the ratios round by round.
    pub(crate) fn ratio(
        &self,
        scenario: Scenario,
        measure: Measure,
        ours: Peer,
        theirs: Peer,
    ) -> Option<f64> {
        let values = |peer| Some(self.cell(scenario, peer)?.values(measure));
        paired_ratio(&values(ours)?, &values(theirs)?)
    }

    /// What one connection waits longer than without anything between.
    pub(crate) fn added_p50_us(&self, scenario: Scenario, peer: Peer) -> Option<f64> {
        let p50 = |peer| Some(self.figures(scenario, peer)?.p50_us.median);
        Some(p50(peer)? - p50(Peer::Direct)?)
    }

    /// Rows, in the order in which they were measured.
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        let mut scenarios: Vec<Scenario> = self.cells.iter().map(|cell| cell.scenario).collect();
        scenarios.dedup();
        scenarios
    }

    /// Columns, in their usual order.
    pub(crate) fn peers(&self) -> Vec<Peer> {
        let is_there = |peer: &Peer| self.cells.iter().any(|cell| cell.peer == *peer);
        Peer::ALL.into_iter().filter(is_there).collect()
    }

    /// Cells whose figures mean nothing.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.figures.failure().is_some())
    }
}

impl Figures {
    /// Why they mean nothing, in a word or two.
    pub(crate) fn failure(&self) -> Option<String> {
        match self.errors.all() {
            0 if self.requests_per_second.median > 0.0 => None,
            0 => Some("no answers".to_owned()),
            errors => Some(format!("{} failed", words::count(as_figure(errors)))),
        }
    }
}

impl Cell {
    /// Cells of runs, each of which belongs to one scenario and one peer.
    pub(crate) fn all(measured: &[(Scenario, Peer, Vec<Run>)]) -> Vec<Self> {
        let rates = |scenario: Scenario, peer: Peer| {
            let mut found = measured.iter();
            let (_, _, runs) = found.find(|(of, by, _)| (*of, *by) == (scenario, peer))?;
            Some(values(runs, Measure::RequestsPerSecond))
        };
        let cell = |(scenario, peer, runs): &(Scenario, Peer, Vec<Run>)| {
            let of = |measure| Figure::of(&values(runs, measure));
            let ours = values(runs, Measure::RequestsPerSecond);
            Some(Self {
                scenario: *scenario,
                peer: *peer,
                figures: Figures {
                    requests_per_second: of(Measure::RequestsPerSecond)?,
                    p50_us: of(Measure::P50)?,
                    p99_us: of(Measure::P99)?,
                    cpu_seconds_per_100k: of(Measure::Cpu),
                    errors: runs
                        .iter()
                        .fold(Errors::default(), |sum, run| sum.plus(run.outcome.errors)),
                    ratio_to_nginx: rates(*scenario, Peer::Nginx)
                        .and_then(|theirs| paired_ratio(&ours, &theirs)),
                },
                runs: runs.clone(),
            })
        };
        measured.iter().filter_map(cell).collect()
    }

    fn values(&self, measure: Measure) -> Vec<f64> {
        values(&self.runs, measure)
    }
}

fn find(cells: &[Cell], scenario: Scenario, peer: Peer) -> Option<&Cell> {
    cells
        .iter()
        .find(|cell| cell.scenario == scenario && cell.peer == peer)
}

fn values(runs: &[Run], measure: Measure) -> Vec<f64> {
    let value = |run: &Run| match measure {
        Measure::RequestsPerSecond => Some(run.outcome.per_second()),
        Measure::P50 => Some(as_figure(run.outcome.p50_us)),
        Measure::P99 => Some(as_figure(run.outcome.p99_us)),
        Measure::Cpu => Some(run.cpu_seconds? / as_figure(run.outcome.requests.max(1)) * 1e5),
    };
    runs.iter().filter_map(value).collect()
}

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Shape, Upstream};

    const GET: Scenario = Scenario::new(Upstream::Plain, Shape::Get, 64);

    #[test]
    fn a_cell_has_medians_and_its_ratio() {
        let report = sample::report();
        let figures = report.figures(GET, Peer::Gateway).unwrap();
        assert_eq!(words::count(figures.requests_per_second.median), "12,000");
        assert_eq!(figures.ratio_to_nginx, Some(0.6));
        assert_eq!(words::count(figures.cpu_seconds_per_100k.unwrap().median), "6");
        assert_eq!(
            report.ratio(GET, Measure::P99, Peer::Gateway, Peer::Nginx),
            Some(2.0)
        );
    }

    #[test]
    fn what_waits_longer_is_told_from_what_waits_anyway() {
        let report = sample::report();
        let one = Scenario::new(Upstream::Plain, Shape::Get, 1);
        assert_eq!(report.added_p50_us(one, Peer::Gateway), Some(1000.0));
        assert_eq!(report.added_p50_us(one, Peer::Go), None);
    }

    #[test]
    fn it_comes_back_from_json() {
        let text = serde_json::to_string(&sample::report()).unwrap();
        let report: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(report.cells, sample::report().cells);
    }
}
