//! The gateway keeps its access token fresh, and nobody notices.

use std::time::Duration;

use e2e::eventually::eventually;
use e2e::stack::{ADMINISTRATOR, Owner, Stack};
use webex_sim::types::{EntryFilter, TokenKind};

use super::common::{between, short_lived};

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_costs_one_refresh_and_no_failure() {
    let stack = Stack::seasoned().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let before = stack.tokens().await.unwrap();

    assert_eq!(stack.webex.expire_tokens(TokenKind::Access).await.unwrap(), 1);
    let calls = [(); 8].map(|()| stack.gateway.me());
    for call in futures_util::future::join_all(calls).await {
        assert_eq!(call.unwrap(), [ADMINISTRATOR]);
    }

    let refreshes = EntryFilter::grant("refresh_token");
    assert_eq!(
        stack.webex.journal_count(&refreshes).await.unwrap(),
        1,
        "eight calls found the token expired"
    );
    let after = stack.tokens().await.unwrap();
    assert_ne!(
        after["access_token"], before["access_token"],
        "the new token is stored"
    );
    assert_eq!(
        after["refresh_token"], before["refresh_token"],
        "Webex keeps the refresh token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_refreshed_before_it_expires_without_any_request() {
    // Six times the shortest interval between refreshes ahead of expiry: the share of the lifetime decides, and the last fifth of it
    // is more than a busy machine stands still for.
    let lifetime = Duration::from_secs(30);
    let stack = Stack::builder().webex(short_lived(lifetime)).start().await;
    stack.authorise().await;
    let first = stack.tokens().await.unwrap();
    let first_in_use = stack.gateway.fingerprint().await.unwrap();
    let log_in = stack.webex.journal(&EntryFilter::default()).await.unwrap();
    let log_in = log_in.last().unwrap();
    let issued = EntryFilter::grant("authorization_code");
    let issued = &stack.webex.journal(&issued).await.unwrap()[0];

    // Whether it was in time, Webex's own clock tells, however late this test hears of it.
    let refreshes = EntryFilter::grant("refresh_token");
    let renewed = stack.webex.journal_wait(&refreshes, 1, 5 * lifetime).await;
    let renewed = &renewed.expect("a refresh ahead of expiry")[0];
    let age = between(issued, renewed);
    assert!(age < lifetime, "the token was {age:?} old");

    let asked = EntryFilter::default().after(log_in.sequence);
    let asked = stack.webex.journal(&asked).await.unwrap();
    assert!(
        asked.iter().all(|entry| entry.path == "/v1/access_token"),
        "nothing but the refresh: {asked:?}"
    );
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    // What is in use has been stored.
    eventually("the new token is in use", lifetime, async || {
        let in_use = stack.gateway.fingerprint().await?;
        anyhow::ensure!(in_use != first_in_use, "the first one is");
        Ok(())
    })
    .await;
    assert_ne!(
        stack.tokens().await.unwrap()["access_token"],
        first["access_token"]
    );
    assert_eq!(
        stack
            .webex
            .journal_count(&EntryFilter::default().status(401))
            .await
            .unwrap(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_expired_while_the_gateway_was_down_are_refreshed_before_they_are_sent() {
    let fifteen_days = Duration::from_hours(15 * 24);
    let stack = Stack::builder()
        .signed_in(Owner::Gateway, fifteen_days)
        .start()
        .await;

    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    assert_eq!(
        stack
            .webex
            .journal_count(&EntryFilter::grant("refresh_token"))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        stack
            .webex
            .journal_count(&EntryFilter::default().status(401))
            .await
            .unwrap(),
        0
    );
}
