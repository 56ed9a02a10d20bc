//! Provision, get, precheck, remove.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;
use webex_sim::types::SubscriberStatus;

use super::{Client, SUBSCRIBERS, accepted, consent_path, john, path_of, problems};

const PRECHECK: &str = "/v1/broadworks/subscribers/validate";

#[tokio::test]
async fn provisioning_answers_with_the_subscriber_in_progress() {
    let client = Client::start().await;
    let answer = client.post(SUBSCRIBERS, &john(&json!({}))).await;
    assert_snapshot!("broadworks_provision", answer.wire());
    assert_eq!(client.get(&path_of(&answer.json())).await.json(), answer.json());
}

#[tokio::test]
async fn what_a_subscriber_does_not_have_is_left_out() {
    let client = Client::start().await;
    let changes =
        json!({"email": null, "primaryPhoneNumber": "", "mobilePhoneNumber": null, "extension": null});
    let subscriber = client.provision(&john(&changes)).await;
    let fields: Vec<_> = subscriber.as_object().unwrap().keys().cloned().collect();
    let expected = [
        "id",
        "userId",
        "spEnterpriseId",
        "firstName",
        "lastName",
        "package",
        "status",
        "created",
        "lastStatusChange",
        "provisioningId",
        "selfActivated",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn every_package_can_be_had() {
    let client = Client::start().await;
    for package in ["softphone", "basic", "standard", "premium"] {
        let changes = json!({"package": package, "userId": package, "email": null});
        assert_eq!(client.provision(&john(&changes)).await["package"], package);
    }
}

#[tokio::test]
async fn a_missing_parameter_is_1001_a_wrong_size_1002_and_each_is_named() {
    let client = Client::start().await;
    let answer = client
        .post(SUBSCRIBERS, &john(&json!({"userId": null, "firstName": ""})))
        .await;
    assert_snapshot!("broadworks_validation", answer.wire());
    for (changes, expected) in [
        (json!({"provisioningId": null}), json!([[1001, "provisioningId"]])),
        (json!({"spEnterpriseId": null}), json!([[1001, "spEnterpriseId"]])),
        (json!({"lastName": null}), json!([[1001, "lastName"]])),
        (json!({"package": null}), json!([[1001, "package"]])),
        (json!({"userId": "x".repeat(162)}), json!([[1002, "userId"]])),
        (json!({"package": "gold"}), json!([[null, "package"]])),
        (
            json!({"spEnterpriseId": "example"}),
            json!([[null, "spEnterpriseId"]]),
        ),
        (
            json!({"provisioningId": "none"}),
            json!([[null, "provisioningId"]]),
        ),
        (json!({"email": "nobody"}), json!([[null, "email"]])),
    ] {
        let answer = client.post(SUBSCRIBERS, &john(&changes)).await;
        assert_eq!(problems(&answer), (400, expected), "{changes}");
    }
    assert_eq!(client.get(SUBSCRIBERS).await.json(), json!({"items": []}));
    assert_eq!(client.get(super::ENTERPRISES).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn an_address_of_another_subscriber_is_a_conflict() {
    let client = Client::start().await;
    client.provision(&john(&json!({}))).await;
    let other = john(&json!({"userId": "1@example.com", "email": "John.Anderson@example.com"}));
    let answer = client.post(SUBSCRIBERS, &other).await;
    assert_eq!(problems(&answer).0, 409);
    let list = client.get(SUBSCRIBERS).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unknown_subscriber_is_404_for_everything() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({}))).await;
    accepted(&client.delete(&path_of(&subscriber)).await);
    for path in [path_of(&subscriber), format!("{SUBSCRIBERS}/nothing")] {
        assert_eq!(problems(&client.get(&path).await).0, 404, "{path}");
        assert_eq!(problems(&client.put(&path, &json!({})).await).0, 404, "{path}");
        assert_eq!(problems(&client.delete(&path).await).0, 404, "{path}");
    }
    let path = consent_path(&subscriber);
    let answer = client.sim.call(Method::POST, &path, &client.token).await;
    assert_eq!(problems(&answer), (404, json!([[404, null]])));
    assert_eq!(answer.header("x-webex-sim"), None);
}

#[tokio::test]
async fn a_subscriber_can_be_removed_whatever_its_status() {
    let client = Client::start().await;
    for (n, (status, _)) in super::control::statuses().into_iter().enumerate() {
        let subscriber = client.provision(&super::numbered(n)).await;
        let control = client.sim.running.control();
        let user_id = subscriber["userId"].as_str().unwrap();
        control.set_subscriber_status(user_id, status).await.unwrap();
        assert_eq!(
            client.delete(&path_of(&subscriber)).await.status,
            204,
            "{status:?}"
        );
    }
    client.pass(10).await;
    assert_eq!(client.get(SUBSCRIBERS).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn a_precheck_says_that_provisioning_would_succeed_and_changes_nothing() {
    let client = Client::start().await;
    for body in [
        json!({"email": "john.anderson@example.com"}),
        john(&json!({"customerInfo": {"primaryEmail": "john.anderson@example.com"}})),
    ] {
        let answer = client.post(PRECHECK, &body).await;
        assert_eq!(answer.status, 200, "{body}");
        let info = json!([{"infoCode": 100, "description": "Provisioning preCheck validation successful."}]);
        assert_eq!(answer.json(), json!({"message": "success", "info": info}));
    }
    assert_eq!(client.get(SUBSCRIBERS).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn a_precheck_says_what_would_go_wrong() {
    let client = Client::start().await;
    client.provisioned(&john(&json!({}))).await;
    for (body, expected) in [
        (json!({}), json!([[1001, "email"]])),
        (json!({"email": "nobody"}), json!([[null, "email"]])),
        (
            json!({"email": "a@example.com", "customerInfo": {}}),
            json!([[1001, "customerInfo.primaryEmail"]]),
        ),
        (
            json!({"email": "a@example.com", "package": "gold"}),
            json!([[null, "package"]]),
        ),
        (
            json!({"email": "a@example.com", "userId": "95547321@example.com"}),
            json!([[10022, "userId"]]),
        ),
        (
            json!({"email": "john.anderson@example.com"}),
            json!([[null, "email"]]),
        ),
    ] {
        assert_eq!(
            problems(&client.post(PRECHECK, &body).await),
            (400, expected),
            "{body}"
        );
    }
}

#[tokio::test]
async fn the_consent_email_is_for_those_who_have_to_move_only() {
    let client = Client::start().await;
    let subscriber = client
        .provision(&john(&json!({"email": "devon.okafor@birch.example.com"})))
        .await;
    let path = consent_path(&subscriber);
    let send = || client.sim.call(Method::POST, &path, &client.token);
    assert_eq!(problems(&send().await).0, 409);
    client.pass(2).await;
    assert_eq!(client.look(&subscriber).await["status"], "pending_user_migration");
    let answer = send().await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(send().await.status, 204);
    let control = client.sim.running.control();
    control
        .set_subscriber_status("95547321@example.com", SubscriberStatus::Provisioned)
        .await
        .unwrap();
    assert_eq!(problems(&send().await).0, 409);
}
