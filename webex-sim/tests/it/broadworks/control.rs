//! What a test does to subscribers through the control API.

use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::client::ClientError;
use webex_sim::types::{SubscriberFault, SubscriberStatus, SubscriberStatusChange};

use super::{Client, john};
use crate::harness::Answer;

const USER_ID: &str = "95547321@example.com";

/// Every status with its name.
pub(super) fn statuses() -> [(SubscriberStatus, &'static str); 7] {
    use SubscriberStatus as Status;
    [
        (Status::PendingEmailInput, "pending_email_input"),
        (Status::PendingEmailValidation, "pending_email_validation"),
        (Status::PendingUserMigration, "pending_user_migration"),
        (Status::Provisioning, "provisioning"),
        (Status::Provisioned, "provisioned"),
        (Status::Updating, "updating"),
        (Status::Error, "error"),
    ]
}

async fn post(client: &Client, subscriber: &str, body: &str) -> Answer {
    let control = client.sim.running.control_url();
    let url = format!("{control}/__sim/subscribers/{subscriber}/status");
    let request = client.sim.http.post(url).body(body.to_owned());
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn any_status_can_be_set_and_stays() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({}))).await;
    let control = client.sim.running.control();
    for (status, name) in statuses() {
        let state = control.set_subscriber_status(USER_ID, status).await.unwrap();
        assert_eq!(
            (state.status, state.id.as_str()),
            (status, subscriber["id"].as_str().unwrap())
        );
        client.pass(100).await;
        assert_eq!(client.look(&subscriber).await["status"], name);
    }
}

#[tokio::test]
async fn errors_are_shown_until_the_status_changes() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({}))).await;
    let change = SubscriberStatusChange {
        errors: vec![SubscriberFault {
            error_code: 6003,
            description: "something else".into(),
        }],
        ..SubscriberStatus::Error.into()
    };
    let control = client.sim.running.control();
    let id = subscriber["id"].as_str().unwrap();
    control.set_subscriber_status(id, change).await.unwrap();
    let failed = client.look(&subscriber).await;
    assert_eq!(
        failed["errors"],
        json!([{"errorCode": 6003, "description": "something else"}])
    );
    control
        .set_subscriber_status(id, SubscriberStatus::Provisioned)
        .await
        .unwrap();
    assert_eq!(client.look(&subscriber).await.get("errors"), None);
}

#[tokio::test]
async fn a_user_who_enters_an_address_is_provisioned() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({"email": null}))).await;
    client.pass(2).await;
    let control = client.sim.running.control();
    let entered = SubscriberStatusChange {
        email: Some("john.anderson@example.com".into()),
        ..SubscriberStatus::PendingEmailValidation.into()
    };
    let state = control.set_subscriber_status(USER_ID, entered).await.unwrap();
    assert_eq!(state.email.as_deref(), Some("john.anderson@example.com"));
    assert_eq!(state.person_id, None);
    let state = control
        .set_subscriber_status(USER_ID, SubscriberStatus::Provisioned)
        .await
        .unwrap();
    let shown = client.look(&subscriber).await;
    assert_eq!(shown["personId"], json!(state.person_id.unwrap()));
    assert_eq!(shown["email"], "john.anderson@example.com");
}

#[tokio::test]
async fn an_update_in_progress_takes_effect_when_it_is_said_to_be_through() {
    let client = Client::start().await;
    let subscriber = client.provisioned(&john(&json!({}))).await;
    let path = super::path_of(&subscriber);
    assert_eq!(client.put(&path, &json!({"extension": "77"})).await.status, 200);
    let control = client.sim.running.control();
    control
        .set_subscriber_status(USER_ID, SubscriberStatus::Provisioned)
        .await
        .unwrap();
    assert_eq!(client.look(&subscriber).await["extension"], "77");
}

#[tokio::test]
async fn wrong_input_is_refused_and_changes_nothing() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({"email": null}))).await;
    client
        .provision(&john(
            &json!({"userId": "1@example.com", "email": "user1@example.com"}),
        ))
        .await;
    for (body, field) in [
        ("", "status"),
        ("[]", "body"),
        (r#"{"status":"done"}"#, "status"),
        (r#"{"status":7}"#, "status"),
        (r#"{"status":"error","color":"red"}"#, "color"),
        (r#"{"status":"error","errors":{}}"#, "errors"),
        (r#"{"status":"error","errors":[{"errorCode":1}]}"#, "errors"),
        (
            r#"{"status":"error","errors":[{"errorCode":-1,"description":""}]}"#,
            "errors",
        ),
        (
            r#"{"status":"error","errors":[{"errorCode":1,"description":"","x":1}]}"#,
            "errors",
        ),
        (
            r#"{"status":"provisioning","errors":[{"errorCode":1,"description":"x"}]}"#,
            "errors",
        ),
        (r#"{"status":"provisioned"}"#, "email"),
        (r#"{"status":"provisioned","email":"nobody"}"#, "email"),
        (r#"{"status":"provisioned","email":"USER1@example.com"}"#, "email"),
        (r#"{"status":"provisioned","email":7}"#, "email"),
    ] {
        let answer = post(&client, USER_ID, body).await;
        let refusal: Value = answer.json();
        assert_eq!((answer.status, &refusal["field"]), (400, &json!(field)), "{body}");
        assert!(
            refusal["reason"].is_string() && refusal["accepted"].is_string(),
            "{body}"
        );
    }
    assert_eq!(client.look(&subscriber).await, subscriber);
}

#[tokio::test]
async fn once_there_is_a_person_another_address_cannot_be_entered() {
    let client = Client::start().await;
    let subscriber = client.provisioned(&john(&json!({}))).await;
    let body = r#"{"status":"error","email":"user1@example.com"}"#;
    let answer = post(&client, USER_ID, body).await;
    assert_eq!((answer.status, &answer.json()["field"]), (400, &json!("email")));
    assert_eq!(client.look(&subscriber).await, subscriber);
    let body = r#"{"status":"error","email":"john.anderson@example.com"}"#;
    assert_eq!(post(&client, USER_ID, body).await.status, 200);
}

#[tokio::test]
async fn a_path_that_names_the_world_does_the_same() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({}))).await;
    let control = client.sim.running.control_url();
    let url = format!("{control}/__sim/worlds/default/subscribers/{USER_ID}/status");
    let request = client.sim.http.post(url).body(r#"{"status":"updating"}"#);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(client.look(&subscriber).await["status"], "updating");
}

#[tokio::test]
async fn an_unknown_subscriber_is_told_with_those_who_are_known() {
    let client = Client::start().await;
    let control = client.sim.running.control();
    let mut accepted = Vec::new();
    for n in 0..2 {
        let error = control
            .set_subscriber_status("nobody", SubscriberStatus::Error)
            .await
            .unwrap_err();
        let ClientError::Refused {
            status: 404,
            rejection,
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(rejection.field, "subscriber");
        accepted.push(rejection.accepted);
        client.provision(&super::numbered(n)).await;
    }
    assert_eq!(accepted, ["none: there are no subscribers", "0@example.com"]);
    let url = format!("{}/__sim/subscribers/x/status", client.sim.running.control_url());
    let request = client.sim.http.request(Method::GET, url);
    assert_eq!(request.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn delays_beyond_what_the_clock_can_show_are_refused() {
    let client = Client::start().await;
    for field in ["provisioning_delay_s", "directory_sync_delay_s"] {
        let url = format!("{}/__sim/settings", client.sim.running.control_url());
        let body = json!({field: 315_360_001_u64});
        let request = client.sim.http.patch(url).body(body.to_string());
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!(field)));
    }
}
