//! A forward proxy is the only way out, as in many a company.

use std::time::Duration;

use e2e::eventually::eventually;
use e2e::gateway::Answer;
use e2e::stack::forward_proxy::{CREDENTIALS, HOST_AND_PORT, OLD_CREDENTIALS, Policy, gives_away, url};
use e2e::stack::{ADMINISTRATOR, Owner, Stack};
use webex_sim::types::{EntryFilter, TokenKind};

use super::common::short_lived;

const AN_HOUR: Duration = Duration::from_hours(1);

/// A refresh that failed is tried again within a minute, and takes a moment.
const NEXT_ATTEMPT: Duration = Duration::from_secs(75);

/// What a proxy is asked for by a gateway that works.
const TUNNEL: &str = "CONNECT webexapis.com:443 200";

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_the_proxy() {
    let stack = Stack::builder()
        .behind_a_proxy(Policy::Anybody)
        .gateway_env("HTTPS_PROXY", &url(None))
        .start()
        .await;

    // The gateway does not find Webex by itself: without the proxy the way ends at the name.
    let alone = stack.command_with(&["check"], &[("HTTPS_PROXY", "")]).await;
    assert_eq!(alone.code, 1, "{}", alone.text);
    let line = alone.line("failed   DNS of webexapis.com").expect(&alone.text);
    assert!(line.contains("set HTTPS_PROXY"), "{line}");

    stack.authorise().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let missing = stack.gateway.get("/v1/people/nobody").await.unwrap();
    assert_eq!(missing.status, 404, "Webex's own answer: {missing}");
    assert_eq!(missing.header("x-webex-gateway-error"), "");

    let health = stack.command(&["health"]).await;
    assert_eq!(health.code, 0, "{}", health.text);
    let check = stack.command(&["check"]).await;
    assert_eq!(check.code, 0, "{}", check.text);
    for line in [
        format!("ok       forward proxy for webexapis.com: {HOST_AND_PORT} is used"),
        "skipped  DNS of webexapis.com: the proxy resolves it".to_owned(),
        "ok       proxy tunnel to webexapis.com:443: the proxy lets it through".to_owned(),
        "ok       GET https://webexapis.com/".to_owned(),
    ] {
        assert!(check.line(&line).is_some(), "{line}\n{}", check.text);
    }
    let status = stack.gateway.get("/status").await.unwrap();
    assert!(status.body.contains(HOST_AND_PORT), "{status}");

    let asked = stack.proxy().end().await;
    assert!(
        !asked.is_empty() && asked.iter().all(|line| line == TUNNEL),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_put_right_without_a_new_login_and_told_to_nobody() {
    let mut stack = Stack::builder()
        .behind_a_proxy(Policy::Known)
        .gateway_env("HTTPS_PROXY", &url(Some(OLD_CREDENTIALS)))
        .gateway_env("WEBEX_GW_LOG_LEVEL", "trace")
        .signed_in(Owner::Gateway, AN_HOUR)
        .start()
        .await;
    let tokens = stack.tokens().await.unwrap();

    let refused = stack.gateway.get("/v1/people/me").await.unwrap();
    unreachable(&refused, "proxy authorization required");
    let health = stack.gateway.health().await.unwrap();
    assert_eq!((health.code, health.action()), (503, "retry"), "{health:?}");
    let reason = health.body["reason"].as_str().unwrap_or_default();
    assert!(reason.ends_with("proxy authorization required"), "{health:?}");
    let check = stack.command(&["check"]).await;
    assert_eq!(check.code, 1, "{}", check.text);
    let line = check
        .line("failed   proxy tunnel to webexapis.com:443")
        .expect(&check.text);
    assert!(line.contains("does not accept those it got (407)"), "{line}");
    assert!(line.contains("special characters percent-encoded"), "{line}");
    let healthy = stack.command(&["health"]).await;
    assert_eq!(healthy.code, 1, "{}", healthy.text);
    nothing_given_away(&stack, &[&refused.body, &check.text, &healthy.text]).await;

    stack
        .recreate_gateway(&[("HTTPS_PROXY", &url(Some(CREDENTIALS)))])
        .await;
    assert_eq!(stack.tokens().await.unwrap(), tokens, "the same tokens");
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    // The token endpoint is reached by another client of the gateway's, which takes the same way.
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let refreshed = stack.tokens().await.unwrap();
    assert_ne!(refreshed["access_token"], tokens["access_token"]);
    let check = stack.command(&["check"]).await;
    assert_eq!(check.code, 0, "{}", check.text);

    // Somebody takes Webex off the proxy's list.
    stack.proxy().adopt(Policy::Nobody).await;
    let refused = stack.gateway.get("/v1/people/me").await.unwrap();
    unreachable(&refused, "tunnel error");
    let check_refused = stack.command(&["check"]).await;
    assert_eq!(check_refused.code, 1, "{}", check_refused.text);
    let line = check_refused.line("failed   proxy tunnel to webexapis.com:443");
    let line = line.expect(&check_refused.text);
    assert!(line.contains("does not allow this destination (403)"), "{line}");
    assert!(
        line.contains("fix: have the host put on the proxy's allow-list"),
        "{line}"
    );
    nothing_given_away(&stack, &[&refused.body, &check.text, &check_refused.text]).await;

    stack.proxy().adopt(Policy::Known).await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(
        stack.tokens().await.unwrap(),
        refreshed,
        "nothing was lost on the way"
    );

    let asked = stack.proxy().end().await;
    let mut kinds = asked.clone();
    kinds.sort();
    kinds.dedup();
    let host = "CONNECT webexapis.com:443";
    assert_eq!(
        kinds,
        [200, 403, 407].map(|status| format!("{host} {status}")),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_goes_straight_and_lower_case_wins() {
    let mut stack = Stack::builder()
        .beside_a_proxy(Policy::Anybody)
        .gateway_env("HTTPS_PROXY", &url(None))
        .gateway_env("NO_PROXY", "localhost,webexapis.com")
        .signed_in(Owner::Gateway, AN_HOUR)
        .start()
        .await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let check = stack.command(&["check"]).await;
    assert_eq!(check.code, 0, "{}", check.text);
    let line = check
        .line("warning  forward proxy for webexapis.com")
        .expect(&check.text);
    assert!(line.contains("NO_PROXY names this host"), "{line}");
    assert_eq!(stack.proxy().end().await, [""; 0], "the proxy has seen nothing");

    // Where both are set, what is in lower case counts.
    stack.proxy().start().await;
    stack
        .recreate_gateway(&[
            ("HTTPS_PROXY", "http://nowhere.example.com:3128"),
            ("https_proxy", &url(None)),
            ("no_proxy", "localhost"),
        ])
        .await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
    let asked = stack.proxy().end().await;
    assert!(
        !asked.is_empty() && asked.iter().all(|line| line == TUNNEL),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_hangs_or_is_gone_costs_answers_and_no_tokens() {
    let stack = Stack::builder()
        .behind_a_proxy(Policy::Anybody)
        .gateway_env("HTTPS_PROXY", &url(None))
        .signed_in(Owner::Gateway, AN_HOUR)
        .start()
        .await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // Frozen, with a tunnel in it.
    stack.proxy().pause().await;
    let (call, health, alive) = tokio::join!(
        stack.gateway.get("/v1/people/me"),
        stack.gateway.health(),
        stack.gateway.is_alive()
    );
    let (call, health) = (call.unwrap(), health.unwrap());
    alive.expect("the gateway itself is well");
    // The tunnel is found dead, or the time is up before that.
    let silent = (call.status.as_u16(), call.header("x-webex-gateway-error"));
    assert!(
        [(502, "upstream_unreachable"), (504, "upstream_timeout")].contains(&silent),
        "{call}"
    );
    assert_eq!((health.code, health.action()), (503, "retry"), "{health:?}");
    stack.proxy().unpause().await;
    // The first call may still meet the tunnel that has just been found dead.
    eventually("calls go through again", Duration::from_secs(15), async || {
        let me = stack.gateway.me().await?;
        anyhow::ensure!(me == [ADMINISTRATOR], "{me:?}");
        Ok(())
    })
    .await;

    // The next tokens last seconds.
    let brief = short_lived(Duration::from_secs(12));
    stack.webex.change_settings(&brief).await.unwrap();
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // Gone, until the refresh that is due has failed and the token has ended.
    stack.proxy().stop().await;
    // Not before: while there is a way, the gateway may have renewed them.
    let tokens = stack.tokens().await.unwrap();
    let refreshes = EntryFilter::grant("refresh_token");
    let before = stack.webex.journal_count(&refreshes).await.unwrap();
    let call = eventually("the access token ends", Duration::from_mins(1), async || {
        let call = stack.gateway.get("/v1/people/me").await?;
        if call.header("x-webex-gateway-error") != "token_refresh_failed" {
            unreachable(&call, "");
            anyhow::bail!("{call}")
        }
        Ok(call)
    })
    .await;
    assert_eq!(call.status, 503, "{call}");
    assert_eq!(call.json().unwrap()["action"], "retry");
    assert_ne!(call.header("retry-after"), "", "{call}");
    stack
        .gateway
        .is_alive()
        .await
        .expect("the gateway itself is well");
    assert_eq!(stack.tokens().await.unwrap(), tokens, "nothing is lost");

    // Back: the gateway refreshes by itself, and goes on.
    stack.proxy().start().await;
    stack
        .webex
        .journal_wait(&refreshes, before + 1, NEXT_ATTEMPT)
        .await
        .expect("nobody has to ask for it");
    eventually("calls work again", Duration::from_secs(15), async || {
        let me = stack.gateway.me().await?;
        anyhow::ensure!(me == [ADMINISTRATOR], "{me:?}");
        Ok(())
    })
    .await;
    assert_ne!(
        stack.tokens().await.unwrap()["access_token"],
        tokens["access_token"]
    );
}

#[track_caller]
fn unreachable(answer: &Answer, cause: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-webex-gateway-error")),
        (502, "upstream_unreachable"),
        "{answer}"
    );
    let body = answer.json().expect("a JSON body");
    assert_eq!(body["action"], "retry", "{answer}");
    assert!(answer.body.contains(cause), "{answer}");
}

/// The logs are searched at the end of every scenario; these are the other places.
async fn nothing_given_away(stack: &Stack, texts: &[&str]) {
    let page = async |path| stack.gateway.get(path).await.expect("the gateway answers").body;
    let (status, metrics) = tokio::join!(page("/status"), page("/metrics"));
    assert!(status.contains(HOST_AND_PORT), "{status}");
    for text in [&status[..], &metrics].iter().chain(texts) {
        assert!(!gives_away(text), "{text}");
    }
}
