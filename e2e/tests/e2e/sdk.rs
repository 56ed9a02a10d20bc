//! An application that was written for Webex, and is told nothing but another base URL.

use std::collections::BTreeSet;

use e2e::progress::say;
use e2e::sdk::Sdk;
use e2e::stack::{Ended, Stack};
use webex_sim::types::{EntryFilter, TokenKind};

#[tokio::test(flavor = "multi_thread")]
async fn an_sdk_finds_all_of_webex_at_the_gateway() {
    let Some(sdk) = Sdk::get() else { return };
    let mut stack = Stack::start().await;
    let early = stack.walk("application-early", &sdk, &["--unauthorised"]).await;
    assert_eq!(early.code, 0, "{}", early.log);

    stack.authorise().await;
    stack.webex.clear_journal().await.unwrap();
    let walked = stack.walk("application", &sdk, &[]).await;
    assert_eq!(walked.code, 0, "{}", walked.log);
    say(outcome(&walked));

    // Webex has seen the SDK's requests, all with the one token that the gateway holds.
    let seen = stack.webex.journal(&EntryFilter::default()).await.unwrap();
    let field = |wanted: &str| -> BTreeSet<&str> {
        let fields = seen.iter().flat_map(|entry| &entry.headers);
        let found = fields.filter(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).collect()
    };
    let tokens = stack.webex.tokens().await.unwrap();
    let held = tokens.iter().filter(|token| token.kind == TokenKind::Access);
    let held: Vec<_> = held
        .map(|token| format!("Bearer {}", token.fingerprint))
        .collect();
    assert_eq!(held.len(), 1, "nobody else has signed in: {held:?}");
    assert_eq!(Vec::from_iter(field("authorization")), held);
    assert!(seen.len() > 20, "{} requests", seen.len());
    let clients: BTreeSet<_> = seen.iter().map(|entry| &entry.client_ip).collect();
    assert_eq!(clients.len(), 1, "the gateway alone comes to Webex: {clients:?}");
    for entry in &seen {
        let has_token = entry.headers.iter().any(|(name, _)| name == "authorization");
        assert!(entry.tls && has_token && !entry.not_simulated, "{entry:?}");
    }
    let agents = field("user-agent");
    assert!(
        agents.iter().any(|agent| agent.starts_with("webexpythonsdk/")),
        "{agents:?}"
    );
    assert_eq!(stack.webex.violations().await.unwrap(), []);
}

/// The last line of a walk, which has its figures.
fn outcome(walked: &Ended) -> &str {
    let last = walked.log.lines().last().unwrap_or_default();
    let sdk = format!("webexpythonsdk {}: 0 steps directly, ", Sdk::version());
    let outcome = last.find(&sdk).map(|start| &last[start..]);
    let outcome = outcome.unwrap_or_else(|| panic!("{}", walked.log));
    assert!(
        outcome.ends_with(" through the gateway, 0 deviations"),
        "{outcome}"
    );
    outcome
}
