//! A user who is deleted.

use super::*;

#[tokio::test]
async fn a_deleted_user_is_gone() {
    let scim = Scim::start().await;
    let answer = scim
        .sim
        .call(Method::DELETE, &Scim::user(CASEY), &scim.token)
        .await;
    assert_eq!(
        (answer.status, answer.body.as_str(), answer.header("content-type")),
        (204, "", None)
    );
    let answer = scim.get(&Scim::user(CASEY)).await;
    refused(&answer, 404, None, &format!("User {CASEY} not found."));
    for (method, body) in [
        (Method::PUT, new_user()),
        (Method::PATCH, json!({})),
        (Method::DELETE, json!({})),
    ] {
        let answer = scim.send(method, &Scim::user(CASEY), &body).await;
        refused(&answer, 404, None, &format!("User {CASEY} not found."));
    }
    assert_eq!(scim.names(&[]).await, ["avery", "blake"]);
}
