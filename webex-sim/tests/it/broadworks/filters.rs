//! The list of subscribers: filters, pages, links.

use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::types::SubscriberStatus;

use super::{Client, ENTERPRISES, PROVISIONING_ID, SUBSCRIBERS, john, numbered, problems};
use crate::harness::Answer;

const OTHER_ID: &str =
    "NDI4NWY1OTQtNWI1MS00N2JlLTkzOTYtNmMzNmUyYWQ4M2E1OmY1YjM2MTg3LWM4ZGQtNDcyNy04YjJmLWY5YzQ0N2YyOTA0Ng";

/// User IDs of a list.
fn user_ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["userId"].as_str().unwrap()).collect()
}

/// The link to the next page, as a path.
fn next(client: &Client, answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let url = link.strip_prefix('<')?.strip_suffix(r#">; rel="next""#)?;
    Some(url.strip_prefix(client.sim.running.url().as_str())?.to_owned())
}

/// Everything from this path on, page by page, and the sizes of the pages.
async fn pages(client: &Client, path: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut items, mut sizes, mut path) = (Vec::new(), Vec::new(), path.to_owned());
    loop {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let page = answer.json()["items"].as_array().unwrap().clone();
        sizes.push(page.len());
        items.extend(page);
        match next(client, &answer) {
            Some(next) => path = next,
            None => return (items, sizes),
        }
    }
}

/// Three subscribers of two enterprises, ten seconds apart: provisioned, waiting for an address, just begun.
async fn three() -> (Client, Value) {
    let client = Client::start().await;
    let one = client.provisioned(&numbered(1)).await;
    client.pass(8).await;
    let changes = json!({"userId": "2@example.com", "email": null, "spEnterpriseId": "Reseller1+other", "provisioningId": OTHER_ID});
    client.provision(&john(&changes)).await;
    client.pass(10).await;
    client.provision(&numbered(3)).await;
    (client, one)
}

#[tokio::test]
async fn each_filter_shows_what_it_names() {
    let (client, one) = three().await;
    let person = format!("personId={}", one["personId"].as_str().unwrap());
    for (query, expected) in [
        ("", vec![1, 2, 3]),
        ("userId=2@example.com", vec![2]),
        ("userId=2%40EXAMPLE.com", vec![2]),
        ("userId=4@example.com", vec![]),
        (&person, vec![1]),
        ("personId=nobody", vec![]),
        ("email=User1@example.com", vec![1]),
        ("email=user3@example.com", vec![3]),
        ("spEnterpriseId=Reseller1%2Bother", vec![2]),
        ("spEnterpriseId=Reseller1+example", vec![1, 3]),
        ("spEnterpriseId=Reseller1", vec![]),
        ("status=provisioned", vec![1]),
        ("status=provisioned,provisioning", vec![1, 3]),
        ("status=error,pending_email_input", vec![2]),
        ("status=updating", vec![]),
        ("selfActivated=false", vec![1, 2, 3]),
        ("selfActivated=true", vec![]),
        // Begun at 08:09:45.250, 10 and 20 seconds later, each through after 2 seconds.
        ("after=2026-02-10T08:09:45.249Z", vec![1, 2, 3]),
        ("after=2026-02-10T08:09:45.250Z", vec![2, 3]),
        ("after=1770710985250", vec![2, 3]),
        ("after=1770710995250", vec![3]),
        ("after=2026-02-10", vec![1, 2, 3]),
        ("after=2026-02-11", vec![]),
        ("lastStatusChange=2026-02-10T08:09:47.249Z", vec![1, 2, 3]),
        ("lastStatusChange=1770710987250", vec![2, 3]),
        ("lastStatusChange=2026-02-10T09:09:57.250+01:00", vec![3]),
        ("status=provisioning&userId=1@example.com", vec![]),
        ("status=provisioned&userId=1@example.com&color=red&max=", vec![1]),
    ] {
        let list = client.get(&format!("{SUBSCRIBERS}?{query}")).await.json();
        let expected: Vec<_> = expected.iter().map(|n| format!("{n}@example.com")).collect();
        assert_eq!(user_ids(&list), expected, "{query}");
    }
    for (id, expected) in [
        (PROVISIONING_ID, vec!["1@example.com", "3@example.com"]),
        (OTHER_ID, vec!["2@example.com"]),
    ] {
        let list = client.get(&format!("{SUBSCRIBERS}?provisioningId={id}")).await;
        assert_eq!(user_ids(&list.json()), expected);
    }
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_named() {
    let client = Client::start().await;
    for (query, field) in [
        ("max=0", "max"),
        ("max=-1", "max"),
        ("max=ten", "max"),
        ("status=done", "status"),
        ("status=error,", "status"),
        ("after=yesterday", "after"),
        ("lastStatusChange=99999999999999999999", "lastStatusChange"),
        ("selfActivated=maybe", "selfActivated"),
        ("cursor=x", "cursor"),
    ] {
        let answer = client.get(&format!("{SUBSCRIBERS}?{query}")).await;
        assert_eq!(problems(&answer), (400, json!([[null, field]])), "{query}");
    }
    for query in ["max=0", "cursor=x"] {
        let answer = client.get(&format!("{ENTERPRISES}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn following_the_links_gives_everything_once_in_the_order_of_creation() {
    let client = Client::start().await;
    for n in 0..7 {
        client.provision(&numbered(n)).await;
        client.pass(1).await;
    }
    let (items, sizes) = pages(&client, &format!("{SUBSCRIBERS}?max=3")).await;
    assert_eq!(sizes, [3, 3, 1]);
    let all = client.get(SUBSCRIBERS).await;
    assert_eq!((all.json(), all.header("link")), (json!({"items": items}), None));
    let expected: Vec<_> = (0..7).map(|n| format!("{n}@example.com")).collect();
    assert_eq!(user_ids(&json!({"items": items})), expected);
    // A page that is full to the last item has no next one.
    assert_eq!(pages(&client, &format!("{SUBSCRIBERS}?max=7")).await.1, [7]);
}

#[tokio::test]
async fn a_link_keeps_filters_and_size() {
    let client = Client::start().await;
    for n in 0..4 {
        client.provision(&numbered(n)).await;
    }
    let control = client.sim.running.control();
    control
        .set_subscriber_status("1@example.com", SubscriberStatus::Error)
        .await
        .unwrap();
    let path = format!("{SUBSCRIBERS}?status=provisioning,updating&max=1");
    let (items, sizes) = pages(&client, &path).await;
    assert_eq!(sizes, [1, 1, 1]);
    assert!(items.iter().all(|item| item["status"] == "provisioning"));
    let link = client.get(&path).await.header("link").unwrap().to_owned();
    let kept = format!("{}{path}&cursor=", client.sim.running.url());
    assert!(link.starts_with(&format!("<{kept}")), "{link}");
}

#[tokio::test]
async fn what_is_deleted_between_two_pages_hides_nobody_else() {
    let client = Client::start().await;
    for n in 0..4 {
        client.provision(&numbered(n)).await;
    }
    let first = client.get(&format!("{SUBSCRIBERS}?max=2")).await;
    for item in first.json()["items"].as_array().unwrap() {
        assert_eq!(client.delete(&super::path_of(item)).await.status, 204);
    }
    let second = client.get(&next(&client, &first).unwrap()).await.json();
    assert_eq!(user_ids(&second), ["2@example.com", "3@example.com"]);
}

#[tokio::test]
async fn a_page_has_50_items_and_never_more_than_100() {
    let client = Client::start().await;
    for n in 0..101 {
        client.provision(&numbered(n)).await;
    }
    let size = async |query: &str| pages(&client, &format!("{SUBSCRIBERS}{query}")).await.1;
    assert_eq!(size("").await, [50, 50, 1]);
    assert_eq!(size("?max=1000").await, [100, 1]);
}

#[tokio::test]
async fn links_have_the_scheme_and_host_that_the_client_used() {
    let client = Client::start().await;
    for n in 0..2 {
        client.provision(&numbered(n)).await;
    }
    let plain = client
        .sim
        .http
        .get(format!("{}{SUBSCRIBERS}?max=1", client.sim.running.url()))
        .header("host", "gateway.example.com:9001")
        .bearer_auth(&client.token);
    let answer = Answer::of(plain.send().await.unwrap()).await;
    let link = answer.header("link").unwrap();
    assert!(link.starts_with("<http://gateway.example.com:9001/v1/"), "{link}");
    let url = client.sim.running.tls_url();
    let answer = Answer::of(
        client
            .sim
            .http
            .request(Method::GET, format!("{url}{SUBSCRIBERS}?max=1"))
            .bearer_auth(&client.token)
            .send()
            .await
            .unwrap(),
    )
    .await;
    let link = answer.header("link").unwrap();
    assert!(link.starts_with(&format!("<{url}/v1/")), "{link}");
}

#[tokio::test]
async fn another_partner_sees_nothing_of_it() {
    let client = Client::start().await;
    let subscriber = client.provision(&john(&json!({}))).await;
    let enterprise = client.enterprise().await;
    let code = client.sim.code_for("devon.okafor@birch.example.com", "").await;
    let token = client.sim.exchange(&code).await.tokens().access;
    for path in [SUBSCRIBERS, ENTERPRISES] {
        let list = client.sim.get(path, &token).await;
        assert_eq!(list.json(), json!({"items": []}), "{path}");
    }
    for path in [super::path_of(&subscriber), super::sync_path(&enterprise)] {
        assert_eq!(client.sim.get(&path, &token).await.status, 404, "{path}");
    }
    let path = super::path_of(&subscriber);
    let deleted = client.sim.call(Method::DELETE, &path, &token).await;
    assert_eq!(deleted.status, 404);
    assert_eq!(client.get(&path).await.status, 200);
}
