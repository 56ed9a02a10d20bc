//! The comparison itself: in each round every peer has its turn, so that all of them meet the same machine.

use anyhow::ensure;

use crate::load::{Load, Outcome, as_figure};
use crate::origin::{TOKEN, TRACKING_ID};
use crate::peer::{Peer, Running};
use crate::process::Process;
use crate::progress::Progress;
use crate::report::{Cell, Method, Run};
use crate::scenario::{Scenario, Upstream};
use crate::site::Site;
use crate::words;

/// What is to be measured, and how often.
pub(crate) struct Plan {
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) method: Method,
}

impl Plan {
    /// Runs of load, those that do not count included.
    fn steps(&self, peers: &[Peer]) -> usize {
        let able = |scenario: &Scenario| peers.iter().filter(|peer| peer.can(scenario.upstream)).count();
        let cells: usize = self.scenarios.iter().map(able).sum();
        cells * usize::try_from(self.method.rounds).unwrap_or(usize::MAX)
    }

    /// Carries it out. Peers run side by side, but only one of them has work at a time.
    pub(crate) async fn carry_out(&self, site: &Site) -> anyhow::Result<Vec<Cell>> {
        let mut progress = Progress::of(self.steps(site.peers()));
        let mut measured = Vec::new();
        for upstream in Upstream::ALL {
            let scenarios: Vec<Scenario> = self.of(upstream).collect();
            if scenarios.is_empty() {
                continue;
            }
            let mut running = Vec::new();
            for peer in site.peers().iter().filter(|peer| peer.can(upstream)) {
                running.push(site.start(*peer, upstream).await?);
            }
            for scenario in scenarios {
                measured.extend(self.scenario(scenario, &running, &mut progress).await?);
            }
        }
        Ok(Cell::all(&measured))
    }

    fn of(&self, upstream: Upstream) -> impl Iterator<Item = Scenario> {
        self.scenarios
            .iter()
            .copied()
            .filter(move |scenario| scenario.upstream == upstream)
    }

    async fn scenario(
        &self,
        scenario: Scenario,
        running: &[Running],
        progress: &mut Progress,
    ) -> anyhow::Result<Vec<(Scenario, Peer, Vec<Run>)>> {
        if self.method.warm_up {
            for peer in running {
                run(scenario, peer, 1).await?;
            }
        }
        let mut measured: Vec<_> = running
            .iter()
            .map(|running| (scenario, running.peer, Vec::new()))
            .collect();
        for round in 0..self.method.rounds {
            for at in order(running.len(), round) {
                let (running, (_, peer, runs)) = (&running[at], &mut measured[at]);
                let run = run(scenario, running, self.method.seconds).await?;
                let rate = words::count(run.outcome.per_second());
                let failed = match run.outcome.errors.all() {
                    0 => String::new(),
                    errors => format!(", {errors} FAILED"),
                };
                progress.step(&format!("{scenario} {}: {rate} requests/s{failed}", peer.name()));
                runs.push(run);
            }
        }
        Ok(measured)
    }
}

/// Everybody begins a round in turn.
fn order(peers: usize, round: u32) -> impl Iterator<Item = usize> {
    let first = usize::try_from(round).unwrap_or_default();
    (0..peers).map(move |at| (at + first) % peers)
}

async fn run(scenario: Scenario, running: &Running, seconds: u32) -> anyhow::Result<Run> {
    running.empty_log()?;
    let fields = match running.peer {
        Peer::Direct => vec![
            format!("Authorization: Bearer {TOKEN}"),
            format!("TrackingID: {TRACKING_ID}"),
        ],
        _ => Vec::new(),
    };
    let load = Load {
        url: format!(
            "{}://127.0.0.1:{}{}",
            running.scheme,
            running.port,
            scenario.shape.path()
        ),
        method: scenario.shape.method(),
        body: scenario.shape.body(),
        fields,
        connections: scenario.connections,
        seconds,
    };
    let cpu_seconds = || running.process().map(Process::usage).transpose();
    let before = cpu_seconds()?;
    let outcome = load.run().await?;
    let after = cpu_seconds()?;
    expect_access_lines(running, &outcome)?;
    Ok(Run {
        outcome,
        cpu_seconds: before
            .zip(after)
            .map(|(before, after)| after.cpu_seconds - before.cpu_seconds),
    })
}

/// Who writes no access lines has less to do than the others. Some may still be in a buffer.
fn expect_access_lines(running: &Running, outcome: &Outcome) -> anyhow::Result<()> {
    const BUFFERED: f64 = 2000.0;
    if let Some(lines) = running.logged()? {
        let least = as_figure(outcome.requests) * 0.99 - BUFFERED;
        ensure!(
            as_figure(lines as u64) >= least,
            "{} has written {lines} lines for {} requests: it does not do the same job as the others",
            running.peer.name(),
            outcome.requests
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_first_once() {
        let orders: Vec<Vec<usize>> = (0..3).map(|round| order(3, round).collect()).collect();
        assert_eq!(orders, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]);
    }

    #[test]
    fn steps_are_those_of_who_can() {
        let plan = Plan {
            scenarios: Scenario::all(),
            method: Method {
                rounds: 5,
                seconds: 1,
                warm_up: true,
            },
        };
        // Six peers for two upstreams, three for HTTP/2.
        assert_eq!(plan.steps(&Peer::ALL), (6 * 6 * 2 + 6 * 3) * 5);
    }
}
