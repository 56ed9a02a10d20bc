//! Each rule of the authorize request.

use proptest::prelude::*;

use super::*;
use crate::seed::Seed;

const CALLBACK: &str = "http://localhost:9001/api/v01/webex/auth/code";

fn parse_query(query: &str, registered: &[&str]) -> Result<AuthorizeRequest, Failure> {
    let mut integration = Seed::default().integration;
    integration.client_id = "C1".into();
    let redirect_uris = registered.iter().map(|uri| (*uri).to_owned()).collect();
    let settings = Settings {
        redirect_uris,
        ..Settings::default()
    };
    parse(&Params::parse(query.as_bytes()), &integration, &settings)
}

fn redirected(query: &str) -> (String, String) {
    match parse_query(query, &[CALLBACK]) {
        Err(Failure::Redirect {
            error,
            description,
            state,
            target,
        }) => {
            assert_eq!((target.as_str(), state.as_deref()), (CALLBACK, Some("s")));
            (error, description)
        }
        other => panic!("{query}: {other:?}"),
    }
}

const GOOD: &str = "client_id=C1&response_type=code&scope=spark:people_read&state=s";

#[test]
fn a_good_request_is_read() {
    let request = parse_query(
        &format!("{GOOD}&redirect_uri={CALLBACK}&login_hint=a@b"),
        &[CALLBACK, "x:y"],
    )
    .unwrap();
    assert_eq!(
        (request.target.as_str(), request.sent_redirect_uri.as_deref()),
        (CALLBACK, Some(CALLBACK))
    );
    assert_eq!(request.login_hint.as_deref(), Some("a@b"));
}

#[test]
fn redirect_uri_may_be_left_out_only_when_there_is_one() {
    let request = parse_query(GOOD, &[CALLBACK]).unwrap();
    assert_eq!(
        (request.target.as_str(), request.sent_redirect_uri),
        (CALLBACK, None)
    );
    assert!(matches!(
        parse_query(GOOD, &[CALLBACK, "x:y"]),
        Err(Failure::Page(Problem::RedirectUri { .. }))
    ));
}

#[test]
fn redirect_uri_is_compared_character_by_character() {
    for sent in [
        "http://127.0.0.1:9001/api/v01/webex/auth/code",
        "http://localhost:9001/api/v01/webex/auth/code/",
    ] {
        let failure = parse_query(&format!("{GOOD}&redirect_uri={sent}"), &[CALLBACK]).unwrap_err();
        assert!(
            matches!(failure, Failure::Page(Problem::RedirectUri { .. })),
            "{sent}"
        );
    }
}

#[test]
fn a_client_in_doubt_gets_no_redirect() {
    let failure = |query| parse_query(query, &[CALLBACK]).unwrap_err();
    assert_eq!(failure("response_type=code"), Failure::Page(Problem::NoClient));
    assert_eq!(
        failure("client_id=C2"),
        Failure::Page(Problem::UnknownClient("C2".into()))
    );
    assert_eq!(
        failure("client_id=C1&client_id=C1"),
        Failure::Page(Problem::Repeated("client_id".into()))
    );
}

#[test]
fn other_problems_are_told_to_the_client() {
    let invalid_scope = (
        "invalid_scope".to_owned(),
        "The requested scope is invalid.".to_owned(),
    );
    let blank = |name: &str| ("invalid_request".to_owned(), format!("Parameter:{name} is blank"));
    let base = "client_id=C1&state=s";
    assert_eq!(redirected(base), blank("response_type"));
    assert_eq!(
        redirected(&format!("{base}&response_type=token")).0,
        "unsupported_response_type"
    );
    let base = format!("{base}&response_type=code");
    assert_eq!(redirected(&base), blank("scope"));
    assert_eq!(redirected(&format!("{base}&scope=spark:all")), invalid_scope);
    assert_eq!(redirected(&format!("{base}&scope=%20")), invalid_scope);
    assert_eq!(redirected(&format!("{base}&scope=a%22b")), invalid_scope);
    assert_eq!(redirected(&format!("{base}&scope=openid")), blank("nonce"));
    let base = format!("{base}&scope=spark:people_read");
    assert_eq!(
        redirected(&format!("{base}&code_challenge_method=S256")),
        blank("code_challenge")
    );
    assert_eq!(
        redirected(&format!("{base}&code_challenge=short")).0,
        "invalid_request"
    );
    let challenge = "c".repeat(43);
    assert_eq!(
        redirected(&format!(
            "{base}&code_challenge={challenge}&code_challenge_method=S512"
        ))
        .0,
        "invalid_request"
    );
}

proptest! {
    #[test]
    fn no_query_panics_or_redirects_elsewhere(query in "[ -~]{0,200}") {
        if let Err(Failure::Redirect { target, .. }) = parse_query(&format!("client_id=C1&{query}"), &[CALLBACK]) {
            prop_assert_eq!(target, CALLBACK);
        }
    }
}
