//! The administrator's password is changed while applications call: every token dies at once, and only a login helps.

use e2e::load::BRISK;
use e2e::load::incident::Allowance::GatewayError;
use e2e::load::outcome::Outcome;
use e2e::stack::ADMINISTRATOR;
use webex_sim::types::EntryFilter;

use super::{balance, load, seasoned};

const MANY: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_nothing_but_what_only_a_login_can_mend() {
    let stack = seasoned().start().await;
    let load = load(&stack, BRISK).await;

    let dead = load.incident("the password was changed", &[GatewayError("not_authorised")]);
    stack
        .webex
        .change_password(ADMINISTRATOR, "changed-by-avery")
        .await
        .unwrap();
    dead.meets(MANY, "the gateway says so", is_told).await;
    let health = stack.gateway.health().await.unwrap();
    assert_eq!(
        (health.code, health.status(), health.action()),
        (503, "failed", "reauthorise"),
        "{health:?}"
    );

    stack.authorise().await;
    dead.passes().await;
    let account = load.end().await;

    balance(&account, &stack).await;
    let refreshes = EntryFilter::grant("refresh_token");
    let refreshes = stack.webex.journal(&refreshes).await.unwrap();
    assert_eq!(refreshes.len(), 1, "{refreshes:?}");
    // Those that were on their way when Webex refused the refresh have brought a 401; the others have not been carried to Webex.
    let told = account.count(is_told);
    let refused = EntryFilter::default().status(401).after(refreshes[0].sequence);
    let refused = stack.webex.journal_count(&refused).await.unwrap();
    assert!(
        refused * 4 < told,
        "{refused} calls with a dead token for {told} that were told"
    );
}

fn is_told(outcome: &Outcome) -> bool {
    outcome.is_refusal("not_authorised")
}
