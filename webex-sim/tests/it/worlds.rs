//! Several worlds in one process: each has its own people, tokens, clock and journal.

mod crowd;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webex_sim::client::{ClientError, World};
use webex_sim::types::{EntryFilter, NewWorld, SettingsPatch, TokenKind};

use crate::harness::{ADMIN, Answer, CALLBACK, Sim, Tokens};
use crate::html::Form;

/// What a client does in a world.
impl Sim {
    fn new_world(&self, name: &str) -> World {
        let new = NewWorld {
            name: Some(name.to_owned()),
            ..NewWorld::default()
        };
        self.running.world(&new).unwrap()
    }

    async fn code_in(&self, world: &World, email: &str) -> String {
        world.control().accept_as(email).await.unwrap();
        let path = format!(
            "/v1/authorize?client_id={}&response_type=code&redirect_uri={CALLBACK}&scope=spark:people_read&state=x",
            world.client_id()
        );
        let answer = self.open(&path).await;
        answer
            .redirect_param("code")
            .expect("the queued consent gives a code")
    }

    async fn token_in(&self, world: &World, form: &[(&str, &str)]) -> Answer {
        let credentials = [
            ("client_id", world.client_id()),
            ("client_secret", world.client_secret()),
        ];
        let form: Vec<_> = credentials.into_iter().chain(form.iter().copied()).collect();
        self.post_form("/v1/access_token", &form).await
    }

    async fn exchange_in(&self, world: &World, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ];
        self.token_in(world, &form).await
    }

    async fn log_in_to(&self, world: &World, email: &str) -> Tokens {
        let code = self.code_in(world, email).await;
        self.exchange_in(world, &code).await.tokens()
    }

    async fn refresh_in(&self, world: &World, token: &str) -> Answer {
        self.token_in(
            world,
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
        .await
    }

    async fn control_raw(&self, method: Method, path: &str, body: &Value) -> Answer {
        let url = format!("{}/__sim/{path}", self.running.control_url());
        let request = self.http.request(method, url).body(body.to_string());
        Answer::of(request.send().await.unwrap()).await
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, String) {
    match result.unwrap_err() {
        ClientError::Refused { status, rejection } => (status, rejection.to_string()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn two_worlds_share_nothing() {
    let sim = Sim::start().await;
    let (a, b) = (sim.new_world("a"), sim.new_world("b"));
    let (in_a, in_b) = (sim.log_in_to(&a, ADMIN).await, sim.log_in_to(&b, ADMIN).await);

    a.control().delete_person(ADMIN).await.unwrap();
    assert_eq!(sim.get("/v1/people/me", &in_a.access).await.status, 401);
    assert_eq!(sim.get("/v1/people/me", &in_b.access).await.status, 200);

    a.control().advance(Duration::from_hours(24)).await.unwrap();
    assert_eq!(b.control().clock().await.unwrap().offset_ms, 0);
    assert_eq!(sim.running.control().clock().await.unwrap().offset_ms, 0);

    let patch = SettingsPatch {
        code_lifetime_s: Some(7),
        ..SettingsPatch::default()
    };
    a.control().change_settings(&patch).await.unwrap();
    assert_eq!(b.control().settings().await.unwrap().code_lifetime_s, 300);

    a.control().decline().await.unwrap();
    assert!(b.control().consent().await.unwrap().is_empty());

    assert_eq!(
        a.control().revoke_tokens(TokenKind::Refresh).await.unwrap(),
        0,
        "all are dead"
    );
    assert_eq!(sim.refresh_in(&b, &in_b.refresh).await.status, 200);

    for _ in 0..10 {
        let _ = sim.refresh_in(&a, &in_a.refresh).await;
    }
    assert!(!a.control().violations().await.unwrap().is_empty());
    assert!(b.control().violations().await.unwrap().is_empty());

    let first = sim.running.control();
    assert!(first.tokens().await.unwrap().is_empty());
    assert!(first.journal(&EntryFilter::default()).await.unwrap().is_empty());
    let seen = |world: &World| {
        let control = world.control().clone();
        async move { control.journal_count(&EntryFilter::default()).await.unwrap() }
    };
    assert_eq!((seen(&a).await, seen(&b).await), (2 + 1 + 10, 2 + 1 + 1));
}

#[tokio::test]
async fn codes_and_refresh_tokens_work_with_the_client_of_their_world_alone() {
    let sim = Sim::start().await;
    let (a, b) = (sim.new_world("a"), sim.new_world("b"));
    let code = sim.code_in(&a, ADMIN).await;
    let stolen = sim.exchange_in(&b, &code).await;
    assert_eq!(
        (stolen.status, &stolen.json()["error"]),
        (400, &json!("invalid_grant"))
    );
    let tokens = sim.exchange_in(&a, &code).await.tokens();
    assert_eq!(sim.refresh_in(&b, &tokens.refresh).await.status, 400);
    assert_eq!(sim.refresh(&tokens.refresh).await.status, 400, "the first world");
    assert_eq!(sim.refresh_in(&a, &tokens.refresh).await.status, 200);
    let mixed = [
        ("client_id", a.client_id()),
        ("client_secret", b.client_secret()),
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.refresh),
    ];
    assert_eq!(
        sim.post_form("/v1/access_token", &mixed).await.json()["error"],
        "invalid_client"
    );
}

#[tokio::test]
async fn the_pages_stay_in_the_world_of_their_client() {
    let sim = Sim::start().await;
    let seed = json!({
        "organizations": [{"displayName": "Elsewhere"}],
        "people": [{"email": "admin@elsewhere.example.com", "displayName": "Admin", "role": "partner_full_admin", "password": "elsewhere"}],
    });
    let new = NewWorld {
        name: Some("a".to_owned()),
        seed: Some(seed),
        ..NewWorld::default()
    };
    let a = sim.running.world(&new).unwrap();
    let query = format!(
        "client_id={}&response_type=code&scope=spark:people_read",
        a.client_id()
    );
    let page = sim.open(&format!("/v1/authorize?{query}")).await;
    assert!(
        page.body.contains("admin@elsewhere.example.com") && !page.body.contains(ADMIN),
        "{}",
        page.body
    );
    let hint = "login_hint=admin@elsewhere.example.com";
    let page = sim.open(&format!("/v1/authorize?{query}&{hint}")).await;
    let fields = Form::of(&page.body).fill("password", "elsewhere").click("accept");
    let form: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = sim.post_form("/v1/authorize", &form).await;
    let code = answer.redirect_param("code").expect("a code");
    let tokens = sim.exchange_in(&a, &code).await;
    // The authorize request had no redirect_uri; the one that is registered may be sent all the same.
    let me = sim.get("/v1/people/me", &tokens.tokens().access).await;
    assert_eq!(me.json()["emails"][0], "admin@elsewhere.example.com");
}

#[tokio::test]
async fn what_the_endpoints_ignore_does_not_choose_the_world() {
    let sim = Sim::start().await;
    let (a, b) = (sim.new_world("a"), sim.new_world("b"));
    let in_a = sim.log_in_to(&a, ADMIN).await;
    // The query of the token endpoint, and the client of an API call.
    let form = [
        ("client_id", a.client_id()),
        ("client_secret", a.client_secret()),
        ("grant_type", "refresh_token"),
        ("refresh_token", &in_a.refresh),
    ];
    let path = format!("/v1/access_token?client_id={}", b.client_id());
    assert_eq!(sim.post_form(&path, &form).await.status, 200);
    let path = format!("/v1/people/me?client_id={}", b.client_id());
    assert_eq!(sim.get(&path, &in_a.access).await.status, 200);
}

#[tokio::test]
async fn no_journal_shows_the_secret_of_another_world() {
    let sim = Sim::start().await;
    let (a, b) = (sim.new_world("a"), sim.new_world("b"));
    let (in_a, in_b) = (sim.log_in_to(&a, ADMIN).await, sim.log_in_to(&b, ADMIN).await);
    b.control()
        .change_password(ADMIN, "changed behind its back")
        .await
        .unwrap();
    let path = format!("/v1/people/me?q=changed+behind+its+back&r={}", b.client_secret());
    let request = sim
        .http
        .get(format!("{}{path}", sim.running.url()))
        .bearer_auth(&in_a.access)
        .header("x-debug", format!("{} {}", b.client_secret(), in_b.refresh))
        .header("user-agent", "changed behind its back");
    request.send().await.unwrap();
    let entries = a
        .control()
        .journal(&EntryFilter::path("/v1/people/me"))
        .await
        .unwrap();
    let shown = serde_json::to_string(&entries).unwrap();
    assert_eq!(entries.len(), 1);
    for secret in [b.client_secret(), &in_b.refresh, "behind"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let debug = format!("{b:?}");
    assert!(!debug.contains(b.client_secret()), "{debug}");
}

#[tokio::test]
async fn deleting_a_world_ends_its_tokens_and_its_waits() {
    let sim = Sim::start().await;
    let a = sim.new_world("a");
    let tokens = sim.log_in_to(&a, ADMIN).await;
    let waiting = tokio::spawn({
        let control = a.control().clone();
        async move {
            control
                .journal_wait(&EntryFilter::path("/never"), 1, Duration::from_mins(5))
                .await
        }
    });
    // Nobody can see from outside that the wait has begun; one that comes too late finds no world, which is the same answer.
    tokio::task::yield_now().await;
    sim.running.control().delete_world("a").await.unwrap();
    let (status, said) = refused(waiting.await.unwrap());
    assert_eq!(status, 404);
    assert!(said.contains("see GET /__sim/worlds"), "{said}");
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    assert_eq!(
        sim.refresh_in(&a, &tokens.refresh).await.json()["error"],
        "invalid_client"
    );
    assert_eq!(refused(a.control().tokens().await).0, 404);
    // The name and the client id are free again; the tokens stay dead.
    let again = NewWorld {
        name: Some("a".to_owned()),
        client_id: Some(a.client_id().to_owned()),
        ..NewWorld::default()
    };
    let again = sim.running.control().create_world(&again).await.unwrap();
    assert_eq!(again.client_id(), a.client_id());
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    again.delete().await.unwrap();
}

#[tokio::test]
async fn a_reset_leaves_other_worlds_alone() {
    let sim = Sim::start().await;
    let (a, b) = (sim.new_world("a"), sim.new_world("b"));
    let (in_a, in_b) = (sim.log_in_to(&a, ADMIN).await, sim.log_in_to(&b, ADMIN).await);
    let first = sim.log_in().await;
    a.control().reset().await.unwrap();
    assert_eq!(sim.get("/", &in_a.access).await.status, 401);
    assert_eq!(sim.get("/", &in_b.access).await.status, 404);
    sim.running.control().reset().await.unwrap();
    assert_eq!(sim.get("/", &first.access).await.status, 401);
    assert_eq!(sim.get("/", &in_b.access).await.status, 404);
    assert_eq!(sim.running.control().worlds().await.unwrap().len(), 3);
    // What it was made with is what it goes back to.
    let tokens = sim.log_in_to(&a, ADMIN).await;
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
}

#[tokio::test]
async fn worlds_are_listed_with_what_is_in_them() {
    let sim = Sim::start().await;
    let a = sim.new_world("a");
    sim.log_in_to(&a, ADMIN).await;
    let list = sim.control_raw(Method::GET, "worlds", &Value::Null).await;
    let one = sim.control_raw(Method::GET, "worlds/a", &Value::Null).await;
    assert_eq!(list.json()["worlds"][1], one.json());
    assert_snapshot!("list", serde_json::to_string_pretty(&list.json()).unwrap());
}

#[tokio::test]
async fn a_world_gets_a_name_and_credentials_in_webexs_shape() {
    let sim = Sim::start().await;
    let answer = sim.control_raw(Method::POST, "worlds", &json!({})).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(hex(text("client_id").strip_prefix('C').unwrap()) && hex(&text("client_secret")));
    assert_eq!(text("control_path"), format!("/__sim/worlds/{}", text("name")));
    let url = format!("{}{}/tokens", sim.running.control_url(), text("control_path"));
    assert_eq!(sim.http.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_world_can_be_given_everything() {
    let sim = Sim::with(|builder| builder.redirect_uri("http://everywhere/cb")).await;
    let new = NewWorld {
        name: Some("a".to_owned()),
        client_id: Some("C1".to_owned()),
        client_secret: Some("s3cret!".to_owned()),
        redirect_uris: Some(vec!["http://only/cb".to_owned()]),
        settings: Some(SettingsPatch {
            code_lifetime_s: Some(9),
            ..SettingsPatch::default()
        }),
        seed: Some(json!({"settings": {"code_lifetime_s": 8, "max_access_tokens": 3}})),
    };
    let a = sim.running.control().create_world(&new).await.unwrap();
    assert_eq!((a.client_id(), a.client_secret()), ("C1", "s3cret!"));
    let settings = a.control().settings().await.unwrap();
    assert_eq!((settings.code_lifetime_s, settings.max_access_tokens), (9, 3));
    assert_eq!(settings.redirect_uris, ["http://only/cb"]);
    a.control().reset().await.unwrap();
    assert_eq!(a.control().settings().await.unwrap(), settings);
    let other = sim.new_world("b").control().settings().await.unwrap();
    assert!(other.redirect_uris.contains(&"http://everywhere/cb".to_owned()));
}

#[tokio::test]
async fn the_client_of_a_seed_is_the_worlds() {
    let sim = Sim::start().await;
    let seed = |id: &str| NewWorld {
        seed: Some(json!({"integration": {"clientId": id, "clientSecret": "from-the-seed"}})),
        ..NewWorld::default()
    };
    let a = sim.running.world(&seed("C7")).unwrap();
    assert_eq!((a.client_id(), a.client_secret()), ("C7", "from-the-seed"));
    let error = sim.running.create_world(&seed("C7")).unwrap_err();
    assert_eq!(error.field, "seed.integration.clientId");
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_with_the_field() {
    let sim = Sim::start().await;
    let a = sim.new_world("a");
    let long = "x".repeat(65);
    let mut shown = String::new();
    for body in [
        json!({"name": "a"}),
        json!({"name": "default"}),
        json!({"name": "Upper"}),
        json!({"name": ""}),
        json!({"name": long}),
        json!({"name": "../a"}),
        json!({"name": 7}),
        json!({"client_id": sim.running.client_id()}),
        json!({"client_id": "with space"}),
        json!({"client_id": ""}),
        json!({"client_secret": "ü-secret"}),
        json!({"client_secret": 77_777}),
        json!({"redirect_uris": ["/relative"]}),
        json!({"settings": {"code_lifetime_s": 0}}),
        json!({"settings": {"lifetime": 1}}),
        json!({"settings": 1}),
        json!({"seed": {"people": [{"email": "x", "displayName": "X"}]}}),
        json!({"seed": {"peple": []}}),
        json!({"seed": "organizations: []"}),
        json!({"colour": "red"}),
        json!([]),
    ] {
        let answer = sim.control_raw(Method::POST, "worlds", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        writeln!(shown, "{body}\n  {}", answer.body).unwrap();
    }
    let shown = shown.replace(&long, "LONG");
    assert!(
        !shown
            .lines()
            .any(|line| line.starts_with("  ") && line.contains("77777"))
    );
    assert_snapshot!("refused", shown);
    let taken = json!({"client_id": a.client_id()});
    let answer = sim.control_raw(Method::POST, "worlds", &taken).await;
    assert_eq!(answer.json()["field"], "client_id");
    assert_eq!(sim.running.control().worlds().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_name_whose_tokens_would_lead_elsewhere_is_refused() {
    // Two names with the same tag: the first four bytes of their SHA-256.
    let mut seen = std::collections::HashMap::new();
    let (one, other) = (0..)
        .find_map(|n: u32| {
            let name = format!("w{n}");
            let tag = Sha256::digest(&name)[..4].to_vec();
            seen.insert(tag, name.clone()).map(|before| (before, name))
        })
        .unwrap();
    let sim = Sim::start().await;
    sim.new_world(&one);
    let new = NewWorld {
        name: Some(other),
        ..NewWorld::default()
    };
    let error = sim.running.create_world(&new).unwrap_err();
    assert_eq!(error.field, "name");
    assert!(error.reason.contains(&format!("the world {one}")), "{error}");
}

#[tokio::test]
async fn the_first_world_cannot_be_deleted_and_unknown_ones_are_404() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let (status, said) = refused(control.delete_world("default").await);
    assert_eq!(status, 400);
    assert!(said.contains("always there"), "{said}");
    let (status, said) = refused(control.world("nowhere").tokens().await);
    assert_eq!(
        (status, said.as_str()),
        (404, "world nowhere is unknown; accepted: see GET /__sim/worlds")
    );
    assert_eq!(refused(control.delete_world("nowhere").await).0, 404);
    assert_eq!(
        control.world("default").tokens().await.unwrap(),
        control.tokens().await.unwrap()
    );
    for (method, path) in [(Method::PUT, "worlds"), (Method::POST, "worlds/default")] {
        assert_eq!(sim.control_raw(method, path, &Value::Null).await.status, 405);
    }
}
