//! Searches of SCIM users over HTTP.

use serde_json::{Value, json};

use crate::scim::{CASEY, CASEY_EMAIL, CISCO, CORE, Scim, new_user, refused};

#[tokio::test]
async fn searches_filter_sort_and_select() {
    let scim = Scim::start().await;
    let first = |query: &'static str| [("filter", query)];
    let table = [
        (
            "userName Eq \"CASEY.lind@acme.example.com\" or userName eq \"nobody@acme.example.com\"",
            vec!["casey"],
        ),
        (
            "userName ew \"acme.example.com\"",
            vec!["avery", "blake", "casey"],
        ),
        ("name.formatted sw \"Blake M\"", vec!["blake"]),
        ("emails[type eq \"work\" and value sw \"b\"]", vec!["blake"]),
        (
            "not (nickName eq \"Blake\") and not (nickName eq \"Avery\")",
            vec!["casey"],
        ),
        ("displayName eq \"Nobody\"", vec![]),
        ("id eq \"0c8e4f7a-52b3-4d96-a1e8-3f6b9d07c254\"", vec!["avery"]),
        (
            "urn:scim:schemas:extension:cisco:webexidentity:2.0:User:meta.organizationId eq \"5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11\"",
            vec!["avery", "blake", "casey"],
        ),
    ];
    for (filter, names) in table {
        assert_eq!(scim.names(&first(filter)).await, names, "{filter}");
    }
    let descending = [("sortBy", "userName"), ("sortOrder", "descending")];
    assert_eq!(scim.names(&descending).await, ["casey", "blake", "avery"]);
    assert_eq!(
        scim.names(&[("sortBy", "meta.lastModified")]).await,
        ["casey", "blake", "avery"]
    );
    assert_eq!(scim.names(&[("sortBy", "id")]).await, ["avery", "blake", "casey"]);
    let query = [
        ("attributes", "userName,name.givenName"),
        ("filter", "nickName eq \"casey\""),
    ];
    let users = scim.search(&query).await.json()["Resources"].clone();
    let user = json!({"schemas": [CORE, CISCO], "id": CASEY, "userName": CASEY_EMAIL, "name": {"givenName": "Casey"}});
    assert_eq!(users, json!([user]));
    let query = [("excludedAttributes", CISCO), ("count", "1")];
    let users = scim.search(&query).await.json()["Resources"].clone();
    assert_eq!(
        (&users[0][CISCO], &users[0]["nickName"]),
        (&Value::Null, &json!("Avery"))
    );
}

#[tokio::test]
async fn searches_that_cannot_be_are_refused() {
    let scim = Scim::start().await;
    let table = [
        (
            ("filter", "userName co \"a\""),
            "invalidFilter",
            "userName cannot be filtered by co; supported: eq, sw, ew.",
        ),
        (
            ("filter", "userName eq"),
            "invalidFilter",
            "The filter cannot be read: expected a value: \"text\" in double quotes, a number, true, false or null at character 12.",
        ),
        (
            ("sortBy", "title"),
            "invalidValue",
            "sortBy is none of userName, id, meta.lastModified.",
        ),
        (
            ("sortOrder", "up"),
            "invalidValue",
            "sortOrder is neither ascending nor descending.",
        ),
        (
            ("startIndex", "one"),
            "invalidValue",
            "startIndex is not an integer.",
        ),
        (("count", ""), "", ""),
    ];
    for (query, scim_type, detail) in table {
        let answer = scim.search(&[query]).await;
        if detail.is_empty() {
            assert_eq!(answer.status, 200, "{query:?}");
        } else {
            refused(&answer, 400, Some(scim_type), detail);
        }
    }
}

#[tokio::test]
async fn pages_lead_to_the_end() {
    let scim = Scim::start().await;
    for n in 0..5 {
        let mut user = new_user();
        let name = format!("u{n}.new@acme.example.com");
        (user["userName"], user["emails"]) = (json!(name), Value::Null);
        assert_eq!(scim.create(&user).await.status, 201);
    }
    let mut seen = Vec::new();
    for (start, on_page) in [(1, 3), (4, 3), (7, 2), (9, 0)] {
        let start_text = start.to_string();
        let query = [
            ("sortBy", "userName"),
            ("startIndex", &start_text),
            ("count", "3"),
        ];
        let body = scim.search(&query).await.json();
        let list = json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]);
        assert_eq!(
            (
                &body["schemas"],
                &body["totalResults"],
                &body["itemsPerPage"],
                &body["startIndex"]
            ),
            (&list, &json!(8), &json!(on_page), &json!(start))
        );
        let users = body["Resources"].as_array().unwrap();
        seen.extend(users.iter().map(|user| user["userName"].to_string()));
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (8, &sorted));
    let none = scim.search(&[("count", "0")]).await.json();
    assert_eq!(
        (&none["totalResults"], &none["itemsPerPage"], &none["Resources"]),
        (&json!(8), &json!(0), &json!([]))
    );
    let before = scim.search(&[("startIndex", "-7"), ("count", "1")]).await.json();
    assert_eq!(
        (&before["startIndex"], &before["itemsPerPage"]),
        (&json!(1), &json!(1))
    );
}
