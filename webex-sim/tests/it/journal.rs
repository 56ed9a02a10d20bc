//! The journal: what it holds, finding and waiting, and what must never be in it.

use std::time::Duration;

use insta::assert_snapshot;
use webex_sim::client::ClientError;
use webex_sim::types::EntryFilter;

use crate::harness::{ADMIN_PASSWORD, CALLBACK, Sim};

#[tokio::test]
async fn an_entry_tells_all_but_the_secrets() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let url = format!("{}/v1/people/me?callingData=true", sim.running.url());
    sim.http
        .get(url)
        .bearer_auth(&tokens.access)
        .header("TrackingID", "WW_1")
        .send()
        .await
        .unwrap();
    sim.refresh(&tokens.refresh).await.tokens();
    let mut entries = sim
        .running
        .control()
        .journal(&EntryFilter::default().after(2))
        .await
        .unwrap();
    for entry in &mut entries {
        entry.duration_ms = 0.0;
    }
    assert_snapshot!(
        "journal_entries",
        sim.stable(&serde_json::to_string_pretty(&entries).unwrap())
    );
}

#[tokio::test]
async fn entries_are_found_by_what_they_are() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    for path in ["/", "/v1/people/me", "/v1/people/me"] {
        let _ = sim.get(path, &tokens.access).await;
    }
    let _ = sim.open("/v1/people/me").await;
    let control = sim.running.control();
    let me = EntryFilter::path("/v1/people/me");
    assert_eq!(control.journal_count(&me).await.unwrap(), 3);
    assert_eq!(control.journal_count(&me.clone().status(200)).await.unwrap(), 2);
    assert_eq!(
        control.journal_count(&me.clone().method("POST")).await.unwrap(),
        0
    );
    assert_eq!(
        control
            .journal_count(&EntryFilter::grant("authorization_code"))
            .await
            .unwrap(),
        1
    );
    let last = control.journal(&me).await.unwrap().pop().unwrap();
    assert_eq!(
        control
            .journal_count(&EntryFilter::default().after(last.sequence - 1))
            .await
            .unwrap(),
        1
    );
    control.clear_journal().await.unwrap();
    assert_eq!(control.journal_count(&EntryFilter::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn waiting_ends_with_the_request_waited_for() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let filter = EntryFilter::path("/").status(401);
    let (entries, ()) = tokio::join!(control.journal_wait(&filter, 2, Duration::from_secs(30)), async {
        for path in ["/", "/x", "/"] {
            let _ = sim.open(path).await;
        }
    });
    assert_eq!(entries.unwrap().len(), 2);
}

#[tokio::test]
async fn waiting_in_vain_shows_what_was_there() {
    let sim = Sim::start().await;
    let _ = sim.open("/").await;
    let error = sim
        .running
        .control()
        .journal_wait(&EntryFilter::path("/"), 2, Duration::from_millis(1))
        .await;
    assert!(matches!(error, Err(ClientError::NotReached { wanted: 2, seen, .. }) if seen.len() == 1));
}

#[tokio::test]
async fn waiting_in_vain_says_what_nearly_came() {
    let sim = Sim::start().await;
    let _ = sim.open("/v1/people/me").await;
    let filter = EntryFilter::operation("getMe").status(200);
    let control = sim.running.control();
    let wait = control.journal_wait(&filter, 1, Duration::from_millis(1));
    let said = wait.await.unwrap_err().to_string();
    let expected = "waited for 1 requests, but there were only 0; GET /v1/people/me nearly matches: status is 401, not 200";
    assert_eq!(said, expected);
    let misses = sim.running.control().journal_near_misses(&filter).await.unwrap();
    assert_eq!((misses.len(), misses[0].entry.sequence), (1, 1));
}

#[tokio::test]
async fn an_exchange_holds_both_bodies_without_secrets() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    sim.refresh(&tokens.refresh).await.tokens();
    let control = sim.running.control();
    let entry = control
        .journal(&EntryFilter::grant("refresh_token"))
        .await
        .unwrap()
        .pop()
        .unwrap();
    let exchange = control.journal_exchange(entry.sequence).await.unwrap();
    let (asked, answered) = (exchange.request_body.unwrap(), exchange.response_body.unwrap());
    assert!(asked.text.contains("grant_type=refresh_token"), "{}", asked.text);
    let body: serde_json::Value = serde_json::from_str(&answered.text).unwrap();
    assert_eq!(body["access_token"], webex_sim::fingerprint(&tokens.access));
    assert_eq!(body["expires_in"], 1_209_599);
    assert!(
        exchange
            .response_headers
            .contains(&("pragma".into(), "no-cache".into()))
    );
    let unknown = control.journal_exchange(99).await.unwrap_err().to_string();
    assert!(unknown.contains("404: sequence 99 is unknown"), "{unknown}");
}

#[tokio::test]
async fn a_request_for_what_is_not_simulated_names_the_nearest_operation() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/broadworks/subscriber", &tokens.access).await;
    let entries = sim
        .running
        .control()
        .journal(&EntryFilter::default())
        .await
        .unwrap();
    let last = entries.last().unwrap();
    assert_eq!(last.nearest.as_deref(), Some("GET /v1/broadworks/subscribers"));
    assert!(last.not_simulated);
}

#[tokio::test]
async fn a_broken_form_hides_no_secret() {
    let sim = Sim::start().await;
    let (id, secret) = (sim.running.client_id(), sim.running.client_secret());
    let mut form = format!("grant_type=refresh_token&client_id={id}&client_secret={secret}&x=").into_bytes();
    form.push(0xff);
    let url = format!("{}/v1/access_token", sim.running.url());
    let request = sim
        .http
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(form).send().await.unwrap();
    let exchange = sim.running.control().journal_exchange(1).await.unwrap();
    let body = exchange.request_body.unwrap();
    assert!(
        body.text.contains("grant_type=refresh_token") && !body.text.contains(secret),
        "{}",
        body.text
    );
}

#[tokio::test]
async fn a_token_in_the_wrong_place_is_a_fingerprint() {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    let url = format!("{}/", sim.running.url());
    let request = sim
        .http
        .request(reqwest::Method::from_bytes(token.as_bytes()).unwrap(), &url);
    request
        .header("authorization", format!("{token} x"))
        .send()
        .await
        .unwrap();
    let entries = sim
        .running
        .control()
        .journal(&EntryFilter::default())
        .await
        .unwrap();
    let shown = serde_json::to_string(&entries).unwrap();
    assert!(
        !shown.contains(&token) && !shown.contains(&token.to_lowercase()),
        "{shown}"
    );
}

#[tokio::test]
async fn a_body_beyond_all_measure_is_refused_in_webexs_shape() {
    let sim = Sim::start().await;
    let url = format!("{}/v1/access_token", sim.running.url());
    let answer = sim
        .http
        .post(url)
        .body(vec![b'x'; 3 * 1024 * 1024])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
    assert!(answer.text().await.unwrap().contains("trackingId"));
}

#[tokio::test]
async fn no_secret_is_shown_anywhere_on_the_control_api() {
    let sim = Sim::start().await;
    let verifier = "verifier-verifier-verifier-verifier-verifier";
    let code = sim.code(&format!("&code_challenge={verifier}")).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ];
    let tokens = sim.token(&form).await.tokens();
    sim.refresh(&tokens.refresh).await.tokens();
    let secrets = [
        &code,
        &tokens.access,
        &tokens.refresh,
        sim.running.client_secret(),
        "new-password",
    ];
    // Secrets where they do not belong.
    for secret in [&code, &tokens.access, &tokens.refresh] {
        let _ = sim
            .get(&format!("/v1/x/{secret}?q={secret}&code={secret}"), secret)
            .await;
        let url = format!("{}/", sim.running.url());
        let odd = sim
            .http
            .get(url)
            .header("TrackingID", secret)
            .header("Cookie", secret)
            .header("X-Odd", secret);
        odd.basic_auth("id", Some(secret)).send().await.unwrap();
    }
    sim.post_form(
        "/v1/authorize",
        &[
            ("person", "x"),
            ("password", ADMIN_PASSWORD),
            ("decision", "accept"),
        ],
    )
    .await
    .wire();
    let control = sim.running.control();
    control
        .change_password("avery.quinn@acme.example.com", "new-password")
        .await
        .unwrap();
    let mut shown = String::new();
    for path in [
        "journal",
        "journal/har",
        "journal/1",
        "journal/near-misses?status=999",
        "tokens",
        "settings",
        "consent",
        "clock",
        "health",
    ] {
        let url = format!("{}/__sim/{path}", sim.running.control_url());
        shown += &sim.http.get(url).send().await.unwrap().text().await.unwrap();
    }
    for secret in secrets.into_iter().chain([ADMIN_PASSWORD]) {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    assert!(shown.contains(&webex_sim::fingerprint(&tokens.access)));
}

#[tokio::test]
async fn the_ring_is_bounded() {
    let sim = Sim::with(|builder| builder.journal_capacity(3)).await;
    for _ in 0..5 {
        let _ = sim.open("/").await;
    }
    let entries = sim
        .running
        .control()
        .journal(&EntryFilter::default())
        .await
        .unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(),
        [3, 4, 5]
    );
}

#[tokio::test]
async fn known_secrets_are_found_wherever_a_client_puts_them() {
    let sim = Sim::start().await;
    let secret = sim.running.client_secret().to_owned();
    let url = format!(
        "{}/v1/foo;client_secret={secret}?note={ADMIN_PASSWORD}",
        sim.running.url()
    );
    sim.http
        .get(url)
        .header("X-Api", format!("client_secret={secret}"))
        .header("Referer", format!("http://x/?password={ADMIN_PASSWORD}"))
        .header("TrackingID", &secret)
        .send()
        .await
        .unwrap();
    let entries = sim
        .running
        .control()
        .journal(&EntryFilter::default())
        .await
        .unwrap();
    let text = serde_json::to_string(&entries).unwrap();
    assert!(
        !text.contains(&secret) && !text.contains(ADMIN_PASSWORD),
        "{text}"
    );
}
