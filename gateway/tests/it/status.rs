//! `/status` tells people and programs how the gateway is, without asking Webex.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::header::ACCEPT;
use tokio::time::timeout;
use webex_sim::types::TokenKind;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bench::{ADMIN, Answer, Bench, NO_LONGER_YOUNG};
use crate::stub::tokens_file;

/// What no test waits longer for.
const PATIENCE: Duration = Duration::from_secs(20);

impl Bench {
    async fn status(&self) -> serde_json::Value {
        self.status_as("application/json").await.json()
    }

    async fn status_as(&self, accept: &str) -> Answer {
        let request = self.http.get(self.url("/status")).header(ACCEPT, accept);
        let answer = self.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }
}

/// A report, a field a line, with what differs from run to run cut out.
fn shown(bench: &Bench, report: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(report).unwrap();
    let folder = bench.tokens.parent().unwrap().display().to_string();
    text.replace(&folder, "<folder>")
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)", "<time>");
    settings.add_filter(r#""fingerprint": "[0-9a-f]{8}""#, r#""fingerprint": "<fp>""#);
    settings.add_filter(r"http://127\.0\.0\.1:\d+", "http://<webex>");
    settings
}

#[tokio::test]
async fn the_json_of_a_gateway_that_waits_for_its_administrator() {
    let bench = Bench::start().await;
    let report = shown(&bench, &bench.status().await);
    settings().bind(|| insta::assert_snapshot!("status_unauthorised", report));
}

#[tokio::test]
async fn the_json_of_a_gateway_that_works() {
    let bench = Bench::authorised().await;
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    bench.clock.advance(Duration::from_hours(1));
    let report = shown(&bench, &bench.status().await);
    settings().bind(|| insta::assert_snapshot!("status_ok", report));
}

#[tokio::test]
async fn the_json_of_a_gateway_whose_grant_is_dead() {
    let bench = Bench::authorised().await;
    bench.control().change_password(ADMIN, "another").await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.status, 503);
    bench.clock.advance(NO_LONGER_YOUNG);
    let report = shown(&bench, &bench.status().await);
    settings().bind(|| insta::assert_snapshot!("status_reauthorise", report));
}

#[tokio::test]
async fn the_guide_has_every_field_of_the_json_and_no_other() {
    let mut fields = BTreeSet::new();
    let proxied = Bench::builder()
        .variable("HTTP_PROXY", "http://127.0.0.1:9")
        .start()
        .await;
    collect("", &proxied.status().await, &mut fields);

    let refused = Bench::authorised().await;
    refused.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(refused.get("/v1/people/me").await.status, 200);
    refused.control().change_password(ADMIN, "another").await.unwrap();
    refused.clock.advance(NO_LONGER_YOUNG);
    assert_eq!(refused.get("/v1/people/me").await.status, 503);
    collect("", &refused.status().await, &mut fields);

    let broken = Bench::builder().tokens("not json").start().await;
    collect("", &broken.status().await, &mut fields);
    let folder = broken.tokens.parent().unwrap().to_owned();
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    broken.authorise().await;
    collect("", &broken.status().await, &mut fields);
    std::fs::rename(&aside, &folder).unwrap();

    let guide = crate::docs::document("docs/status.md");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<_> = rows
        .map(|row| row.split('`').next().unwrap().to_owned())
        .collect();
    assert_eq!(fields, documented);
}

/// The paths of all fields, those of objects inside included.
fn collect(prefix: &str, value: &serde_json::Value, fields: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let field = format!("{prefix}{name}");
        collect(&format!("{field}."), value, fields);
        if !value.is_object() {
            fields.insert(field);
        }
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_that_loads_nothing() {
    let bench = Bench::authorised().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = bench.status_as(browser).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("vary"), "accept");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    for loading in ["<script", "<link", "<img", "src=", "url(", "@import"] {
        assert!(!page.text.contains(loading), "{loading}");
    }
    for text in [
        "<h1>Working</h1>",
        "href=\"/metrics\"",
        "href=\"/health\"",
        "identity:people_read",
    ] {
        assert!(page.text.contains(text), "{text} is not on {}", page.text);
    }
    assert_eq!(
        bench.status_as("*/*").await.header("content-type"),
        "text/html; charset=utf-8"
    );
    assert_eq!(
        bench.status_as("application/json").await.header("content-type"),
        "application/json"
    );
}

#[tokio::test]
async fn the_page_says_what_to_do_and_where() {
    let bench = Bench::start().await;
    let page = bench.status_as("text/html").await.text;
    let login = "http://gateway.test/api/v01/webex/auth/login";
    assert!(page.contains("<h1>Not authorised yet</h1>"), "{page}");
    assert!(
        page.contains(&format!("<p><a href=\"{login}\">{login}</a></p>")),
        "{page}"
    );
    assert_eq!(bench.status().await["login_url"], login);
}

#[tokio::test]
async fn a_refresh_that_fails_is_told_by_whether_calls_still_work_and_by_who_can_mend_it() {
    let (fresh, ended) = (
        tokens_file(),
        tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":"),
    );
    for (tokens, status, error, summary, action) in [
        (&fresh, 500, "", "Working, but the last refresh failed", "retry"),
        (&ended, 500, "", "No valid access token", "retry"),
        (
            &fresh,
            400,
            "invalid_grant",
            "Working, but not for long",
            "reauthorise",
        ),
        (
            &ended,
            400,
            "invalid_grant",
            "The authorisation has ended",
            "reauthorise",
        ),
        (
            &fresh,
            401,
            "invalid_client",
            "Working, but Webex refuses this gateway",
            "fix_configuration",
        ),
        (
            &ended,
            401,
            "invalid_client",
            "Webex refuses this gateway",
            "fix_configuration",
        ),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_string(format!("{{\"error\":\"{error}\"}}"));
        Mock::given(path("/v1/access_token"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let bench = Bench::builder().webex(server.uri()).tokens(tokens).start().await;
        if tokens == &fresh {
            assert_eq!(bench.status().await["summary"], "Working");
            bench.clock.advance(Duration::from_hours(264));
        }
        let failed = async {
            while bench.status().await["trouble"].is_null() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, failed).await.expect("a refresh that fails");
        let report = bench.status().await;
        assert_eq!(
            (&report["summary"], &report["action"]),
            (&summary.into(), &action.into())
        );
        assert_eq!(report["ready"], tokens == &fresh);
        assert!(bench.status_as("text/html").await.text.contains(summary));
    }
}

#[tokio::test]
async fn what_a_server_says_is_escaped() {
    let server = MockServer::start().await;
    let answer = "{\"error\":\"invalid_grant\",\"error_description\":\"<script>alert(1)</script>\"}";
    Mock::given(path("/v1/access_token"))
        .respond_with(ResponseTemplate::new(400).set_body_string(answer))
        .mount(&server)
        .await;
    let ended = tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":");
    let bench = Bench::builder().webex(server.uri()).tokens(ended).start().await;
    assert_eq!(bench.get("/x").await.status, 503);
    let page = bench.status_as("text/html").await.text;
    assert!(page.contains("The authorisation has ended"), "{page}");
    assert!(page.contains("alert(1)") && !page.contains("<script"), "{page}");
    let trouble = &bench.status().await["trouble"];
    assert!(
        trouble["reason"].as_str().unwrap().contains("<script>"),
        "{trouble}"
    );
}

#[tokio::test]
async fn scopes_that_were_not_granted_are_named() {
    let bench = Bench::builder().tokens(tokens_file()).start().await;
    let scopes = bench.status().await["scopes"].clone();
    assert_eq!(scopes["granted"], serde_json::json!(["spark:people_read"]));
    assert_eq!(scopes["missing"].as_array().unwrap().len(), 9);
    assert!(bench.status_as("text/html").await.text.contains("Missing scopes"));
}

#[tokio::test]
async fn the_forward_proxy_is_named_without_its_credentials() {
    let bench = Bench::builder()
        .variable(
            "HTTP_PROXY",
            "http://an-unusual-user:a-proxy-password@127.0.0.1:9",
        )
        .start()
        .await;
    for secret in ["an-unusual-user", "a-proxy-password"] {
        bench.is_secret(secret);
    }
    assert_eq!(bench.status().await["proxy"], "http://127.0.0.1:9");
}

#[tokio::test]
async fn tokens_that_are_not_saved_or_not_used_are_told() {
    let bench = Bench::builder().tokens("not json").start().await;
    let file = bench.status().await["tokens_file"].clone();
    assert_eq!(
        file["unusable"],
        "holds no tokens: it is not JSON (line 1, column 2)"
    );

    let folder = bench.tokens.parent().unwrap().to_owned();
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    bench.authorise().await;
    let report = bench.status().await;
    std::fs::rename(&aside, &folder).unwrap();
    assert!(report["tokens_file"]["unsaved"].is_string(), "{report}");
    assert_eq!(
        (report["action"].as_str(), report["ready"].as_bool()),
        (Some("fix_configuration"), Some(true))
    );
}

#[tokio::test]
async fn a_refresh_token_near_its_end_is_a_warning_while_everything_works() {
    let near = tokens_file().replace("7775999", "2000000");
    let bench = Bench::builder().tokens(near).start().await;
    let report = bench.status().await;
    assert_eq!(report["refresh_token"]["days_left"], 23);
    assert_eq!(
        (report["action"].as_str(), report["ready"].as_bool()),
        (Some("reauthorise"), Some(true))
    );
    assert_eq!(report["summary"], "Working, but the authorisation ends soon");
}

#[tokio::test]
async fn a_tokens_file_that_was_spoilt_while_the_gateway_works_is_a_warning() {
    let bench = Bench::builder().tokens(tokens_file()).start().await;
    std::fs::write(&bench.tokens, "not json").unwrap();
    bench
        .passes_until("was changed from outside and holds no tokens")
        .await;
    let report = bench.status().await;
    assert_eq!(
        (report["action"].as_str(), report["ready"].as_bool()),
        (Some("fix_configuration"), Some(true))
    );
    assert_eq!(report["summary"], "Working, but the tokens file cannot be used");
}
