//! A human authorises the gateway once, with a browser.

use e2e::stack::{ADMINISTRATOR, PUBLIC_HOST, Stack};
use webex_sim::types::EntryFilter;

use super::common::{CALLBACK, DONE, FIELDS, LOGIN, STRANGER};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_in_and_applications_can_call() {
    let stack = Stack::start().await;
    let refused = stack.gateway.get("/v1/people/me").await.unwrap();
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-webex-gateway-error")),
        (503, "not_authorised")
    );

    // As a person does it: pick an account, see the scopes, accept.
    let mut browser = stack.browser().await;
    let accounts = browser.open(&stack.public_url(LOGIN)).await.unwrap();
    assert_eq!(accounts.url.host_str(), Some("webexapis.com"), "{}", accounts.url);
    let sign_in = browser
        .press(&accounts, "login_hint", ADMINISTRATOR)
        .await
        .unwrap();
    let done = browser.press(&sign_in, "decision", "accept").await.unwrap();

    // Webex sends the browser to nginx, the gateway sends it on: a reload of the last page repeats nothing.
    let (status, callback) = done.redirect_to(CALLBACK).expect("Webex leads back");
    assert_eq!((status.as_u16(), callback.host_str()), (302, Some(PUBLIC_HOST)));
    let (status, last) = done.redirect_to(DONE).expect("the gateway leads on");
    assert_eq!((status.as_u16(), last.host_str()), (303, Some(PUBLIC_HOST)));
    assert_eq!(done.status, 200, "{}", done.html);

    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let tokens = stack.tokens().await.unwrap();
    for field in FIELDS {
        assert!(!tokens[field].is_null(), "the tokens file has no {field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portals_address_works_as_well() {
    let stack = Stack::start().await;
    stack.webex.accept_as(ADMINISTRATOR).await.unwrap();

    let done = stack.browser().await.open(&Stack::portal_url()).await.unwrap();

    assert_eq!(done.status, 200, "{}", done.html);
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_take_the_gateway_over() {
    let stack = Stack::start().await;

    stack.webex.decline().await.unwrap();
    let declined = stack
        .browser()
        .await
        .open(&stack.public_url(LOGIN))
        .await
        .unwrap();
    assert_eq!(declined.status, 403, "{}", declined.html);
    assert_eq!(
        stack.gateway.health().await.unwrap().code,
        503,
        "nobody has consented"
    );

    stack.authorise().await;
    let tokens = stack.tokens().await.unwrap();

    stack.webex.accept_as(STRANGER).await.unwrap();
    let foreign = stack.browser().await.open(&Stack::portal_url()).await.unwrap();
    assert_eq!(foreign.status, 403, "{}", foreign.html);
    assert_eq!(
        stack.tokens().await.unwrap(),
        tokens,
        "another organisation changes nothing"
    );
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // The same code again shows the first result and is not redeemed again.
    stack.webex.accept_as(ADMINISTRATOR).await.unwrap();
    let mut browser = stack.browser().await;
    let first = browser.open(&Stack::portal_url()).await.unwrap();
    let (_, callback) = first.redirect_to(CALLBACK).expect("Webex leads back");
    let redeemed = stack
        .webex
        .journal_count(&EntryFilter::grant("authorization_code"))
        .await
        .unwrap();
    let again = browser.open(callback.as_str()).await.unwrap();
    assert_eq!((again.status, again.url), (first.status, first.url.clone()));
    assert_eq!(
        stack
            .webex
            .journal_count(&EntryFilter::grant("authorization_code"))
            .await
            .unwrap(),
        redeemed
    );
}
