//! From the first subscriber of an enterprise to what is left when it is gone.

use serde_json::json;

use super::{Client, john, path_of};

/// Deleting somebody who has no tokens ends none; somebody who is not there is an error.
async fn is_there(client: &Client, email: &str) -> bool {
    client
        .sim
        .running
        .control()
        .change_password(email, "another")
        .await
        .is_ok()
}

#[tokio::test]
async fn a_provisioned_subscriber_is_a_person_who_can_sign_in_and_stays_when_the_mapping_goes() {
    let client = Client::start().await;
    let email = "john.anderson@example.com";
    let subscriber = client.provision(&john(&json!({}))).await;
    assert!(!is_there(&client, email).await);
    client.pass(2).await;
    let subscriber = client.look(&subscriber).await;

    let token = client.token_of(email, "spark:people_read").await;
    let me = client.sim.get("/v1/people/me", &token).await.json();
    assert_eq!(me["id"], subscriber["personId"]);
    assert_eq!(me["orgId"], client.enterprise().await["orgId"]);
    assert_eq!(
        (
            &me["firstName"],
            &me["lastName"],
            &me["displayName"],
            &me["emails"]
        ),
        (
            &json!("John"),
            &json!("Andersen"),
            &json!("John Andersen"),
            &json!([email])
        )
    );

    let path = path_of(&subscriber);
    let gone = client.delete(&path).await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(client.get(&path).await.status, 404);
    assert!(is_there(&client, email).await);

    let again = client.provisioned(&john(&json!({}))).await;
    assert_ne!(again["id"], subscriber["id"]);
    assert_eq!(again["personId"], subscriber["personId"]);
}

#[tokio::test]
async fn a_reset_takes_subscribers_enterprises_and_their_people_away() {
    let client = Client::start().await;
    client.provisioned(&john(&json!({}))).await;
    client.sim.running.control().reset().await.unwrap();
    assert!(!is_there(&client, "john.anderson@example.com").await);
    let token = client.sim.log_in().await.access;
    for path in [super::SUBSCRIBERS, super::ENTERPRISES] {
        assert_eq!(
            client.sim.get(path, &token).await.json(),
            json!({"items": []}),
            "{path}"
        );
    }
}
