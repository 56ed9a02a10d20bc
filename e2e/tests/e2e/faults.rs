//! Faults under a steady load, one after the other: what becomes of each request is known, and afterwards everything
//! goes on as before, without a human.

mod answers;
mod disk;
mod outages;
mod password;
mod restarts;
mod token_endpoint;

use std::time::Duration;

use e2e::load::Load;
use e2e::load::ledger::Account;
use e2e::load::sighting::Sightings;
use e2e::stack::{Builder, Owner, Stack};
use webex_sim::types::ViolationKind;

/// For what is due within seconds on a quiet machine.
const SOON: Duration = Duration::from_secs(90);

/// Access tokens that live so long are refreshed ahead of their end while a story lasts.
const SHORT_LIFE: Duration = Duration::from_secs(12);

/// A stack whose administrator signed in an hour ago, and whose applications call the gateway through nginx as well as
/// directly.
fn seasoned() -> Builder {
    Stack::builder()
        .signed_in(Owner::Gateway, Duration::from_hours(1))
        .applications_at_nginx()
}

/// A load on both ways, which goes well.
async fn load(stack: &Stack, rate: u32) -> Load {
    let load = Load::both_ways(&stack.gateway, &stack.nginx().await, rate);
    load.is_calm().await;
    load
}

/// Compares the books with Webex's journal and with the people that are there now.
pub(crate) async fn balance(account: &Account, stack: &Stack) -> Sightings {
    let seen = Sightings::in_journal(&stack.webex)
        .await
        .expect("there is a journal");
    account.balance(&seen);
    let state = stack.webex.export_state().await.expect("there is a state");
    account.balance_people(&state, |_| true);
    seen
}

/// What the gateway did that Webex does not like. That it sends what applications send, whatever `Retry-After` they
/// were told, is theirs.
async fn misdeeds(stack: &Stack) -> Vec<String> {
    let violations = stack.webex.violations().await.expect("there is a list");
    violations
        .into_iter()
        .filter(|violation| violation.kind != ViolationKind::RetryAfterIgnored)
        .map(|violation| format!("{:?}: {}", violation.kind, violation.detail))
        .collect()
}
