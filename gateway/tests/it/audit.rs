//! Each authorisation that is tried leaves one line, and never its code.

use reqwest::header::COOKIE;
use webex_gateway::secret::fingerprint;

use crate::bench::{ADMIN, Bench, STRANGER, cookie_of};

/// The organisations of the simulator's administrators.
const ACME: &str = "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";

impl Bench {
    /// The audit lines, from their message on.
    fn audited(&self) -> Vec<String> {
        let log = self.log();
        let lines = log
            .lines()
            .filter_map(|line| line.split_once("msg=authorisation topic=audit "));
        lines.map(|(_, fields)| fields.to_owned()).collect()
    }
}

fn code_of(callback: &str) -> String {
    let query = callback.split_once("code=").expect("a code").1;
    query.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_authorisation_from_the_portal_a_repeat_of_it_and_a_strangers_leave_a_line_each() {
    let bench = Bench::start().await;
    let callback = bench.log_in(ADMIN).await;
    bench.get(&callback).await;
    bench.get(&callback).await;
    let code = fingerprint(&code_of(&callback));
    let callback = bench.log_in(STRANGER).await;
    bench.get(&callback).await;
    let other = fingerprint(&code_of(&callback));
    let lines = bench.audited();
    assert_eq!(
        lines[..2],
        [
            format!("outcome=success repeat=false state=portal org_found={ACME} code={code} peer=127.0.0.1"),
            format!(
                "outcome=success repeat=true state=portal org_found={ACME} org_expected={ACME} code={code} peer=127.0.0.1"
            ),
        ]
    );
    let stranger = &lines[2];
    assert!(
        stranger.starts_with("outcome=wrong_organization repeat=false state=portal org_found="),
        "{stranger}"
    );
    assert!(!stranger.contains(&format!("org_found={ACME}")), "{stranger}");
    assert!(
        stranger.ends_with(&format!(" org_expected={ACME} code={other} peer=127.0.0.1")),
        "{stranger}"
    );
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn a_flow_that_the_gateway_started_leaves_a_line_at_its_beginning_and_at_its_end() {
    let bench = Bench::start().await;
    bench.control().accept_as(ADMIN).await.unwrap();
    let login = bench.get("/api/v01/webex/auth/login").await;
    let callback = bench.follow(login.header("location")).await;
    let cookie = cookie_of(&login).1;
    bench
        .send(bench.http.get(bench.url(&callback)).header(COOKIE, cookie))
        .await;
    let code = fingerprint(&code_of(&callback));
    assert_eq!(
        bench.audited(),
        [
            "outcome=login_started repeat=false state=gateway peer=127.0.0.1".to_owned(),
            format!("outcome=success repeat=false state=gateway org_found={ACME} code={code} peer=127.0.0.1"),
        ]
    );
}

#[tokio::test]
async fn what_brings_no_usable_code_leaves_a_line_that_says_so() {
    let bench = Bench::start().await;
    for (query, line) in [
        ("", "outcome=missing_code repeat=false state=none peer=127.0.0.1"),
        (
            "?state=x",
            "outcome=missing_code repeat=false state=other peer=127.0.0.1",
        ),
        (
            "?code=a&code=b",
            "outcome=malformed_code repeat=false state=none peer=127.0.0.1",
        ),
        (
            "?error=access_denied&state=set_state_here",
            "outcome=declined repeat=false state=portal peer=127.0.0.1",
        ),
        (
            "?error=%22%20outcome%3Dsuccess",
            "outcome=webex_error repeat=false state=none peer=127.0.0.1",
        ),
    ] {
        let before = bench.audited().len();
        bench.get(&format!("/api/v01/webex/auth/code{query}")).await;
        let lines = bench.audited();
        assert_eq!(lines[before..], [line], "{query}");
    }
}

#[tokio::test]
async fn looking_ahead_leaves_no_line() {
    let bench = Bench::start().await;
    let callback = bench.log_in(ADMIN).await;
    for path in [callback.as_str(), "/api/v01/webex/auth/login"] {
        bench.send(bench.http.head(bench.url(path))).await;
        let ahead = bench.http.get(bench.url(path)).header("Purpose", "prefetch");
        bench.send(ahead).await;
    }
    assert_eq!(bench.audited(), [""; 0]);
}

#[tokio::test]
async fn codes_above_the_limit_leave_a_line_and_are_no_repeats() {
    let bench = Bench::start().await;
    for number in 0..11 {
        bench
            .get(&format!("/api/v01/webex/auth/code?code=guess-{number}"))
            .await;
    }
    let lines = bench.audited();
    let code = fingerprint("guess-10");
    assert_eq!(lines.len(), 11);
    assert_eq!(
        lines[10],
        format!("outcome=too_many repeat=false state=none code={code} peer=127.0.0.1")
    );
}

#[tokio::test]
async fn who_asked_is_the_peer_and_whom_it_claims_to_speak_for() {
    let bench = Bench::start().await;
    let request = bench
        .http
        .get(bench.url("/api/v01/webex/auth/code?error=access_denied"))
        .header("X-Real-IP", "198.51.100.7")
        .header("User-Agent", "a-browser-that-is-not-logged");
    bench.send(request).await;
    let line = "outcome=declined repeat=false state=none peer=127.0.0.1 client_claimed=198.51.100.7";
    assert_eq!(bench.audited(), [line]);
    assert!(!bench.audited()[0].contains("a-browser"));
}

#[tokio::test]
async fn in_json_the_fields_stand_apart() {
    let bench = Bench::builder().json_log().start().await;
    let callback = bench.log_in(ADMIN).await;
    let request = bench.http.get(bench.url(&callback));
    bench
        .send(request.header("X-Forwarded-For", "203.0.113.9, 198.51.100.8"))
        .await;
    let log = bench.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .filter(|line: &serde_json::Value| line["topic"] == "audit")
        .collect();
    let [line] = lines.as_slice() else {
        panic!("one line: {lines:?}");
    };
    let mut line = line.clone();
    line.as_object_mut().unwrap().remove("time").expect("a time");
    assert_eq!(
        line,
        serde_json::json!({
            "level": "info",
            "msg": "authorisation",
            "topic": "audit",
            "outcome": "success",
            "repeat": false,
            "state": "portal",
            "org_found": ACME,
            "code": fingerprint(&code_of(&callback)),
            "peer": "127.0.0.1",
            "client_claimed": "198.51.100.8",
        })
    );
}
