//! `/v1/people`: every operation over HTTP, who may use it, and what is wrong with a request.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::Seed;
use webex_sim::types::SettingsPatch;

use crate::harness::{ADMIN, Answer, CALLBACK, Sim, Tokens};

const WORLD: &str = include_str!("../../../fixtures/worlds/acme.json");
const PEOPLE: &str = "/v1/people";

/// A user of the same organisation as [`ADMIN`], without roles.
const USER: &str = "casey.lind@acme.example.com";

/// The administrator of the other organisation.
const OTHER: &str = "devon.okafor@birch.example.com";

const ADMIN_SCOPES: &str = "spark:people_read spark-admin:people_read spark-admin:people_write";

/// The built-in world, in which the first organisation manages the second.
fn managed() -> Seed {
    let mut world: Value = serde_json::from_str(WORLD).unwrap();
    world["organizations"][1]["managedBy"] = world["organizations"][0]["id"].clone();
    Seed::from_json(&world.to_string()).unwrap()
}

async fn sign_in(sim: &Sim, email: &str, scopes: &str) -> Tokens {
    sim.running.control().accept_as(email).await.unwrap();
    let client = sim.running.client_id();
    let scopes = scopes.replace(' ', "+");
    let path = format!("/v1/authorize?client_id={client}&response_type=code&scope={scopes}");
    let code = sim.open(&path).await.redirect_param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    sim.token(&form).await.tokens()
}

/// A simulator and an administrator's access token.
async fn start() -> (Sim, String) {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    (sim, token)
}

async fn send(sim: &Sim, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", sim.running.url());
    let request = sim.http.request(method, url).bearer_auth(token).json(body);
    Answer::of(request.send().await.unwrap()).await
}

#[track_caller]
fn item(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Primary addresses of a list, without their domain.
#[track_caller]
fn names(answer: &Answer) -> Vec<String> {
    let list = item(answer);
    let emails = list["items"].as_array().unwrap().iter();
    let emails = emails.map(|person| person["emails"][0].as_str().unwrap().split('@').next().unwrap());
    emails.map(str::to_owned).collect()
}

#[track_caller]
fn descriptions(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["description"].as_str().unwrap().to_owned())
        .collect()
}

/// Path and query of the next page.
fn next(sim: &Sim, answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let url = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    Some(url.strip_prefix(&sim.running.url()).unwrap().to_owned())
}

/// Creates `test-<n>` for each number; their ids.
async fn create(sim: &Sim, token: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    let mut ids = Vec::new();
    for n in numbers {
        let body =
            json!({"emails": [format!("test-{n}@acme.example.com")], "displayName": format!("Test {n}")});
        let answer = send(sim, Method::POST, PEOPLE, token, &body).await;
        ids.push(item(&answer)["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn id_of(sim: &Sim, token: &str, email: &str) -> String {
    let list = item(&sim.get(&format!("{PEOPLE}?email={email}"), token).await);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

fn percent_encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

#[tokio::test]
async fn a_person_is_created_listed_shown_written_back_and_deleted() {
    let (sim, token) = start().await;
    let body = json!({
        "emails": ["test-1@acme.example.com"], "firstName": "Test", "lastName": "One", "title": "GM",
        "phoneNumbers": [{"type": "mobile", "value": "+1 408 526 7209", "primary": true}],
        "addresses": [{"type": "work", "country": "US", "postalCode": "99212"}],
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
        .advance(std::time::Duration::from_secs(60))
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
async fn every_filter_narrows_the_list() {
    let (sim, token) = start().await;
    let role = "Y2lzY29zcGFyazovL3VzL1JPTEUvaWRfZnVsbF9hZG1pbg";
    let own = item(&sim.get("/v1/people/me", &token).await)["orgId"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, expected) in [
        (String::new(), vec!["avery.quinn", "blake.moreno", "casey.lind"]),
        (
            "?color=red&max=".to_owned(),
            vec!["avery.quinn", "blake.moreno", "casey.lind"],
        ),
        ("?displayName=bLAKE".to_owned(), vec!["blake.moreno"]),
        ("?displayName=moreno".to_owned(), vec![]),
        (
            "?email=Casey.Lind@acme.example.com".to_owned(),
            vec!["casey.lind"],
        ),
        ("?email=casey".to_owned(), vec![]),
        (format!("?email={OTHER}"), vec![]),
        (format!("?roles={role}"), vec!["avery.quinn", "blake.moreno"]),
        (format!("?roles={role}&displayName=Bl"), vec!["blake.moreno"]),
        (format!("?orgId={own}&displayName=C"), vec!["casey.lind"]),
        ("?locationId=nowhere".to_owned(), vec![]),
    ] {
        assert_eq!(
            names(&sim.get(&format!("{PEOPLE}{query}"), &token).await),
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_list_by_ids_tells_which_were_not_found() {
    let (sim, token) = start().await;
    let (me, user) = (id_of(&sim, &token, ADMIN).await, id_of(&sim, &token, USER).await);
    let list = item(
        &sim.get(&format!("{PEOPLE}?id={user},nobody,{me},{me}"), &token)
            .await,
    );
    assert_eq!(list["notFoundIds"], json!(["nobody"]));
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for name in ["status", "lastActivity", "roles", "licenses", "locationId"] {
        assert_eq!(items[0].get(name), None, "{name}");
    }
    assert_eq!(items[0]["loginEnabled"], true);
    let ids = vec!["x"; 86].join(",");
    let answer = sim.get(&format!("{PEOPLE}?id={ids}"), &token).await;
    assert_eq!(
        descriptions(&answer),
        ["'id' must be a list of at most 85 person ids."]
    );
}

#[tokio::test]
async fn the_status_can_be_left_out_of_lists() {
    let (sim, token) = start().await;
    let list = item(&sim.get(&format!("{PEOPLE}?excludeStatus=true"), &token).await);
    assert_eq!(list["items"][0].get("status"), None);
    let list = item(&sim.get(PEOPLE, &token).await);
    assert_eq!(list["items"][0]["status"], "unknown");
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let (sim, token) = start().await;
    for query in [
        "max=0",
        "max=-1",
        "max=many",
        "max=1.5",
        "cursor=x",
        "orgId=x",
        "roles=x",
        "callingData=maybe",
        "excludeStatus=maybe",
    ] {
        let answer = sim.get(&format!("{PEOPLE}?{query}"), &token).await;
        let name = query.split('=').next().unwrap();
        let descriptions = descriptions(&answer);
        assert!(
            descriptions[0].starts_with(&format!("'{name}' ")),
            "{descriptions:?}"
        );
    }
    let own = sim
        .get(&format!("{PEOPLE}?max=100000&callingData=true"), &token)
        .await;
    assert_eq!(names(&own).len(), 3);
}

#[tokio::test]
async fn a_list_is_paged_to_its_end() {
    let (sim, token) = start().await;
    create(&sim, &token, 0..4).await;
    let mut seen = Vec::new();
    let mut path = Some(format!("{PEOPLE}?displayName=T%65st+&max=1&before"));
    while let Some(at) = path {
        let answer = sim.get(&at, &token).await;
        seen.extend(names(&answer));
        path = next(&sim, &answer);
        if let Some(path) = &path {
            assert!(
                path.starts_with("/v1/people?displayName=T%65st+&max=1&before&cursor="),
                "{path}"
            );
        }
    }
    assert_eq!(seen, ["test-0", "test-1", "test-2", "test-3"]);
}

#[tokio::test]
async fn people_who_are_deleted_and_created_between_pages_confuse_nobody() {
    let (sim, token) = start().await;
    create(&sim, &token, 0..5).await;
    let mut seen = Vec::new();
    let mut path = Some(format!("{PEOPLE}?displayName=Test&max=2"));
    let mut extra = 10..;
    while let Some(at) = path {
        let answer = sim.get(&at, &token).await;
        // Everybody on the page goes, and somebody new comes, at first.
        for person in item(&answer)["items"].as_array().unwrap() {
            let person = format!("{PEOPLE}/{}", person["id"].as_str().unwrap());
            assert_eq!(sim.call(Method::DELETE, &person, &token).await.status, 204);
        }
        let n = extra.next().unwrap();
        if n < 12 {
            create(&sim, &token, n..n + 1).await;
        }
        seen.extend(names(&answer));
        path = next(&sim, &answer);
    }
    assert_eq!(
        seen,
        [
            "test-0", "test-1", "test-2", "test-3", "test-4", "test-10", "test-11"
        ]
    );
    assert_eq!(
        names(&sim.get(&format!("{PEOPLE}?displayName=Test"), &token).await),
        [""; 0]
    );
}

#[tokio::test]
async fn links_follow_scheme_and_host_or_the_setting() {
    let (sim, token) = start().await;
    let path = format!("{PEOPLE}?max=1");
    let tls = format!("{}{path}", sim.running.tls_url());
    let answer = Answer::of(sim.http.get(&tls).bearer_auth(&token).send().await.unwrap()).await;
    let link = answer.header("link").unwrap();
    assert!(link.starts_with(&format!("<{tls}&cursor=")), "{link}");

    let control = sim.running.control();
    let base_url = |url: &str| SettingsPatch {
        base_url: Some(url.to_owned()),
        ..SettingsPatch::default()
    };
    control
        .change_settings(&base_url("https://webexapis.com/"))
        .await
        .unwrap();
    let answer = sim.get(&path, &token).await;
    let link = answer.header("link").unwrap();
    assert!(
        link.starts_with("<https://webexapis.com/v1/people?max=1&cursor="),
        "{link}"
    );
    let error = control
        .change_settings(&base_url("webexapis.com"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("base_url"), "{error}");
    control.change_settings(&base_url("")).await.unwrap();
    assert!(next(&sim, &sim.get(&path, &token).await).is_some());
}

#[tokio::test]
async fn users_see_their_organisation_without_what_is_for_administrators() {
    let (sim, admin) = start().await;
    let user = sign_in(&sim, USER, ADMIN_SCOPES).await.access;
    let limited = sign_in(&sim, ADMIN, "spark:people_read").await.access;
    let id = id_of(&sim, &admin, ADMIN).await;
    for token in [user, limited] {
        for path in ["me", &id] {
            let shown = item(
                &sim.get(&format!("{PEOPLE}/{path}?callingData=true"), &token)
                    .await,
            );
            for name in ["roles", "licenses", "invitePending", "loginEnabled"] {
                assert_eq!(shown.get(name), None, "{path} {name}");
            }
            assert_eq!(shown["status"], "unknown");
        }
        for query in [
            "",
            "?max=1",
            "?roles=Y2lzY29zcGFyazovL3VzL1JPTEUvaWRfZnVsbF9hZG1pbg",
            "?locationId=x",
        ] {
            assert_eq!(
                sim.get(&format!("{PEOPLE}{query}"), &token).await.status,
                403,
                "{query}"
            );
        }
        assert_eq!(
            names(&sim.get(&format!("{PEOPLE}?displayName=a"), &token).await),
            ["avery.quinn"]
        );
        assert_eq!(
            names(&sim.get(&format!("{PEOPLE}?email={ADMIN}"), &token).await),
            ["avery.quinn"]
        );
        assert_eq!(
            names(&sim.get(&format!("{PEOPLE}?id={id}"), &token).await),
            ["avery.quinn"]
        );
    }
}

#[tokio::test]
async fn people_of_other_organisations_are_not_there_unless_they_are_managed() {
    for (seed, manages) in [(Seed::default(), false), (managed(), true)] {
        let sim = Sim::with(|builder| builder.seed(seed)).await;
        let (admin, other) = (
            sim.log_in().await.access,
            sign_in(&sim, OTHER, ADMIN_SCOPES).await.access,
        );
        let me = item(&sim.get("/v1/people/me", &other).await);
        let (id, organization) = (me["id"].as_str().unwrap(), me["orgId"].as_str().unwrap());
        let statuses = |found, refused| if manages { found } else { refused };
        let path = format!("{PEOPLE}/{id}");
        assert_eq!(sim.get(&path, &admin).await.status, statuses(200, 404));
        let answer = sim.get(&format!("{PEOPLE}?orgId={organization}"), &admin).await;
        assert_eq!(answer.status, statuses(200, 403));
        let by_email = names(&sim.get(&format!("{PEOPLE}?email={OTHER}"), &admin).await);
        assert_eq!(by_email.len(), usize::from(manages));
        let by_id = item(&sim.get(&format!("{PEOPLE}?id={id}"), &admin).await);
        assert_eq!(by_id["notFoundIds"].as_array().unwrap().len(), usize::from(!manages));
        // A list without any of these is of the own organisation.
        assert_eq!(names(&sim.get(PEOPLE, &admin).await).len(), 3);

        let body =
            json!({"emails": ["test-1@birch.example.com"], "displayName": "Test 1", "orgId": organization});
        let answer = send(&sim, Method::POST, PEOPLE, &admin, &body).await;
        assert_eq!(answer.status, statuses(200, 403), "{}", answer.body);
        assert_eq!(
            send(&sim, Method::PUT, &path, &admin, &me).await.status,
            statuses(200, 404)
        );
        assert_eq!(
            sim.call(Method::DELETE, &path, &admin).await.status,
            statuses(204, 404)
        );
        // A customer's administrator does not see the partner.
        let partner = id_of(&sim, &admin, ADMIN).await;
        assert_eq!(
            sim.get(&format!("{PEOPLE}/{partner}"), &other).await.status,
            statuses(401, 404)
        );
    }
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
            ("application/json", &too_long, 400),
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
async fn what_names_nobody_is_404_and_other_methods_are_405() {
    let (sim, token) = start().await;
    let uuid = "0c8e4f7a-52b3-4d96-a1e8-3f6b9d07c254";
    for id in [
        "nobody",
        uuid,
        "%ff",
        "Y2lzY29zcGFyazovL3VzL1BFT1BMRS8wYzhlNGY3YS01MmIz",
        &percent_encoded(ADMIN),
    ] {
        let path = format!("{PEOPLE}/{id}");
        let body = json!({"displayName": "x"});
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = send(&sim, method.clone(), &path, &token, &body).await;
            assert_eq!(answer.status, 404, "{method} {id}");
            assert_eq!(
                answer.json()["message"],
                "The requested resource could not be found."
            );
            assert_eq!(answer.header("x-webex-sim"), None);
        }
    }
    for (path, allow) in [
        (PEOPLE, "GET, HEAD, POST"),
        ("/v1/people/me", "GET, HEAD"),
        ("/v1/people/x", "GET, HEAD, PUT, DELETE"),
    ] {
        let answer = sim.call(Method::PATCH, path, &token).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allow)),
            "{path}"
        );
    }
    assert_eq!(sim.call(Method::PATCH, PEOPLE, "bad").await.status, 401);
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
    assert!(!change("loginEnabled", json!("false")).await);
    assert!(!change("roles", shown["roles"].clone()).await);
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
