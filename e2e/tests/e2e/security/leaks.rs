//! Secrets stay where they are: not in logs, pages, numbers, errors, and not in what the engine shows of a container.
//! Logs are searched after every scenario; here it is proven that this would find something.

use e2e::raw;
use e2e::stack::{ADMINISTRATOR, GATEWAY_KEY, GATEWAY_PORT, NGINX_PORT, Stack, TOKENS_FILE};
use webex_sim::types::EntryFilter;

use super::INSIDE;

/// Where the gateway's program is in its image.
const PROGRAM: &str = "/usr/local/go/webex_gw";

#[tokio::test(flavor = "multi_thread")]
async fn secrets_in_files_are_shown_nowhere_and_a_key_guards_what_is_forwarded() {
    let stack = Stack::builder()
        .secrets_in_files()
        .gateway_env("WEBEX_GW_LOG_LEVEL", "trace")
        .start()
        .await;

    // The callback knows no key, the administrator's browser has none.
    assert_eq!(stack.authorise().await.status, 200);
    the_key_guards_what_is_forwarded(&stack).await;

    for (name, text) in surfaces(&stack).await {
        let leaks = stack.leaks_in(&text).await;
        assert!(leaks.is_empty(), "{name} shows {leaks:?}");
    }
    // The test can tell: each of these texts would be caught with a secret in it.
    let tokens = stack.tokens().await.unwrap().to_string();
    assert_eq!(
        stack.leaks_in(&tokens).await.len(),
        3,
        "by name, by name and by shape"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "secrets in logs: the log of nginx shows access_token")]
async fn a_secret_in_any_log_fails_its_scenario() {
    let stack = Stack::authorised().await;
    let token = stack.tokens().await.unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();

    // nginx logs the path of a request.
    let nginx = stack.nginx_container().address(NGINX_PORT).await.unwrap();
    let request = format!("GET /{token} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let reply = raw::exchange(nginx, request.as_bytes()).await.unwrap();
    assert_eq!(reply.statuses(), [404]);
}

async fn the_key_guards_what_is_forwarded(stack: &Stack) {
    stack.webex.clear_journal().await.unwrap();
    let wrong = GATEWAY_KEY.replace('5', "6");
    for key in ["", "x", &wrong, &GATEWAY_KEY[1..]] {
        let refused = called(stack, key).await;
        assert_eq!(refused.statuses(), [401], "{}", refused.text);
        assert_eq!(refused.header("x-webex-gateway-error"), Some("key_required"));
    }
    let nobody_asked = stack.webex.journal_count(&EntryFilter::default()).await.unwrap();
    assert_eq!(nobody_asked, 0, "nothing is forwarded without the key");

    let answer = called(stack, GATEWAY_KEY).await;
    assert_eq!(answer.statuses(), [200], "{}", answer.text);
    assert!(answer.text.contains(ADMINISTRATOR), "{}", answer.text);
    let seen = stack.webex.journal(&EntryFilter::default()).await.unwrap();
    let fields: Vec<_> = seen.iter().flat_map(|entry| &entry.headers).collect();
    assert!(
        !seen.is_empty() && !fields.iter().any(|(name, _)| name == "x-gateway-key"),
        "the key stays inside: {fields:?}"
    );

    // Probes and what the gateway tells of itself need none.
    for inside in INSIDE.into_iter().filter(|inside| !inside.starts_with("/v1/")) {
        let answer = stack.gateway.get(inside).await.unwrap();
        assert_eq!(answer.status, 200, "{inside}: {answer}");
    }
}

/// `GET /v1/people/me` as an application with this key sends it.
async fn called(stack: &Stack, key: &str) -> raw::Reply {
    let gateway = stack.gateway_container().address(GATEWAY_PORT).await.unwrap();
    let key = match key {
        "" => String::new(),
        key => format!("X-Gateway-Key: {key}\r\n"),
    };
    let request = format!("GET /v1/people/me HTTP/1.1\r\nHost: webex_gw\r\n{key}Connection: close\r\n\r\n");
    raw::exchange(gateway, request.as_bytes()).await.unwrap()
}

/// Everything that somebody may look at, by name.
async fn surfaces(stack: &Stack) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    for (name, inspection) in stack.inspections().await.unwrap() {
        seen.push((format!("docker inspect of {name}"), inspection));
    }

    let pages = [
        "/metrics",
        "/status",
        "/health",
        "/livez",
        "/readyz",
        // Errors: of the key, of the target, of the callback, which gets what could be a code.
        "/v1/people/me",
        "/v1/../people",
        "/api/v01/webex/auth/code",
        "/api/v01/webex/auth/code?error=access_denied&error_description=x",
        "/api/v01/webex/auth/code?code=not-a-code&state=set_state_here",
        "/api/v01/webex/auth/done",
        "/api/v01/webex/auth/login",
        "/api/v01/webex/nowhere",
    ];
    for page in pages {
        let answer = stack.gateway.get(page).await.unwrap();
        seen.push((page.to_owned(), format!("{:?} {}", answer.headers, answer.body)));
    }

    let tokens_file = format!("-tokensFile={TOKENS_FILE}");
    let commands: [(&[&str], i64); 8] = [
        (&["tokens", &tokens_file], 0),
        (&["tokens", &tokens_file, "-json"], 0),
        (&["check", &tokens_file], 0),
        (&["health"], 0),
        (&["health", "live"], 0),
        (&["health", "ready"], 0),
        (&["authorize-url"], 0),
        (&["authorize-url", "-portal"], 0),
    ];
    for (arguments, code) in commands {
        let command: Vec<_> = [PROGRAM].iter().chain(arguments).copied().collect();
        let ran = stack.gateway_container().exec(&command).await.unwrap();
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.text);
        assert!(!ran.text.is_empty(), "{arguments:?} prints something");
        seen.push((format!("docker exec {arguments:?}"), ran.text));
    }
    seen
}
