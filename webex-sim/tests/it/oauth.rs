//! The token endpoint: what it issues, and each way it refuses.

use std::fmt::Write as _;
use std::time::Duration;

use insta::assert_snapshot;
use webex_sim::types::{EntryFilter, SettingsPatch, TokenErrorShape, TokenKind};

use crate::harness::{ADMIN, Answer, CALLBACK, Sim};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn errors_come_in_the_shape_that_is_asked_for() {
    let sim = Sim::start().await;
    let mut said = String::new();
    for shape in [
        TokenErrorShape::AsSeen,
        TokenErrorShape::Api,
        TokenErrorShape::Wrapped,
    ] {
        let patch = SettingsPatch {
            token_error_shape: Some(shape),
            ..SettingsPatch::default()
        };
        sim.running.control().change_settings(&patch).await.unwrap();
        let answer = sim.refresh("dead").await;
        assert_eq!(answer.status, 400);
        said += &answer
            .body
            .replace(answer.header("trackingid").unwrap(), "[tracking]");
        said.push('\n');
    }
    assert_snapshot!("error_shapes", said);
}

#[tokio::test]
async fn a_client_revokes_an_access_token_alone_and_a_refresh_token_with_its_grant() {
    let sim = Sim::start().await;
    let revoke = async |token: &str| {
        let form = [
            ("token", token),
            ("client_id", sim.running.client_id()),
            ("client_secret", sim.running.client_secret()),
        ];
        sim.post_form("/idb/oauth2/v1/revoke", &form).await.status
    };
    let tokens = sim.log_in().await;
    assert_eq!(revoke(&tokens.access).await, 200);
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    let again = sim.refresh(&tokens.refresh).await.tokens();
    assert_eq!(revoke(&tokens.refresh).await, 200);
    assert_eq!(sim.get("/", &again.access).await.status, 401);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 400);
    assert_eq!(
        revoke("unknown").await,
        200,
        "nothing is told about tokens of others"
    );
    let stranger = [
        ("token", "x"),
        ("client_id", sim.running.client_id()),
        ("client_secret", "wrong"),
    ];
    assert_eq!(
        sim.post_form("/idb/oauth2/v1/revoke", &stranger).await.status,
        400
    );
    let blank = [
        ("client_id", sim.running.client_id()),
        ("client_secret", sim.running.client_secret()),
    ];
    assert!(
        sim.post_form("/idb/oauth2/v1/revoke", &blank)
            .await
            .body
            .contains("Parameter:token is blank")
    );
}

#[tokio::test]
async fn a_code_is_exchanged_byte_for_byte() {
    let sim = Sim::start().await;
    let code = sim.code("").await;
    let answer = sim.exchange(&code).await;
    assert_eq!(answer.header("content-length"), None);
    assert_snapshot!("token_exchange", answer.wire());
    assert_snapshot!(
        "token_refresh",
        sim.refresh(&answer.tokens().refresh).await.wire()
    );
}

/// Answers, each under the name of its case.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn add(&mut self, case: &str, answer: &Answer) {
        writeln!(self.0, "{case}\n  {} {}\n", answer.status, answer.body).unwrap();
    }
}

const CODE_GRANT: (&str, &str) = ("grant_type", "authorization_code");

#[tokio::test]
async fn dead_refresh_tokens_are_refused_in_one_way() {
    let (sim, mut shown) = (Sim::start().await, Shown::default());
    shown.add("unknown", &sim.refresh("garbage").await);
    let tokens = sim.log_in().await;
    sim.running
        .control()
        .revoke_tokens(TokenKind::Refresh)
        .await
        .unwrap();
    shown.add("revoked", &sim.refresh(&tokens.refresh).await);
    let tokens = sim.log_in().await;
    sim.running
        .control()
        .expire_tokens(TokenKind::Refresh)
        .await
        .unwrap();
    shown.add("expired", &sim.refresh(&tokens.refresh).await);
    assert_snapshot!("refused_refresh_tokens", shown.0);
}

#[tokio::test]
async fn wrong_clients_are_refused() {
    let (sim, mut shown) = (Sim::start().await, Shown::default());
    let grant = ("grant_type", "refresh_token");
    let id = ("client_id", sim.running.client_id());
    let secret = ("client_secret", sim.running.client_secret());
    let path = "/v1/access_token";
    shown.add("client_secret missing", &sim.post_form(path, &[grant, id]).await);
    shown.add(
        "client_secret empty",
        &sim.post_form(path, &[grant, id, ("client_secret", "")]).await,
    );
    shown.add("client_id missing", &sim.post_form(path, &[grant, secret]).await);
    shown.add(
        "client_id wrong",
        &sim.post_form(path, &[grant, ("client_id", "C0"), secret]).await,
    );
    let wrong_secret = [grant, id, ("client_secret", "x")];
    shown.add("client_secret wrong", &sim.post_form(path, &wrong_secret).await);
    let url = format!("{}{path}", sim.running.url());
    let basic = sim
        .http
        .post(url)
        .basic_auth(id.1, Some("x"))
        .form(&[grant])
        .send()
        .await
        .unwrap();
    shown.add("client_secret wrong, Basic", &Answer::of(basic).await);
    let settings = SettingsPatch {
        invalid_client_status: Some(401),
        ..SettingsPatch::default()
    };
    sim.running.control().change_settings(&settings).await.unwrap();
    shown.add(
        "client_secret wrong, invalid_client_status 401",
        &sim.post_form(path, &wrong_secret).await,
    );
    assert_snapshot!("refused_clients", shown.0);
}

#[tokio::test]
async fn bad_codes_are_refused() {
    let (sim, mut shown) = (Sim::start().await, Shown::default());
    shown.add("unknown", &sim.exchange("garbage").await);
    let code = sim.code("").await;
    let _ = sim.exchange(&code).await.tokens();
    shown.add("used", &sim.exchange(&code).await);
    let code = sim.code("").await;
    sim.running
        .control()
        .advance(Duration::from_mins(5))
        .await
        .unwrap();
    shown.add("expired", &sim.exchange(&code).await);
    let code = sim.code("").await;
    let form = [CODE_GRANT, ("code", &code), ("redirect_uri", "http://x/")];
    shown.add("redirect_uri different", &sim.token(&form).await);
    let code = sim.code("").await;
    shown.add(
        "redirect_uri missing",
        &sim.token(&[CODE_GRANT, ("code", &code)]).await,
    );
    let challenge = format!("&code_challenge={}", "v".repeat(43));
    let code = sim.code(&challenge).await;
    shown.add("code_verifier missing", &sim.exchange(&code).await);
    let code = sim.code(&challenge).await;
    let form = [
        CODE_GRANT,
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "w"),
    ];
    shown.add("code_verifier wrong", &sim.token(&form).await);
    assert_snapshot!("refused_codes", shown.0);
}

#[tokio::test]
async fn malformed_requests_and_too_many_tokens_are_refused() {
    let (sim, mut shown) = (Sim::start().await, Shown::default());
    shown.add(
        "grant_type unsupported",
        &sim.token(&[("grant_type", "password")]).await,
    );
    shown.add("grant_type missing", &sim.token(&[]).await);
    shown.add(
        "code missing",
        &sim.token(&[CODE_GRANT, ("redirect_uri", CALLBACK)]).await,
    );
    shown.add("refresh_token empty", &sim.refresh("").await);
    shown.add("a parameter twice", &sim.token(&[CODE_GRANT, CODE_GRANT]).await);
    let json = sim
        .http
        .post(format!("{}/v1/access_token", sim.running.url()))
        .json(&serde_json::json!({}));
    shown.add(
        "JSON instead of a form",
        &Answer::of(json.send().await.unwrap()).await,
    );
    let patch = SettingsPatch {
        max_access_tokens: Some(1),
        ..SettingsPatch::default()
    };
    sim.running.control().change_settings(&patch).await.unwrap();
    sim.log_in().await;
    let code = sim.code("").await;
    shown.add("too many tokens", &sim.exchange(&code).await);
    assert_snapshot!("refused_requests", shown.0);
}

#[tokio::test]
async fn a_refusal_has_the_header_fields_of_a_token_answer() {
    let sim = Sim::start().await;
    assert_snapshot!("token_refusal_wire", sim.refresh("garbage").await.wire());
}

#[tokio::test]
async fn basic_credentials_work() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let request = sim
        .http
        .post(format!("{}/v1/access_token", sim.running.url()))
        .basic_auth(sim.running.client_id(), Some(sim.running.client_secret()))
        .form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &tokens.refresh),
        ]);
    assert_eq!(
        Answer::of(request.send().await.unwrap()).await.tokens().access,
        tokens.access
    );
}

#[tokio::test]
async fn within_a_day_the_same_token_comes_back_with_less_time() {
    let sim = Sim::start().await;
    let first = sim.log_in().await;
    sim.running
        .control()
        .advance(Duration::from_secs(100))
        .await
        .unwrap();
    let answer = sim.refresh(&first.refresh).await;
    assert_eq!(answer.tokens().access, first.access);
    assert_eq!(answer.json()["expires_in"], 1_209_499);
    assert_eq!(answer.json()["refresh_token_expires_in"], 7_775_999);
    sim.running.control().advance(DAY).await.unwrap();
    let second = sim.refresh(&first.refresh).await.tokens();
    assert_ne!(second.access, first.access);
    assert_eq!(second.refresh, first.refresh);
    assert_eq!(
        sim.get("/", &first.access).await.status,
        404,
        "the old token stays good"
    );
}

#[tokio::test]
async fn after_the_access_token_has_expired_or_was_revoked_a_refresh_gives_another() {
    let sim = Sim::start().await;
    let first = sim.log_in().await;
    assert_eq!(
        sim.running
            .control()
            .expire_tokens(TokenKind::Access)
            .await
            .unwrap(),
        1
    );
    assert_eq!(sim.get("/", &first.access).await.status, 401);
    let second = sim.refresh(&first.refresh).await.tokens();
    assert_eq!(sim.get("/", &second.access).await.status, 404);
    assert_eq!(
        sim.running
            .control()
            .revoke_tokens(TokenKind::Access)
            .await
            .unwrap(),
        1
    );
    assert_eq!(sim.get("/", &second.access).await.status, 401);
    let third = sim.refresh(&first.refresh).await.tokens();
    assert_eq!(sim.get("/", &third.access).await.status, 404);
}

#[tokio::test]
async fn a_token_expires_with_the_simulated_time() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    sim.running
        .control()
        .advance(Duration::from_secs(1_209_598))
        .await
        .unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
    sim.running
        .control()
        .advance(Duration::from_secs(1))
        .await
        .unwrap();
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
}

#[tokio::test]
async fn a_new_password_ends_everything_at_once() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let code = sim.code("").await;
    assert_eq!(
        sim.running
            .control()
            .change_password(ADMIN, "another")
            .await
            .unwrap(),
        2
    );
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    let answer = sim.refresh(&tokens.refresh).await;
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (400, Some("invalid_request"))
    );
    assert_eq!(sim.exchange(&code).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_deleted_person_is_gone_with_their_tokens() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let me = sim.get("/v1/people/me", &tokens.access).await.json();
    assert_eq!(
        sim.running
            .control()
            .delete_person(me["id"].as_str().unwrap())
            .await
            .unwrap(),
        2
    );
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 400);
    assert!(!sim.open(&sim.authorize_path()).await.body.contains(ADMIN));
}

#[tokio::test]
async fn a_client_that_gives_up_leaves_a_spent_code_and_an_entry_without_status() {
    let sim = Sim::start().await;
    let code = sim.code("").await;
    let patch = SettingsPatch {
        token_endpoint_delay_ms: Some(600_000),
        ..SettingsPatch::default()
    };
    let control = sim.running.control();
    control.change_settings(&patch).await.unwrap();
    {
        let exchange = sim.exchange(&code);
        tokio::pin!(exchange);
        // The code is spent and its tokens are issued before the delay; then this client hangs up.
        while control.tokens().await.unwrap().is_empty() {
            assert!(
                futures_poll_once(exchange.as_mut()).await.is_none(),
                "the answer is held back"
            );
        }
    }
    let entries = control
        .journal_wait(
            &EntryFilter::grant("authorization_code"),
            1,
            Duration::from_secs(10),
        )
        .await
        .unwrap();
    assert_eq!(entries[0].status, None);
    control
        .change_settings(&SettingsPatch {
            token_endpoint_delay_ms: Some(0),
            ..patch
        })
        .await
        .unwrap();
    assert_eq!(sim.exchange(&code).await.json()["error"], "invalid_grant");
}

/// Lets a future go on a little; its output if it is ready.
async fn futures_poll_once<F: Future + Unpin>(future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = tokio::task::yield_now() => None,
    }
}
