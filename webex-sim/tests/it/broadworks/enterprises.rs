//! Enterprises and the synchronisation of their directories.

use insta::assert_snapshot;
use serde_json::{Value, json};
use webex_sim::types::SettingsPatch;

use super::{Client, ENTERPRISES, accepted, john, numbered, problems, sync_path};

fn on() -> Value {
    json!({"enableDirSync": true})
}

fn now() -> Value {
    json!({"syncStatus": "SYNC_NOW"})
}

/// An enterprise with two subscribers, and its synchronisation.
async fn start() -> (Client, String) {
    let client = Client::start().await;
    for n in 1..3 {
        client.provision(&numbered(n)).await;
    }
    let path = sync_path(&client.enterprise().await);
    (client, path)
}

#[tokio::test]
async fn an_enterprise_comes_with_its_first_subscriber() {
    let client = Client::start().await;
    assert_eq!(client.get(ENTERPRISES).await.json(), json!({"items": []}));
    client.provision(&john(&json!({}))).await;
    client.provision(&numbered(1)).await;
    assert_snapshot!("broadworks_enterprises", client.get(ENTERPRISES).await.wire());
}

#[tokio::test]
async fn enterprises_are_found_by_name_or_its_beginning_and_shown_page_by_page() {
    let client = Client::start().await;
    for (n, name) in ["SP1+acme", "SP1+birch", "SP2+acme"].iter().enumerate() {
        let mut body = numbered(n);
        body["spEnterpriseId"] = json!(name);
        client.provision(&body).await;
        client.pass(1).await;
    }
    for (query, expected) in [
        ("", vec!["SP1+acme", "SP1+birch", "SP2+acme"]),
        ("?spEnterpriseId=SP1%2Bacme", vec!["SP1+acme"]),
        ("?spEnterpriseId=SP1+acme", vec!["SP1+acme"]),
        ("?spEnterpriseId=SP1", vec![]),
        ("?startsWith=SP1", vec!["SP1+acme", "SP1+birch"]),
        ("?startsWith=SP1+b", vec!["SP1+birch"]),
        ("?startsWith=acme", vec![]),
        ("?max=2", vec!["SP1+acme", "SP1+birch"]),
        ("?max=5000", vec!["SP1+acme", "SP1+birch", "SP2+acme"]),
    ] {
        let answer = client.get(&format!("{ENTERPRISES}{query}")).await;
        let list = answer.json();
        let items = list["items"].as_array().unwrap().iter();
        let names: Vec<_> = items
            .map(|item| item["spEnterpriseId"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{query}");
        assert_eq!(answer.header("link").is_some(), query == "?max=2", "{query}");
    }
}

#[tokio::test]
async fn a_synchronisation_goes_from_not_synced_over_in_progress_to_complete() {
    let (client, path) = start().await;
    let short = |enabled: bool, status: &str| json!({"enableDirSync": enabled, "directorySyncStatus": {"syncStatus": status}});
    assert_eq!(client.get(&path).await.json(), short(false, "NOT_SYNCED"));
    assert_eq!(client.put(&path, &on()).await.json(), short(true, "NOT_SYNCED"));
    assert_eq!(client.get(&path).await.json(), short(true, "NOT_SYNCED"));
    let started = client.post(&path, &now()).await;
    assert_eq!(
        (started.status, started.json()),
        (200, short(true, "IN_PROGRESS"))
    );
    let in_progress = client.get(&path).await.json();
    assert_eq!(
        in_progress["directorySyncStatus"],
        json!({
            "lastSyncStartTime": "2026-02-10T08:09:45.250000Z",
            "syncStatus": "IN_PROGRESS",
            "lastSyncTrackingId": started.header("trackingid").unwrap(),
        })
    );
    client.pass(1).await;
    assert_eq!(client.get(&path).await.json(), in_progress);
    client.pass(1).await;
    let complete = client.get(&path).await;
    assert_snapshot!("broadworks_sync_complete", complete.wire());
    assert_eq!(
        client.enterprise().await["broadworksDirectorySync"],
        complete.json()
    );
}

#[tokio::test]
async fn the_next_synchronisation_counts_what_has_changed_and_shows_the_last_one_meanwhile() {
    let (client, path) = start().await;
    accepted(&client.put(&path, &on()).await);
    accepted(&client.post(&path, &now()).await);
    client.pass(2).await;
    let list = client.get(super::SUBSCRIBERS).await.json();
    accepted(&client.delete(&super::path_of(&list["items"][0])).await);
    let change = json!({"extension": "77"});
    accepted(&client.put(&super::path_of(&list["items"][1]), &change).await);
    client.provision(&numbered(3)).await;
    client.pass(2).await;
    accepted(&client.post(&path, &now()).await);
    let counters = |status: &Value| {
        let status = &status["directorySyncStatus"];
        let names = [
            "usersAdded",
            "usersUpdated",
            "usersDeleted",
            "totalExternalUsersInCI",
        ];
        names.map(|name| status[name].as_u64().unwrap())
    };
    assert_eq!(counters(&client.get(&path).await.json()), [2, 0, 0, 2]);
    client.pass(2).await;
    assert_eq!(counters(&client.get(&path).await.json()), [1, 1, 1, 2]);
}

#[tokio::test]
async fn the_time_it_takes_is_a_setting() {
    let (client, path) = start().await;
    accepted(&client.put(&path, &on()).await);
    let settings = SettingsPatch {
        directory_sync_delay_s: Some(0),
        ..SettingsPatch::default()
    };
    client
        .sim
        .running
        .control()
        .change_settings(&settings)
        .await
        .unwrap();
    let started = client.post(&path, &now()).await.json();
    assert_eq!(started["directorySyncStatus"]["syncStatus"], "IN_PROGRESS");
    let done = client.get(&path).await.json();
    assert_eq!(done["directorySyncStatus"]["syncStatus"], "COMPLETE");
}

#[tokio::test]
async fn only_what_is_enabled_and_idle_can_be_started() {
    let (client, path) = start().await;
    let user = format!("{path}/externalUser");
    assert_eq!(problems(&client.post(&path, &now()).await).0, 409);
    assert_eq!(
        problems(&client.post(&user, &json!({"userId": "1@example.com"})).await).0,
        409
    );
    accepted(&client.put(&path, &on()).await);
    assert_eq!(client.post(&path, &now()).await.status, 200);
    assert_eq!(problems(&client.post(&path, &now()).await).0, 409);
    client.pass(2).await;
    assert_eq!(client.post(&path, &now()).await.status, 200);
}

#[tokio::test]
async fn switching_off_ends_and_forgets_it() {
    let (client, path) = start().await;
    accepted(&client.put(&path, &on()).await);
    accepted(&client.post(&path, &now()).await);
    let off = client.put(&path, &json!({"enableDirSync": false})).await;
    let expected = json!({"enableDirSync": false, "directorySyncStatus": {"syncStatus": "NOT_SYNCED"}});
    assert_eq!((off.status, off.json()), (200, expected.clone()));
    client.pass(100).await;
    assert_eq!(client.get(&path).await.json(), expected);
}

#[tokio::test]
async fn a_wrong_body_is_explained() {
    let (client, path) = start().await;
    accepted(&client.put(&path, &on()).await);
    for (body, expected) in [
        (json!({}), json!([[1001, "enableDirSync"]])),
        (json!({"enableDirSync": null}), json!([[1001, "enableDirSync"]])),
        (json!({"enableDirSync": "true"}), json!([[null, "enableDirSync"]])),
    ] {
        assert_eq!(
            problems(&client.put(&path, &body).await),
            (400, expected),
            "{body}"
        );
    }
    for (body, expected) in [
        (json!({}), json!([[1001, "syncStatus"]])),
        (json!({"syncStatus": ""}), json!([[1002, "syncStatus"]])),
        (json!({"syncStatus": "COMPLETE"}), json!([[null, "syncStatus"]])),
    ] {
        assert_eq!(
            problems(&client.post(&path, &body).await),
            (400, expected),
            "{body}"
        );
    }
    let user = format!("{path}/externalUser");
    for (body, expected) in [
        (json!({}), json!([[1001, "userId"]])),
        (json!({"userId": ""}), json!([[1002, "userId"]])),
        (json!({"userId": []}), json!([[null, "userId"]])),
    ] {
        assert_eq!(
            problems(&client.post(&user, &body).await),
            (400, expected),
            "{body}"
        );
    }
    assert_eq!(client.get(&path).await.json()["enableDirSync"], true);
}

#[tokio::test]
async fn one_user_is_synchronised_at_once() {
    let (client, path) = start().await;
    accepted(&client.put(&path, &on()).await);
    let user = format!("{path}/externalUser");
    let sync = async |user_id: &str| client.post(&user, &json!({"userId": user_id})).await;
    let added = sync("1@example.com").await;
    assert_eq!(
        (added.status, added.json()),
        (
            200,
            json!({
                "userResponse": {
                    "userId": "1@example.com", "firstName": "John", "lastName": "Andersen", "extension": "1212",
                    "number": "+1-240-555-1212", "mobile": "+1-818-279-1234",
                },
                "status": "ADD",
            })
        )
    );
    assert_eq!(sync("1@example.com").await.json()["status"], "NO_OPERATION");
    client.pass(2).await;
    let list = client.get(super::SUBSCRIBERS).await.json();
    let subscriber = super::path_of(&list["items"][0]);
    accepted(&client.put(&subscriber, &json!({"extension": ""})).await);
    client.pass(2).await;
    let updated = sync("1@example.com").await.json();
    assert_eq!(
        (&updated["status"], updated["userResponse"].get("extension")),
        (&json!("UPDATE"), None)
    );
    accepted(&client.delete(&subscriber).await);
    assert_eq!(sync("1@example.com").await.json()["status"], "DELETE");
    assert_eq!(problems(&sync("1@example.com").await).0, 404);
}

#[tokio::test]
async fn an_unknown_enterprise_is_404_for_everything() {
    let client = Client::start().await;
    let path = format!("{ENTERPRISES}/nothing/broadworksDirectorySync");
    assert_eq!(problems(&client.get(&path).await).0, 404);
    assert_eq!(problems(&client.put(&path, &on()).await).0, 404);
    assert_eq!(problems(&client.post(&path, &now()).await).0, 404);
    let user = format!("{path}/externalUser");
    assert_eq!(
        problems(&client.post(&user, &json!({"userId": "x"})).await).0,
        404
    );
}
