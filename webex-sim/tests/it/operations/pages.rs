//! Lists, page by page.

use std::collections::HashSet;

use serde_json::Value;

use super::stage::Stage;
use super::table::ENTRIES;
use crate::harness::Answer;

/// Lists by cursor, and those that come all at once.
const PAGED: [(&str, &str); 3] = [
    ("listPeople", "/v1/people"),
    ("listSubscribers", "/v1/broadworks/subscribers"),
    ("listEnterprises", "/v1/broadworks/enterprises"),
];
const WHOLE: &str = "listOrganizations";
const SCIM: &str = "searchUsers";

#[track_caller]
fn items(answer: &Answer, name: &str, field: &str) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    answer.json()[field].as_array().unwrap().clone()
}

/// Path and query of the next page; the link is absolute and leads back to where the request went.
#[track_caller]
fn next(stage: &Stage, answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let url = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    Some(url.strip_prefix(&stage.sim.running.url()).expect(url).to_owned())
}

#[tokio::test]
async fn pages_of_one_item_are_the_list() {
    let stage = Stage::set().await;
    for (name, path) in PAGED {
        let whole = items(&stage.sim.get(path, &stage.token).await, name, "items");
        assert!(whole.len() > 1, "{name}");
        let (mut seen, mut path) = (Vec::new(), Some(format!("{path}?max=1")));
        while let Some(at) = path {
            let page = stage.sim.get(&at, &stage.token).await;
            let one = items(&page, name, "items");
            assert_eq!(one.len(), 1, "{name}: {at}");
            seen.extend(one);
            assert!(seen.len() <= whole.len(), "{name} has no end");
            path = next(&stage, &page);
        }
        assert_eq!(seen, whole, "{name}");
    }
}

#[tokio::test]
async fn links_are_absolute_under_the_base_url_of_the_settings_as_well() {
    let stage = Stage::set().await;
    let settings = webex_sim::types::SettingsPatch {
        base_url: Some("https://gateway.example.com/webex".to_owned()),
        ..Default::default()
    };
    stage
        .sim
        .running
        .control()
        .change_settings(&settings)
        .await
        .unwrap();
    for (name, path) in PAGED {
        let page = stage.sim.get(&format!("{path}?max=1"), &stage.token).await;
        let expected = format!("<https://gateway.example.com/webex{path}?max=1&cursor=");
        let link = page.header("link").unwrap_or_default();
        assert!(link.starts_with(&expected), "{name}: {link}");
    }
    let user = stage
        .sim
        .get("/identity/scim/v2/Users/me", &stage.token)
        .await
        .json();
    let location = user["meta"]["location"].as_str().unwrap();
    assert!(
        location.starts_with("https://gateway.example.com/webex/identity/scim/"),
        "{location}"
    );
}

#[tokio::test]
async fn scim_goes_by_start_index_and_count() {
    let stage = Stage::set().await;
    let path = stage.path("/identity/scim/{acme_uuid}/v2/Users");
    let whole = stage.sim.get(&path, &stage.token).await;
    let total = whole.json()["totalResults"].as_u64().unwrap();
    let mut seen = Vec::new();
    for start in 1..=total + 1 {
        let page = stage
            .sim
            .get(&format!("{path}?startIndex={start}&count=1"), &stage.token)
            .await;
        assert_eq!(page.json()["totalResults"], total);
        assert_eq!(page.json()["startIndex"], start);
        let one = items(&page, SCIM, "Resources");
        assert_eq!(one.len(), usize::from(start <= total));
        seen.extend(one);
    }
    assert_eq!(seen, items(&whole, SCIM, "Resources"));
}

#[tokio::test]
async fn organizations_come_all_at_once() {
    let stage = Stage::set().await;
    let whole = stage.sim.get("/v1/organizations", &stage.token).await;
    let one = stage.sim.get("/v1/organizations?max=1", &stage.token).await;
    assert_eq!((one.json(), one.header("link")), (whole.json(), None));
}

#[test]
fn every_list_is_paged_here() {
    let lists = ENTRIES.iter().map(|entry| entry.id);
    let lists: HashSet<_> = lists
        .filter(|id| id.starts_with("list") || id.starts_with("search"))
        .collect();
    let paged = PAGED.iter().map(|(name, _)| *name);
    assert_eq!(lists, paged.chain([WHOLE, SCIM]).collect());
}
