//! The states of the authorisation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::AUTHORIZATION;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::moment::Moment;
use crate::bench::{ADMIN, Bench};
use crate::stub::{self, tokens_file, unreachable};

/// After this the background refreshes: 10 of 14 days are over.
pub(super) const DUE: Duration = Duration::from_hours(264);
/// What Webex says of a refresh token that is dead.
const DEAD: &str = r#"{"error":"invalid_grant","error_description":"The refresh token provided is expired, revoked, malformed, or invalid."}"#;
/// What Webex says of a client that it does not know.
const REFUSED: &str = r#"{"error":"invalid_client","error_description":"Invalid client"}"#;
/// What a code brings.
const NEW_TOKENS: &str = r#"{"access_token":"new-access-token_x_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11","expires_in":1209599,
"refresh_token":"the-refresh-token-2"}"#;

/// A tokens file whose access token ended long ago.
pub(super) fn ended() -> String {
    tokens_file().replace("\"at\":", "\"at\":1769606789,\"was\":")
}

/// A Webex whose calls work and whose token endpoint gives this answer.
pub(super) async fn webex(token: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    for mock in [
        Mock::given(path("/v1/access_token")).respond_with(token),
        Mock::given(path("/")).respond_with(ResponseTemplate::new(404)),
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_string("{}")),
    ] {
        mock.mount(&server).await;
    }
    server
}

/// A gateway whose tokens are in this file, in front of a Webex whose token endpoint gives this answer.
async fn refreshing_from(token: ResponseTemplate, tokens: String) -> (Bench, MockServer) {
    let server = webex(token).await;
    let bench = Bench::builder()
        .webex(server.uri())
        .tokens(tokens)
        .flag("-timeout=300ms");
    (bench.start().await, server)
}

pub(super) async fn unauthorised() -> Vec<Moment> {
    vec![Bench::start().await.moment("").await]
}

pub(super) async fn ok() -> Vec<Moment> {
    let bench = Bench::authorised().await;
    let authorised = bench.moment("").await;
    bench.clock.advance(DUE);
    bench.logs("state refreshing -> ok").await;
    vec![authorised, bench.moment("refreshed").await]
}

pub(super) async fn refreshing() -> Vec<Moment> {
    /// The last that is said before Webex is asked.
    const ASKS: &str = "refreshing token for oauth2 protocol";
    let slow = || ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
    let working = after(slow(), tokens_file(), ASKS, "").await;
    vec![working, after(slow(), ended(), ASKS, "ended").await]
}

/// Of a gateway with these tokens, in front of a Webex whose token endpoint gives this answer, when the log says `text`.
async fn after(answer: ResponseTemplate, tokens: String, text: &str, name: &'static str) -> Moment {
    let works = tokens != ended();
    let (bench, _webex) = refreshing_from(answer, tokens).await;
    if works {
        bench.clock.advance(DUE);
    }
    bench.logs(text).await;
    bench.moment(name).await
}

pub(super) async fn degraded() -> Vec<Moment> {
    const FAILED: &str = "refresh failed, it is tried again";
    let server = webex(ResponseTemplate::new(200)).await;
    let gone = format!("{}/v1/access_token", unreachable().await);
    let mut moments = Vec::new();
    for (tokens, name) in [(tokens_file(), ""), (ended(), "ended")] {
        let bench = Bench::builder().webex(server.uri()).tokens(tokens);
        let bench = bench.flag(&format!("-tokenURL={gone}")).start().await;
        bench.clock.advance(DUE);
        bench.logs(FAILED).await;
        let moment = bench.moment(name).await;
        moments.push(moment.naming(&gone, "https://webexapis.com/v1/access_token"));
    }
    for (name, answer) in [
        (
            "limited",
            ResponseTemplate::new(429).insert_header("retry-after", "120"),
        ),
        ("broken", ResponseTemplate::new(503)),
        (
            "nonsense",
            ResponseTemplate::new(200).set_body_string("<html>please log in</html>"),
        ),
        (
            "proxy",
            ResponseTemplate::new(403).set_body_string("<html>blocked</html>"),
        ),
    ] {
        moments.push(after(answer, tokens_file(), FAILED, name).await);
    }
    moments
}

pub(super) async fn reauthorise() -> Vec<Moment> {
    let bench = Bench::authorised().await;
    bench.control().change_password(ADMIN, "another").await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.status, 503);
    let refused = bench.moment("").await;
    bench.authorise().await;
    let mended = bench.moment("mended").await;
    drop(bench);
    let answer = ResponseTemplate::new(400).set_body_string(DEAD);
    vec![
        refused,
        mended,
        after(answer, tokens_file(), "refresh refused", "working").await,
    ]
}

pub(super) async fn misconfigured() -> Vec<Moment> {
    let refusal = || ResponseTemplate::new(400).set_body_string(REFUSED);
    let out = after(refusal(), ended(), "refresh refused", "").await;
    vec![
        out,
        after(refusal(), tokens_file(), "refresh refused", "working").await,
    ]
}

pub(super) async fn refresh_token_ending() -> Vec<Moment> {
    let server = webex(ResponseTemplate::new(200)).await;
    let near = tokens_file().replace("7775999", "2000000");
    let bench = Bench::builder().webex(server.uri()).tokens(near).start().await;
    bench.logs("the refresh token ends in").await;
    let near = bench.moment("").await;
    drop(bench);
    let answer = ResponseTemplate::new(400).set_body_string(DEAD);
    vec![near, after(answer, ended(), "refresh refused", "over").await]
}

pub(super) async fn new_tokens_refused() -> Vec<Moment> {
    // Too busy to say whose the new token is; when it has time, it says that the token is nobody's.
    let asked = Arc::new(AtomicBool::new(false));
    let api = move |request: Request| {
        let known = request.headers()[AUTHORIZATION] == "Bearer first-access-token";
        let status = match known {
            true => 200,
            false if asked.swap(true, Ordering::SeqCst) => 401,
            false => 503,
        };
        std::future::ready(Response::builder().status(status).body(Body::from("{}")).unwrap())
    };
    let token = |form: String| {
        let (status, body) = match form.contains("grant_type=authorization_code") {
            true => (200, NEW_TOKENS),
            false => (400, DEAD),
        };
        Response::builder().status(status).body(Body::from(body)).unwrap()
    };
    let webex = stub::serve_tokens(token, api).await;
    let bench = Bench::builder().webex(webex).tokens(tokens_file()).start().await;
    let callback = "/api/v01/webex/auth/code?code=abc&state=set_state_here";
    assert_eq!(bench.get(callback).await.status, 303);
    vec![bench.moment("").await]
}
