//! A report for tests.

use super::{Cell, Method, Missing, Report, Resident, Run, Simulator, Start};
use crate::load::{Errors, Outcome};
use crate::machine::{Machine, Program};
use crate::peer::Peer;
use crate::scenario::{Scenario, Shape, Upstream};
use crate::statistics::Figure;

/// Of two scenarios; nothing failed.
pub(crate) fn report() -> Report {
    let one = Scenario::new(Upstream::Plain, Shape::Get, 1);
    let many = Scenario::new(Upstream::Plain, Shape::Get, 64);
    let tls = Scenario::new(Upstream::TlsH2, Shape::Get, 64);
    Report {
        date: "2026-02-10".to_owned(),
        machine: Machine {
            processor: "Some CPU".to_owned(),
            cores: 2,
            memory_gib: 24,
            kernel: "6.1.0".to_owned(),
            load_average: 0.5,
            programs: vec![Program {
                name: "nginx".to_owned(),
                version: "1.22.1".to_owned(),
            }],
        },
        method: Method {
            rounds: 3,
            seconds: 3,
            warm_up: true,
        },
        cells: Cell::all(&[
            (one, Peer::Direct, runs(5000, 100)),
            (one, Peer::Gateway, runs(600, 1100)),
            (one, Peer::Nginx, runs(2000, 400)),
            (many, Peer::Gateway, runs(12_000, 4000)),
            (many, Peer::Nginx, runs(20_000, 2000)),
            (many, Peer::Twin, runs(19_000, 2000)),
            (many, Peer::Haproxy, runs(22_000, 2000)),
            (tls, Peer::Gateway, runs(9000, 5000)),
        ]),
        resident: vec![Resident {
            peer: Peer::Gateway,
            idle_bytes: 8_000_000,
            connected_bytes: 42_000_000,
            streaming_bytes: 12_000_000,
        }],
        starts: vec![Start {
            peer: Peer::Gateway,
            took_us: Figure {
                median: 12_300.0,
                spread: 0.2,
            },
        }],
        simulator: Some(Simulator {
            requests_per_second: Figure {
                median: 31_000.0,
                spread: 0.05,
            },
            start_us: Figure {
                median: 4200.0,
                spread: 0.1,
            },
        }),
        image_bytes: None,
        missing: vec![Missing {
            peer: Peer::Go,
            package: "golang-go".to_owned(),
        }],
    }
}

/// Three rounds around a rate, one of them slower.
fn runs(per_second: u64, p50_us: u64) -> Vec<Run> {
    let run = |requests: u64| Run {
        outcome: Outcome {
            requests,
            duration_us: 1_000_000,
            bytes: requests * 400,
            p50_us,
            p90_us: p50_us * 2,
            p99_us: p50_us * 3,
            max_us: p50_us * 10,
            errors: Errors::default(),
        },
        cpu_seconds: Some(crate::load::as_figure(requests) * 6e-5),
    };
    vec![
        run(per_second),
        run(per_second / 2),
        run(per_second + per_second / 10),
    ]
}
