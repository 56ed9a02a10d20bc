//! The volume with the tokens is full, turns read-only, or was never writable. The tokens serve from memory, and everything says
//! so.

use e2e::eventually::eventually;
use e2e::gateway::Health;
use e2e::load::STEADY;
use e2e::stack::{ADMINISTRATOR, Stack};
use serde_json::Value;
use webex_sim::types::{EntryFilter, TokenKind};

use super::{SHORT_LIFE, SOON, balance, load, misdeeds, seasoned};
use crate::common::short_lived;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_no_request_and_is_told() {
    let stack = Stack::builder()
        .webex(short_lived(SHORT_LIFE))
        .small_tokens_folder()
        .applications_at_nginx()
        .start()
        .await;
    stack.authorise().await;
    let load = load(&stack, STEADY).await;

    stack.fill_tokens_folder().await;
    let stored = stack.tokens().await.unwrap();
    let health = degraded(&stack).await;
    assert!(health.reason().contains("No space left on device"), "{health:?}");
    stack.gateway_log_with("the tokens serve from memory only").await;
    assert_eq!(
        stack.tokens().await.unwrap(),
        stored,
        "what could not be replaced is whole"
    );
    load.is_calm().await;

    stack.clear_tokens_folder().await;
    are_stored(&stack, &stored).await;
    load.is_calm().await;

    let account = load.end().await;
    balance(&account, &stack).await;
    assert_eq!(misdeeds(&stack).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turns_read_only_costs_no_request_and_is_told() {
    let mut stack = Stack::builder()
        .webex(short_lived(SHORT_LIFE))
        .small_tokens_folder()
        .applications_at_nginx()
        .start()
        .await;
    stack.keep_tokens_folder().await;
    stack.authorise().await;
    let load = load(&stack, STEADY).await;

    stack.tokens_folder_turns_read_only().await;
    let stored = stack.tokens().await.unwrap();
    let health = degraded(&stack).await;
    assert!(health.reason().contains("Read-only file system"), "{health:?}");
    let status = stack.gateway.status().await.unwrap();
    assert_eq!(status["action"], "fix_configuration", "{status}");
    stack.gateway_log_with("the tokens serve from memory only").await;
    assert_eq!(stack.tokens().await.unwrap(), stored);
    load.is_calm().await;

    stack.tokens_folder_turns_writable().await;
    are_stored(&stack, &stored).await;
    let health = stack.gateway.health().await.unwrap();
    assert_eq!((health.code, health.status()), (200, "ok"), "{health:?}");
    load.is_calm().await;

    let account = load.end().await;
    balance(&account, &stack).await;
    stack.restart_gateway().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let logins = EntryFilter::grant("authorization_code");
    assert_eq!(
        stack.webex.journal_count(&logins).await.unwrap(),
        1,
        "no human came"
    );
    assert_eq!(misdeeds(&stack).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_never_writable_costs_no_request_and_is_told() {
    let stack = seasoned().read_only_tokens_folder().start().await;
    let stored = stack.tokens().await.unwrap();
    let load = load(&stack, STEADY).await;

    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    let health = degraded(&stack).await;
    assert!(health.reason().contains("Read-only file system"), "{health:?}");
    stack.gateway_log_with("the tokens serve from memory only").await;
    load.is_calm().await;
    assert_eq!(stack.tokens().await.unwrap(), stored);

    let account = load.end().await;
    balance(&account, &stack).await;
    let refreshes = EntryFilter::grant("refresh_token");
    assert_eq!(stack.webex.journal_count(&refreshes).await.unwrap(), 1);
    assert_eq!(misdeeds(&stack).await, [""; 0]);
}

/// Waits until tokens are stored that are newer than those.
async fn are_stored(stack: &Stack, older: &Value) {
    eventually("the tokens are stored", SOON, async || {
        let unsaved = stack.gateway.metric("webex_gw_tokens_unsaved").await?;
        anyhow::ensure!(unsaved == 0.0, "they are not");
        Ok(())
    })
    .await;
    let stored = stack.tokens().await.expect("the tokens file is whole");
    assert_ne!(stored["access_token"], older["access_token"]);
}

/// Waits until a refresh could not be stored, and returns what `/health` says then.
async fn degraded(stack: &Stack) -> Health {
    eventually("a refresh cannot be stored", SOON, async || {
        let unsaved = stack.gateway.metric("webex_gw_tokens_unsaved").await?;
        anyhow::ensure!(unsaved > 0.0, "it has been stored, or there was none");
        Ok(())
    })
    .await;
    let health = stack.gateway.health().await.expect("it answers");
    assert_eq!(
        (health.code, health.status(), health.action()),
        (200, "degraded", "fix_configuration"),
        "{health:?}"
    );
    health
}
