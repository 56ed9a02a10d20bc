//! The token is renewed ahead of its end while applications are at work.

use std::time::Duration;

use e2e::gateway::Callers;
use e2e::stack::{ADMINISTRATOR, Stack};
use webex_sim::types::{Delay, EntryFilter, FaultAction, FaultMatch, FaultRule, SettingsPatch};

use super::common::short_lived;

/// A refresh comes after 65 to 80 % of it, so that even a slow one ends seconds before the token does.
const LIFETIME: Duration = Duration::from_secs(20);
/// How long Webex takes for a refresh: several calls begin and end meanwhile.
const REFRESH: Duration = Duration::from_millis(1_500);
/// How long Webex takes for a call, so that some are under way whenever a refresh begins or ends.
const CALL: Duration = Duration::from_millis(300);
/// For what needs no wait of the gateway's.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_flight_do_not_notice_that_the_token_is_renewed() {
    let settings = SettingsPatch {
        token_endpoint_delay_ms: Some(millis(REFRESH).into()),
        ..short_lived(LIFETIME)
    };
    let stack = Stack::builder().webex(settings).start().await;
    stack.authorise().await;
    let unhurried = FaultAction::delay(Delay::Fixed { ms: millis(CALL) });
    let unhurried = FaultRule::new(FaultMatch::operation("getMe"), unhurried);
    stack.webex.add_fault(&unhurried).await.unwrap();

    let callers = Callers::start(&stack.gateway, 4);
    let refreshes = EntryFilter::grant("refresh_token").status(200);
    let refreshes = stack
        .webex
        .journal_wait(&refreshes, 1, 5 * LIFETIME)
        .await
        .unwrap();
    let refresh = refreshes[0].sequence;
    let calls = EntryFilter::path("/v1/people/me").status(200);
    let old_token = token_of(&stack, &calls, |sequence| sequence < refresh).await;
    // Until somebody has called with the new token, too.
    let since = calls.clone().after(refresh);
    let mut wanted = 4;
    let after = loop {
        let after = stack.webex.journal_wait(&since, wanted, SOON).await.unwrap();
        if after
            .iter()
            .any(|call| call.header("authorization") != Some(old_token.as_str()))
        {
            break after;
        }
        wanted = after.len() + 1;
    };
    let answers = callers.stop().await;

    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap(), &[ADMINISTRATOR]);
    }
    assert!(
        after
            .iter()
            .any(|call| call.header("authorization") == Some(old_token.as_str())),
        "nobody had to wait for the new token: {after:?}"
    );
}

/// The token of the last of those calls, as the journal shows it.
async fn token_of(stack: &Stack, calls: &EntryFilter, meant: impl Fn(u64) -> bool) -> String {
    let calls = stack
        .webex
        .journal(calls)
        .await
        .expect("the simulator tells its journal");
    let last = calls.iter().rfind(|call| meant(call.sequence));
    let token = last.and_then(|call| call.header("authorization"));
    token.expect("there were calls").to_owned()
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).expect("a short time")
}
