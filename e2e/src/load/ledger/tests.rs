use std::time::Duration;

use super::*;
use crate::load::incident::{Allowance, Incident};
use crate::load::request::{Request, Way, Ways};

const LOAD: &str = "load-0a1b2c3d";

fn account(records: Vec<Record>, incidents: Vec<Incident>) -> Account {
    Account::new(Books {
        load: LOAD.to_owned(),
        records,
        incidents,
        ..Books::default()
    })
}

/// A POST to people, sent at 10 s and ended at 11 s.
fn create(outcome: Outcome) -> Record {
    Record {
        request: Request::nth(LOAD, Ways::Straight, 0),
        sent: Duration::from_secs(10),
        ended: Duration::from_secs(11),
        outcome,
    }
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered {
        status,
        retry_after: None,
    }
}

fn refused(code: &'static str) -> Outcome {
    Outcome::Refused {
        code,
        action: "retry".to_owned(),
        retry_after: None,
    }
}

fn ended() -> Outcome {
    Outcome::Ended {
        why: "reset".to_owned(),
    }
}

fn no_connection() -> Outcome {
    Outcome::NoConnection {
        why: "refused".to_owned(),
    }
}

/// Webex saw the request so often, with these statuses.
fn seen(statuses: &[Option<u16>]) -> Sightings {
    let id = format!("{LOAD}-0");
    let sighting = |status: &Option<u16>| Sighting {
        id: id.clone(),
        status: *status,
        rule: None,
    };
    Sightings(statuses.iter().map(sighting).collect())
}

fn incident(from: u64, until: Option<u64>, allows: &[Allowance]) -> Incident {
    Incident {
        name: "an outage".to_owned(),
        from: Duration::from_secs(from),
        until: until.map(Duration::from_secs),
        allows: allows.to_vec(),
        allows_at_nginx: None,
    }
}

/// An incident that allows whatever is in these tests.
fn any() -> Incident {
    let allows = [
        Allowance::Status(401),
        Allowance::Status(409),
        Allowance::Status(500),
        Allowance::GatewayError("upstream_unreachable"),
        Allowance::GatewayError("token_refresh_failed"),
        Allowance::Cut,
        Allowance::Ended,
        Allowance::NoConnection,
    ];
    incident(0, None, &allows)
}

fn findings(outcome: Outcome, incident: Incident, seen: &Sightings) -> Vec<String> {
    let account = self::account(vec![create(outcome)], vec![incident]);
    account
        .findings(seen)
        .into_iter()
        .map(|finding| finding.0)
        .collect()
}

#[test]
fn books_that_balance() {
    let cases = [
        (answered(200), seen(&[Some(200)])),
        (answered(200), seen(&[Some(401), Some(200)])),
        (answered(401), seen(&[Some(401), Some(401)])),
        (answered(500), seen(&[Some(500)])),
        (Outcome::Cut { status: 200 }, seen(&[Some(200)])),
        (refused("upstream_unreachable"), seen(&[])),
        (refused("upstream_unreachable"), seen(&[None])),
        (refused("upstream_unreachable"), seen(&[Some(401), Some(200)])),
        (refused("token_refresh_failed"), seen(&[])),
        (refused("token_refresh_failed"), seen(&[Some(401)])),
        (ended(), seen(&[])),
        (ended(), seen(&[Some(200)])),
        (no_connection(), seen(&[])),
        (Outcome::Page, seen(&[])),
    ];
    for (outcome, seen) in cases {
        assert_eq!(findings(outcome.clone(), any(), &seen), [""; 0], "{outcome}");
    }
}

#[test]
fn books_that_do_not() {
    let again = "it was sent again where it may have been processed";
    let cases = [
        (answered(200), seen(&[]), "Webex has not seen it"),
        (answered(200), seen(&[Some(500)]), "Webex did not answer so"),
        (answered(200), seen(&[Some(200), Some(200)]), again),
        (answered(200), seen(&[None, Some(200)]), again),
        (answered(409), seen(&[Some(503), Some(409)]), again),
        (
            answered(200),
            seen(&[Some(401), Some(401), Some(200)]),
            "it was sent again after a second 401",
        ),
        (Outcome::Cut { status: 200 }, seen(&[]), "Webex has not seen it"),
        (refused("upstream_unreachable"), seen(&[None, None]), again),
        (
            refused("token_refresh_failed"),
            seen(&[Some(200)]),
            "it was sent although the gateway had no token for it",
        ),
        (ended(), seen(&[Some(200), Some(200)]), again),
        (
            no_connection(),
            seen(&[Some(200)]),
            "it was not for Webex and went there",
        ),
        (
            Outcome::Page,
            seen(&[Some(404)]),
            "it was not for Webex and went there",
        ),
    ];
    for (outcome, seen, why) in cases {
        let found = findings(outcome.clone(), any(), &seen);
        assert_eq!(found.len(), 1, "{outcome}: {found:?}");
        assert!(found[0].ends_with(why), "{}", found[0]);
    }
}

#[test]
fn nothing_excuses_silence_or_nonsense() {
    let lost = findings(Outcome::Lost, any(), &seen(&[]));
    assert!(
        lost.iter().any(|finding| finding.ends_with("it has no outcome")),
        "{lost:?}"
    );
    let what = "a clean 200 with half a body".to_owned();
    for outcome in [Outcome::Wrong { what }, Outcome::Foreign { status: 502 }] {
        assert_eq!(findings(outcome, any(), &seen(&[])).len(), 1);
    }
}

#[test]
fn only_requests_in_flight_are_excused() {
    let allows = [Allowance::Ended];
    let cases = [
        (incident(0, Some(9), &allows), false),
        (incident(0, Some(10), &allows), true),
        (incident(10, Some(11), &allows), true),
        (incident(11, None, &allows), true),
        (incident(12, None, &allows), false),
    ];
    for (incident, is_excused) in cases {
        let found = findings(ended(), incident.clone(), &seen(&[]));
        assert_eq!(found.is_empty(), is_excused, "{incident:?}: {found:?}");
    }
}

#[test]
fn an_incident_excuses_what_it_allows_and_nothing_else() {
    let allows = [
        Allowance::Status(503),
        Allowance::GatewayError("upstream_timeout"),
    ];
    let found = findings(
        refused("upstream_unreachable"),
        incident(0, None, &allows),
        &seen(&[]),
    );
    assert_eq!(
        found,
        [
            "load-0a1b2c3d-0 POST /v1/people (sent at 10.000 s, ended at 11.000 s): the gateway answered \
             upstream_unreachable, action retry; Webex saw nothing of it: not explained by: an outage"
        ]
    );
}

#[test]
fn nginx_is_excused_where_an_incident_says_so_and_nowhere_else() {
    let lost = |way: Way, outcome: Outcome, incident: &Incident| {
        let mut record = create(outcome);
        record.request.way = way;
        let account = self::account(vec![record], vec![incident.clone()]);
        account.findings(&seen(&[])).len()
    };
    let refused = || Outcome::Nginx { status: 502 };
    let away = Incident {
        allows_at_nginx: Some(vec![Allowance::Nginx(502)]),
        ..incident(0, None, &[Allowance::NoConnection])
    };
    assert_eq!(lost(Way::ThroughNginx, refused(), &away), 0);
    assert_eq!(lost(Way::ThroughNginx, Outcome::Nginx { status: 504 }, &away), 1);
    assert_eq!(
        lost(Way::ThroughNginx, no_connection(), &away),
        1,
        "nginx is there"
    );
    assert_eq!(lost(Way::Straight, no_connection(), &away), 0);

    let same_for_both = incident(0, None, &[Allowance::NoConnection]);
    assert_eq!(lost(Way::ThroughNginx, no_connection(), &same_for_both), 0);
    assert_eq!(lost(Way::ThroughNginx, refused(), &same_for_both), 1);
}

#[test]
fn webex_sees_nothing_that_nobody_sent() {
    let account = self::account(Vec::new(), Vec::new());
    assert_eq!(account.findings(&seen(&[Some(200)])).len(), 1);

    let other = Sighting {
        id: "WW_of-a-health-check".to_owned(),
        status: Some(404),
        rule: None,
    };
    assert_eq!(account.findings(&Sightings(vec![other])), []);
}

#[test]
fn who_was_created_is_there_once() {
    let id = format!("{LOAD}-0");
    let found = |outcome: Outcome, names: &[&str]| {
        let account = self::account(vec![create(outcome)], Vec::new());
        account.findings_among(names, |_| true).len()
    };
    for (outcome, times, wrong) in [
        (answered(200), 0, 1),
        (answered(200), 1, 0),
        (answered(200), 2, 1),
        (answered(429), 0, 0),
        (answered(429), 1, 1),
        (ended(), 0, 0),
        (ended(), 1, 0),
        (ended(), 2, 1),
        (no_connection(), 1, 1),
    ] {
        let names = vec![id.as_str(); times];
        assert_eq!(found(outcome.clone(), &names), wrong, "{outcome}, {times} times");
    }
}

#[test]
fn a_rule_is_asked_for_whom_it_met() {
    let account = self::account(vec![create(answered(429))], Vec::new());
    let mut seen = seen(&[Some(429)]);
    assert_eq!(account.met_by("storm", &seen).len(), 0);
    seen.0[0].rule = Some("storm".to_owned());
    assert_eq!(account.met_by("storm", &seen).len(), 1);
}

#[test]
fn a_summary_counts() {
    let records = vec![create(answered(200)), create(answered(200)), create(ended())];
    let account = self::account(records, Vec::new());
    assert_eq!(account.to_string(), "3 requests: 2 × 200, 1 × connection ended");
}

#[test]
fn a_while_in_which_nothing_was_sent_is_a_finding() {
    let sent = |millis: &[u64]| {
        let records = millis.iter().map(|millis| Record {
            sent: Duration::from_millis(*millis),
            ..create(answered(200))
        });
        let account = account(records.collect(), Vec::new());
        account.lulls().into_iter().map(|lull| lull.0).collect::<Vec<_>>()
    };
    assert_eq!(sent(&[]), [""; 0]);
    assert_eq!(sent(&[5_100, 100, 10_100, 10_200]), [""; 0]);
    assert_eq!(
        sent(&[7_000, 100, 1_900]),
        ["nothing was sent between 1.9s and 7.0s: the load stood still"]
    );
}

#[test]
fn an_error_of_the_gateways_own_that_comes_late_is_a_finding() {
    let hang = || {
        vec![Incident {
            name: "a hang".to_owned(),
            from: Duration::ZERO,
            until: None,
            allows: vec![Allowance::GatewayError("upstream_timeout")],
            allows_at_nginx: None,
        }]
    };
    let after = |seconds: u64, outcome: Outcome| {
        let record = create(outcome);
        let ended = record.sent + Duration::from_secs(seconds);
        let account = account(vec![Record { ended, ..record }], hang());
        account.findings(&seen(&[None])).len()
    };
    assert_eq!(after(15, refused("upstream_timeout")), 0);
    assert_eq!(after(16, refused("upstream_timeout")), 1);
}
