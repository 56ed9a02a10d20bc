//! Flows that the gateway starts: sealed in the browser, one-time, and not to be starved by strangers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::{COOKIE, SET_COOKIE};
use tokio::sync::Semaphore;

use crate::bench::{ADMIN, Answer, Bench};

const LOGIN: &str = "/api/v01/webex/auth/login";
const CODE: &str = "/api/v01/webex/auth/code";
const DONE: &str = "/api/v01/webex/auth/done";
/// What a token endpoint answers.
const TOKENS: &str =
    r#"{"access_token":"new-opaque-token","refresh_token":"new-opaque-grant","expires_in":1209599}"#;
/// What `people/me` answers.
const PERSON: &str = r#"{"orgId":"5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11"}"#;

/// Cookies by name, as a browser keeps them.
#[derive(Default)]
struct Browser(Vec<(String, String)>);

impl Browser {
    async fn get(&mut self, bench: &Bench, path: &str) -> Answer {
        let answer = bench
            .send(bench.http.get(bench.url(path)).header(COOKIE, self.cookies()))
            .await;
        self.keep(&answer.headers, bench);
        answer
    }

    fn keep(&mut self, headers: &http::HeaderMap, bench: &Bench) {
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !line.contains("Max-Age=0") {
                self.0.push((name.to_owned(), value.to_owned()));
                bench.is_secret(value);
            }
        }
    }

    fn cookies(&self) -> String {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Opens the login page; returns the address at Webex.
    async fn start(&mut self, bench: &Bench) -> String {
        let request = bench.http.get(bench.url(LOGIN)).header(COOKIE, self.cookies());
        // Not by the bench: this one answer may hold the secrets of the flow.
        let response = request.send().await.unwrap();
        self.keep(response.headers(), bench);
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Opens the login page and accepts at Webex; returns the path of the callback.
    async fn log_in(&mut self, bench: &Bench) -> String {
        let address = self.start(bench).await;
        bench.control().accept_as(ADMIN).await.unwrap();
        bench.follow(&address).await
    }
}

fn state_of(address: &str) -> String {
    let url = reqwest::Url::parse(address).unwrap();
    url.query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned()
}

fn assert_start_again(page: &Answer, cause: &str) {
    assert_eq!(page.status, 400, "{}", page.text);
    assert!(
        page.text.contains("Please start again") && page.text.contains(cause) && page.text.contains(LOGIN),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn two_tabs_of_one_browser_both_come_to_their_end() {
    let bench = Bench::builder().flag("-requireState").start().await;
    let mut browser = Browser::default();
    let (first, second) = (browser.log_in(&bench).await, browser.log_in(&bench).await);
    assert_eq!(browser.0.len(), 2);
    assert_eq!(browser.get(&bench, &first).await.status, 303);
    assert_eq!(browser.get(&bench, &second).await.status, 303);
    assert_eq!(bench.exchanges().await, 2);
    assert_eq!(browser.cookies(), "", "what is over is not kept");
}

#[tokio::test]
async fn a_browser_keeps_no_more_than_five_flows() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let first = browser.log_in(&bench).await;
    bench.clock.advance(Duration::from_secs(1));
    for _ in 0..4 {
        browser.start(&bench).await;
    }
    assert_eq!(browser.0.len(), 5);
    browser.start(&bench).await;
    assert_eq!(browser.0.len(), 5);
    let page = browser.get(&bench, &first).await;
    assert_start_again(&page, "another browser");
}

#[tokio::test]
async fn a_flood_of_login_pages_pushes_out_no_flow() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    for _ in 0..300 {
        Browser::default().start(&bench).await;
    }
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
}

#[tokio::test]
async fn a_reload_after_the_end_shows_the_first_result() {
    let bench = Bench::builder().flag("-requireState").start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    for _ in 0..3 {
        let answer = browser.get(&bench, &callback).await;
        assert_eq!((answer.status, answer.header("location")), (303, DONE));
    }
    assert_eq!(bench.exchanges().await, 1);
}

#[tokio::test]
async fn the_back_button_and_a_second_consent_bring_a_clear_page() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let address = browser.start(&bench).await;
    let kept = browser.cookies();
    bench.control().accept_as(ADMIN).await.unwrap();
    let callback = bench.follow(&address).await;
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
    let before = bench.stored();

    bench.control().accept_as(ADMIN).await.unwrap();
    let again = bench.follow(&address).await;
    // With the cookie, and without: the gateway has told the browser to forget it.
    let page = bench
        .send(bench.http.get(bench.url(&again)).header(COOKIE, kept))
        .await;
    assert_start_again(&page, "came back from it twice");
    assert_start_again(&browser.get(&bench, &again).await, "came back from it twice");
    assert_eq!(bench.exchanges().await, 1);
    assert_eq!(bench.stored(), before);

    let callback = browser.log_in(&bench).await;
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
}

#[tokio::test]
async fn two_codes_for_one_state_at_once_are_one_redemption() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let address = browser.start(&bench).await;
    let mut callbacks = Vec::new();
    for _ in 0..2 {
        bench.control().accept_as(ADMIN).await.unwrap();
        callbacks.push(bench.follow(&address).await);
    }
    let get = |path: &str| bench.send(bench.http.get(bench.url(path)).header(COOKIE, browser.cookies()));
    let (first, second) = tokio::join!(get(&callbacks[0]), get(&callbacks[1]));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400]);
    assert_eq!(bench.exchanges().await, 1);
}

#[tokio::test]
async fn another_browser_with_the_address_takes_nothing_from_the_right_one() {
    let bench = Bench::start().await;
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    let callback = browser.log_in(&bench).await;
    other.start(&bench).await;
    for _ in 0..12 {
        assert_start_again(&other.get(&bench, &callback).await, "another browser");
    }
    assert_eq!(bench.exchanges().await, 0);
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
}

#[tokio::test]
async fn a_cookie_that_was_changed_or_made_by_hand_opens_nothing() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    let (name, value) = browser.0[0].clone();
    let last = if value.ends_with('A') { 'Q' } else { 'A' };
    let changed = format!("{}{last}", &value[..value.len() - 1]);
    for forged in [changed.as_str(), "", "AAAA", &value[1..], "%00", "a=b=c"] {
        let request = bench
            .http
            .get(bench.url(&callback))
            .header(COOKIE, format!("{name}={forged}"));
        assert_start_again(&bench.send(request).await, "another browser");
    }
    // One put in front of the right one by a neighbour does no harm.
    let both = format!("{name}=forged; {name}={value}");
    let request = bench.http.get(bench.url(&callback)).header(COOKIE, both);
    assert_eq!(bench.send(request).await.status, 303);
}

#[tokio::test]
async fn a_state_that_was_changed_is_refused_before_anything_is_sent() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    let changed = callback.replace("state=webex_gw.", "state=webex_gw.A");
    assert_ne!(changed, callback);
    let page = browser.get(&bench, &changed).await;
    assert_start_again(&page, "its address was changed on the way");
    assert_eq!(bench.exchanges().await, 0);
}

#[tokio::test]
async fn after_ten_minutes_and_after_a_restart_the_page_says_start_again() {
    let mut bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    bench.clock.advance(Duration::from_mins(10));
    let page = browser.get(&bench, &callback).await;
    assert_start_again(&page, "more than ten minutes ago");

    let callback = browser.log_in(&bench).await;
    bench.restart().await;
    let page = browser.get(&bench, &callback).await;
    assert_start_again(&page, "before the gateway was restarted");
    assert_eq!(bench.exchanges().await, 0);
    let callback = browser.log_in(&bench).await;
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
}

#[tokio::test]
async fn a_flow_whose_code_was_never_answered_can_be_ended_by_a_reload() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webex = format!("http://{}", listener.local_addr().unwrap());
    let (mend, mut mended) = tokio::sync::oneshot::channel::<()>();
    let tokens = || async { TOKENS };
    let me = || async { PERSON };
    let router = axum::Router::new()
        .route("/v1/access_token", axum::routing::post(tokens))
        .route("/v1/people/me", axum::routing::get(me));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                broken = listener.accept() => drop(broken),
                _ = &mut mended => break,
            }
        }
        axum::serve(listener, router).await.unwrap();
    });
    let bench = Bench::builder().webex(webex).start().await;
    let mut browser = Browser::default();
    let state = state_of(&browser.start(&bench).await);
    let callback = format!("{CODE}?code=abc&state={state}");
    let first = browser.get(&bench, &callback).await;
    assert_eq!(first.status, 502);
    assert!(first.text.contains("reload this page"), "{}", first.text);
    mend.send(()).unwrap();
    let second = browser.get(&bench, &callback).await;
    assert_eq!((second.status, second.header("location")), (303, DONE));
}

#[tokio::test]
async fn a_flood_of_strangers_codes_does_not_starve_the_login_page() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    let mut last = 0;
    for number in 0..15 {
        last = bench.get(&format!("{CODE}?code=flood-{number}")).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
}

#[tokio::test]
async fn while_webex_is_silent_strangers_wait_in_no_queue_before_an_administrator() {
    let (gate, there) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (waits, came) = (Arc::clone(&gate), Arc::clone(&there));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webex = format!("http://{}", listener.local_addr().unwrap());
    // The token endpoint answers the administrator at once, and strangers when the gate opens.
    let exchange = move |body: String| {
        let (waits, came) = (Arc::clone(&waits), Arc::clone(&came));
        async move {
            if body.contains("code_verifier=") {
                return Body::from(TOKENS);
            }
            came.add_permits(1);
            waits.acquire().await.unwrap().forget();
            Body::from("{}")
        }
    };
    let me = || async { PERSON };
    let router = axum::Router::new()
        .route("/v1/access_token", axum::routing::post(exchange))
        .route("/v1/people/me", axum::routing::get(me));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let bench = Bench::builder().webex(webex).start().await;
    let strangers: Vec<_> = (0..2)
        .map(|number| {
            let request = bench.http.get(bench.url(&format!("{CODE}?code=slow-{number}")));
            tokio::spawn(request.send())
        })
        .collect();
    there.acquire_many(2).await.unwrap().forget();
    let third = bench.get(&format!("{CODE}?code=slow-2")).await;
    assert_eq!((third.status, third.header("retry-after")), (429, "60"));

    let mut browser = Browser::default();
    let state = state_of(&browser.start(&bench).await);
    let done = browser
        .get(&bench, &format!("{CODE}?code=own&state={state}"))
        .await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert!(
        !strangers.iter().any(tokio::task::JoinHandle::is_finished),
        "the administrator has waited for strangers"
    );
    gate.add_permits(2);
    for stranger in strangers {
        assert_eq!(stranger.await.unwrap().unwrap().status(), 502);
    }
    // Their places are free again.
    gate.add_permits(1);
    assert_eq!(bench.get(&format!("{CODE}?code=slow-2")).await.status, 502);
}

#[tokio::test]
async fn looking_ahead_starts_no_flow_and_ends_none() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    for path in [LOGIN, &callback] {
        let url = bench.url(path);
        for request in [
            bench.http.head(&url),
            bench.http.get(&url).header("Sec-Purpose", "prefetch"),
            bench.http.get(&url).header("X-Purpose", "preview"),
        ] {
            let answer = bench.send(request.header(COOKIE, browser.cookies())).await;
            assert_eq!(answer.status, 204, "{path}");
            assert!(!answer.headers.contains_key(SET_COOKIE) && !answer.headers.contains_key("location"));
            assert_sealed(&answer, path);
        }
    }
    assert_eq!(bench.exchanges().await, 0);
    assert_eq!(browser.get(&bench, &callback).await.status, 303);
}

/// What every answer at these addresses has, whatever its status.
fn assert_sealed(answer: &Answer, what: &str) {
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{what}");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
}

#[tokio::test]
async fn every_status_at_these_addresses_is_sealed_and_reflects_nothing() {
    let bench = Bench::authorised().await;
    let mark = "reflect-me-if-you-can";
    let query = format!("state={mark}&error_description={mark}&x={mark}");
    let mut seen = Vec::new();
    let mut check = |answer: Answer, what: &str| {
        assert_sealed(&answer, what);
        let all = format!("{:?} {}", answer.headers, answer.text);
        assert!(!all.contains(mark), "{what} is reflected: {all}");
        assert!(
            !answer.text.contains("http"),
            "{what} loads or links: {}",
            answer.text
        );
        seen.push(answer.status);
    };
    for path in [
        format!("{CODE}?{query}"),
        format!("{CODE}?error={mark}&{query}"),
        format!("{CODE}?error=access_denied&{query}"),
        format!("{DONE}?{query}"),
        format!("{CODE}/{mark}?{query}"),
        format!("/api/v01/webex/{mark}"),
    ] {
        check(bench.get(&path).await, &path);
    }
    for number in 0..11 {
        let path = format!("{CODE}?code={mark}-{number}&{query}");
        check(bench.get(&path).await, &path);
    }
    for path in [CODE, LOGIN, DONE] {
        for method in [http::Method::POST, http::Method::PUT, http::Method::OPTIONS] {
            let request = bench
                .http
                .request(method, bench.url(&format!("{path}?{query}")))
                .body(mark);
            let answer = bench.send(request).await;
            assert_eq!(answer.header("allow"), "GET, HEAD", "{path}");
            check(answer, path);
        }
    }
    for status in [200, 400, 403, 404, 405, 429, 502] {
        assert!(seen.contains(&status), "{status} was not seen: {seen:?}");
    }
}

#[tokio::test]
async fn after_the_callback_no_code_is_left_in_the_address() {
    let bench = Bench::start().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&bench).await;
    let answer = browser.get(&bench, &callback).await;
    assert_sealed(&answer, "the redirect");
    assert_eq!((answer.status, answer.header("location")), (303, DONE));
    let page = browser.get(&bench, DONE).await;
    assert_eq!(page.status, 200);
    let head = bench.send(bench.http.head(bench.url(DONE))).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}
