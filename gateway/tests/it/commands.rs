//! `webex_gw tokens` and `webex_gw authorize-url` by the real binary.

use crate::bench::Bench;
use crate::process::{BINARY, bare};
use crate::stub::tokens_file;

async fn run(args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let output = bare(BINARY)
        .args(args)
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

const INTEGRATION: [(&str, &str); 2] = [
    ("client_id", "C1"),
    ("redirect_uri", "https://apio.example.com/api/v01/webex/auth/code"),
];

#[tokio::test]
async fn the_tokens_of_a_running_gateway_are_shown_without_secrets_and_without_settings() {
    let bench = Bench::authorised().await;
    let file = format!("-tokensFile={}", bench.tokens.display());
    let before = std::fs::read(&bench.tokens).unwrap();
    let (code, text, errors) = run(&["tokens", &file], &[]).await;
    assert_eq!((code, errors.as_str()), (0, ""));
    for part in [
        "valid until",
        "in 13 days",
        "organisation   5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
        "spark:people_read",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let (code, json, _) = run(
        &["tokens", "-json"],
        &[("WEBEX_GW_TOKENS_FILE", bench.tokens.to_str().unwrap())],
    )
    .await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, 0);
    assert_eq!(json["org_id"], "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11");
    assert_eq!(json["access_token"]["expired"], false);
    assert_eq!(json["missing_scopes"], serde_json::json!([]));
    let stored = bench.stored();
    for shown in [text, json.to_string()] {
        for name in ["access_token", "refresh_token"] {
            assert!(!shown.contains(stored[name].as_str().unwrap()), "{shown}");
        }
    }
    assert_eq!(std::fs::read(&bench.tokens).unwrap(), before);
}

#[tokio::test]
async fn a_file_without_tokens_ends_with_code_1_and_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".tokens");
    let file = format!("-tokensFile={}", path.display());
    let (code, text, errors) = run(&["tokens", &file], &[]).await;
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(
        errors.starts_with("webex_gw: there is no file ") && errors.contains("authorize-url"),
        "{errors}"
    );
    assert!(!path.exists());
    std::fs::write(&path, &tokens_file()[..40]).unwrap();
    let (code, _, errors) = run(&["tokens", "-json", &file], &[]).await;
    assert_eq!((code, errors.lines().count()), (1, 1));
    assert!(
        errors.contains("is not JSON") && !errors.contains("first-access-token"),
        "{errors}"
    );
}

#[tokio::test]
async fn the_address_stands_alone_on_standard_output() {
    let (code, text, errors) = run(&["authorize-url"], &INTEGRATION).await;
    assert_eq!(
        (code, text.as_str()),
        (0, "https://apio.example.com/api/v01/webex/auth/login\n")
    );
    assert!(errors.contains("Partner Full Admin"), "{errors}");
    let (code, text, _) = run(&["authorize-url", "-portal"], &INTEGRATION).await;
    assert_eq!(code, 0);
    assert!(
        text.starts_with("https://webexapis.com/v1/authorize?client_id=C1&response_type=code&"),
        "{text}"
    );
    assert!(
        text.ends_with("&state=set_state_here\n") && !text.contains(['+', ' ']),
        "{text}"
    );

    let (code, text, errors) = run(&["authorize-url", "-portal", "-requireState"], &INTEGRATION).await;
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(errors.contains("-requireState"), "{errors}");
    let (code, _, errors) = run(&["authorize-url"], &INTEGRATION[..1]).await;
    assert_eq!(code, 2);
    assert!(
        errors.starts_with("webex_gw: redirect_uri is missing"),
        "{errors}"
    );
}

#[tokio::test]
async fn the_portals_address_authorises() {
    let bench = Bench::start().await;
    let sim = bench.sim.as_ref().unwrap();
    let webex = format!("-webexURL={}", sim.url());
    let variables = [
        ("client_id", sim.client_id()),
        ("redirect_uri", crate::bench::REDIRECT_URI),
    ];
    let (_, address, _) = run(&["authorize-url", "-portal", &webex], &variables).await;
    bench.control().accept_as(crate::bench::ADMIN).await.unwrap();
    let callback = bench.follow(address.trim()).await;
    assert_eq!(bench.get(&callback).await.status, 303);
}

#[tokio::test]
async fn what_stands_in_the_file_or_its_name_does_not_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("\u{1b}[2J.tokens");
    let file = format!("-tokensFile={}", path.display());
    let (code, _, absent) = run(&["tokens", &file], &[]).await;
    assert_eq!(code, 1);
    let scope = "spark:people_read\u{9b}2J\u{202e}";
    std::fs::write(&path, tokens_file().replace("spark:people_read", scope)).unwrap();
    let (_, text, _) = run(&["tokens", &file], &[]).await;
    let (_, json, _) = run(&["tokens", "-json", &file], &[]).await;
    for shown in [&absent, &text, &json] {
        assert!(
            !shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']) && shown.contains("[2J.tokens"),
            "{shown:?}"
        );
    }
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["scopes"][0], scope, "it is escaped, not changed");
}
