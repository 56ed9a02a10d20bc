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

/// Its token endpoint begins to answer and stops in the middle.
#[tokio::test]
async fn a_code_whose_answer_was_cut_off_is_spent() {
    let cut = stub::raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":\"").await;
    let bench = Bench::in_front_of(cut).await;
    for repeat in ["repeat=false", "repeat=true"] {
        let page = bench
            .get("/api/v01/webex/auth/code?code=abc&state=set_state_here")
            .await;
        assert_eq!(page.status, 502);
        assert!(
            page.text.contains("Webex answered, but not with tokens"),
            "{}",
            page.text
        );
        let line = format!("outcome=no_tokens {repeat}");
        assert!(bench.log().contains(&line), "{line}");
    }
}

/// A file of the Go program, with a token that does not tell whose it is.
#[tokio::test]
async fn tokens_of_another_organisation_than_the_configured_one_are_given_up_as_soon_as_webex_names_it() {
    let mut tokens: serde_json::Value = serde_json::from_str(&stub::tokens_file()).unwrap();
    tokens.as_object_mut().unwrap().remove("org_id");
    let api = |_| async { Response::new(Body::from(r#"{"orgId":"00000000-0000-4000-8000-000000000002"}"#)) };
    let token = |_| Response::builder().status(400).body(Body::empty()).unwrap();
    let bench = Bench::builder()
        .webex(stub::serve_tokens(token, api).await)
        .tokens(tokens.to_string())
        .flag("-orgID=00000000-0000-4000-8000-000000000001")
        .start()
        .await;
    let given_up = async {
        while bench.get("/readyz").await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), given_up)
        .await
        .unwrap();
    let refused = bench.get("/v1/people").await;
    assert_eq!((refused.status, refused.gateway_error()), (503, "not_authorised"));
    assert!(
        refused.text.contains("holds tokens of the organisation"),
        "{}",
        refused.text
    );
    assert_eq!(bench.stored(), tokens, "nothing is lost");
}
