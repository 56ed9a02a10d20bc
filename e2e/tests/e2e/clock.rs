//! Clocks that are wrong: Webex's differs from ours, ours has jumped, or the gateway stood still. No test turns the
//! machine's own clock: what a wrong one leaves behind is a tokens file with a wrong date, and a token that ends at
//! another time than the gateway thinks.

use std::time::Duration;

use e2e::eventually::eventually;
use e2e::stack::{ADMINISTRATOR, Owner, Stack};
use futures_util::future::join_all;
use webex_sim::types::{EntryFilter, SettingsPatch, TokenKind, TokenState};

use super::common::{self, between};

const A_DAY: Duration = Duration::from_hours(24);
/// The gateway does not blame a token that it has held for less than 30 s.
const SEASONED: Duration = Duration::from_mins(2);
/// The least time between two refreshes ahead of expiry.
const FLOOR: Duration = Duration::from_secs(5);
/// Of two requests that are sent so far apart the first may have been on its way for longer.
const ON_THE_WAY: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_at_webex_before_its_time_costs_one_refresh() {
    let stack = Stack::seasoned().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    stack.webex.advance(15 * A_DAY).await.unwrap();
    for call in join_all([(); 8].map(|()| stack.gateway.me())).await {
        assert_eq!(call.unwrap(), [ADMINISTRATOR]);
    }
    assert_eq!(stack.gateway.health().await.unwrap().status(), "ok");

    assert_eq!(refreshes(&stack).await, 1);
    let rejected = EntryFilter::default().status(401);
    let rejected = stack.webex.journal_count(&rejected).await.unwrap();
    assert!(
        (1..=8).contains(&rejected),
        "the old token was tried once by each: {rejected}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_back_leaves_tokens_of_the_future_which_serve_as_new_ones() {
    let stack = Stack::builder()
        .signed_in_by_a_clock_ahead(10 * A_DAY)
        .start()
        .await;
    let of_the_future = stack.tokens().await.unwrap();
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(stack.gateway.surfaces().await.unwrap().told(), ("ok", ""));
    assert_eq!(refreshes(&stack).await, 0, "there is nothing to mend");

    // By the file the token would be good for weeks; Webex knows better.
    stack.webex.advance(15 * A_DAY).await.unwrap();
    eventually("the token is renewed", SEASONED, async || {
        let emails = stack.gateway.me().await?;
        anyhow::ensure!(emails == [ADMINISTRATOR], "{emails:?}");
        Ok(())
    })
    .await;
    assert_eq!(refreshes(&stack).await, 1, "however many calls were refused");
    let renewed = stack.tokens().await.unwrap();
    assert_ne!(renewed["access_token"], of_the_future["access_token"]);
    assert!(
        renewed["at"].as_u64() < of_the_future["at"].as_u64(),
        "the date is put right with it: {}",
        renewed["at"]
    );
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leapt_ahead_ends_nothing_that_webex_has_not_ended() {
    // By our reckoning the refresh token is over as well.
    let stack = Stack::builder()
        .signed_in(Owner::Gateway, 100 * A_DAY)
        .start()
        .await;

    for call in join_all([(); 8].map(|()| stack.gateway.me())).await {
        assert_eq!(call.unwrap(), [ADMINISTRATOR]);
    }

    assert_eq!(stack.gateway.surfaces().await.unwrap().told(), ("ok", ""));
    assert_eq!(refreshes(&stack).await, 1);
    assert_eq!(rejections(&stack).await, 0, "no token is sent that seems over");
    let logins = EntryFilter::grant("authorization_code");
    assert_eq!(stack.webex.journal_count(&logins).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webex_whose_clock_stands_still_is_not_asked_in_a_loop() {
    // By its lifetime alone a refresh would be due after 4 s at most.
    let lifetime = FLOOR;
    let stack = Stack::builder().webex(short_lived(lifetime)).start().await;
    stack.webex.freeze(true).await.unwrap();
    stack.authorise().await;

    // Webex sees no time pass and gives the same token again, as it does within a day.
    let filter = EntryFilter::grant("refresh_token").status(200);
    let refreshes = stack.webex.journal_wait(&filter, 3, 12 * lifetime).await.unwrap();

    for two in refreshes.windows(2) {
        let pause = between(&two[0], &two[1]);
        assert!(pause + ON_THE_WAY > FLOOR, "{pause:?}");
    }
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(rejections(&stack).await, 0);
    let tokens = stack.webex.tokens().await.unwrap();
    let issued = tokens.iter().filter(|token| token.kind == TokenKind::Access);
    assert_eq!(issued.count(), 1, "it was the same token each time: {tokens:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stood_still_past_the_end_of_its_token_refreshes_before_it_calls() {
    let lifetime = Duration::from_secs(10);
    let stack = Stack::builder().webex(short_lived(lifetime)).start().await;
    stack.authorise().await;

    stack.gateway_container().pause().await.unwrap();
    let before = stack.webex.journal(&EntryFilter::default()).await.unwrap();
    let before = before.last().expect("somebody has logged in").sequence;
    eventually("the token ends meanwhile", 6 * lifetime, async || {
        let tokens = stack.webex.tokens().await?;
        let good = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Access && token.state == TokenState::Active);
        anyhow::ensure!(good.count() == 0, "{tokens:?}");
        Ok(())
    })
    .await;
    stack.gateway_container().unpause().await.unwrap();

    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let asked = EntryFilter::default().after(before);
    let asked = stack.webex.journal(&asked).await.unwrap();
    let asked: Vec<_> = asked
        .iter()
        .map(|entry| (entry.path.as_str(), entry.status))
        .collect();
    assert_eq!(
        asked[..2],
        [("/v1/access_token", Some(200)), ("/v1/people/me", Some(200))],
        "{asked:?}"
    );
    assert_eq!(rejections(&stack).await, 0);
}

/// A Webex whose access tokens end soon, and which gives the same again within a day.
fn short_lived(lifetime: Duration) -> SettingsPatch {
    SettingsPatch {
        same_token_within_24h: None,
        ..common::short_lived(lifetime)
    }
}

async fn refreshes(stack: &Stack) -> usize {
    let filter = EntryFilter::grant("refresh_token");
    stack
        .webex
        .journal_count(&filter)
        .await
        .expect("the simulator counts")
}

async fn rejections(stack: &Stack) -> usize {
    let filter = EntryFilter::default().status(401);
    stack
        .webex
        .journal_count(&filter)
        .await
        .expect("the simulator counts")
}
