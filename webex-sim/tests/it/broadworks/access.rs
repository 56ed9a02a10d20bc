//! Who may do it, and how it has to be asked.

use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::Seed;

use super::{Client, problems};
use crate::harness::{ADMIN, Answer, Sim};

const READ_SUBSCRIBERS: &str = "spark-admin:broadworks_subscribers_read";
const WRITE_SUBSCRIBERS: &str = "spark-admin:broadworks_subscribers_write";
const READ_ENTERPRISES: &str = "spark-admin:broadworks_enterprises_read";
const WRITE_ENTERPRISES: &str = "spark-admin:broadworks_enterprises_write";

/// Each operation with the scope it needs, and whether it takes a body.
fn operations() -> [(Method, &'static str, &'static str, bool); 12] {
    let sync = "/v1/broadworks/enterprises/x/broadworksDirectorySync";
    let user = "/v1/broadworks/enterprises/x/broadworksDirectorySync/externalUser";
    let subscribers = "/v1/broadworks/subscribers";
    let subscriber = "/v1/broadworks/subscribers/x";
    let precheck = "/v1/broadworks/subscribers/validate";
    let consent = "/v1/subscribers/x/emails/consentMove";
    let enterprises = "/v1/broadworks/enterprises";
    [
        (Method::GET, subscribers, READ_SUBSCRIBERS, false),
        (Method::POST, subscribers, WRITE_SUBSCRIBERS, true),
        (Method::GET, subscriber, READ_SUBSCRIBERS, false),
        (Method::PUT, subscriber, WRITE_SUBSCRIBERS, true),
        (Method::DELETE, subscriber, WRITE_SUBSCRIBERS, false),
        (Method::POST, precheck, WRITE_SUBSCRIBERS, true),
        (Method::POST, consent, WRITE_SUBSCRIBERS, false),
        (Method::GET, enterprises, READ_ENTERPRISES, false),
        (Method::GET, sync, READ_ENTERPRISES, false),
        (Method::PUT, sync, WRITE_ENTERPRISES, true),
        (Method::POST, sync, WRITE_ENTERPRISES, true),
        (Method::POST, user, WRITE_ENTERPRISES, true),
    ]
}

async fn call(client: &Client, method: &Method, path: &str, token: &str) -> Answer {
    client.send(method.clone(), path, token, &json!({})).await
}

#[tokio::test]
async fn each_operation_needs_its_scope_and_no_other() {
    let client = Client::start().await;
    let scopes = [
        READ_SUBSCRIBERS,
        WRITE_SUBSCRIBERS,
        READ_ENTERPRISES,
        WRITE_ENTERPRISES,
    ];
    for scope in scopes {
        let token = client.token_of(ADMIN, scope).await;
        for (method, path, needed, _) in operations() {
            let answer = call(&client, &method, path, &token).await;
            assert_eq!(answer.status == 403, needed != scope, "{scope}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_user_is_missing_the_role() {
    let client = Client::start().await;
    let code = client.sim.code_for("casey.lind@acme.example.com", "").await;
    let token = client.sim.exchange(&code).await.tokens().access;
    for (method, path, _, _) in operations() {
        let answer = call(&client, &method, path, &token).await;
        assert_eq!(problems(&answer).0, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn a_customers_administrator_is_no_partner() {
    let world = include_str!("../../../../fixtures/worlds/acme.json");
    let mut world: Value = serde_json::from_str(world).unwrap();
    // Birch Telecom has no other administrator, and is a customer from now on.
    world["people"][3]["role"] = json!("full_admin");
    let seed = Seed::from_json(&world.to_string()).unwrap();
    let sim = Sim::with(|builder| builder.seed(seed)).await;
    let code = sim.code_for("devon.okafor@birch.example.com", "").await;
    let token = sim.exchange(&code).await.tokens().access;
    let client = Client { sim, token };
    for (method, path, _, _) in operations() {
        let answer = call(&client, &method, path, &client.token).await;
        assert_eq!(problems(&answer).0, 403, "{method} {path}");
    }
    assert_eq!(client.get("/v1/people/me").await.status, 200);
}

#[tokio::test]
async fn without_a_good_token_it_is_401() {
    let client = Client::start().await;
    for (method, path, _, _) in operations() {
        let answer = call(&client, &method, path, "x").await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn another_method_is_405_with_those_that_there_are() {
    let client = Client::start().await;
    for (method, path, allow) in [
        (Method::PUT, "/v1/broadworks/subscribers", "GET, HEAD, POST"),
        (
            Method::POST,
            "/v1/broadworks/subscribers/x",
            "GET, HEAD, PUT, DELETE",
        ),
        (Method::GET, "/v1/broadworks/subscribers/validate", "POST"),
        (Method::GET, "/v1/subscribers/x/emails/consentMove", "POST"),
        (Method::POST, "/v1/broadworks/enterprises", "GET, HEAD"),
        (
            Method::DELETE,
            "/v1/broadworks/enterprises/x/broadworksDirectorySync",
            "GET, HEAD, PUT, POST",
        ),
        (
            Method::GET,
            "/v1/broadworks/enterprises/x/broadworksDirectorySync/externalUser",
            "POST",
        ),
    ] {
        let answer = client.sim.call(method, path, &client.token).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allow)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_body_has_to_be_json_and_an_object() {
    let client = Client::start().await;
    for (method, path, _, has_body) in operations() {
        if !has_body {
            continue;
        }
        let send = async |content_type: Option<&str>, body: Vec<u8>| {
            let url = format!("{}{path}", client.sim.running.url());
            let request = client.sim.http.request(method.clone(), url);
            let request = request.bearer_auth(&client.token).body(body);
            let request = match content_type {
                Some(content_type) => request.header("content-type", content_type),
                None => request,
            };
            Answer::of(request.send().await.unwrap()).await
        };
        for content_type in [None, Some("text/xml")] {
            let answer = send(content_type, b"{}".to_vec()).await;
            assert_eq!(problems(&answer).0, 415, "{method} {path}");
        }
        let huge = [b"{\"x\":\"".to_vec(), vec![b'x'; 3_000_000], b"\"}".to_vec()].concat();
        let broken = [b"{".to_vec(), b"[]".to_vec(), b"".to_vec(), vec![0xff]];
        for (body, status) in broken.map(|body| (body, 400)).into_iter().chain([(huge, 413)]) {
            let answer = send(Some("application/json"), body).await;
            assert_eq!(problems(&answer).0, status, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let client = Client::start().await;
    for path in [super::SUBSCRIBERS, super::ENTERPRISES] {
        let answer = client.sim.call(Method::HEAD, path, &client.token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
    }
}
