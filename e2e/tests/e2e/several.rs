//! Two gateways of one integration: side by side with tokens of their own, or on one tokens file.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::eventually::eventually;
use e2e::gateway::Gateway;
use e2e::load::{Load, STEADY};
use e2e::stack::{ADMINISTRATOR, Owner, Stack, Tokens};
use futures_util::future::{join, join_all};
use webex_sim::types::{
    EntryFilter, FaultAction, FaultMatch, FaultRule, Rotation, SettingsPatch, TokenKind, TokenState, Wire,
};

use super::common::{between, short_lived};
use super::faults::balance;

/// Changes of the tokens file are promised to be noticed within 5 s; four times as much for a busy machine.
const NOTICED: Duration = Duration::from_secs(20);
/// For a request that is due at once.
const SOON: Duration = Duration::from_secs(30);
/// Twice the shortest interval between refreshes ahead of expiry.
const BRIEF: Duration = Duration::from_secs(10);
/// So many of them make a story.
const SEVERAL: usize = 4;
/// How many refreshes of a gateway have succeeded.
const SUCCEEDED: &str = r#"webex_gw_token_refreshes_total{result="success"}"#;
/// So long that a second refresh could begin before the first has ended.
const SLOW_REFRESH_MS: u64 = 500;
/// How long requests may take where a gateway dies before they have an answer: longer than all that is done meanwhile.
const UNHURRIED: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn with_tokens_of_their_own_they_refresh_independently() {
    let lifetime = Duration::from_secs(12);
    let mut stack = Stack::builder().webex(short_lived(lifetime)).start().await;
    let other = stack.another_gateway(Tokens::Own).await;
    stack.authorise().await;
    stack.authorise_another().await;

    // The second login of the same administrator has ended nothing.
    both_serve(&stack.gateway, &other).await;
    let tokens = stack.webex.tokens().await.unwrap();
    let grants = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Refresh && token.state == TokenState::Active);
    assert_eq!(grants.count(), 2, "{tokens:?}");

    let refreshes = EntryFilter::grant("refresh_token").status(200);
    eventually("each has refreshed its own", 5 * lifetime, async || {
        let refreshes = stack.webex.journal(&refreshes).await?;
        let spent: BTreeSet<_> = refreshes
            .iter()
            .filter_map(|refresh| refresh.form("refresh_token"))
            .collect();
        anyhow::ensure!(spent.len() == 2, "{spent:?}");
        Ok(())
    })
    .await;
    both_serve(&stack.gateway, &other).await;
    assert_ne!(
        stack.gateway.fingerprint().await.unwrap(),
        other.fingerprint().await.unwrap()
    );
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_tokens_file_one_refreshes_for_both_and_a_login_counts_for_both() {
    let mut stack = Stack::seasoned().await;
    let other = stack.another_gateway(Tokens::Shared).await;
    both_serve(&stack.gateway, &other).await;
    let old = stack.gateway.fingerprint().await.unwrap();
    assert_eq!(other.fingerprint().await.unwrap(), old);

    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    let through = |gateway: &Gateway| join_all([(); 8].map(|()| gateway.clone()).map(me));
    let (one, another) = join(through(&stack.gateway), through(&other)).await;
    for answer in one.into_iter().chain(another) {
        assert_eq!(answer.unwrap(), [ADMINISTRATOR]);
    }
    let refreshes = EntryFilter::grant("refresh_token");
    assert_eq!(
        stack.webex.journal_count(&refreshes).await.unwrap(),
        1,
        "sixteen calls through two gateways found the token expired"
    );
    let new = stack.gateway.fingerprint().await.unwrap();
    assert_ne!(new, old);
    assert_eq!(other.fingerprint().await.unwrap(), new, "the result is picked up");

    stack.authorise().await;
    let of_the_login = stack.gateway.fingerprint().await.unwrap();
    assert_ne!(of_the_login, new);
    eventually("the other one notices the login", NOTICED, async || {
        let fingerprint = other.fingerprint().await?;
        anyhow::ensure!(fingerprint == of_the_login, "{fingerprint}, not {of_the_login}");
        Ok(())
    })
    .await;
    both_serve(&stack.gateway, &other).await;
    assert_eq!(
        stack.webex.journal_count(&refreshes).await.unwrap(),
        1,
        "the new tokens needed none"
    );
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_tokens_file_a_load_on_both_meets_one_refresh_at_a_time() {
    let settings = SettingsPatch {
        rotation: Some(Rotation::Strict),
        token_endpoint_delay_ms: Some(SLOW_REFRESH_MS),
        ..short_lived(BRIEF)
    };
    let mut stack = Stack::builder().webex(settings).start().await;
    let other = stack.another_gateway(Tokens::Shared).await;
    stack.authorise().await;
    eventually("the other one notices the login", NOTICED, async || {
        other.me().await
    })
    .await;

    let loads = [&stack.gateway, &other].map(|gateway| Load::start(gateway, STEADY / 2));
    let refreshes = EntryFilter::grant("refresh_token");
    let wanted = stack.webex.journal_wait(&refreshes, SEVERAL, 10 * BRIEF).await;
    wanted.expect("tokens are refreshed ahead of their end");
    join_all(loads.iter().map(Load::is_calm)).await;
    for account in join_all(loads.map(Load::end)).await {
        balance(&account, &stack).await;
    }

    // Whoever presents a refresh token that was replaced loses the whole grant here.
    let all = stack.webex.journal(&refreshes).await.unwrap();
    let presented: BTreeSet<_> = all.iter().map(|refresh| refresh.form("refresh_token")).collect();
    assert_eq!(presented.len(), all.len(), "{all:?}");
    for pair in all.windows(2) {
        let took = Duration::from_secs_f64(pair[0].duration_ms / 1_000.0);
        assert!(between(&pair[0], &pair[1]) > took, "two at once: {pair:?}");
    }
    // There may be another one just now.
    eventually("all of them have succeeded", NOTICED, async || {
        let mut succeeded = 0.0;
        for gateway in [&stack.gateway, &other] {
            succeeded += gateway.metric(SUCCEEDED).await?;
        }
        let asked = stack.webex.journal_count(&refreshes).await?;
        anyhow::ensure!(
            format!("{succeeded}") == asked.to_string(),
            "{succeeded} of {asked}"
        );
        Ok(())
    })
    .await;
    assert_eq!(stack.webex.violations().await.unwrap(), []);

    // Both go on with what is in the one file.
    eventually("both have the newest tokens", NOTICED, async || {
        let (one, another) = (stack.gateway.fingerprint().await?, other.fingerprint().await?);
        anyhow::ensure!(one == another, "{one} and {another}");
        Ok(())
    })
    .await;
    both_serve(&stack.gateway, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_one_takes_over_when_one_is_killed_in_a_refresh() {
    let mut stack = Stack::builder()
        .signed_in(Owner::Gateway, Duration::from_hours(1))
        .gateway_env("WEBEX_GW_TIMEOUT", &format!("{}s", UNHURRIED.as_secs()))
        .start()
        .await;
    let other = stack.another_gateway(Tokens::Shared).await;
    both_serve(&stack.gateway, &other).await;
    let refreshes = FaultMatch {
        grant_type: Some("refresh_token".to_owned()),
        ..FaultMatch::default()
    };
    let silence = FaultRule::new(refreshes, FaultAction::wire(Wire::Hang));
    stack
        .webex
        .add_fault(&silence.named("silence").times(1))
        .await
        .unwrap();
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();

    // The first has the lock and waits for Webex; the second waits for the lock.
    let doomed = tokio::spawn(me(stack.gateway.clone().patient(2 * UNHURRIED)));
    let filter = EntryFilter::fault("silence");
    stack.webex.journal_wait(&filter, 1, SOON).await.unwrap();
    let waiting = tokio::spawn(me(other.clone().patient(2 * UNHURRIED)));
    let rejected = EntryFilter::path("/v1/people/me").status(401);
    stack.webex.journal_wait(&rejected, 2, SOON).await.unwrap();
    let refreshes = EntryFilter::grant("refresh_token");
    assert_eq!(stack.webex.journal_count(&refreshes).await.unwrap(), 1);

    stack.kill_gateway().await;

    assert!(doomed.await.unwrap().is_err(), "its gateway is gone");
    assert_eq!(waiting.await.unwrap().unwrap(), [ADMINISTRATOR]);
    assert_eq!(
        stack.webex.journal_count(&refreshes).await.unwrap(),
        2,
        "the one that was lost, and another"
    );

    stack.restart_gateway().await;
    both_serve(&stack.gateway, &other).await;
    assert_eq!(
        stack.gateway.fingerprint().await.unwrap(),
        other.fingerprint().await.unwrap()
    );
    assert_eq!(
        stack.webex.journal_count(&refreshes).await.unwrap(),
        2,
        "who was killed finds it done"
    );
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}

async fn both_serve(one: &Gateway, other: &Gateway) {
    for gateway in [one, other] {
        assert_eq!(gateway.me().await.expect("the call is answered"), [ADMINISTRATOR]);
    }
}

async fn me(gateway: Gateway) -> anyhow::Result<Vec<String>> {
    gateway.me().await
}
