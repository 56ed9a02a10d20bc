//! `/health` tells whether calls work now, and what would mend it.

use std::time::Duration;

use e2e::eventually::eventually;
use e2e::stack::Stack;
use webex_sim::types::{EntryFilter, TokenKind};

/// Enough for a request that is due at once on a busy machine; no state that is waited for here needs a backoff.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn follows_the_gateway_from_its_first_start_through_an_outage() {
    let stack = Stack::start().await;
    let health = stack.gateway.health().await.unwrap();
    assert_eq!((health.code, health.action()), (503, "reauthorise"), "{health:?}");

    stack.authorise().await;
    let health = stack.gateway.health().await.unwrap();
    assert_eq!((health.code, health.status()), (200, "ok"), "{health:?}");
    let probe = stack.webex.journal(&EntryFilter::path("/")).await.unwrap();
    assert_eq!(
        probe.iter().map(|entry| entry.status).collect::<Vec<_>>(),
        [Some(404)],
        "one request, end to end"
    );

    // A Webex that takes the connection and says nothing.
    stack.webex_container().pause().await.unwrap();
    let health = stack.gateway.health().await.unwrap();
    assert_eq!((health.code, health.action()), (503, "retry"), "{health:?}");
    stack.webex_container().unpause().await.unwrap();
    back_to_healthy(&stack).await;

    // A Webex that cannot be reached.
    stack.cut_off_webex().await;
    let health = stack.gateway.health().await.unwrap();
    assert_eq!((health.code, health.action()), (503, "retry"), "{health:?}");
    stack.reconnect_webex().await;
    back_to_healthy(&stack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stays_healthy_across_an_expiry() {
    let stack = Stack::seasoned().await;
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();

    let health = stack.gateway.health().await.unwrap();

    assert_eq!((health.code, health.status()), (200, "ok"), "{health:?}");
    assert_eq!(
        stack
            .webex
            .journal_count(&EntryFilter::grant("refresh_token"))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_for_a_new_login_after_a_revocation() {
    let stack = Stack::seasoned().await;
    stack.webex.revoke_tokens(TokenKind::Refresh).await.unwrap();

    let health = stack.gateway.health().await.unwrap();

    assert_eq!((health.code, health.action()), (503, "reauthorise"), "{health:?}");
    stack
        .gateway
        .is_alive()
        .await
        .expect("waiting for an administrator is no reason to be restarted");
}

async fn back_to_healthy(stack: &Stack) {
    eventually("Webex is back", SOON, async || {
        let health = stack.gateway.health().await?;
        anyhow::ensure!(health.code == 200, "{health:?}");
        Ok(())
    })
    .await;
}
