//! What the gateway holds outlives its process.

use e2e::stack::{ADMINISTRATOR, Stack};
use webex_sim::types::EntryFilter;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_the_authorisation() {
    let mut stack = Stack::authorised().await;
    let tokens = stack.tokens().await.unwrap();
    let issued = EntryFilter::path("/v1/access_token");
    let before = stack.webex.journal_count(&issued).await.unwrap();

    stack.restart_gateway().await;

    assert_eq!(stack.gateway.health().await.unwrap().code, 200);
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(
        stack.webex.journal_count(&issued).await.unwrap(),
        before,
        "no token was asked for"
    );
    assert_eq!(stack.tokens().await.unwrap(), tokens);
}
