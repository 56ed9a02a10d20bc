//! The container that is replaced in the field: its compose block and tokens file, with another image and nothing else
//! changed. The old one ran as root and owns `/opt/webex_gw`; ours takes the folder over and gives root up. The old
//! container, being root, reads the folder after that as before.

mod log_filters;
mod migration;

use std::time::Duration;

use e2e::stack::{ADMINISTRATOR, Owner, Stack};
use webex_sim::types::{EntryFilter, TokenKind};

use super::common::FIELDS;

const AN_HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread")]
async fn the_fields_compose_block_works_with_only_its_image_changed() {
    let stack = Stack::builder()
        .signed_in(Owner::Root, AN_HOUR)
        .as_in_the_field()
        .start()
        .await;

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
async fn it_starts_as_root_and_goes_on_as_a_user_without_rights() {
    let stack = Stack::builder()
        .signed_in(Owner::Root, AN_HOUR)
        .as_in_the_field()
        .start()
        .await;

    assert_eq!(stack.gateway_user().await.unwrap(), "65532");
    // Nothing of root is kept that could be taken up again: no saved id, no group, no capability.
    let rights = stack.gateway_rights().await.unwrap();
    assert!(rights.are_those_of("65532"), "{rights:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_root_is_refused_where_the_container_may_not_be_root() {
    let refusal = Stack::builder().signed_in(Owner::Root, AN_HOUR).refused().await;

    assert_eq!(refusal.code, 2, "{}", refusal.log);
    assert!(refusal.log.contains("-tokensFile"), "{}", refusal.log);
    assert!(refusal.log.contains("/opt/tokens"), "{}", refusal.log);
    assert_eq!(refusal.log.lines().count(), 1, "one message: {}", refusal.log);
}
