//! As in the field: TLS in front of the documented nginx block, `https` in the redirect URI.

use e2e::chromium::Chromium;
use e2e::eventually::eventually;
use e2e::stack::{ADMINISTRATOR, PUBLIC_HOST, START, Stack};

use super::{accept_as, assert_acts_for_her, assert_confirmed, assert_well_behaved, redeemed};
use crate::common::LOGIN;

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_work_with_tls_in_front_and_the_cookie_stays_within_it() {
    let Some(chromium) = Chromium::installed() else {
        return;
    };
    let stack = Stack::builder().over_tls().start().await;
    let login = stack.public_url(LOGIN);
    assert!(login.starts_with("https://"), "{login}");

    // A browser that was not told about the certificate does not take it.
    let mut mistrustful = chromium.mistrustful_window(&stack).await;
    let warning = mistrustful.open(&login).await;
    mistrustful.picture("not-believed").await;
    assert!(
        warning.text.contains("ERR_CERT_AUTHORITY_INVALID"),
        "{}",
        warning.text
    );
    let home = mistrustful.home().to_owned();
    drop(mistrustful);
    eventually("nothing is left of the browser", START, async || {
        anyhow::ensure!(!home.exists(), "{} is still there", home.display());
        Ok(())
    })
    .await;

    let mut window = chromium.window(&stack).await;
    window.open(&stack.own_portal_url()).await;
    assert_confirmed(&accept_as(&mut window, ADMINISTRATOR).await, &stack);
    assert_acts_for_her(&stack).await;

    window.open(&login).await;
    let cookies = window.cookies().await;
    let [cookie] = &cookies[..] else {
        panic!("one cookie: {cookies:?}");
    };
    // The browser takes a cookie of this name only over TLS, for this host alone and for all of its paths.
    assert!(cookie.name.starts_with("__Host-webex_gw_login_"), "{cookie:?}");
    assert_eq!(
        (&*cookie.domain, &*cookie.same_site),
        (PUBLIC_HOST, "Lax"),
        "{cookie:?}"
    );
    assert!(cookie.is_secure && cookie.is_http_only, "{cookie:?}");
    assert_confirmed(&accept_as(&mut window, ADMINISTRATOR).await, &stack);
    window.picture("done").await;
    assert_eq!(window.cookies().await, [], "the login is over");
    assert_eq!(redeemed(&stack).await, 2);
    assert_acts_for_her(&stack).await;

    let requests = window.requests().await;
    assert!(
        requests.iter().all(|request| request.url.scheme() == "https"),
        "{requests:#?}"
    );
    assert_well_behaved(&mut window).await;
}
