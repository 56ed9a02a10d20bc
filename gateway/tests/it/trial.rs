//! Tokens that nobody has used yet: those they replace come back if Webex refuses them.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::AUTHORIZATION;

use crate::bench::{Bench, NO_LONGER_YOUNG};
use crate::stub;

/// A Webex that is too busy to say whose a token is, and takes nothing but the first access token.
async fn busy_webex(codes_work: bool) -> String {
    let api = |request: Request| async move {
        let status = match (request.uri().path(), request.headers().get(AUTHORIZATION)) {
            ("/v1/people/me", _) => 503,
            (_, Some(bearer)) if bearer == "Bearer first-access-token" => 200,
            _ => 401,
        };
        Response::builder().status(status).body(Body::empty()).unwrap()
    };
    let token = move |form: String| {
        let (status, body) = match (form.contains("grant_type=authorization_code"), codes_work) {
            (true, true) => (
                200,
                r#"{"access_token":"new-access-token_x_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
                    "expires_in":1209599,"refresh_token":"the-refresh-token-2"}"#,
            ),
            _ => (400, r#"{"error":"invalid_grant"}"#),
        };
        Response::builder().status(status).body(Body::from(body)).unwrap()
    };
    stub::serve_tokens(token, api).await
}

#[tokio::test]
async fn an_authorisation_that_webex_cannot_confirm_replaces_the_tokens_held_only_once_it_has_worked() {
    let bench = Bench::builder()
        .webex(busy_webex(true).await)
        .tokens(stub::tokens_file())
        .start()
        .await;
    let before = bench.stored();
    let done = bench
        .get("/api/v01/webex/auth/code?code=abc&state=set_state_here")
        .await;
    assert_eq!(done.status, 303, "the token names the pinned organisation itself");
    assert!(
        std::fs::read_to_string(&bench.tokens)
            .unwrap()
            .contains("new-access-token")
    );

    let answer = bench.get("/v1/people/1").await;
    assert_eq!(answer.status, 200, "the tokens held before are in use again");
    assert!(bench.log().contains("so those held before are in use again"));
    assert_eq!(bench.stored(), before);
    let folder = std::fs::read_dir(bench.tokens.parent().unwrap()).unwrap();
    let copies = folder
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains(".replaced-")
        })
        .count();
    assert_eq!(copies, 1, "nothing is lost");
    bench.clock.advance(NO_LONGER_YOUNG);
    assert_eq!(bench.get("/v1/people/1").await.status, 200);
}

#[tokio::test]
async fn a_code_that_webex_refuses_changes_nothing() {
    let bench = Bench::builder()
        .webex(busy_webex(false).await)
        .tokens(stub::tokens_file())
        .start()
        .await;
    let before = std::fs::read_to_string(&bench.tokens).unwrap();
    let refused = bench
        .get("/api/v01/webex/auth/code?code=abc&state=set_state_here")
        .await;
    assert_eq!(refused.status, 400);
    assert_eq!(std::fs::read_to_string(&bench.tokens).unwrap(), before);
    assert_eq!(bench.get("/v1/people/1").await.status, 200);
}
