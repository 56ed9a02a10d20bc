//! The container that is replaced in the field: its command line, environment and tokens file, with another image. The
//! old one ran as root and owns `/opt/webex_gw`; ours does not run as root. So beside the `image:` line there is one
//! thing to do, once: `chown -R 65532:65532 /opt/webex_gw`. The old container reads the folder after that as before.

use std::time::Duration;

use e2e::stack::{ADMINISTRATOR, Owner, Stack};
use webex_sim::types::{EntryFilter, TokenKind};

/// What the old program writes, in its order.
const FIELDS: [&str; 7] = [
    "access_token",
    "expires_in",
    "refresh_token",
    "refresh_token_expires_in",
    "at",
    "token_type",
    "scope",
];

const AN_HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread")]
async fn an_old_tokens_file_works_and_stays_one() {
    let stack = Stack::builder().signed_in(Owner::Gateway, AN_HOUR).start().await;

    assert_eq!(
        stack.gateway.me().await.unwrap(),
        [ADMINISTRATOR],
        "nobody had to sign in"
    );
    assert_eq!(
        stack
            .webex
            .journal_count(&EntryFilter::path("/v1/access_token"))
            .await
            .unwrap(),
        0
    );

    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let file = stack.tokens().await.unwrap();
    let names: Vec<&String> = file.as_object().unwrap().keys().collect();
    assert_eq!(
        names[..FIELDS.len()],
        FIELDS,
        "the old program finds what it wrote"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_root_is_refused_with_what_to_do() {
    let refusal = Stack::builder().signed_in(Owner::Root, AN_HOUR).refused().await;

    assert_eq!(refusal.code, 2, "{}", refusal.log);
    assert!(refusal.log.contains("-tokensFile"), "{}", refusal.log);
    assert!(refusal.log.contains("/opt/tokens"), "{}", refusal.log);
    assert_eq!(refusal.log.lines().count(), 1, "one message: {}", refusal.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_root_serves_a_container_that_runs_as_root() {
    let stack = Stack::builder()
        .signed_in(Owner::Root, AN_HOUR)
        .gateway_user("0:0")
        .start()
        .await;

    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
}
