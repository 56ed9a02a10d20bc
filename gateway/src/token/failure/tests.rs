use super::*;

#[derive(Debug, PartialEq)]
enum Class {
    Tokens,
    Transient,
    Reauthorise,
    Misconfigured,
}

fn class(status: u16, body: &str) -> Class {
    let status = StatusCode::from_u16(status).unwrap();
    match interpret(status, &HeaderMap::new(), body.as_bytes()) {
        Ok(_) => Class::Tokens,
        Err(TokenError::Transient { .. }) => Class::Transient,
        Err(TokenError::Rejected {
            cause: Rejection::Grant,
            ..
        }) => Class::Reauthorise,
        Err(TokenError::Rejected {
            cause: Rejection::Client,
            ..
        }) => Class::Misconfigured,
    }
}

#[test]
fn a_transient_failure_tells_where_the_fault_lies() {
    for (status, body, expected) in [
        (200, "<html>", Fault::Malformed),
        (204, "", Fault::Malformed),
        (302, "", Fault::Unexpected),
        (403, "<html>blocked by the proxy</html>", Fault::Unexpected),
        (408, "", Fault::Timeout),
        (429, "", Fault::RateLimited),
        (400, r#"{"error":"slow_down"}"#, Fault::RateLimited),
        (400, r#"{"error":"temporarily_unavailable"}"#, Fault::ServerError),
        (503, "", Fault::ServerError),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let error = interpret(status, &HeaderMap::new(), body.as_bytes()).unwrap_err();
        let kept = error.without(&["x".to_owned()]);
        assert!(
            matches!(kept, TokenError::Transient { fault, .. } if fault == expected),
            "{status} {body}: {kept:?}"
        );
    }
}

#[test]
fn the_reason_tells_code_and_description_as_far_as_they_are_there() {
    for (body, expected) in [
        (
            r#"{"error":"invalid_grant"}"#,
            "the token endpoint answered 400: invalid_grant",
        ),
        (
            r#"{"error":"invalid_client","error_description":"Invalid client"}"#,
            "the token endpoint answered 400: invalid_client (Invalid client)",
        ),
        (
            r#"{"message":"Client Id is invalid","trackingId":"t"}"#,
            "the token endpoint answered 400: Client Id is invalid",
        ),
    ] {
        let error = interpret(StatusCode::BAD_REQUEST, &HeaderMap::new(), body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_error_code_decides() {
    for (status, body, expected) in [
        (
            400,
            r#"{"error":"invalid_request","error_description":"The refresh token provided is expired, revoked, malformed, or invalid.","trackingID":"t"}"#,
            Class::Reauthorise,
        ),
        (400, r#"{"error":"invalid_grant"}"#, Class::Reauthorise),
        (401, r#"{"error":"invalid_grant"}"#, Class::Reauthorise),
        // A sample of Webex's expects 401 for a refresh token that has ended.
        (
            401,
            r#"{"error":"invalid_request","error_description":"The refresh token provided is expired, revoked, malformed, or invalid."}"#,
            Class::Reauthorise,
        ),
        (
            400,
            r#"{"error":"invalid_client","error_description":"Invalid client"}"#,
            Class::Misconfigured,
        ),
        (401, r#"{"error":"invalid_client"}"#, Class::Misconfigured),
        (400, r#"{"error":"unauthorized_client"}"#, Class::Misconfigured),
        (400, r#"{"error":"invalid_scope"}"#, Class::Misconfigured),
        (400, r#"{"error":"unsupported_grant_type"}"#, Class::Misconfigured),
        (400, r#"{"error":"tokenlimit_reached"}"#, Class::Misconfigured),
        (
            400,
            r#"{"error":"invalid_request","error_description":"Parameter:client_id is blank"}"#,
            Class::Misconfigured,
        ),
        (
            400,
            r#"{"message":"client_secret cannot be null or empty","errors":[{"description":"client_secret cannot be null or empty"}]}"#,
            Class::Misconfigured,
        ),
        (
            401,
            r#"{"message":"The request requires a valid access token","trackingId":"t"}"#,
            Class::Misconfigured,
        ),
        (
            400,
            r#"{"message":"POST failed: HTTP/1.1 400 Bad Request (error = 'gone')","trackingId":"t"}"#,
            Class::Reauthorise,
        ),
        (400, r#"{"error":"slow_down"}"#, Class::Transient),
    ] {
        assert_eq!(class(status, body), expected, "{status} {body}");
    }
}

#[test]
fn trouble_on_the_way_is_transient() {
    for (status, body) in [
        (403, "<html>blocked by proxy</html>"),
        (403, r#"{"message":"blocked by proxy"}"#),
        (407, ""),
        (404, "not here"),
        (408, r#"{"error":"invalid_grant"}"#),
        (429, r#"{"error":"invalid_grant"}"#),
        (500, r#"{"error":"invalid_grant"}"#),
        (503, ""),
        (302, ""),
        (200, ""),
        (200, "<html>login</html>"),
        (200, "{}"),
    ] {
        assert_eq!(class(status, body), Class::Transient, "{status} {body}");
    }
}

#[test]
fn a_401_that_nobody_explains_blames_the_client() {
    assert_eq!(class(401, "<html>"), Class::Misconfigured);
}

#[test]
fn retry_after_is_read_and_nonsense_in_it_is_ignored() {
    let wait = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        retry_after(&headers)
    };
    assert_eq!(wait("30"), Some(Duration::from_secs(30)));
    assert_eq!(wait("rand(30),add(30)"), None);
    assert_eq!(wait("Wed, 21 Oct 2026 07:28:00 GMT"), None);
}

#[test]
fn a_server_cannot_forge_a_log_line() {
    let body =
        serde_json::json!({ "error": "invalid_grant\r\ntime=now", "error_description": "x".repeat(5000) });
    let error = interpret(
        StatusCode::BAD_REQUEST,
        &HeaderMap::new(),
        body.to_string().as_bytes(),
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(
        !text.contains(['\r', '\n']) && text.len() < 2 * LONGEST_DETAIL + 100,
        "{text}"
    );
}
