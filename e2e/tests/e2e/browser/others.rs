//! Who else comes along: one who declines, one of another organisation, and a colleague.

use e2e::chromium::Chromium;
use e2e::gateway::Callers;
use e2e::stack::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, Stack};

use super::{
    accept_as, assert_acts_for_her, assert_confirmed, assert_gives_nothing_away, assert_refused,
    assert_well_behaved,
};
use crate::common::{COLLEAGUE, DONE, LOGIN, STRANGER};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declines_or_is_a_stranger_changes_nothing_and_a_colleague_takes_over() {
    let Some(chromium) = Chromium::installed() else {
        return;
    };
    let stack = Stack::start().await;
    let mut window = chromium.window(&stack).await;
    let (login, portal) = (stack.public_url(LOGIN), stack.own_portal_url());

    let nobody = window.open(&stack.public_url(DONE)).await;
    assert_eq!(nobody.title, "Not authorised yet – Webex gateway");
    window.picture("not-authorised-yet").await;

    // She declines, changes her mind, and mistypes her password.
    window.open(&login).await;
    window.press(ADMINISTRATOR).await;
    let declined = window.press("Decline").await;
    window.picture("declined").await;
    assert_refused(&declined, 403, "The authorisation was declined");
    assert_eq!(stack.gateway.health().await.unwrap().action(), "reauthorise");
    window.open(&login).await;
    window.press(ADMINISTRATOR).await;
    window.fill("Password", "avery-at-amce").await;
    let again = window.press("Accept").await;
    window.picture("wrong-password").await;
    assert!(again.text.contains("That password is wrong"), "{}", again.text);
    window.fill("Password", ADMINISTRATOR_PASSWORD).await;
    assert_confirmed(&window.press("Accept").await, &stack);
    assert_acts_for_her(&stack).await;
    let tokens = stack.tokens().await.unwrap();
    let application = Callers::start(&stack.gateway, 1);

    // By either way a stranger is told no, and a refusal does not say who is served instead.
    for (way, address) in [("login", &login), ("portal", &portal)] {
        window.open(address).await;
        let refused = accept_as(&mut window, STRANGER).await;
        window.picture(&format!("wrong-organisation-by-{way}")).await;
        assert_refused(&refused, 403, "Wrong organisation");
        assert_gives_nothing_away(&refused);
        assert_eq!(stack.tokens().await.unwrap(), tokens);
    }

    // She declines now, which takes nothing away from what she has granted.
    window.open(&portal).await;
    window.press(ADMINISTRATOR).await;
    assert_refused(
        &window.press("Decline").await,
        403,
        "The authorisation was declined",
    );
    assert_eq!(stack.tokens().await.unwrap(), tokens);
    assert_acts_for_her(&stack).await;

    // From a colleague's login on the gateway acts for him.
    window.open(&portal).await;
    assert_confirmed(&accept_as(&mut window, COLLEAGUE).await, &stack);
    assert_eq!(stack.gateway.me().await.unwrap(), [COLLEAGUE]);

    let calls = application.stop().await.into_iter();
    let mut owners: Vec<String> = calls.flat_map(|call| call.expect("no call fails")).collect();
    owners.dedup();
    assert_eq!(
        owners,
        [ADMINISTRATOR, COLLEAGUE],
        "each call was for one or the other, in this order"
    );
    assert_well_behaved(&mut window).await;
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}
