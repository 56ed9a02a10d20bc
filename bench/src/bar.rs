//! The bars: what the figures have to be, decided from a report.

use crate::load::as_figure;
use crate::peer::Peer;
use crate::report::{Measure, Report};
use crate::scenario::{Scenario, Shape, Upstream};
use crate::words;

/// A bar that is measured with this harness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Bar {
    /// Small GET over 64 connections, plain and TLS: at least the better of nginx and HAProxy, p99 at most theirs, 3 times Go
    Throughput,
    /// Latency added to one connection, and CPU for a request: at most nginx's
    Latency,
    /// 512 connections within 10 % of 64; memory idle and with 2,000 connections
    Connections,
}

/// One figure beside what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) text: String,
    pub(crate) is_met: bool,
}

/// What a report says of a bar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Each figure; the bar is met if all of them are.
    Found(Vec<Finding>),
    /// Two identical nginx differ by this part: no figure means anything.
    Noisy(f64),
    /// A peer has not been measured.
    Incomplete,
}

const PLAIN: Scenario = Scenario::new(Upstream::Plain, Shape::Get, 64);
const TLS: Scenario = Scenario::new(Upstream::TlsH1, Shape::Get, 64);
const PLAIN_ONE: Scenario = Scenario::new(Upstream::Plain, Shape::Get, 1);
const TLS_ONE: Scenario = Scenario::new(Upstream::TlsH1, Shape::Get, 1);
const MANY: Scenario = Scenario::new(Upstream::Plain, Shape::Get, 512);

/// Of the twin, above which a comparison is repeated.
const MOST_NOISE: f64 = 0.10;
/// Times the better of nginx and HAProxy.
const LEAST_RATIO: f64 = 1.0;
/// Times Go's reverse proxy.
const LEAST_RATIO_TO_GO: f64 = 3.0;
/// What 512 connections may cost of the throughput of 64.
const LEAST_KEPT: f64 = 0.90;
const MOST_IDLE_BYTES: u64 = 10_000_000;
const MOST_CONNECTED_BYTES: u64 = 40_000_000;

impl Bar {
    /// Who has to be measured.
    pub(crate) fn peers(self) -> &'static [Peer] {
        match self {
            Self::Throughput => &[Peer::Gateway, Peer::Nginx, Peer::Twin, Peer::Haproxy, Peer::Go],
            Self::Latency => &[Peer::Direct, Peer::Gateway, Peer::Nginx, Peer::Twin],
            Self::Connections => &[Peer::Gateway],
        }
    }

    /// With what.
    pub(crate) fn scenarios(self) -> &'static [Scenario] {
        match self {
            Self::Throughput => &[PLAIN, TLS],
            Self::Latency => &[PLAIN_ONE, PLAIN, TLS_ONE, TLS],
            Self::Connections => &[PLAIN, MANY],
        }
    }

    /// Whether memory is part of it.
    pub(crate) fn weighs(self) -> bool {
        self == Self::Connections
    }

    pub(crate) fn judge(self, report: &Report) -> Verdict {
        if let Some(noise) = noise(report).filter(|noise| *noise > MOST_NOISE) {
            return Verdict::Noisy(noise);
        }
        let findings = match self {
            Self::Throughput => throughput(report),
            Self::Latency => latency(report),
            Self::Connections => connections(report),
        };
        findings.map_or(Verdict::Incomplete, Verdict::Found)
    }
}

/// By how much the twin differs where it differs most; `None` where there is none.
fn noise(report: &Report) -> Option<f64> {
    let scenarios = report.scenarios();
    let ratios = scenarios
        .iter()
        .filter_map(|scenario| report.ratio(*scenario, Measure::RequestsPerSecond, Peer::Twin, Peer::Nginx));
    ratios.map(|ratio| (ratio - 1.0).abs()).reduce(f64::max)
}

fn throughput(report: &Report) -> Option<Vec<Finding>> {
    let mut findings = Vec::new();
    for scenario in [PLAIN, TLS] {
        let ratio = |measure, peer| report.ratio(scenario, measure, Peer::Gateway, peer);
        let rate = |peer| ratio(Measure::RequestsPerSecond, peer);
        let upstream = scenario.upstream.title();
        // Against the better one the ratio is the lower one; latencies are the other way round.
        let better = rate(Peer::Nginx)?.min(rate(Peer::Haproxy)?);
        let p99 = ratio(Measure::P99, Peer::Nginx)?.max(ratio(Measure::P99, Peer::Haproxy)?);
        findings.push(Finding {
            text: format!("{upstream}: p99 {p99:.2} × the better of nginx and HAProxy (bar: at most 1.00)"),
            is_met: p99 <= 1.0,
        });
        let go = rate(Peer::Go)?;
        findings.push(Finding {
            text: format!(
                "{upstream}: {go:.2} × the requests of Go's reverse proxy (bar: {LEAST_RATIO_TO_GO:.2})"
            ),
            is_met: go >= LEAST_RATIO_TO_GO,
        });
        findings.push(Finding {
            text: format!("{upstream}: {better:.2} × the requests of the better of nginx and HAProxy (bar: {LEAST_RATIO:.2})"),
            is_met: better >= LEAST_RATIO,
        });
    }
    Some(findings)
}

fn latency(report: &Report) -> Option<Vec<Finding>> {
    let mut findings = Vec::new();
    for scenario in [PLAIN, TLS] {
        let cpu = report.ratio(scenario, Measure::Cpu, Peer::Gateway, Peer::Nginx)?;
        findings.push(Finding {
            text: format!(
                "{}: {cpu:.2} × nginx's CPU for a request (bar: at most 1.00)",
                scenario.upstream.title()
            ),
            is_met: cpu <= 1.0,
        });
    }
    for scenario in [PLAIN_ONE, TLS_ONE] {
        let added = |peer| report.added_p50_us(scenario, peer);
        let (ours, theirs) = (added(Peer::Gateway)?, added(Peer::Nginx)?);
        findings.push(Finding {
            text: format!(
                "{}: {} added to one connection (bar: nginx's {})",
                scenario.upstream.title(),
                words::duration(ours),
                words::duration(theirs)
            ),
            is_met: ours <= theirs,
        });
    }
    Some(findings)
}

fn connections(report: &Report) -> Option<Vec<Finding>> {
    let rate = |scenario| {
        Some(
            report
                .figures(scenario, Peer::Gateway)?
                .requests_per_second
                .median,
        )
    };
    let kept = rate(MANY)? / rate(PLAIN)?;
    let memory = report
        .resident
        .iter()
        .find(|resident| resident.peer == Peer::Gateway)?;
    let weigh = |what: &str, bytes: u64, most: u64| Finding {
        text: format!(
            "{what}: {} (bar: {})",
            words::megabytes(as_figure(bytes)),
            words::megabytes(as_figure(most))
        ),
        is_met: bytes <= most,
    };
    Some(vec![
        weigh("memory, idle", memory.idle_bytes, MOST_IDLE_BYTES),
        weigh(
            "memory at 2,000 connections",
            memory.connected_bytes,
            MOST_CONNECTED_BYTES,
        ),
        Finding {
            text: format!("512 connections: {kept:.2} × the requests of 64 (bar: {LEAST_KEPT:.2})"),
            is_met: kept >= LEAST_KEPT,
        },
    ])
}

#[cfg(test)]
mod tests;
