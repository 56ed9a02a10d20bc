//! `/v1/organizations` and `/v1/authorizations/tokenExpiry`.

use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::Seed;

use crate::harness::{Answer, Sim, Tokens};
use crate::operations::stage::subscriber;

const WORLD: &str = include_str!("../../../fixtures/worlds/acme.json");
const ORGANIZATIONS: &str = "/v1/organizations";
const ENTERPRISES: &str = "/v1/broadworks/enterprises";
const SUBSCRIBERS: &str = "/v1/broadworks/subscribers";
const ACME: &str = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi81ZjJhNjFjMC03ZDFlLTRiOWEtOWMzNS0wZTZmNGQyYjhhMTE";
const BIRCH: &str = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi9iM2Q5ZTdhNC0xNmM4LTRmMDItOGU1ZC03YTkwYzFmM2Q2MjI";

/// The built-in world, in which the first organisation manages the second, and with the scope to delete organisations.
fn managed() -> Seed {
    let mut world: Value = serde_json::from_str(WORLD).unwrap();
    world["organizations"][1]["managedBy"] = world["organizations"][0]["id"].clone();
    let scopes = world["integration"]["scopes"].as_array_mut().unwrap();
    scopes.push(json!("spark-admin:organizations_write"));
    Seed::from_json(&world.to_string()).unwrap()
}

async fn sign_in(sim: &Sim, email: &str) -> Tokens {
    let code = sim.code_for(email, "").await;
    sim.exchange(&code).await.tokens()
}

#[tokio::test]
async fn an_administrator_sees_their_own_organisation() {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    insta::assert_snapshot!("organizations", sim.get(ORGANIZATIONS, &token).await.wire());
    let one = sim.get(&format!("{ORGANIZATIONS}/{ACME}"), &token).await;
    let expected =
        json!({"id": ACME, "displayName": "Acme Communications", "created": "2024-03-04T09:12:31+00:00"});
    assert_eq!((one.status, one.json()), (200, expected));
}

#[tokio::test]
async fn other_organisations_are_not_there_unless_they_are_managed() {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    for id in [BIRCH, "x", "%ff", "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11"] {
        assert_eq!(
            sim.get(&format!("{ORGANIZATIONS}/{id}"), &token).await.status,
            404,
            "{id}"
        );
    }
    let sim = Sim::with(|builder| builder.seed(managed())).await;
    let token = sim.log_in().await.access;
    let list = sim
        .get(&format!("{ORGANIZATIONS}?max=1&callingData=true"), &token)
        .await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(list.header("link"), None);
    assert_eq!(
        sim.get(&format!("{ORGANIZATIONS}/{BIRCH}"), &token).await.status,
        200
    );
    let customer = sign_in(&sim, "devon.okafor@birch.example.com").await.access;
    let list = sim.get(ORGANIZATIONS, &customer).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_and_tokens_without_the_scope_see_none() {
    let sim = Sim::start().await;
    let user = sign_in(&sim, "casey.lind@acme.example.com").await.access;
    for path in [ORGANIZATIONS.to_owned(), format!("{ORGANIZATIONS}/{ACME}")] {
        assert_eq!(sim.get(&path, &user).await.status, 403);
        assert_eq!(sim.get(&path, "bad").await.status, 401);
        let path = format!("{path}?x");
        assert_eq!(sim.call(Method::PUT, &path, &user).await.status, 405);
    }
}

#[tokio::test]
async fn the_built_in_integration_may_not_delete_organisations() {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    let answer = sim
        .call(Method::DELETE, &format!("{ORGANIZATIONS}/{ACME}"), &token)
        .await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn an_organisation_is_deleted_with_its_last_user_and_their_tokens() {
    let sim = Sim::with(|builder| builder.seed(managed())).await;
    let token = sim.log_in().await.access;
    let customer = sign_in(&sim, "devon.okafor@birch.example.com").await.access;
    let path = format!("{ORGANIZATIONS}/{BIRCH}");
    let answer = sim.call(Method::DELETE, &path, &token).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(sim.get(&path, &token).await.status, 404);
    assert_eq!(sim.call(Method::DELETE, &path, &token).await.status, 404);
    assert_eq!(sim.get("/v1/people/me", &customer).await.status, 401);
}

#[tokio::test]
async fn an_organisation_in_use_is_not_deleted() {
    let sim = Sim::with(|builder| builder.seed(managed())).await;
    let token = sim.log_in().await.access;
    let own = sim
        .call(Method::DELETE, &format!("{ORGANIZATIONS}/{ACME}"), &token)
        .await;
    insta::assert_snapshot!("organization_conflict", own.wire());
    let body = json!({"emails": ["test-1@birch.example.com"], "displayName": "Test 1", "orgId": BIRCH});
    let url = format!("{}/v1/people", sim.running.url());
    let created = sim
        .http
        .post(url)
        .bearer_auth(&token)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), 200);
    let path = format!("{ORGANIZATIONS}/{BIRCH}");
    let answer = sim.call(Method::DELETE, &path, &token).await;
    assert_eq!(answer.status, 409);
    assert_eq!(
        answer.json()["message"],
        "The organization has more than one user."
    );
    assert_eq!(sim.get(&path, &token).await.status, 200);
}

#[tokio::test]
async fn a_token_tells_when_it_ends() {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    let path = "/v1/authorizations/tokenExpiry";
    let answer = sim.get(path, &token).await;
    // 14 days less a second after the time of the harness.
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"exp":1771920584250}"#)
    );
    assert_eq!(sim.get(path, "bad").await.status, 401);
    let answer = sim.call(Method::DELETE, path, &token).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    sim.running
        .control()
        .advance(std::time::Duration::from_secs(1_209_599))
        .await
        .unwrap();
    assert_eq!(sim.get(path, &token).await.status, 401);
}

#[tokio::test]
async fn the_organisation_of_an_enterprise_is_deleted_with_the_enterprise_and_its_subscribers() {
    let sim = Sim::with(|builder| builder.seed(managed())).await;
    let token = sim.log_in().await.access;
    let send = async |method, path: &str, body: &Value| {
        let request = sim.http.request(method, format!("{}{path}", sim.running.url()));
        Answer::of(request.bearer_auth(&token).json(body).send().await.unwrap()).await
    };
    let count = async |path| {
        let list = sim.get(path, &token).await.json();
        list["items"].as_array().unwrap().len()
    };
    for n in [1, 2] {
        let answer = send(Method::POST, SUBSCRIBERS, &subscriber(n)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let enterprises = sim.get(ENTERPRISES, &token).await.json();
    let field = |name: &str| enterprises["items"][0][name].as_str().unwrap().to_owned();
    let organization = format!("{ORGANIZATIONS}/{}", field("orgId"));
    let sync = format!("{ENTERPRISES}/{}/broadworksDirectorySync", field("id"));

    let _ = send(Method::PUT, &sync, &json!({"enableDirSync": true})).await;
    let refused = sim.call(Method::DELETE, &organization, &token).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.body.contains("directory synchronization"),
        "{}",
        refused.body
    );
    assert_eq!((count(ENTERPRISES).await, count(SUBSCRIBERS).await), (2, 2));

    let _ = send(Method::PUT, &sync, &json!({"enableDirSync": false})).await;
    // Provisioning is still under way: nothing comes of it any more.
    assert_eq!(sim.call(Method::DELETE, &organization, &token).await.status, 204);
    sim.running
        .control()
        .advance(std::time::Duration::from_mins(1))
        .await
        .unwrap();
    assert_eq!((count(ENTERPRISES).await, count(SUBSCRIBERS).await), (1, 1));
    assert_eq!(sim.get(&sync, &token).await.status, 404);
    assert_eq!(
        sim.get("/v1/people?email=user1@customer.example.com", &token)
            .await
            .json()["items"],
        json!([])
    );
}
