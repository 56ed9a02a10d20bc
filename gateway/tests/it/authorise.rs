//! An administrator authorises the gateway.

use std::os::unix::fs::PermissionsExt as _;

use crate::bench::{ADMIN, Bench, NO_LONGER_YOUNG, STRANGER, cookie_of};

#[tokio::test]
async fn the_portals_address_authorises_and_calls_work() {
    let bench = Bench::start().await;
    assert_eq!(bench.get("/v1/people/me").await.status, 503);
    bench.authorise().await;

    let page = bench.get("/api/v01/webex/auth/done").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<h1>Authorised</h1>"), "{}", page.text);
    let me = bench.get("/v1/people/me").await;
    assert_eq!((me.status, me.json()["emails"][0].as_str()), (200, Some(ADMIN)));
}

#[tokio::test]
async fn the_tokens_are_stored_for_the_gateway_alone_with_the_organisation_that_authorised() {
    let bench = Bench::start().await;
    bench.authorise().await;
    let mode = std::fs::metadata(&bench.tokens).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let stored = bench.stored();
    assert_eq!(stored["org_id"], "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11");
    assert_eq!(stored["at"], bench.clock_seconds());
    assert_eq!(stored["token_type"], "Bearer");
}

#[tokio::test]
async fn a_restart_keeps_the_authorisation() {
    let mut bench = Bench::authorised().await;
    bench.restart().await;
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    assert_eq!(bench.refreshes().await, 0);
}

#[tokio::test]
async fn a_flow_that_the_gateway_starts_has_a_one_time_state_a_cookie_and_pkce() {
    let bench = Bench::builder().flag("-requireState").start().await;
    bench.control().accept_as(ADMIN).await.unwrap();
    let login = bench.get("/api/v01/webex/auth/login").await;
    assert_eq!(login.status, 303);
    assert!(
        login.header("location").contains("code_challenge_method=S256"),
        "{}",
        login.header("location")
    );
    let callback = bench.follow(login.header("location")).await;
    let (name, cookie) = cookie_of(&login);
    let done = bench
        .send(bench.http.get(bench.url(&callback)).header(name, cookie))
        .await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
}

#[tokio::test]
async fn a_flow_that_was_started_in_another_browser_is_refused() {
    let bench = Bench::start().await;
    bench.control().accept_as(ADMIN).await.unwrap();
    let login = bench.get("/api/v01/webex/auth/login").await;
    let callback = bench.follow(login.header("location")).await;
    let page = bench.get(&callback).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("started in another browser"), "{}", page.text);
    assert_eq!(bench.exchanges().await, 0);
}

#[tokio::test]
async fn with_require_state_the_portals_address_is_refused_before_anything_is_sent() {
    let bench = Bench::builder().flag("-requireState").start().await;
    let callback = bench.log_in(ADMIN).await;
    let page = bench.get(&callback).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("/api/v01/webex/auth/login"), "{}", page.text);
    assert_eq!(bench.exchanges().await, 0);
}

#[tokio::test]
async fn an_administrator_of_another_organisation_changes_nothing() {
    let bench = Bench::authorised().await;
    let before = bench.stored();
    let callback = bench.log_in(STRANGER).await;
    let page = bench.get(&callback).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("Wrong organisation"), "{}", page.text);
    assert_eq!(bench.stored(), before);
    assert_eq!(bench.get("/v1/people/me").await.json()["emails"][0], ADMIN);
}

#[tokio::test]
async fn a_second_administrator_of_the_same_organisation_takes_over() {
    let bench = Bench::authorised().await;
    let callback = bench.log_in("blake.moreno@acme.example.com").await;
    assert_eq!(bench.get(&callback).await.status, 303);
    assert_eq!(
        bench.get("/v1/people/me").await.json()["emails"][0],
        "blake.moreno@acme.example.com"
    );
}

#[tokio::test]
async fn the_operator_can_fix_the_organisation_beforehand() {
    let bench = Bench::builder()
        .flag("-orgID=b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622")
        .start()
        .await;
    let callback = bench.log_in(ADMIN).await;
    assert_eq!(bench.get(&callback).await.status, 403);
    assert!(!bench.tokens.exists());
    let callback = bench.log_in(STRANGER).await;
    assert_eq!(bench.get(&callback).await.status, 303);
}

#[tokio::test]
async fn a_file_of_the_go_program_pins_the_organisation_that_its_token_names() {
    let file = include_str!("../../../fixtures/tokens/go.json");
    let bench = Bench::builder().tokens(file).start().await;
    let callback = bench.log_in(ADMIN).await;
    assert_eq!(bench.get(&callback).await.status, 403);
    assert_eq!(std::fs::read_to_string(&bench.tokens).unwrap(), file);
}

#[tokio::test]
async fn after_a_password_change_the_administrator_logs_in_again_without_a_restart() {
    let bench = Bench::authorised().await;
    bench.control().change_password(ADMIN, "another").await.unwrap();
    let answer = bench.get("/v1/people/me").await;
    assert_eq!((answer.status, answer.gateway_error()), (503, "not_authorised"));
    assert_eq!(answer.json()["action"], "reauthorise");
    bench.authorise().await;
    bench.clock.advance(NO_LONGER_YOUNG);
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
}

impl Bench {
    fn clock_seconds(&self) -> i64 {
        use webex_gateway::clock::Clock as _;
        self.clock.now().wall.unix_seconds()
    }
}
