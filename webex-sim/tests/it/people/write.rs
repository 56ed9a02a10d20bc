//! Creating, changing and deleting people.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ADMIN_SCOPES, OTHER, PEOPLE, USER, create, descriptions, id_of, item, names, send, sign_in, start,
};
use crate::harness::{ADMIN, Answer};

#[tokio::test]
async fn a_person_is_created_listed_shown_written_back_and_deleted() {
    let (sim, token) = start().await;
    let body = json!({
        "emails": ["test-1@acme.example.com"], "firstName": "Test", "lastName": "One", "title": "GM",
        "phoneNumbers": [{"type": "mobile", "value": "+1 408 526 7209", "primary": true}],
        "addresses": [{"type": "work", "country": "US", "streetAddress": "1099 Bird Ave.", "postalCode": "99212"}],
        "siteUrls": ["acme.webex.example.com#attendee"],
    });
    let created = item(&send(&sim, Method::POST, PEOPLE, &token, &body).await);
    let path = format!("{PEOPLE}/{}", created["id"].as_str().unwrap());

    let list = item(
        &sim.get(&format!("{PEOPLE}?email=TEST-1@acme.example.com"), &token)
            .await,
    );
    assert_eq!(
        (list["items"][0]["id"].clone(), list["notFoundIds"].clone()),
        (created["id"].clone(), json!([]))
    );

    let shown = item(&sim.get(&path, &token).await);
    sim.running
        .control()
        .advance(std::time::Duration::from_mins(1))
        .await
        .unwrap();
    let written = item(&send(&sim, Method::PUT, &path, &token, &shown).await);
    let (mut before, mut after) = (shown.clone(), written.clone());
    assert_ne!(before["lastModified"], after["lastModified"]);
    before["lastModified"].take();
    after["lastModified"].take();
    assert_eq!(before, after);
    assert_eq!(item(&sim.get(&path, &token).await), written);

    let answer = sim.call(Method::DELETE, &path, &token).await;
    assert_eq!(
        (answer.status, answer.body.as_str(), answer.header("content-type")),
        (204, "", None)
    );
    assert_eq!(sim.get(&path, &token).await.status, 404);
    assert_eq!(sim.call(Method::DELETE, &path, &token).await.status, 404);
}

#[tokio::test]
async fn people_of_the_built_in_world_can_be_written_back_too() {
    let (sim, token) = start().await;
    for query in ["", "?callingData=true"] {
        let list = item(&sim.get(PEOPLE, &token).await);
        for person in list["items"].as_array().unwrap() {
            let path = format!("{PEOPLE}/{}{query}", person["id"].as_str().unwrap());
            let shown = item(&sim.get(&path, &token).await);
            let mut written = item(&send(&sim, Method::PUT, &path, &token, &shown).await);
            written["lastModified"] = shown["lastModified"].clone();
            assert_eq!(written, shown);
        }
    }
}

#[tokio::test]
async fn a_new_person_looks_like_one() {
    let (sim, token) = start().await;
    let body = json!({"emails": ["test-1@acme.example.com", "x@acme.example.com"], "displayName": "Test 1", "color": 1});
    insta::assert_snapshot!(
        "person_created",
        send(&sim, Method::POST, PEOPLE, &token, &body).await.wire()
    );
    let body = json!({"emails": ["test-2@acme.example.com"], "lastName": "Two"});
    let short = send(&sim, Method::POST, "/v1/people?minResponse=true", &token, &body).await;
    let short = item(&short);
    assert_eq!(short.as_object().unwrap().keys().collect::<Vec<_>>(), ["id"]);
    let path = format!("{PEOPLE}/{}", short["id"].as_str().unwrap());
    let shown = item(&sim.get(&path, &token).await);
    assert_eq!(
        (
            shown["displayName"].clone(),
            shown["sipAddresses"][0]["type"].clone()
        ),
        (json!("Two"), json!("cloud-calling"))
    );
    let short = send(
        &sim,
        Method::PUT,
        &format!("{path}?minResponse=True"),
        &token,
        &shown,
    )
    .await;
    assert_eq!(item(&short), json!({"id": shown["id"]}));
}

#[tokio::test]
async fn calling_fields_come_with_calling_data() {
    let (sim, token) = start().await;
    let shown = item(&sim.get("/v1/people/me", &token).await);
    let license = shown["licenses"][0].as_str().unwrap();
    let location = "Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OLzYzNzE1";
    let body = json!({
        "emails": ["test-1@acme.example.com"], "displayName": "Test 1", "licenses": [license, "no-license"],
        "locationId": location, "extension": "133",
    });
    let person = item(&send(&sim, Method::POST, "/v1/people?callingData=true", &token, &body).await);
    assert_eq!(
        (person["extension"].clone(), person["locationId"].clone()),
        (json!("133"), json!(location))
    );
    assert_eq!(person["licenses"], json!([license]));
    let path = format!("{PEOPLE}/{}", person["id"].as_str().unwrap());
    let plain = item(&sim.get(&path, &token).await);
    assert_eq!((plain.get("extension"), plain.get("locationId")), (None, None));
    // Written back without them they stay.
    let written = send(
        &sim,
        Method::PUT,
        &format!("{path}?callingData=true"),
        &token,
        &plain,
    )
    .await;
    assert_eq!(item(&written)["extension"], "133");
    let here = sim.get(&format!("{PEOPLE}?locationId={location}"), &token).await;
    assert_eq!(names(&here), ["test-1"]);
}

#[tokio::test]
async fn writing_needs_both_scopes_and_a_role() {
    let (sim, admin) = start().await;
    let id = id_of(&sim, &admin, USER).await;
    let body = json!({"emails": ["test-1@acme.example.com"], "displayName": "Test 1"});
    let tokens = [
        sign_in(&sim, USER, ADMIN_SCOPES).await.access,
        sign_in(&sim, ADMIN, "spark-admin:people_write").await.access,
        sign_in(&sim, ADMIN, "spark-admin:people_read spark:people_read")
            .await
            .access,
    ];
    let path = format!("{PEOPLE}/{id}");
    for token in tokens {
        for (method, path) in [
            (Method::POST, PEOPLE),
            (Method::PUT, &path),
            (Method::DELETE, &path),
        ] {
            let answer = send(&sim, method.clone(), path, &token, &body).await;
            assert_eq!(answer.status, 403, "{method}");
            assert!(
                answer.json()["message"]
                    .as_str()
                    .unwrap()
                    .contains("missing required scopes")
            );
        }
    }
    let none = sign_in(&sim, ADMIN, "identity:people_read").await.access;
    for path in [PEOPLE, &path] {
        assert_eq!(sim.get(path, &none).await.status, 403);
    }
}

#[tokio::test]
async fn an_address_belongs_to_one_person_in_all_of_webex() {
    let (sim, token) = start().await;
    for email in [USER.to_uppercase(), OTHER.to_owned()] {
        let body = json!({"emails": [email], "displayName": "Test"});
        let answer = send(&sim, Method::POST, PEOPLE, &token, &body).await;
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert!(answer.json()["errors"][0]["description"].is_string());
        let path = format!("{PEOPLE}/{}", id_of(&sim, &token, ADMIN).await);
        assert_eq!(send(&sim, Method::PUT, &path, &token, &body).await.status, 409);
    }
    assert_eq!(names(&sim.get(PEOPLE, &token).await).len(), 3);
    // Nothing has changed: the administrator still is one.
    assert_eq!(sim.get(PEOPLE, &token).await.status, 200);
}

#[tokio::test]
async fn several_addresses_can_be_written_and_each_finds_the_person() {
    let (sim, token) = start().await;
    let id = create(&sim, &token, 1..2).await.remove(0);
    let body =
        json!({"displayName": "Test 1", "emails": ["new@acme.example.com", "test-1@acme.example.com"]});
    let path = format!("{PEOPLE}/{id}");
    assert_eq!(
        item(&send(&sim, Method::PUT, &path, &token, &body).await)["emails"],
        body["emails"]
    );
    for email in ["new@acme.example.com", "test-1@acme.example.com"] {
        assert_eq!(id_of(&sim, &token, email).await, id);
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_change_nothing() {
    let (sim, token) = start().await;
    let path = format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await);
    let too_long = format!("\"{}\"", "x".repeat(3_000_000));
    for (method, path) in [(Method::POST, PEOPLE), (Method::PUT, &path)] {
        for (media_type, body, status) in [
            ("application/json", "{\"displayName\":", 400),
            ("application/json", "[]", 400),
            ("application/json", "", 400),
            ("application/json", &too_long, 413),
            ("text/plain", "{}", 415),
            ("application/xml", "<person/>", 415),
        ] {
            let url = format!("{}{path}", sim.running.url());
            let request = sim.http.request(method.clone(), url).bearer_auth(&token);
            let request = request.header("content-type", media_type).body(body.to_owned());
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.status, status, "{method} {media_type}");
            assert!(answer.json()["trackingId"].is_string());
        }
        let url = format!("{}{path}", sim.running.url());
        let request = sim
            .http
            .request(method.clone(), url)
            .bearer_auth(&token)
            .body("{}");
        assert_eq!(request.send().await.unwrap().status(), 415);
    }
    assert_eq!(names(&sim.get(PEOPLE, &token).await).len(), 3);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let (sim, token) = start().await;
    let body = json!({"emails": ["nobody"], "roles": ["x"], "firstName": 1});
    let answer = send(&sim, Method::POST, PEOPLE, &token, &body).await;
    insta::assert_snapshot!("person_invalid", answer.wire());
    let path = format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await);
    let answer = send(&sim, Method::PUT, &path, &token, &json!({"extension": "x"})).await;
    assert_eq!(descriptions(&answer), ["'displayName' is required."]);
    let answer = send(
        &sim,
        Method::PUT,
        &path,
        &token,
        &json!({"displayName": "x", "extension": "x"}),
    )
    .await;
    assert_eq!(descriptions(&answer), ["'extension' must have 2 to 10 digits."]);
}

#[tokio::test]
async fn other_roles_and_a_disabled_login_end_the_tokens_of_a_person() {
    let (sim, token) = start().await;
    let full_admin = "Y2lzY29zcGFyazovL3VzL1JPTEUvaWRfZnVsbF9hZG1pbg";
    let path = format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await);
    let shown = item(&sim.get(&path, &token).await);
    let change = async |name: &str, value: Value| {
        let user = sign_in(&sim, USER, ADMIN_SCOPES).await;
        let mut body = item(&sim.get(&path, &token).await);
        body[name] = value;
        assert_eq!(send(&sim, Method::PUT, &path, &token, &body).await.status, 200);
        let works = sim.get("/v1/people/me", &user.access).await.status == 200;
        assert_eq!(works, sim.refresh(&user.refresh).await.status == 200);
        works
    };
    assert!(change("title", json!("GM")).await);
    assert!(!change("roles", json!([full_admin])).await);
    let user = sign_in(&sim, USER, ADMIN_SCOPES).await.access;
    assert_eq!(sim.get(PEOPLE, &user).await.status, 200, "now an administrator");
    assert!(change("roles", json!([full_admin, full_admin])).await);
    assert!(!change("roles", shown["roles"].clone()).await);
    assert!(!change("loginEnabled", json!("false")).await);
    assert_eq!(item(&sim.get(&path, &token).await)["loginEnabled"], false);
}

#[tokio::test]
async fn deleting_a_person_ends_their_tokens() {
    let (sim, token) = start().await;
    let user = sign_in(&sim, USER, "spark:people_read").await;
    let path = format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await);
    assert_eq!(sim.call(Method::DELETE, &path, &token).await.status, 204);
    assert_eq!(sim.get("/v1/people/me", &user.access).await.status, 401);
    assert_eq!(sim.refresh(&user.refresh).await.status, 400);
}

#[tokio::test]
async fn only_a_full_administrator_gives_roles() {
    let (sim, token) = start().await;
    let user_admin = "Y2lzY29zcGFyazovL3VzL1JPTEUvaWRfdXNlcl9hZG1pbg";
    let path = format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await);
    let mut body = item(&sim.get(&path, &token).await);
    body["roles"] = json!([user_admin]);
    assert_eq!(send(&sim, Method::PUT, &path, &token, &body).await.status, 200);
    let user = sign_in(&sim, USER, ADMIN_SCOPES).await.access;
    create(&sim, &user, 0..1).await;
    let new = json!({"emails": ["test-1@acme.example.com"], "displayName": "Test 1", "roles": [user_admin]});
    assert_eq!(send(&sim, Method::POST, PEOPLE, &user, &new).await.status, 403);
    body["title"] = json!("GM");
    assert_eq!(send(&sim, Method::PUT, &path, &user, &body).await.status, 200);
    body["roles"] = json!([]);
    assert_eq!(send(&sim, Method::PUT, &path, &user, &body).await.status, 403);
}

#[tokio::test]
async fn an_attendee_stays_one_unless_all_types_are_shown() {
    let (sim, token) = start().await;
    let path = format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await);
    let body = json!({"displayName": "Casey Lind", "siteUrls": ["other.webex.example.com"]});
    let kept = item(&send(&sim, Method::PUT, &path, &token, &body).await);
    assert_eq!(
        kept["siteUrls"],
        json!(["other.webex.example.com", "acme.webex.example.com#attendee"])
    );
    let path = format!("{path}?showAllTypes=true");
    let gone = item(&send(&sim, Method::PUT, &path, &token, &body).await);
    assert_eq!(gone["siteUrls"], json!(["other.webex.example.com"]));
}

/// Any JSON object, often with fields that mean something.
fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-z]{1,5}@[a-z]{1,5}".prop_map(Value::from),
        Just(json!([])),
        Just(json!(["x@y", 1])),
        Just(json!([{"type": "work", "value": "1"}])),
    ];
    let names = "emails displayName firstName lastName roles licenses phoneNumbers addresses siteUrls extension loginEnabled";
    let names: Vec<_> = names.split(' ').map(str::to_owned).collect();
    let name = prop_oneof![8 => proptest::sample::select(names), 1 => "\\PC{0,8}"];
    let fields = proptest::collection::vec((name, leaf), 0..6);
    fields.prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

#[test]
fn any_object_as_a_body_is_done_or_refused_in_webexs_shape() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (sim, token) = runtime.block_on(start());
    let path = runtime.block_on(async { format!("{PEOPLE}/{}", id_of(&sim, &token, USER).await) });
    let mut runner = TestRunner::new(ProptestConfig::with_cases(150));
    let outcome = runner.run(&object(), |body| {
        for (method, path) in [(Method::POST, PEOPLE), (Method::PUT, &path)] {
            let answer = runtime.block_on(send(&sim, method, path, &token, &body));
            let fits = match answer.status {
                200 => answer.json()["id"].is_string(),
                400..=499 => {
                    let error = answer.json();
                    error["message"].is_string()
                        && error["trackingId"].is_string()
                        && error["errors"][0]["description"].is_string()
                }
                _ => false,
            };
            prop_assert!(fits, "{} {}", answer.status, answer.body);
        }
        Ok(())
    });
    outcome.unwrap();
}
