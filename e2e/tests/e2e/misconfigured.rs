//! The client secret is changed on one side only. Nothing is wrong with the authorisation, so that nobody has to log in
//! when both sides agree again.

use std::time::Duration;

use e2e::eventually::eventually;
use e2e::gateway::Surfaces;
use e2e::stack::{ADMINISTRATOR, CLIENT_SECRET, Owner, Stack};
use futures_util::future::join_all;
use serde_json::Value;
use webex_sim::types::{EntryFilter, TokenKind};

/// What the integration had before, or has from now on; opens nothing anywhere else.
const OTHER_SECRET: &str = "5b0c7f3e9d1a48267ce05f9b3d8a1e64720c9f5b8e3d6a1f4c7092be85d3a6f1";

/// A refresh ahead of expiry is due, and the access token works for two more days.
const TWELVE_DAYS: Duration = Duration::from_hours(12 * 24);
/// For what the gateway does by itself and at once.
const SOON: Duration = Duration::from_secs(15);
/// The gateway asks once in so many seconds whether it was a mistake.
const PROBE: u64 = 15 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_with_a_stale_secret_until_the_gateway_is_started_with_the_right_one() {
    let mut stack = Stack::builder()
        .signed_in(Owner::Gateway, TWELVE_DAYS)
        .gateway_env("client_secret", OTHER_SECRET)
        .start()
        .await;

    let surfaces = stack.gateway.settled("misconfigured", SOON).await;
    assert_eq!(surfaces.told(), ("misconfigured", "fix_configuration"));
    let health = &surfaces.health;
    assert_eq!((health.code, health.status()), (200, "degraded"), "{health:?}");
    assert_eq!(surfaces.summary(), "Working, but Webex refuses this gateway");
    for call in join_all([(); 8].map(|()| stack.gateway.me())).await {
        assert_eq!(call.unwrap(), [ADMINISTRATOR], "the access token lives");
    }
    is_not_hammered(&stack, &surfaces).await;
    let log = stack.gateway_log().await;
    assert!(!log.contains(&OTHER_SECRET[..16]), "{log}");

    stack.recreate_gateway(&[("client_secret", CLIENT_SECRET)]).await;
    eventually("the refresh goes through", SOON, async || refreshed(&stack).await).await;
    let surfaces = stack.gateway.settled("ok", SOON).await;
    assert_eq!(surfaces.told(), ("ok", ""));
    works_and_nobody_logged_in(&stack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_regenerated_at_webex_is_named_as_the_cause_and_taken_back_without_a_login() {
    let mut stack = Stack::seasoned().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    let secret = regenerate(&stack, OTHER_SECRET).await;
    assert_eq!(
        stack.gateway.me().await.unwrap(),
        [ADMINISTRATOR],
        "the access token lives"
    );
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    for refused in join_all([(); 8].map(|()| stack.gateway.get("/v1/people/me"))).await {
        let refused = refused.unwrap();
        let code = refused.header("x-webex-gateway-error");
        assert_eq!(
            (refused.status.as_u16(), code),
            (503, "not_authorised"),
            "{refused}"
        );
        assert_eq!(
            refused.json().unwrap()["action"],
            "fix_configuration",
            "{refused}"
        );
    }
    let surfaces = stack.gateway.surfaces().await.unwrap();
    assert_eq!(surfaces.told(), ("misconfigured", "fix_configuration"));
    assert_eq!(surfaces.health.code, 503, "{surfaces:?}");
    is_not_hammered(&stack, &surfaces).await;

    regenerate(&stack, &secret).await;
    stack.restart_gateway().await;
    works_and_nobody_logged_in(&stack).await;
    refreshed(&stack).await.unwrap();
    assert_eq!(stack.gateway.surfaces().await.unwrap().told(), ("ok", ""));
}

/// One refresh was tried, the next is far away, and every surface gives Webex's own reason.
async fn is_not_hammered(stack: &Stack, surfaces: &Surfaces) {
    assert_eq!(surfaces.metrics.refreshes("invalid_client"), Some(1.0));
    let next = surfaces.status["refresh"]["next_in_seconds"].as_u64();
    assert!(
        next.is_some_and(|next| (PROBE / 2..=PROBE).contains(&next)),
        "{next:?}"
    );
    let log = stack.gateway_log_with("refresh refused").await;
    let refusal = log.lines().find(|line| line.contains("refresh refused"));
    assert!(
        refusal
            .is_some_and(|line| line.contains("invalid_client") && line.contains("action=fix_configuration")),
        "{refusal:?}"
    );
    let refreshes = EntryFilter::grant("refresh_token");
    assert_eq!(
        stack
            .webex
            .journal_count(&refreshes)
            .await
            .expect("the simulator counts"),
        1
    );
    assert_eq!(
        stack
            .webex
            .violations()
            .await
            .expect("the simulator tells the violations"),
        []
    );
}

async fn refreshed(stack: &Stack) -> anyhow::Result<()> {
    let refreshes = EntryFilter::grant("refresh_token").status(200);
    let refreshes = stack.webex.journal_count(&refreshes).await?;
    anyhow::ensure!(refreshes == 1, "{refreshes} refreshes went through");
    Ok(())
}

async fn works_and_nobody_logged_in(stack: &Stack) {
    assert_eq!(
        stack.gateway.me().await.expect("the call is answered"),
        [ADMINISTRATOR]
    );
    let logins = EntryFilter::grant("authorization_code");
    assert_eq!(
        stack
            .webex
            .journal_count(&logins)
            .await
            .expect("the simulator counts"),
        0
    );
}

/// Gives the integration another secret, as its owner does at developer.webex.com; returns the one before.
async fn regenerate(stack: &Stack, secret: &str) -> String {
    let state = stack
        .webex
        .export_state()
        .await
        .expect("the simulator has a state");
    let mut state: Value = serde_json::from_str(&state).expect("the state is JSON");
    let before = state["integration"]["clientSecret"].take();
    state["integration"]["clientSecret"] = secret.into();
    stack
        .webex
        .import_state(state.to_string())
        .await
        .expect("the state is one of the simulator's");
    before.as_str().expect("an integration has a secret").to_owned()
}
