//! The documented way: the address that Webex's portal shows for an integration, with the portal's own fixed `state`.

use e2e::chromium::{Chromium, Look};
use e2e::stack::{ADMINISTRATOR, Stack};

use super::{assert_acts_for_her, assert_confirmed, assert_well_behaved, back_to_webex, callback, redeemed};

#[tokio::test(flavor = "multi_thread")]
async fn she_logs_in_by_the_portals_address_and_may_press_reload_and_back() {
    let Some(chromium) = Chromium::installed() else {
        return;
    };
    let stack = Stack::start().await;
    let mut window = chromium.window(&stack).await;

    let accounts = window.open(&stack.own_portal_url()).await;
    assert!(accounts.text.contains("Sign in to Webex"), "{}", accounts.text);
    window.picture("accounts").await;

    // What she grants is on the page; the simulator has filled her password in.
    let sign_in = window.press(ADMINISTRATOR).await;
    assert!(sign_in.text.contains("spark:people_read"), "{}", sign_in.text);
    window.picture("sign-in").await;
    let done = window.press("Accept").await;
    window.picture("done").await;
    assert_confirmed(&done, &stack);
    assert_acts_for_her(&stack).await;

    // A reload repeats nothing, nor does the address with the code, which the history still has.
    assert_confirmed(&window.reload().await, &stack);
    let callback = callback(&mut window).await;
    assert_confirmed(&window.open(&callback).await, &stack);
    assert_eq!(redeemed(&stack).await, 1);

    // Back, before all of that, is Webex's page. If she accepts once more, that is one more authorisation.
    back_to_webex(&mut window).await;
    assert_confirmed(&window.press("Accept").await, &stack);
    assert_eq!(redeemed(&stack).await, 2);
    assert_acts_for_her(&stack).await;

    // The same at night, on a telephone; and what an operator sees.
    window.look(Look::DarkAndSmall).await;
    window.reload().await;
    window.picture("done-dark-and-small").await;
    window.look(Look::Usual).await;
    let status = window.open("http://webex_gw:9001/status").await;
    assert_eq!(status.status, 200);
    assert_eq!(status.secrets(), [""; 0]);
    window.picture("status").await;

    assert_well_behaved(&mut window).await;
    assert_eq!(window.cookies().await, [], "nothing is kept");
    assert_eq!(
        stack.webex.violations().await.unwrap(),
        [],
        "the gateway does as Webex wants"
    );
}
