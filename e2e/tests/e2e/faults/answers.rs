//! Answers of Webex that are late, broken, or none. What can be passed on is passed on as it is; everything else is told
//! as it is documented; nothing is sent twice.

use e2e::eventually::eventually;
use e2e::load::incident::Allowance::{self, Cut, GatewayError, Status};
use e2e::load::outcome::Outcome;
use e2e::load::request::Way;
use e2e::load::{BRISK, Load};
use e2e::stack::Stack;
use webex_sim::types::{Delay, FaultAction, FaultMatch, FaultRule, Wire};

use super::{SOON, balance, load, misdeeds, seasoned};

/// A storm is over when so many requests have met it, and seconds have gone by.
const STORM: usize = 200;
/// So many requests meet another fault, one after the other.
const SOME: u64 = 20;
/// The same for faults that take other requests on the same connection with them.
const FEW: u64 = 5;

/// What a fault may come to where the answer broke: the gateway's error while nothing of it had come, a cut after that.
const BROKEN: [Allowance; 2] = [GatewayError("upstream_unreachable"), Cut];

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_that_breaks_is_accounted_for() {
    let stack = seasoned().start().await;
    let load = load(&stack, BRISK).await;
    let all = || FaultMatch::path("/v1/people/**");
    let befall = async |name: &str, hits, matching, action, allows: &[Allowance]| {
        let rule = FaultRule::new(matching, action).named(name).times(hits);
        befall(&stack, &load, &rule, allows).await;
    };

    // Later than anybody waits. It takes as long as the gateway waits, so other things happen meanwhile.
    let timeout = "upstream_timeout";
    let late = load.incident("late", &[GatewayError(timeout)]);
    let slow = FaultAction::delay(Delay::Fixed { ms: 60_000 });
    let slow = FaultRule::new(FaultMatch::operation("getMe"), slow).times(FEW);
    stack.webex.add_fault(&slow.named("late")).await.unwrap();

    // Storms of 429 and 5xx.
    let limited = FaultAction::status(429).retry_after(7);
    let limited = storm(&stack, &load, "limited", 429, limited).await;
    let maintenance = FaultAction::status(503)
        .body("<h1>Maintenance</h1>")
        .retry_after(3);
    let maintenance = storm(&stack, &load, "maintenance", 503, maintenance).await;
    let failing = storm(&stack, &load, "failing", 500, FaultAction::status(500)).await;

    // Bodies that come slowly, and bodies that do not come to their end.
    let drip = FaultAction::wire(Wire::Drip {
        bytes: 40,
        every_ms: 10,
    });
    befall("drip", SOME, all(), drip, &[]).await;
    let truncated = FaultAction::wire(Wire::Truncate { bytes: 20 });
    befall("truncated", SOME, all(), truncated, &BROKEN).await;

    let is_late = |outcome: &Outcome| outcome.is_refusal(timeout);
    let all_late = FEW.try_into().unwrap();
    late.meets_in_all(all_late, "a timeout", is_late).await;
    late.passes().await;

    // Connections that go away: before anything was done, after it was done, for one request alone, in good order.
    let wire = FaultAction::wire;
    befall("reset", FEW, all(), wire(Wire::Reset), &BROKEN).await;
    let done = FaultMatch::operation("createPerson").afterwards();
    befall("reset-after", FEW, done, wire(Wire::Reset), &BROKEN).await;
    let unreachable = "upstream_unreachable";
    befall(
        "empty",
        SOME,
        all(),
        wire(Wire::Empty),
        &[GatewayError(unreachable)],
    )
    .await;
    befall("goaway", FEW, all(), wire(Wire::Goaway), &[]).await;

    let account = load.end().await;
    let seen = balance(&account, &stack).await;
    let each = |rule: &str, hits: u64, is: &dyn Fn(&Outcome) -> bool| {
        let met = account.met_by(rule, &seen);
        assert_eq!(met.len() as u64, hits, "{rule}");
        for record in met {
            assert!(is(&record.outcome), "{rule}: {record}");
        }
    };
    each("late", FEW, &is_late);
    each("limited", limited, &|outcome| *outcome == answer(429, Some("7")));
    each("maintenance", maintenance, &|outcome| {
        *outcome == answer(503, Some("3"))
    });
    each("failing", failing, &|outcome| *outcome == answer(500, None));
    each("drip", SOME, &Outcome::is_good);
    // Whoever hears of the end before having read the beginning has nothing that could be passed on; but it is passed on.
    each("truncated", SOME, &|outcome| {
        is_cut(outcome) || outcome.is_refusal(unreachable)
    });
    let truncated = account.met_by("truncated", &seen);
    let passed_on = truncated.iter().filter(|record| is_cut(&record.outcome));
    let passed_on = passed_on.count() as u64;
    assert!(
        2 * passed_on > SOME,
        "the beginning was passed on {passed_on} times"
    );
    each("goaway", FEW, &Outcome::is_good);
    for rules in [
        &["limited", "maintenance", "failing"][..],
        &["drip", "truncated", "empty"],
    ] {
        let met = rules.iter().flat_map(|rule| account.met_by(rule, &seen));
        let (nginx, straight): (Vec<_>, Vec<_>) =
            met.partition(|record| record.request.way == Way::ThroughNginx);
        assert!(
            !nginx.is_empty() && !straight.is_empty(),
            "{rules:?} met one way alone"
        );
    }
    for (rule, hits) in [("reset", FEW), ("reset-after", FEW), ("empty", SOME)] {
        each(rule, hits, &|outcome| outcome.is_refusal(unreachable));
    }

    // The gateway has counted the same.
    let cut = r#"webex_gw_answers_cut_total{by="upstream"}"#;
    let cut = stack.gateway.metric(cut).await.unwrap();
    assert_eq!(format!("{cut}"), account.count(is_cut).to_string());
    assert_eq!(misdeeds(&stack).await, [""; 0]);
}

/// Lets a fault meet as many requests as it can, and waits until everything goes well again.
async fn befall(stack: &Stack, load: &Load, rule: &FaultRule, allows: &[Allowance]) {
    let id = rule.id.as_deref().expect("the rule has a name");
    let incident = load.incident(id, allows);
    stack.webex.add_fault(rule).await.expect("the rule is good");
    eventually("the fault meets requests", SOON, async || {
        let hits = stack.webex.fault(id).await?.hits;
        anyhow::ensure!(Some(hits) == rule.times, "{id} has met {hits}");
        Ok(())
    })
    .await;
    incident.passes().await;
}

/// Lets every request be answered so, until many have been. Returns how many it has met.
async fn storm(stack: &Stack, load: &Load, name: &str, status: u16, answer: FaultAction) -> u64 {
    let storm = load.incident(name, &[Status(status)]);
    let rule = FaultRule::new(FaultMatch::path("/v1/people/**"), answer).named(name);
    stack.webex.add_fault(&rule).await.expect("the rule is good");
    storm
        .meets(STORM, "many meet it", |outcome| outcome.is_answer(status))
        .await;
    let ended = stack.webex.remove_fault(name).await.expect("it is there");
    storm.passes().await;
    ended.hits
}

fn answer(status: u16, retry_after: Option<&str>) -> Outcome {
    Outcome::Answered {
        status,
        retry_after: retry_after.map(str::to_owned),
    }
}

fn is_cut(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Cut { .. })
}
