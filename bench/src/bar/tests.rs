use super::*;
use crate::load::{Errors, Outcome};
use crate::report::{Cell, Resident, Run, sample};

/// A report of these cells: requests per second, p50 in µs, CPU seconds for 100,000 requests. p99 is four times p50.
fn report(cells: &[(Scenario, Peer, u32, u32, f64)]) -> Report {
    let run = |rate: u32, p50: u32, cpu: f64| Run {
        outcome: Outcome {
            requests: rate.into(),
            duration_us: 1_000_000,
            bytes: 0,
            p50_us: p50.into(),
            p90_us: (p50 * 2).into(),
            p99_us: (p50 * 4).into(),
            max_us: (p50 * 9).into(),
            errors: Errors::default(),
        },
        cpu_seconds: Some(f64::from(rate) * cpu / 1e5),
    };
    let measured: Vec<_> = cells
        .iter()
        .map(|(scenario, peer, rate, p50, cpu)| (*scenario, *peer, vec![run(*rate, *p50, *cpu)]))
        .collect();
    Report {
        cells: Cell::all(&measured),
        resident: Vec::new(),
        ..sample::report()
    }
}

fn compared(gateway: u32, twin: u32) -> Report {
    let of = |scenario| {
        [
            (scenario, Peer::Gateway, gateway, 1000, 4.0),
            (scenario, Peer::Nginx, 20_000, 1200, 4.0),
            (scenario, Peer::Twin, twin, 1200, 4.0),
            (scenario, Peer::Haproxy, 19_000, 1100, 4.0),
            (scenario, Peer::Go, 7000, 3000, 9.0),
        ]
    };
    report(&[of(PLAIN), of(TLS)].concat())
}

fn findings(verdict: Verdict) -> Vec<Finding> {
    match verdict {
        Verdict::Found(findings) => findings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_faster_than_both_meets_the_bar() {
    let findings = findings(Bar::Throughput.judge(&compared(22_000, 20_500)));
    assert!(findings.iter().all(|finding| finding.is_met), "{findings:#?}");
}

#[test]
fn the_better_of_two_counts() {
    let findings = findings(Bar::Throughput.judge(&compared(19_500, 20_500)));
    let last = findings.last().unwrap();
    assert!(!last.is_met);
    assert_eq!(
        last.text,
        "TLS, HTTP/1.1: 0.97 × the requests of the better of nginx and HAProxy (bar: 1.00)"
    );
    assert!(
        findings.iter().any(|finding| finding.text.contains("p99 0.91 ×")),
        "{findings:#?}"
    );
}

#[test]
fn a_twin_that_differs_makes_all_of_it_noise() {
    assert!(
        matches!(Bar::Throughput.judge(&compared(40_000, 23_000)), Verdict::Noisy(noise) if noise > 0.14)
    );
    assert!(matches!(
        Bar::Throughput.judge(&compared(40_000, 17_000)),
        Verdict::Noisy(_)
    ));
}

#[test]
fn without_a_peer_there_is_no_verdict() {
    let report = report(&[(PLAIN, Peer::Gateway, 20_000, 1000, 4.0)]);
    assert_eq!(Bar::Throughput.judge(&report), Verdict::Incomplete);
}

#[test]
fn latency_is_what_is_added() {
    let of = |scenario, p50: [u32; 3], cpu: f64| {
        [
            (scenario, Peer::Direct, 9000, p50[0], 1.0),
            (scenario, Peer::Gateway, 9000, p50[1], cpu),
            (scenario, Peer::Nginx, 9000, p50[2], 4.0),
        ]
    };
    let report = report(
        &[
            of(PLAIN_ONE, [30, 80, 90], 1.0),
            of(PLAIN, [30, 80, 90], 3.0),
            of(TLS_ONE, [30, 100, 90], 1.0),
            of(TLS, [30, 80, 90], 5.0),
        ]
        .concat(),
    );
    let findings = findings(Bar::Latency.judge(&report));
    let met: Vec<bool> = findings.iter().map(|finding| finding.is_met).collect();
    assert_eq!(met, [true, false, true, false]);
    assert_eq!(
        findings[2].text,
        "plain: 50 µs added to one connection (bar: nginx's 60 µs)"
    );
}

#[test]
fn many_connections_may_cost_a_tenth_and_some_memory() {
    let mut report = report(&[
        (PLAIN, Peer::Gateway, 20_000, 1000, 4.0),
        (MANY, Peer::Gateway, 18_500, 9000, 4.0),
    ]);
    report.resident = vec![Resident {
        peer: Peer::Gateway,
        idle_bytes: 9_000_000,
        connected_bytes: 41_000_000,
        streaming_bytes: 12_000_000,
    }];
    let met: Vec<bool> = findings(Bar::Connections.judge(&report))
        .iter()
        .map(|finding| finding.is_met)
        .collect();
    assert_eq!(met, [true, false, true]);
}
