//! The gateway's own way: a state that works once, in the browser where it was started, and PKCE.

use e2e::chromium::Chromium;
use e2e::stack::{ADMINISTRATOR, PUBLIC_HOST, Stack};
use reqwest::Url;
use webex_sim::types::EntryFilter;

use super::{
    accept_as, assert_acts_for_her, assert_confirmed, assert_refused, assert_well_behaved, back_to_webex,
    callback, redeemed,
};
use crate::common::LOGIN;

#[tokio::test(flavor = "multi_thread")]
async fn she_logs_in_where_the_gateway_starts_it_once_and_in_one_browser() {
    let Some(chromium) = Chromium::installed() else {
        return;
    };
    let stack = Stack::start().await;
    let mut window = chromium.window(&stack).await;
    let login = stack.public_url(LOGIN);

    // The gateway sends her to Webex with a state of its own, which a cookie binds to this browser.
    let accounts = window.open(&login).await;
    assert_eq!(accounts.url.host_str(), Some("webexapis.com"), "{}", accounts.url);
    assert_eq!(parameter(&accounts.url, "code_challenge_method"), "S256");
    let state = parameter(&accounts.url, "state");
    assert!(state.starts_with("webex_gw."), "{state}");
    let cookies = window.cookies().await;
    let [cookie] = &cookies[..] else {
        panic!("one cookie: {cookies:?}");
    };
    assert!(cookie.name.starts_with("webex_gw_login_"), "{cookie:?}");
    assert_eq!(
        (&*cookie.domain, &*cookie.same_site),
        (PUBLIC_HOST, "Lax"),
        "{cookie:?}"
    );
    assert!(cookie.is_http_only && !cookie.is_secure, "{cookie:?}");

    let done = accept_as(&mut window, ADMINISTRATOR).await;
    assert_confirmed(&done, &stack);
    assert_eq!(window.cookies().await, [], "the login is over");
    assert_acts_for_her(&stack).await;
    let redemption = stack
        .webex
        .journal(&EntryFilter::grant("authorization_code"))
        .await;
    assert!(
        redemption.unwrap()[0].form("code_verifier").is_some(),
        "PKCE is used"
    );

    // The first result is shown again, also without the cookie.
    let callback = callback(&mut window).await;
    assert_confirmed(&window.open(&callback).await, &stack);
    assert_eq!(redeemed(&stack).await, 1);

    // Back is Webex's page. The login is used up: if she accepts once more she is told to begin again.
    back_to_webex(&mut window).await;
    let tokens = stack.tokens().await.unwrap();
    let refused = window.press("Accept").await;
    window.picture("used-up").await;
    assert_refused(&refused, 400, "Please start again");

    // So is she where another browser began than the one that comes back.
    window.open(&login).await;
    window.forget_cookies().await;
    let refused = accept_as(&mut window, ADMINISTRATOR).await;
    window.picture("other-browser").await;
    assert_refused(&refused, 400, "Please start again");
    assert!(refused.text.contains("another browser"), "{}", refused.text);

    assert_eq!(redeemed(&stack).await, 1, "neither code was redeemed");
    assert_eq!(stack.tokens().await.unwrap(), tokens);
    assert_acts_for_her(&stack).await;

    // What she is told to do works.
    window.open(&login).await;
    assert_confirmed(&accept_as(&mut window, ADMINISTRATOR).await, &stack);
    assert_well_behaved(&mut window).await;
}

fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(own, _)| own == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}
