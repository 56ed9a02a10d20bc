//! What else can arrive at the callback: nothing of it costs the tokens held.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use webex_sim::types::EntryFilter;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bench::{ADMIN, Bench, STRANGER};
use crate::stub::{self, read_head, talk};

#[tokio::test]
async fn a_callback_that_brings_no_code_says_why_and_what_to_do() {
    let bench = Bench::authorised().await;
    let before = bench.stored();
    for (query, status, text) in [
        ("", 400, "the address has no code"),
        ("?code=", 400, "the address has no code"),
        ("?state=set_state_here", 400, "the address has no code"),
        ("?code=a%0d%0ab", 400, "the code in the address is damaged"),
        ("?code=a&code=b", 400, "the code in the address is damaged"),
        (
            "?error=access_denied&error_description=%3Cscript%3E",
            403,
            "the request was declined in Webex",
        ),
        (
            "?error=invalid_scope",
            400,
            "Webex does not allow one of the requested scopes",
        ),
        (
            "?error=server_error",
            502,
            "Webex could not complete the authorisation",
        ),
        (
            "?error=%3Cscript%3Ealert(1)%3C/script%3E",
            502,
            "Webex could not complete the authorisation",
        ),
        ("?code=unknown-code", 400, "Webex did not accept the code"),
    ] {
        let page = bench.get(&format!("/api/v01/webex/auth/code{query}")).await;
        assert_eq!(page.status, status, "{query}");
        assert!(
            page.text.contains(text) && page.text.contains("What to do"),
            "{query}: {}",
            page.text
        );
        assert!(!page.text.contains("<script"), "{query} is reflected");
    }
    assert_eq!(bench.stored(), before);
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
}

#[tokio::test]
async fn every_page_is_sealed() {
    let bench = Bench::start().await;
    for path in [
        "/api/v01/webex/auth/code",
        "/api/v01/webex/auth/done",
        "/api/v01/webex/auth/login",
        "/api/v01/webex/other",
    ] {
        let page = bench.get(path).await;
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn a_reload_shows_the_first_result_and_redeems_nothing() {
    let bench = Bench::start().await;
    let callback = bench.log_in(ADMIN).await;
    for _ in 0..3 {
        assert_eq!(bench.get(&callback).await.status, 303);
    }
    assert_eq!(bench.exchanges().await, 1);
}

#[tokio::test]
async fn a_code_that_comes_twice_at_once_is_redeemed_once() {
    let bench = Bench::start().await;
    let callback = bench.log_in(ADMIN).await;
    let (first, second) = tokio::join!(bench.get(&callback), bench.get(&callback));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(bench.exchanges().await, 1);
}

#[tokio::test]
async fn looking_ahead_redeems_nothing() {
    let bench = Bench::start().await;
    let callback = bench.log_in(ADMIN).await;
    let url = bench.url(&callback);
    for request in [
        bench.http.head(&url),
        bench.http.get(&url).header("Sec-Purpose", "prefetch;prerender"),
        bench.http.get(&url).header("Purpose", "prefetch"),
        bench.http.get(&url).header("X-Moz", "prefetch"),
    ] {
        assert_eq!(bench.send(request).await.status, 204);
    }
    assert_eq!(bench.exchanges().await, 0);
    assert_eq!(bench.get(&callback).await.status, 303);
}

#[tokio::test]
async fn a_used_code_is_refused_by_another_gateway_process_too() {
    let mut bench = Bench::start().await;
    let callback = bench.log_in(ADMIN).await;
    assert_eq!(bench.get(&callback).await.status, 303);
    bench.restart().await;
    let page = bench.get(&callback).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("A code works once"), "{}", page.text);
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
}

#[tokio::test]
async fn a_flood_of_codes_is_stopped_before_it_reaches_webex() {
    let bench = Bench::start().await;
    for number in 0..12 {
        let page = bench
            .get(&format!("/api/v01/webex/auth/code?code=guess-{number}"))
            .await;
        assert_eq!(page.status, if number < 10 { 400 } else { 429 });
    }
    assert_eq!(bench.exchanges().await, 10);
}

#[tokio::test]
async fn a_code_that_webex_never_answered_may_be_tried_again() {
    let bench = Bench::builder().webex(stub::unreachable().await).start().await;
    for _ in 0..2 {
        let page = bench.get("/api/v01/webex/auth/code?code=abc").await;
        assert_eq!(page.status, 502);
        assert!(page.text.contains("Webex could not be reached"), "{}", page.text);
    }
    assert_eq!(bench.log().matches("fetch token request").count(), 2);
}

#[tokio::test]
async fn a_wrong_client_secret_names_the_configuration() {
    let bench = Bench::builder().variable("client_secret", "wrong").start().await;
    let callback = bench.log_in(ADMIN).await;
    let page = bench.get(&callback).await;
    assert_eq!(page.status, 503);
    assert!(
        page.text
            .contains("Check client_id, client_secret and redirect_uri"),
        "{}",
        page.text
    );
    assert!(bench.log().contains("invalid_client"));
}

#[tokio::test]
async fn nothing_else_below_the_callbacks_prefix_reaches_webex() {
    let bench = Bench::authorised().await;
    for path in [
        "/api/v01/webex",
        "/api/v01/webex/",
        "/api/v01/webex/v1/people/me",
        "/api/v01/webex/auth/code/x",
    ] {
        assert_eq!(bench.get(path).await.status, 404, "{path}");
    }
    assert_eq!(
        bench
            .send(bench.http.post(bench.url("/api/v01/webex/auth/code")))
            .await
            .status,
        405
    );
    let filter = EntryFilter {
        not_simulated: Some(true),
        ..EntryFilter::default()
    };
    assert_eq!(bench.control().journal_count(&filter).await.unwrap(), 0);
}

#[tokio::test]
async fn a_callback_port_serves_the_callback_and_nothing_else() {
    let bench = Bench::builder().flag("-callbackPort=0").start().await;
    let callback = format!("http://{}", bench.callback.expect("a port of its own"));
    let path = bench.log_in(ADMIN).await;
    assert_eq!(
        bench
            .send(bench.http.get(format!("{callback}{path}")))
            .await
            .status,
        303
    );
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    assert_eq!(bench.get("/api/v01/webex/auth/code").await.status, 404);
    for path in ["/v1/people/me", "/health", "/livez", "/"] {
        assert_eq!(
            bench
                .send(bench.http.get(format!("{callback}{path}")))
                .await
                .status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn two_first_authorisations_at_once_pin_one_organisation() {
    let bench = Bench::start().await;
    let (own, other) = (bench.log_in(ADMIN).await, bench.log_in(STRANGER).await);
    let (own, other) = tokio::join!(bench.get(&own), bench.get(&other));
    let mut statuses = [own.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403]);
}

#[tokio::test]
async fn a_code_that_was_answered_is_final_even_if_nobody_can_say_whose_it_was() {
    let server = MockServer::start().await;
    let tokens = ResponseTemplate::new(200)
        .set_body_string("{\"access_token\":\"new-opaque-token\",\"refresh_token\":\"new-opaque-grant\"}");
    let exchange = Mock::given(path("/v1/access_token"))
        .respond_with(tokens)
        .expect(1);
    exchange.mount(&server).await;
    Mock::given(path("/v1/people/me"))
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    let bench = Bench::builder().webex(server.uri()).start().await;
    for _ in 0..2 {
        let page = bench.get("/api/v01/webex/auth/code?code=abc").await;
        assert_eq!(page.status, 502);
        assert!(
            page.text.contains("reloading this page does not help"),
            "{}",
            page.text
        );
    }
    assert!(!bench.tokens.exists());
}

#[tokio::test]
async fn tokens_whose_organisation_nobody_can_name_are_not_replaced_by_whoever_comes() {
    let server = MockServer::start().await;
    let tokens = ResponseTemplate::new(200)
        .set_body_string("{\"access_token\":\"new-opaque-token\",\"refresh_token\":\"new-opaque-grant\"}");
    Mock::given(path("/v1/access_token"))
        .respond_with(tokens)
        .expect(0)
        .mount(&server)
        .await;
    Mock::given(path("/v1/people/me"))
        .respond_with(ResponseTemplate::new(403))
        .mount(&server)
        .await;
    let at = webex_gateway::clock::wall_clock().unix_seconds();
    let file = format!(
        "{{\"access_token\":\"old-opaque-token\",\"refresh_token\":\"old-opaque-grant\",\"expires_in\":1209599,\"at\":{at}}}"
    );
    let bench = Bench::builder()
        .webex(server.uri())
        .tokens(file.clone())
        .start()
        .await;
    let page = bench.get("/api/v01/webex/auth/code?code=abc").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Set -orgID"), "{}", page.text);
    assert_eq!(std::fs::read_to_string(&bench.tokens).unwrap(), file);
}

#[tokio::test]
async fn an_old_file_learns_its_organisation_at_the_start() {
    let server = MockServer::start().await;
    let person =
        ResponseTemplate::new(200).set_body_string("{\"orgId\":\"5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11\"}");
    Mock::given(path("/v1/people/me"))
        .respond_with(person)
        .mount(&server)
        .await;
    let at = webex_gateway::clock::wall_clock().unix_seconds();
    let file = format!(
        "{{\"access_token\":\"old-opaque-token\",\"refresh_token\":\"old-opaque-grant\",\"expires_in\":1209599,\"at\":{at}}}"
    );
    let bench = Bench::builder().webex(server.uri()).tokens(file).start().await;
    while bench.stored()["org_id"] != "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_fills_the_callback_port_takes_nothing_from_the_other() {
    let bench = Bench::builder().flag("-callbackPort=0").start().await;
    let most = webex_gateway::descriptors::connections(true).callback;
    let full = format!("{most} connections are open");
    let mut clients = Vec::new();
    for _ in 0..most {
        assert!(!bench.log().contains(&full), "after {} already", clients.len());
        let mut client = TcpStream::connect(bench.callback.unwrap()).await.unwrap();
        client
            .write_all(b"GET /nothing HTTP/1.1\r\nHost: gw\r\n\r\n")
            .await
            .unwrap();
        assert!(read_head(&mut client).await.starts_with("HTTP/1.1 404 "));
        clients.push(client);
    }
    assert!(bench.log().contains(&full));
    assert_eq!(bench.get("/livez").await.status, 200);
    clients.pop();
    let next = talk(
        bench.callback.unwrap(),
        b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n",
    );
    assert!(next.await.starts_with("HTTP/1.1 404 "));
}
