//! nginx and the gateway die under load. What was in flight is seen to end; everything else is served as before, without
//! a human.

use e2e::eventually::eventually;
use e2e::load::incident::Allowance::{Cut, Ended, GatewayError, Nginx, NoConnection};
use e2e::load::request::Way;
use e2e::load::{Disturbance, Load, STEADY};
use e2e::stack::Stack;
use webex_sim::types::{EntryFilter, SettingsPatch, TokenKind, TokenState};

use super::{SOON, balance, load, misdeeds, seasoned};
use crate::common::DONE;

/// No refresh ends before its gateway has died.
const SLOW_REFRESH_MS: u64 = 120_000;

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_in_flight_is_lost_when_a_process_dies() {
    let mut stack = seasoned().start().await;
    let load = load(&stack, STEADY).await;

    nginx_restarts(&stack, &load).await;

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

/// Those who call the gateway directly notice nothing of nginx.
async fn nginx_restarts(stack: &Stack, load: &Load) {
    let away = load
        .incident("nginx restarts", &[])
        .at_nginx(&[Ended, NoConnection, Cut]);
    let nginx = stack.restart_nginx().await;
    load.lead_to(Way::ThroughNginx, &nginx);
    away.passes().await;
}

/// `kill -9`. The file that it leaves is whole.
async fn gateway_is_killed<'a>(stack: &Stack, load: &'a Load) -> Disturbance<'a> {
    let death = load.incident("the gateway is killed", &[Ended, Cut]);
    let death = death.at_nginx(&[Nginx(502), Cut]);
    let away = load.incident("the gateway is away", &[NoConnection]);
    let away = away.at_nginx(&[Nginx(502)]);
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
    load.lead_to(Way::Straight, &stack.gateway);
    // The engine's network may tell nginx for a second that there is nobody, although there is.
    let nginx = stack.nginx().await;
    eventually("nginx finds the gateway", SOON, async || {
        let page = nginx.get(DONE).await?;
        anyhow::ensure!(page.status == 200, "{page}");
        Ok(())
    })
    .await;
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
