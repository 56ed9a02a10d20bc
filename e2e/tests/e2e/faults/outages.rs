//! Webex hangs, cannot be reached, dies. Requests are told so in time; when it is back, so is the service.

use e2e::load::STEADY;
use e2e::load::incident::Allowance::{Cut, GatewayError};
use e2e::load::outcome::Outcome;
use e2e::load::sighting::Sightings;

use super::{load, misdeeds, seasoned};

const SOME: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_webex_ends_by_itself() {
    let mut stack = seasoned().lasting_authority().start().await;
    let load = load(&stack, STEADY).await;
    // What the gateway may say while Webex does not answer, and what is seen of answers that had begun. nginx passes it on, and has
    // nothing of its own to say.
    let outage = [
        GatewayError("upstream_unreachable"),
        GatewayError("upstream_timeout"),
        Cut,
    ];

    let hang = load.incident("Webex hangs", &outage);
    stack.webex_container().pause().await.unwrap();
    hang.meets(SOME, "the gateway says so", is_told).await;
    stack.webex_container().unpause().await.unwrap();
    hang.passes().await;

    let partition = load.incident("Webex is off the network", &outage);
    stack.cut_off_webex().await;
    partition.meets(SOME, "the gateway says so", is_told).await;
    stack.reconnect_webex().await;
    partition.passes().await;

    // It forgets everything with its process. What was there when its state was kept is there again.
    let kept = load.now();
    let state = stack.webex.export_state().await.unwrap();
    let death = load.incident("Webex is killed", &outage);
    stack.kill_webex().await;
    death.meets(SOME, "the gateway says so", is_told).await;
    stack.revive_webex(state).await;
    let revived = load.now();
    death.passes().await;

    let account = load.end().await;
    let state = stack.webex.export_state().await.unwrap();
    account.balance_people(&state, |record| record.ended <= kept || record.sent >= revived);
    assert_eq!(misdeeds(&stack).await, [""; 0]);
    // The journal has died with it; the log has a line for each entry, and is whole when nobody writes there any more.
    stack.webex_container().stop().await.unwrap();
    account.balance(&Sightings::in_log(&stack.webex_log().await));
}

fn is_told(outcome: &Outcome) -> bool {
    outcome.is_refusal("upstream_unreachable") || outcome.is_refusal("upstream_timeout")
}
