//! An administrator logs in with a real browser, through nginx. Pictures of what she sees are in `target/e2e/<test>/`.
//!
//! - [`portal`]: by the address that Webex's portal shows · [`login`]: by the gateway's own
//! - [`others`]: she declines; somebody of another organisation, and a colleague
//! - [`tls`]: as in the field, with TLS in front

mod login;
mod others;
mod portal;
mod tls;

use e2e::chromium::{Page, Window};
use e2e::stack::{ADMINISTRATOR, PUBLIC_HOST, Stack};
use webex_sim::types::EntryFilter;

use crate::common::{CALLBACK, DONE};

/// Picks an account on Webex's first page and accepts on the second, where the simulator has filled the password in.
async fn accept_as(window: &mut Window, account: &str) -> Page {
    window.press(account).await;
    window.press("Accept").await
}

/// She is told that it worked, on a page that gives nothing away.
#[track_caller]
fn assert_confirmed(page: &Page, stack: &Stack) {
    assert_eq!(
        page.url.as_str(),
        stack.public_url(DONE),
        "no code stays in the address"
    );
    assert_eq!((page.status, &*page.title), (200, "Authorised – Webex gateway"));
    assert!(page.text.contains("You can close this page."), "{}", page.text);
    assert_eq!(page.referrer, "", "the page does not know where she came from");
    assert_gives_nothing_away(page);
}

/// She is told that it did not work, and what to do.
#[track_caller]
fn assert_refused(page: &Page, status: u16, title: &str) {
    let whole = format!("{title} – Webex gateway");
    assert_eq!((page.status, &page.title), (status, &whole), "{}", page.text);
    assert!(page.text.contains("Nothing has changed"), "{}", page.text);
    assert!(page.text.contains("What to do"), "{}", page.text);
    // The code of a refused authorisation may be in the address: it is spent.
    assert_eq!(page.url.path(), CALLBACK);
}

/// Nobody learns a secret from the page, nor for whom the gateway acts: anybody can open it.
#[track_caller]
fn assert_gives_nothing_away(page: &Page) {
    assert_eq!(page.secrets(), [""; 0]);
    for name in ["acme", "Acme", "5f2a61c0", "avery", "Avery"] {
        assert!(!page.html.contains(name), "{name} is on the page:\n{}", page.html);
    }
}

/// The pages asked nobody but nginx, Webex and the gateway, and the browser has nothing against them. What it notes of
/// the network is the status of a page.
async fn assert_well_behaved(window: &mut Window) {
    let hosts = [PUBLIC_HOST, "webexapis.com", "webex_gw"];
    for request in window.requests().await {
        let host = request.url.host_str().unwrap_or_default();
        assert!(
            hosts.contains(&host),
            "a page asks {host} for a {}: {}",
            request.purpose,
            request.url
        );
        assert_eq!(request.purpose, "Document", "a page loads {}", request.url);
    }
    let complaints = window.complaints().await.iter();
    let complaints: Vec<_> = complaints
        .filter(|complaint| complaint.source != "network")
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// Presses the back button until Webex's page is there: how often depends on how the browser counts redirects.
async fn back_to_webex(window: &mut Window) {
    for _ in 0..3 {
        if window.back().await.url.host_str() == Some("webexapis.com") {
            return;
        }
    }
    panic!("Webex's page is not in the history");
}

/// Where Webex sent the browser back to, the last time.
async fn callback(window: &mut Window) -> String {
    let mut requests = window.requests().await.iter().rev();
    let last = requests
        .find(|request| request.url.path() == CALLBACK)
        .expect("Webex leads back");
    assert!(
        last.url.query().unwrap_or_default().contains("code="),
        "Webex gives a code"
    );
    last.url.to_string()
}

/// How many codes the gateway has redeemed.
async fn redeemed(stack: &Stack) -> usize {
    let redemptions = EntryFilter::grant("authorization_code");
    let count = stack.webex.journal_count(&redemptions).await;
    count.expect("the simulator keeps a journal")
}

/// Applications call in the name of the administrator.
async fn assert_acts_for_her(stack: &Stack) {
    let person = stack.gateway.me().await.expect("applications can call");
    assert_eq!(person, [ADMINISTRATOR]);
}
