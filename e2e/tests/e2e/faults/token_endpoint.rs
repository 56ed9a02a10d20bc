//! Webex issues no tokens for longer than the last one lasts.

use e2e::load::BRISK;
use e2e::load::incident::Allowance::GatewayError;
use e2e::stack::Stack;
use webex_sim::types::{EntryFilter, FaultAction, FaultMatch, FaultRule, SettingsPatch};

use super::{SHORT_LIFE, balance, load};
use crate::common::short_lived;

const SOME: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_token_endpoint_ends_with_one_refresh() {
    let stack = Stack::builder()
        .webex(short_lived(SHORT_LIFE))
        .applications_at_nginx()
        .start()
        .await;
    stack.authorise().await;
    let load = load(&stack, BRISK).await;

    let failing = FaultMatch {
        grant_type: Some("refresh_token".to_owned()),
        ..FaultMatch::default()
    };
    let failing = FaultRule::new(failing, FaultAction::status(503).retry_after(1)).named("out");
    stack.webex.add_fault(&failing).await.unwrap();
    // Until the token ends nobody notices; after that each request is told when to come again.
    let outage = load.incident("no tokens", &[GatewayError("token_refresh_failed")]);
    outage
        .meets(SOME, "the gateway says so", |outcome| {
            outcome.is_refusal("token_refresh_failed")
        })
        .await;
    let health = stack.gateway.health().await.unwrap();
    assert_eq!(
        (health.code, health.status(), health.action()),
        (503, "failed", "retry"),
        "{health:?}"
    );

    let lasting = SettingsPatch {
        access_token_lifetime_s: Some(3_600),
        ..SettingsPatch::default()
    };
    stack.webex.change_settings(&lasting).await.unwrap();
    let issued = EntryFilter::grant("refresh_token").status(200);
    let before = stack.webex.journal_count(&issued).await.unwrap();
    let tried = stack.webex.remove_fault("out").await.unwrap();
    outage.passes().await;
    let account = load.end().await;

    balance(&account, &stack).await;
    let after = stack.webex.journal_count(&issued).await.unwrap();
    assert_eq!(after, before + 1, "one refresh ends it");
    let refused = account.count(|outcome| outcome.is_refusal("token_refresh_failed"));
    assert!(
        usize::try_from(tried.hits).unwrap() < refused,
        "{refused} requests that had to wait asked for {} refreshes",
        tried.hits
    );
    // The gateway came neither too often nor before it was asked to.
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}
