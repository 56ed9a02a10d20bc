//! `docker stop`: SIGTERM, and a kill after 10 s.

use std::time::Duration;

use e2e::stack::{ADMINISTRATOR, Stack};
use tokio::time::Instant;
use webex_sim::types::{EntryFilter, SettingsPatch, TokenKind};

/// What the gateway promises to need at most.
const PROMISED: Duration = Duration::from_secs(9);
/// Whoever waits for something that does not come takes all of what is promised; whoever has nothing to wait for is done in a
/// fraction of a second, and on a busy machine long before this.
const AT_ONCE: Duration = Duration::from_secs(7);
/// For what is due at once, on a busy machine.
const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_gateway_and_simulator_stop_at_once() {
    let stack = Stack::start().await;
    for container in [stack.gateway_container(), stack.webex_container()] {
        let asked = Instant::now();
        assert_eq!(container.stop().await.unwrap(), 0, "{}", container.name());
        assert!(
            asked.elapsed() < AT_ONCE,
            "{} took {:?}",
            container.name(),
            asked.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_finished_and_a_refresh_is_stored() {
    let stack = Stack::seasoned().await;
    let before = stack.tokens().await.unwrap();
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    let slow = SettingsPatch {
        token_endpoint_delay_ms: Some(2_000),
        ..SettingsPatch::default()
    };
    stack.webex.change_settings(&slow).await.unwrap();

    // A request that got its 401 and waits for the refresh.
    let gateway = stack.gateway.clone();
    let running = tokio::spawn(async move { gateway.me().await });
    let rejected = EntryFilter::path("/v1/people/me").status(401);
    stack.webex.journal_wait(&rejected, 1, SOON).await.unwrap();

    let asked = Instant::now();
    assert_eq!(stack.gateway_container().stop().await.unwrap(), 0);
    assert!(asked.elapsed() < PROMISED, "{:?}", asked.elapsed());
    assert_eq!(
        running.await.unwrap().expect("the request that ran was answered"),
        [ADMINISTRATOR]
    );
    assert_ne!(
        stack.tokens().await.unwrap()["access_token"],
        before["access_token"]
    );
}
