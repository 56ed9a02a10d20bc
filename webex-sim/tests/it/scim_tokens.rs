//! What a change of a user by SCIM does to the user's tokens.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ADMIN, Sim};
use crate::scim::{ACME, AVERY, CASEY, CASEY_EMAIL, CISCO, PATCH_OP, Scim};

const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// Whether a token works.
async fn works(sim: &Sim, token: &str) -> bool {
    let status = sim.get("/v1/people/me", token).await.status;
    assert!(status == 200 || status == 401, "{status}");
    status == 200
}

async fn caseys_token(scim: &Scim) -> String {
    Scim::token_of(&scim.sim, CASEY_EMAIL, "spark:people_read").await
}

#[tokio::test]
async fn another_role_by_patch_ends_all_tokens_of_the_user_and_of_nobody_else() {
    let scim = Scim::start().await;
    let code = scim.sim.code_for(CASEY_EMAIL, "").await;
    let tokens = scim.sim.exchange(&code).await.tokens();
    let code = scim.sim.code_for(CASEY_EMAIL, "").await;
    let role =
        json!([{"op": "add", "path": "roles", "value": [{"value": "id_user_admin", "type": "cirole"}]}]);
    assert_eq!(scim.patch(CASEY, &role).await.status, 200);
    assert!(!works(&scim.sim, &tokens.access).await);
    assert_eq!(scim.sim.refresh(&tokens.refresh).await.status, 400);
    assert_eq!(scim.sim.exchange(&code).await.status, 400);
    assert!(works(&scim.sim, &scim.token).await);
    let token = caseys_token(&scim).await;
    assert_eq!(scim.patch(CASEY, &role).await.status, 200);
    assert!(works(&scim.sim, &token).await, "the roles are the same as before");
}

#[tokio::test]
async fn another_managed_organisation_ends_the_tokens() {
    let scim = Scim::start().await;
    for name in ["managedOrgs", "managedGroups"] {
        let token = caseys_token(&scim).await;
        let value = json!([{"orgId": "o", "groupId": "g", "role": "id_full_admin"}]);
        let operation = json!([{"op": "add", "path": format!("{CISCO}:{name}"), "value": value}]);
        assert_eq!(scim.patch(CASEY, &operation).await.status, 200);
        assert!(!works(&scim.sim, &token).await, "{name}");
    }
}

#[tokio::test]
async fn put_ends_tokens_if_it_leaves_roles_out_and_not_if_they_stay() {
    let scim = Scim::start().await;
    let mut user = scim.get(&Scim::user(AVERY)).await.json();
    user["title"] = json!("Chief");
    assert_eq!(
        scim.send(Method::PUT, &Scim::user(AVERY), &user).await.status,
        200
    );
    assert!(works(&scim.sim, &scim.token).await);
    user["roles"] = Value::Null;
    let answer = scim.send(Method::PUT, &Scim::user(AVERY), &user).await;
    assert_eq!((answer.status, &answer.json()["roles"]), (200, &Value::Null));
    assert!(!works(&scim.sim, &scim.token).await);
    let token = Scim::token_of(&scim.sim, ADMIN, "identity:people_rw").await;
    assert_eq!(scim.sim.get(&Scim::users(), &token).await.status, 403);
}

#[tokio::test]
async fn a_user_who_is_no_longer_active_has_no_tokens_and_the_old_ones_do_not_come_back() {
    let scim = Scim::start().await;
    let code = scim.sim.code_for(CASEY_EMAIL, "").await;
    let tokens = scim.sim.exchange(&code).await.tokens();
    for active in [false, true] {
        let operation = json!([{"op": "replace", "path": "active", "value": active}]);
        assert_eq!(scim.patch(CASEY, &operation).await.status, 200);
        assert!(!works(&scim.sim, &tokens.access).await, "{active}");
        assert_eq!(scim.sim.refresh(&tokens.refresh).await.status, 400, "{active}");
    }
    assert!(works(&scim.sim, &caseys_token(&scim).await).await);
}

#[tokio::test]
async fn other_changes_leave_the_tokens() {
    let scim = Scim::start().await;
    let token = caseys_token(&scim).await;
    let operations = json!([
        {"op": "replace", "path": "userName", "value": "c.lind@acme.example.com"},
        {"op": "replace", "value": {"title": "x", "locale": "fr_FR", CISCO: {"extensionAttribute1": ["x"]}}},
    ]);
    assert_eq!(scim.patch(CASEY, &operations).await.status, 200);
    assert!(works(&scim.sim, &token).await);
}

#[tokio::test]
async fn a_deleted_user_has_no_tokens() {
    let scim = Scim::start().await;
    let token = caseys_token(&scim).await;
    assert_eq!(
        scim.sim
            .call(Method::DELETE, &Scim::user(CASEY), &scim.token)
            .await
            .status,
        204
    );
    assert!(!works(&scim.sim, &token).await);
}

#[tokio::test]
async fn bulk_ends_tokens_as_single_requests_do() {
    let scim = Scim::start().await;
    let token = caseys_token(&scim).await;
    let role = json!([{"op": "add", "path": "roles", "value": [{"value": "id_user_admin"}]}]);
    let data = json!({"schemas": [PATCH_OP], "Operations": role});
    let operation = json!({"method": "PATCH", "path": format!("/Users/{CASEY}"), "data": data});
    let body = json!({"schemas": [BULK_REQUEST], "operations": [operation]});
    let path = format!("/identity/scim/{ACME}/v2/Bulk");
    let answer = scim.send(Method::POST, &path, &body).await;
    assert_eq!(answer.json()["operations"][0]["status"], "200");
    assert!(!works(&scim.sim, &token).await);
}
