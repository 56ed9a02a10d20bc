//! A token endpoint that talks nonsense, while the access token works: calls do not notice, and it mends itself.

use std::time::Duration;

use e2e::gateway::Callers;
use e2e::stack::{ADMINISTRATOR, Owner, Stack};
use webex_sim::types::{EntryFilter, FaultAction, FaultMatch, FaultRule};

/// A refresh ahead of expiry is due, and the access token works for two more days.
const TWELVE_DAYS: Duration = Duration::from_hours(12 * 24);
/// Above the first wait of the gateway's own, at most 1 s, and below the second.
const RETRY_AFTER_SECONDS: u64 = 2;
/// Three failures before, with waits of up to 2, 2 and 4 s.
const FOURTH_ATTEMPT: Duration = Duration::from_mins(1);
/// Each wait is at most twice the one before, so that it is known when the end must have been seen.
const RECOVERY: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_from_the_token_endpoint_costs_no_call_and_mends_itself() {
    let page = FaultAction {
        headers: [("content-type".to_owned(), Some("text/html".to_owned()))].into(),
        ..FaultAction::status(200).body("<h1>Please accept our terms of use</h1>")
    };
    let limited = FaultAction::status(429).retry_after(RETRY_AFTER_SECONDS);
    let stack = Stack::builder()
        .signed_in(Owner::Gateway, TWELVE_DAYS)
        .faults([
            refreshes_get(limited).times(1),
            refreshes_get(FaultAction::status(200)).times(1),
            refreshes_get(page).times(1),
            refreshes_get(FaultAction::status(500)).named("down"),
        ])
        .start()
        .await;
    let callers = Callers::start(&stack.gateway, 2);

    let down = EntryFilter::fault("down");
    let down = stack.webex.journal_wait(&down, 1, FOURTH_ATTEMPT).await.unwrap();
    let surfaces = stack.gateway.surfaces().await.unwrap();
    assert_eq!(surfaces.told(), ("degraded", "retry"));
    let health = &surfaces.health;
    assert_eq!((health.code, health.status()), (200, "degraded"), "{health:?}");
    assert_eq!(surfaces.summary(), "Working, but the last refresh failed");

    assert_eq!(stack.webex.unused_faults().await.unwrap(), []);
    stack.webex.remove_fault("down").await.unwrap();
    let good = EntryFilter::grant("refresh_token")
        .status(200)
        .after(down[0].sequence);
    stack.webex.journal_wait(&good, 1, RECOVERY).await.unwrap();
    let surfaces = stack.gateway.settled("ok", RECOVERY).await;
    assert_eq!(surfaces.told(), ("ok", ""));
    for (result, count) in [("rate_limited", 1.0), ("malformed", 2.0), ("success", 1.0)] {
        assert_eq!(surfaces.metrics.refreshes(result), Some(count), "{result}");
    }

    let answers = callers.stop().await;
    assert!(!answers.is_empty());
    for answer in answers {
        assert_eq!(answer.unwrap(), [ADMINISTRATOR]);
    }
    for reason in [
        "the token endpoint answered 429",
        "the token endpoint answered 200, but the answer is of no use",
        "the token endpoint answered 500",
    ] {
        let line = format!("refresh failed, it is tried again: {reason}");
        stack.gateway_log_with(&line).await;
    }
    assert_eq!(
        stack.webex.violations().await.unwrap(),
        [],
        "Retry-After is obeyed, and there is no storm"
    );
}

fn refreshes_get(answer: FaultAction) -> FaultRule {
    let refreshes = FaultMatch {
        grant_type: Some("refresh_token".to_owned()),
        ..FaultMatch::default()
    };
    FaultRule::new(refreshes, answer)
}
