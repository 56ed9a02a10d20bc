//! The authorisation ends, and only an administrator's login can mend it. Every surface says so, Webex is not hammered,
//! and after the login everything works without a restart.

use std::time::Duration;

use e2e::browser::Page;
use e2e::eventually::eventually;
use e2e::gateway::Surfaces;
use e2e::stack::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, Stack};
use futures_util::future::join_all;
use webex_sim::types::{EntryFilter, SettingsPatch};

use super::common::{COLLEAGUE, DONE, LOGIN, STRANGER, short_lived};

/// An access token that lives so long is refreshed ahead of its end, and that comes soon.
const BRIEF: Duration = Duration::from_secs(12);

/// What the administrator changes her password to.
const NEW_PASSWORD: &str = "changed-by-avery";

/// For what the gateway does by itself and at once.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_is_told_on_every_surface_and_a_login_mends_it() {
    let stack = Stack::seasoned().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    stack
        .webex
        .change_password(ADMINISTRATOR, NEW_PASSWORD)
        .await
        .unwrap();
    let started = asks_for_an_administrator(&stack).await;

    let refused = log_in_with(&stack, ADMINISTRATOR_PASSWORD).await;
    assert!(
        refused.html.contains("That password is wrong"),
        "{}",
        refused.html
    );
    assert_eq!(stack.gateway.health().await.unwrap().action(), "reauthorise");
    let done = log_in_with(&stack, NEW_PASSWORD).await;
    assert_eq!(
        (done.status.as_u16(), done.url.path()),
        (200, DONE),
        "{}",
        done.html
    );
    works_again_as(&stack, ADMINISTRATOR, &started).await;
    for log in [stack.gateway_log().await, stack.webex_log().await] {
        assert!(!log.contains(NEW_PASSWORD), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_refresh_token_is_told_on_every_surface_and_a_login_mends_it() {
    let stack = Stack::seasoned().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // Nobody has called for longer than the refresh token lives.
    stack.webex.advance(Duration::from_hours(91 * 24)).await.unwrap();
    let started = asks_for_an_administrator(&stack).await;

    stack.authorise().await;
    works_again_as(&stack, ADMINISTRATOR, &started).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_administrator_of_the_organisation_takes_over_from_one_who_was_deleted() {
    let stack = Stack::seasoned().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    stack.webex.delete_person(ADMINISTRATOR).await.unwrap();
    let started = asks_for_an_administrator(&stack).await;

    // It is nobody's for the taking meanwhile.
    stack.webex.accept_as(STRANGER).await.unwrap();
    let refused = stack
        .browser()
        .await
        .open(&stack.public_url(LOGIN))
        .await
        .unwrap();
    assert_eq!(refused.status, 403, "{}", refused.html);
    assert_eq!(stack.gateway.health().await.unwrap().action(), "reauthorise");

    stack.webex.accept_as(COLLEAGUE).await.unwrap();
    let done = stack
        .browser()
        .await
        .open(&stack.public_url(LOGIN))
        .await
        .unwrap();
    assert_eq!(done.status, 200, "{}", done.html);
    works_again_as(&stack, COLLEAGUE, &started).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_refresh_token_is_announced_weeks_ahead_and_a_login_moves_it() {
    const ANNOUNCED: &str = "the refresh token ends in 19 days, on";
    let stack = Stack::authorised().await;
    let calm = stack.gateway.surfaces().await.unwrap();
    assert_eq!(calm.told(), ("ok", ""));
    assert_eq!(calm.status["refresh_token"]["days_left"], 89);

    // Not to the hour: whether a day has passed would be up to a millisecond.
    give_refresh_tokens(&stack, Duration::from_hours(20 * 24 - 1)).await;
    stack.authorise().await;
    let near = stack.gateway.surfaces().await.unwrap();
    assert_eq!((near.health.code, near.health.status()), (200, "ok"), "{near:?}");
    assert_eq!(near.status["refresh_token"]["days_left"], 19);
    assert_eq!(near.status["action"], "reauthorise");
    assert_eq!(near.summary(), "Working, but the authorisation ends soon");
    assert!(near.page.contains(near.summary()) && near.page.contains(&stack.public_url(LOGIN)));
    let nearer = end_of_refresh_token(&calm) - end_of_refresh_token(&near);
    assert!((69.9..70.1).contains(&nearer), "{nearer} days");
    eventually("the log tells", SOON, async || {
        let log = stack.gateway_log().await;
        let line = log.lines().find(|line| line.contains(ANNOUNCED));
        anyhow::ensure!(
            line.is_some_and(|line| line.contains("level=warning") && line.contains("action=reauthorise")),
            "{line:?} in {log}"
        );
        Ok(())
    })
    .await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    give_refresh_tokens(&stack, Duration::from_secs(7_775_999)).await;
    stack.authorise().await;
    let calm = stack.gateway.surfaces().await.unwrap();
    assert_eq!(calm.told(), ("ok", ""));
    assert_eq!(calm.status["refresh_token"]["days_left"], 89);
    assert_eq!(
        stack.gateway_log().await.matches(ANNOUNCED).count(),
        1,
        "once a day is enough"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_end_one_after_the_other_are_told_and_a_login_mends_it() {
    let settings = SettingsPatch {
        refresh_token_lifetime_s: Some(5),
        ..short_lived(BRIEF)
    };
    let stack = Stack::builder().webex(settings).start().await;
    stack.authorise().await;

    // The access token serves for a while after Webex has refused to refresh it.
    eventually("the access token has ended, too", 10 * BRIEF, async || {
        let health = stack.gateway.health().await?;
        anyhow::ensure!(health.code == 503, "{health:?}");
        Ok(())
    })
    .await;
    let started = asks_for_an_administrator(&stack).await;

    let lasting = SettingsPatch {
        access_token_lifetime_s: Some(3_600),
        refresh_token_lifetime_s: Some(7_775_999),
        ..SettingsPatch::default()
    };
    stack.webex.change_settings(&lasting).await.unwrap();
    stack.authorise().await;
    works_again_as(&stack, ADMINISTRATOR, &started).await;
}

/// The administrator chooses her account and types a password.
async fn log_in_with(stack: &Stack, password: &str) -> Page {
    let mut browser = stack.browser().await;
    let accounts = browser.open(&stack.public_url(LOGIN)).await;
    let accounts = accounts.expect("the login leads to Webex");
    let sign_in = browser.press(&accounts, "login_hint", ADMINISTRATOR).await;
    let sign_in = sign_in.expect("the account can be chosen");
    let answer = browser.type_and_press(&sign_in, ("password", password), ("decision", "accept"));
    answer.await.expect("the form can be sent")
}

/// What applications and operators see while the grant is dead. Returns when the process started.
async fn asks_for_an_administrator(stack: &Stack) -> String {
    // One finds it out; those after it do not try the dead token again.
    let first = stack.gateway.get("/v1/people/me").await;
    let later = join_all([(); 8].map(|()| stack.gateway.get("/v1/people/me"))).await;
    for refused in [first].into_iter().chain(later) {
        let refused = refused.expect("the gateway answers");
        let code = refused.header("x-webex-gateway-error");
        assert_eq!(
            (refused.status.as_u16(), code),
            (503, "not_authorised"),
            "{refused}"
        );
        assert_eq!(
            refused.json().expect("the gateway answers JSON")["action"],
            "reauthorise",
            "{refused}"
        );
    }

    let surfaces = stack.gateway.surfaces().await.expect("every surface answers");
    assert_eq!(surfaces.told(), ("reauthorise", "reauthorise"));
    let health = &surfaces.health;
    assert_eq!((health.code, health.status()), (503, "failed"), "{health:?}");
    assert_eq!(health.body["authorise_at"], stack.public_url(LOGIN));
    assert_eq!(surfaces.summary(), "The authorisation has ended");
    assert!(
        surfaces.page.contains(&stack.public_url(LOGIN)),
        "{}",
        surfaces.page
    );
    assert_eq!(surfaces.metrics.refreshes("invalid_grant"), Some(1.0));
    stack.gateway_log_with("state refreshing -> reauthorise").await;
    let log = stack.gateway_log_with("refresh refused").await;
    let refusal = log.lines().find(|line| line.contains("refresh refused"));
    assert!(
        refusal.is_some_and(|line| line.contains("level=error") && line.contains("action=reauthorise")),
        "{refusal:?}"
    );
    stack
        .gateway
        .is_alive()
        .await
        .expect("a gateway that waits for its administrator is not broken");

    asked_once(stack).await;
    let started = surfaces.status["started_at"].as_str();
    started.expect("the status tells it").to_owned()
}

async fn works_again_as(stack: &Stack, administrator: &str, started: &str) {
    assert_eq!(
        stack.gateway.me().await.expect("the call is answered"),
        [administrator]
    );
    let surfaces = stack.gateway.surfaces().await.expect("every surface answers");
    assert_eq!(surfaces.told(), ("ok", ""));
    assert_eq!(
        (surfaces.health.code, surfaces.health.status()),
        (200, "ok"),
        "{surfaces:?}"
    );
    assert_eq!(surfaces.status["started_at"], started, "no restart was needed");
    stack.gateway_log_with("state reauthorise -> ok").await;
    asked_once(stack).await;
}

/// Whatever was asked of the gateway, the dead grant was presented once, and the access token that died with it is not
/// carried to Webex with every call.
async fn asked_once(stack: &Stack) {
    let refreshes = EntryFilter::grant("refresh_token");
    let refreshes = stack.webex.journal_count(&refreshes).await;
    assert_eq!(refreshes.expect("the simulator counts"), 1);
    let complaints = stack.webex.violations().await;
    assert_eq!(complaints.expect("the simulator tells the violations"), []);
}

async fn give_refresh_tokens(stack: &Stack, lifetime: Duration) {
    let settings = SettingsPatch {
        refresh_token_lifetime_s: Some(lifetime.as_secs()),
        ..SettingsPatch::default()
    };
    stack
        .webex
        .change_settings(&settings)
        .await
        .expect("the settings are valid");
}

/// Days since 1970.
fn end_of_refresh_token(surfaces: &Surfaces) -> f64 {
    let end = surfaces
        .metrics
        .value("webex_gw_refresh_token_expiry_timestamp_seconds");
    end.expect("the metric is there") / 86_400.0
}
