//! How a subscriber's status changes with time and by updates.

use serde_json::{Value, json};
use webex_sim::types::{SettingsPatch, SubscriberStatus};

use super::{Client, SUBSCRIBERS, john, path_of, problems};

/// When the clock stands still at the start, and after two seconds.
const START: &str = "2026-02-10T08:09:45.250Z";
const DONE: &str = "2026-02-10T08:09:47.250Z";

async fn set(client: &Client, status: SubscriberStatus) {
    let control = client.sim.running.control();
    control
        .set_subscriber_status("95547321@example.com", status)
        .await
        .unwrap();
}

#[tokio::test]
async fn provisioning_becomes_provisioned_with_a_person_after_its_time() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({}))).await;
    client.pass(1).await;
    assert_eq!(client.look(&subscriber).await, subscriber);
    client.pass(9).await;
    let done = client.look(&subscriber).await;
    let mut expected = subscriber.clone();
    expected["status"] = json!("provisioned");
    expected["lastStatusChange"] = json!(DONE);
    expected["personId"] = done["personId"].clone();
    assert_eq!(done, expected);
    assert_eq!(done["created"], START);
    assert!(
        done["personId"]
            .as_str()
            .unwrap()
            .starts_with("Y2lzY29zcGFyazovL3VzL1BFT1BMRS")
    );
}

#[tokio::test]
async fn the_time_it_takes_is_a_setting() {
    let client = Client::start().await;
    let control = client.sim.running.control();
    for (seconds, status) in [(0, "provisioned"), (60, "provisioning")] {
        let patch = SettingsPatch {
            provisioning_delay_s: Some(seconds),
            ..SettingsPatch::default()
        };
        control.change_settings(&patch).await.unwrap();
        let n = usize::try_from(seconds).unwrap();
        let subscriber = client.provision(&super::numbered(n)).await;
        assert_eq!(subscriber["status"], "provisioning");
        assert_eq!(client.look(&subscriber).await["status"], status);
    }
}

#[tokio::test]
async fn without_an_address_provisioning_waits_for_one() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({"email": null}))).await;
    assert_eq!(subscriber["status"], "provisioning");
    client.pass(2).await;
    let waiting = client.look(&subscriber).await;
    assert_eq!(
        (&waiting["status"], &waiting["lastStatusChange"]),
        (&json!("pending_email_input"), &json!(DONE))
    );
    assert_eq!(waiting.get("personId"), None);
}

#[tokio::test]
async fn somebody_of_another_organisation_has_to_consent_and_is_the_same_person_then() {
    let client = Client::start().await;
    let email = "devon.okafor@birch.example.com";
    let subscriber = client.provision(&john(&json!({"email": email}))).await;
    client.pass(2).await;
    assert_eq!(client.look(&subscriber).await["status"], "pending_user_migration");
    set(&client, SubscriberStatus::Provisioned).await;
    let token = client.token_of(email, "spark:people_read").await;
    let me = client.sim.get("/v1/people/me", &token).await.json();
    assert_eq!(me["id"], client.look(&subscriber).await["personId"]);
    assert_eq!(me["orgId"], client.enterprise().await["orgId"]);
}

#[tokio::test]
async fn a_user_id_that_somebody_has_is_error_10022() {
    let client = Client::start().await;
    client.provisioned(&john(&json!({}))).await;
    let other = client
        .provision(&john(&json!({"email": "user1@example.com"})))
        .await;
    assert_eq!(other["status"], "provisioning");
    client.pass(2).await;
    let failed = client.look(&other).await;
    assert_eq!(failed["status"], "error");
    assert_eq!(
        failed["errors"],
        json!([{"errorCode": 10022, "description": "The BroadWorks UserID is already associated with an existing user."}])
    );
    let list = client.get(&format!("{SUBSCRIBERS}?status=error")).await.json();
    assert_eq!(list["items"], json!([failed]));
}

#[tokio::test]
async fn an_update_shows_the_old_values_until_it_is_through() {
    let client = Client::start().await;
    let before = client.provisioned(&john(&json!({}))).await;
    let path = path_of(&before);
    let change = json!({
        "userId": "1@example.com", "firstName": "Jon", "lastName": "Andersson", "primaryPhoneNumber": "+1-240-555-1213",
        "mobilePhoneNumber": "+1-818-279-1235", "extension": "1213", "package": "premium", "timezone": "America/New_York",
    });
    let answer = client.put(&path, &change).await;
    let mut expected = before.clone();
    expected["status"] = json!("updating");
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    client.pass(1).await;
    assert_eq!(client.look(&before).await, expected);
    client.pass(1).await;
    let after = client.look(&before).await;
    for (field, value) in change.as_object().unwrap() {
        if field != "timezone" {
            assert_eq!(after[field], *value);
        }
    }
    assert_eq!(
        (&after["status"], &after["personId"], &after["lastStatusChange"]),
        (
            &json!("provisioned"),
            &before["personId"],
            &json!("2026-02-10T08:09:49.250Z")
        )
    );
}

#[tokio::test]
async fn the_empty_text_removes_numbers_but_not_the_last() {
    let client = Client::start().await;
    let subscriber = client.provisioned(&john(&json!({}))).await;
    let path = path_of(&subscriber);
    let both = json!({"primaryPhoneNumber": "", "extension": ""});
    assert_eq!(
        problems(&client.put(&path, &both).await),
        (400, json!([[null, "primaryPhoneNumber"]]))
    );
    assert_eq!(client.look(&subscriber).await, subscriber);
    let some = json!({"primaryPhoneNumber": "", "mobilePhoneNumber": ""});
    assert_eq!(client.put(&path, &some).await.status, 200);
    client.pass(2).await;
    let after = client.look(&subscriber).await;
    assert_eq!(
        (after.get("primaryPhoneNumber"), after.get("mobilePhoneNumber")),
        (None, None)
    );
    assert_eq!(after["extension"], "1212");
    let last = client.put(&path, &json!({"extension": ""})).await;
    assert_eq!(problems(&last).0, 400);
}

#[tokio::test]
async fn a_wrong_update_is_explained_and_changes_nothing() {
    let client = Client::start().await;
    let subscriber = client.provisioned(&john(&json!({}))).await;
    for (change, expected) in [
        (json!({"userId": ""}), json!([[1002, "userId"]])),
        (
            json!({"firstName": "x".repeat(256)}),
            json!([[1002, "firstName"]]),
        ),
        (json!({"package": "gold"}), json!([[null, "package"]])),
        (json!({"package": ""}), json!([[1002, "package"]])),
        (
            json!({"extension": "x", "mobilePhoneNumber": 7}),
            json!([[null, "mobilePhoneNumber"], [null, "extension"]]),
        ),
    ] {
        let answer = client.put(&path_of(&subscriber), &change).await;
        assert_eq!(problems(&answer), (400, expected), "{change}");
    }
    assert_eq!(client.look(&subscriber).await, subscriber);
}

#[tokio::test]
async fn what_is_under_way_or_waits_cannot_be_updated() {
    let client = Client::start().await;
    let subscriber = client.provisioned(&john(&json!({}))).await;
    for (status, name) in super::control::statuses() {
        set(&client, status).await;
        let answer = client
            .put(&path_of(&subscriber), &json!({"firstName": "Jon"}))
            .await;
        let expected = match status {
            SubscriberStatus::Provisioned | SubscriberStatus::Error => 200,
            _ => 409,
        };
        assert_eq!(answer.status, expected, "{name}");
    }
}

#[tokio::test]
async fn an_update_to_a_user_id_that_somebody_has_fails_and_can_be_mended() {
    let client = Client::start().await;
    client.provisioned(&super::numbered(1)).await;
    let subscriber = client.provisioned(&john(&json!({}))).await;
    let path = path_of(&subscriber);
    let update = |user_id: &str| json!({"userId": user_id});
    assert_eq!(client.put(&path, &update("1@example.com")).await.status, 200);
    client.pass(2).await;
    let failed = client.look(&subscriber).await;
    assert_eq!(
        (&failed["status"], &failed["userId"], &failed["personId"]),
        (&json!("error"), &subscriber["userId"], &subscriber["personId"])
    );
    assert_eq!(failed["errors"][0]["errorCode"], 10022);
    assert_eq!(client.put(&path, &update("2@example.com")).await.status, 200);
    client.pass(2).await;
    let mended = client.look(&subscriber).await;
    assert_eq!(
        (&mended["status"], &mended["userId"], mended.get("errors")),
        (&json!("provisioned"), &Value::from("2@example.com"), None)
    );
}
