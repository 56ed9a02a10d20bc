//! nginx and the gateway die under load. What was in flight is seen to end; everything else is served as before, without
//! a human.

use std::time::Duration;

use e2e::eventually::eventually;
use e2e::load::incident::Allowance::{Cut, Ended, GatewayError, NoConnection};
use e2e::load::{Disturbance, Load, STEADY};
use e2e::stack::{Owner, Stack};
use webex_sim::types::{EntryFilter, SettingsPatch, TokenKind, TokenState};

use super::{SOON, balance, misdeeds};

/// No refresh ends before its gateway has died.
const SLOW_REFRESH_MS: u64 = 120_000;

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_in_flight_is_lost_when_a_process_dies() {
    let mut stack = Stack::builder()
        .signed_in(Owner::Gateway, Duration::from_hours(1))
        .applications_at_nginx()
        .start()
        .await;
    let load = Load::start(&stack.gateway, STEADY);
    load.is_calm().await;

    // Those who call the gateway directly notice nothing of nginx.
    nginx_restarts(&stack).await;

    // Twice while it only forwards.
    for _ in 0..2 {
        let away = gateway_is_killed(&stack, &load).await;
        gateway_starts(&mut stack, &load, away).await;
        load.is_calm().await;
    }

    // Twice while it waits for a token: the first time Webex has issued it, and the answer has nobody to go to.
    delay_tokens(&stack, SLOW_REFRESH_MS).await;
    // On a busy machine a request may have waited long enough before the gateway dies.
    let waiting = load.incident("a refresh takes long", &[GatewayError("token_refresh_failed")]);
    stack.webex.expire_tokens(TokenKind::Access).await.unwrap();
    a_token_is_issued(&stack).await;
    let away = gateway_is_killed(&stack, &load).await;
    let refused = EntryFilter::default().status(401).after(last_entry(&stack).await);
    gateway_starts(&mut stack, &load, away).await;
    stack.webex.journal_wait(&refused, 1, SOON).await.unwrap();
    let away = gateway_is_killed(&stack, &load).await;
    waiting.over();
    delay_tokens(&stack, 0).await;
    gateway_starts(&mut stack, &load, away).await;
    load.is_calm().await;

    let account = load.end().await;
    balance(&account, &stack).await;
    assert_eq!(misdeeds(&stack).await, [""; 0]);
    assert_eq!(stack.gateway.health().await.unwrap().status(), "ok");
}

/// A restart of nginx under a load of its own.
async fn nginx_restarts(stack: &Stack) {
    let load = Load::through_nginx(&stack.nginx().await, STEADY);
    load.is_calm().await;
    let away = load.incident("nginx restarts", &[Ended, NoConnection, Cut]);
    let nginx = stack.restart_nginx().await;
    load.lead_to(&nginx);
    away.passes().await;
    balance(&load.end().await, stack).await;
}

/// `kill -9`. The file that it leaves is whole.
async fn gateway_is_killed<'a>(stack: &Stack, load: &'a Load) -> Disturbance<'a> {
    let death = load.incident("the gateway is killed", &[Ended, Cut]);
    let away = load.incident("the gateway is away", &[NoConnection]);
    stack.kill_gateway().await;
    death.over();
    let tokens = stack.tokens().await.expect("the tokens file is whole");
    for field in ["access_token", "refresh_token", "expires_in", "at"] {
        assert!(!tokens[field].is_null(), "the tokens file has no {field}");
    }
    away
}

async fn gateway_starts(stack: &mut Stack, load: &Load, away: Disturbance<'_>) {
    stack.start_gateway().await;
    load.lead_to(&stack.gateway);
    away.over();
}

async fn delay_tokens(stack: &Stack, milliseconds: u64) {
    let delay = SettingsPatch {
        token_endpoint_delay_ms: Some(milliseconds),
        ..SettingsPatch::default()
    };
    stack
        .webex
        .change_settings(&delay)
        .await
        .expect("the setting is good");
}

async fn a_token_is_issued(stack: &Stack) {
    eventually("Webex issues a token", SOON, async || {
        let tokens = stack.webex.tokens().await?;
        let is_good = tokens
            .iter()
            .any(|token| token.kind == TokenKind::Access && token.state == TokenState::Active);
        anyhow::ensure!(is_good, "there is none that is good");
        Ok(())
    })
    .await;
}

/// The number of the newest entry of the journal.
async fn last_entry(stack: &Stack) -> u64 {
    let journal = stack
        .webex
        .journal(&EntryFilter::default())
        .await
        .expect("there is a journal");
    journal.last().expect("there was a load").sequence
}
