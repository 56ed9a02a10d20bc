//! SCIM 2 users over HTTP.

mod deletion;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ADMIN, Answer, CALLBACK, NOW, Sim};

pub(crate) const ACME: &str = "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";
pub(crate) const BIRCH: &str = "b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622";
pub(crate) const AVERY: &str = "0c8e4f7a-52b3-4d96-a1e8-3f6b9d07c254";
pub(crate) const CASEY: &str = "e17a930d-4c6f-4258-8b0e-d2f5a84c7b69";
pub(crate) const CASEY_EMAIL: &str = "casey.lind@acme.example.com";
pub(crate) const NEW: &str = "robin.vale@acme.example.com";

pub(crate) const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const CISCO: &str = "urn:scim:schemas:extension:cisco:webexidentity:2.0:User";
pub(crate) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A simulator and an administrator's token.
pub(crate) struct Scim {
    pub(crate) sim: Sim,
    pub(crate) token: String,
}

impl Scim {
    pub(crate) async fn start() -> Self {
        let sim = Sim::start().await;
        let token = sim.log_in().await.access;
        Self { sim, token }
    }

    pub(crate) fn users() -> String {
        format!("/identity/scim/{ACME}/v2/Users")
    }

    pub(crate) fn user(id: &str) -> String {
        format!("{}/{id}", Self::users())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.sim.get(path, &self.token).await
    }

    /// A request with a body of this type.
    pub(crate) async fn body(&self, method: Method, path: &str, kind: &str, body: String) -> Answer {
        let request = self
            .sim
            .http
            .request(method, format!("{}{path}", self.sim.running.url()))
            .bearer_auth(&self.token)
            .header("content-type", kind)
            .body(body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.body(method, path, "application/scim+json", body.to_string())
            .await
    }

    pub(crate) async fn create(&self, body: &Value) -> Answer {
        self.send(Method::POST, &Self::users(), body).await
    }

    pub(crate) async fn patch(&self, id: &str, operations: &Value) -> Answer {
        let body = json!({"schemas": [PATCH_OP], "Operations": operations});
        self.send(Method::PATCH, &Self::user(id), &body).await
    }

    pub(crate) async fn search(&self, query: &[(&str, &str)]) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        self.get(&format!("{}?{query}", Self::users())).await
    }

    /// The user names that a search finds.
    pub(crate) async fn names(&self, query: &[(&str, &str)]) -> Vec<String> {
        let answer = self.search(query).await;
        assert_eq!(answer.status, 200, "{query:?}: {}", answer.body);
        let body = answer.json();
        let users = body["Resources"].as_array().unwrap();
        let name = |user: &Value| {
            user["userName"]
                .as_str()
                .unwrap()
                .split('.')
                .next()
                .unwrap()
                .to_owned()
        };
        users.iter().map(name).collect()
    }

    /// An access token of somebody, with these scopes.
    pub(crate) async fn token_of(sim: &Sim, email: &str, scope: &str) -> String {
        sim.running.control().accept_as(email).await.unwrap();
        let query = format!(
            "client_id={}&response_type=code&scope={scope}",
            sim.running.client_id()
        );
        let code = sim.open(&format!("/v1/authorize?{query}")).await;
        let code = code.redirect_param("code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ];
        sim.token(&form).await.tokens().access
    }
}

pub(crate) fn new_user() -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE, CISCO],
        "userName": NEW,
        "userType": "user",
        "displayName": "Robin Vale",
        "name": {"givenName": "Robin", "familyName": "Vale", "middleName": "M"},
        "roles": [{"value": "id_readonly_admin", "type": "cirole", "display": "Reader"}],
        "emails": [{"value": NEW, "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "5", "type": "mobile", "display": "m"}],
        "externalId": "e-1",
        "id": "ignored",
        "meta": {"created": "1999-01-01T00:00:00Z"},
        "urn:nobody:knows": {"a": 1},
        ENTERPRISE: {"department": "Sales", "costCenter": "7", "manager": {"value": AVERY}},
        CISCO: {"accountStatus": "active", "extensionAttribute1": ["x"]},
    })
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, scim_type: Option<&str>, detail: &str) {
    let body = answer.json();
    assert_eq!(
        (
            answer.status,
            body["status"].as_str(),
            body["scimType"].as_str(),
            body["detail"].as_str()
        ),
        (status, Some(&*status.to_string()), scim_type, Some(detail)),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_created_user_is_shown_and_found() {
    let scim = Scim::start().await;
    let answer = scim.create(&new_user()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let user = answer.json();
    let location = user["meta"]["location"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(location));
    let id = user["id"].as_str().unwrap();
    assert_eq!(location, format!("{}{}", scim.sim.running.url(), Scim::user(id)));
    let mut expected = new_user();
    expected["schemas"] = json!([CORE, CISCO, ENTERPRISE]);
    expected["id"] = json!(id);
    expected["active"] = json!(true);
    expected.as_object_mut().unwrap().shift_remove("urn:nobody:knows");
    let manager = format!("{}{}", scim.sim.running.url(), Scim::user(AVERY));
    expected[ENTERPRISE]["manager"] = json!({"value": AVERY, "displayName": "Avery Quinn", "$ref": manager});
    expected[CISCO]["accountStatus"] = json!(["active"]);
    expected[CISCO]["meta"] = json!({"organizationId": ACME});
    expected["meta"] = json!({
        "resourceType": "User",
        "location": location,
        "version": user["meta"]["version"],
        "created": NOW,
        "lastModified": NOW,
    });
    assert_eq!(user, expected);
    assert_eq!(scim.get(&Scim::user(id)).await.json(), user);
    let upper = scim.get(&Scim::user(&id.to_uppercase())).await;
    assert_eq!(upper.json(), user);
    assert_eq!(
        scim.names(&[("filter", "userName sw \"ROBIN\"")]).await,
        ["robin"]
    );
}

#[tokio::test]
async fn a_created_user_is_the_person_who_signs_in() {
    let scim = Scim::start().await;
    let user = scim.create(&new_user()).await.json();
    let token = Scim::token_of(&scim.sim, NEW, "spark:people_read+identity:people_read").await;
    let me = scim.sim.get("/v1/people/me", &token).await.json();
    assert_eq!(
        (
            &me["emails"],
            &me["displayName"],
            &me["firstName"],
            &me["lastName"]
        ),
        (
            &json!([NEW]),
            &json!("Robin Vale"),
            &json!("Robin"),
            &json!("Vale")
        )
    );
    assert_eq!(me["created"], NOW);
    let own = scim.sim.get("/identity/scim/v2/Users/me", &token).await;
    assert_eq!((own.status, own.json()), (200, user));
}

#[tokio::test]
async fn a_change_by_scim_is_seen_at_people_me() {
    let scim = Scim::start().await;
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "A. Quinn"},
        {"op": "remove", "path": "nickName"},
    ]);
    assert_eq!(scim.patch(AVERY, &operations).await.status, 200);
    let me = scim.get("/v1/people/me").await.json();
    assert_eq!(
        (&me["displayName"], &me["lastModified"]),
        (&json!("A. Quinn"), &json!(NOW))
    );
}

#[tokio::test]
async fn me_needs_no_role_and_tells_the_address_that_was_asked() {
    let scim = Scim::start().await;
    let token = Scim::token_of(&scim.sim, CASEY_EMAIL, "identity:people_rw").await;
    let request = scim
        .sim
        .http
        .get(format!(
            "{}/identity/scim/v2/Users/me",
            scim.sim.running.tls_url()
        ))
        .bearer_auth(&token);
    let answer = Answer::of(request.send().await.unwrap()).await;
    let location = answer.json()["meta"]["location"].as_str().unwrap().to_owned();
    assert_eq!(
        location,
        format!("{}{}", scim.sim.running.tls_url(), Scim::user(CASEY))
    );
    let request = scim
        .sim
        .http
        .get(format!("{}/identity/scim/v2/Users/me", scim.sim.running.url()))
        .header("host", "webexapis.com")
        .bearer_auth(&token);
    let answer = Answer::of(request.send().await.unwrap()).await;
    let location = answer.json()["meta"]["location"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("http://webexapis.com{}", Scim::user(CASEY)));
}

#[tokio::test]
async fn a_user_that_cannot_be_is_refused() {
    let scim = Scim::start().await;
    let with = |key: &str, value: Value| {
        let mut user = new_user();
        user[key] = value;
        user
    };
    let table = [
        (
            with("userName", Value::Null),
            "invalidValue",
            "userName is missing.",
        ),
        (
            with("userName", json!("robin")),
            "invalidValue",
            "userName is not an e-mail address.",
        ),
        (
            with("userType", Value::Null),
            "invalidValue",
            "userType is missing.",
        ),
        (
            with("userType", json!("cat")),
            "invalidValue",
            "userType is none of user, room, external_calling, calling_service.",
        ),
        (
            with("active", json!("yes")),
            "invalidValue",
            "active is neither true nor false.",
        ),
        (
            with("emails", json!([{"type": "work"}])),
            "invalidValue",
            "emails[0].value is missing.",
        ),
        (
            with("roles", json!([{"value": "location_admin"}])),
            "invalidValue",
            "The role location_admin cannot be assigned.",
        ),
        (
            with("schemas", json!([ENTERPRISE])),
            "invalidSyntax",
            "schemas does not contain urn:ietf:params:scim:schemas:core:2.0:User.",
        ),
        (
            json!([]),
            "invalidSyntax",
            "The body of the request is not a JSON object.",
        ),
    ];
    for (user, scim_type, detail) in table {
        refused(&scim.create(&user).await, 400, Some(scim_type), detail);
        if !user.is_array() {
            let answer = scim.send(Method::PUT, &Scim::user(CASEY), &user).await;
            refused(&answer, 400, Some(scim_type), detail);
        }
    }
    assert_eq!(scim.names(&[]).await, ["avery", "blake", "casey"]);
}

#[tokio::test]
async fn an_error_has_the_shape_of_scim() {
    let scim = Scim::start().await;
    let answer = scim.get(&Scim::user("nobody")).await;
    assert_snapshot!("scim_user_404", answer.wire());
}

#[tokio::test]
async fn a_name_that_is_taken_is_409() {
    let scim = Scim::start().await;
    let mut user = new_user();
    user["userName"] = json!("DEVON.okafor@birch.example.com");
    let answer = scim.create(&user).await;
    refused(
        &answer,
        409,
        Some("uniqueness"),
        "userName DEVON.okafor@birch.example.com is already taken.",
    );
    let mut user = new_user();
    user["emails"] = json!([{"value": ADMIN}]);
    let answer = scim.create(&user).await;
    refused(
        &answer,
        409,
        Some("uniqueness"),
        "The e-mail address avery.quinn@acme.example.com is already taken.",
    );
    let rename = json!([{"op": "replace", "path": "userName", "value": ADMIN}]);
    let answer = scim.patch(CASEY, &rename).await;
    refused(
        &answer,
        409,
        Some("uniqueness"),
        "userName avery.quinn@acme.example.com is already taken.",
    );
    user["userName"] = json!(ADMIN);
    assert_eq!(
        scim.send(Method::PUT, &Scim::user(CASEY), &user).await.status,
        409
    );
    assert_eq!(scim.names(&[]).await, ["avery", "blake", "casey"]);
}

#[tokio::test]
async fn put_replaces_everything_but_id_creation_and_a_name_that_is_left_out() {
    let scim = Scim::start().await;
    let before = scim.create(&new_user()).await.json();
    let id = before["id"].as_str().unwrap();
    scim.sim
        .running
        .control()
        .advance(std::time::Duration::from_mins(1))
        .await
        .unwrap();
    let body = json!({"schemas": [CORE], "userName": "r.vale@acme.example.com", "userType": "user", "title": "Chief"});
    let answer = scim.send(Method::PUT, &Scim::user(id), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let after = answer.json();
    assert_eq!(
        (&after["id"], &after["meta"]["created"]),
        (&before["id"], &before["meta"]["created"])
    );
    assert_eq!(after["meta"]["lastModified"], "2026-02-10T08:10:45.250Z");
    assert_ne!(after["meta"]["version"], before["meta"]["version"]);
    assert_eq!(after["name"], before["name"]);
    assert_eq!(
        (&after["title"], &after["displayName"]),
        (&json!("Chief"), &json!("Robin Vale"))
    );
    assert_eq!(
        after["emails"],
        json!([{"value": "r.vale@acme.example.com", "type": "work", "primary": true}])
    );
    for gone in ["roles", "phoneNumbers", "externalId", ENTERPRISE] {
        assert_eq!(after[gone], Value::Null, "{gone}");
    }
    assert_eq!(
        after[CISCO],
        json!({"accountStatus": ["active"], "meta": {"organizationId": ACME}})
    );
    let answer = scim.send(Method::PUT, &Scim::user(id), &after).await;
    assert_eq!(
        answer.json(),
        after,
        "what is shown can be sent back, and then nothing changes"
    );
}

#[tokio::test]
async fn patch_does_all_operations_or_none() {
    let scim = Scim::start().await;
    let before = scim.get(&Scim::user(CASEY)).await.json();
    let operations = json!([
        {"op": "add", "path": "title", "value": "Chief"},
        {"op": "replace", "path": "emails[type eq \"home\"].value", "value": "x@example.com"},
    ]);
    let answer = scim.patch(CASEY, &operations).await;
    refused(
        &answer,
        400,
        Some("noTarget"),
        "Operations[1]: No value of emails is what the path wants.",
    );
    assert_eq!(scim.get(&Scim::user(CASEY)).await.json(), before);
    let wrong = scim
        .patch(CASEY, &json!([{"op": "add", "path": "title", "value": 1}]))
        .await;
    refused(&wrong, 400, Some("invalidValue"), "title is not a text.");
    let operations = json!([
        {"op": "add", "path": "title", "value": "Chief"},
        {"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "5"},
        {"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Sales"},
    ]);
    let after = scim.patch(CASEY, &operations).await.json();
    assert_eq!(
        (&after["title"], &after["phoneNumbers"], &after[ENTERPRISE]),
        (
            &json!("Chief"),
            &json!([{"type": "mobile", "value": "5"}]),
            &json!({"department": "Sales"})
        )
    );
    assert_eq!(after["schemas"], json!([CORE, CISCO, ENTERPRISE]));
    assert_ne!(after["meta"]["version"], before["meta"]["version"]);
    assert_eq!(scim.get(&Scim::user(CASEY)).await.json(), after);
}

#[tokio::test]
async fn names_that_are_paths_are_followed_in_a_patch_without_path() {
    let scim = Scim::start().await;
    let value = json!({"name.givenName": "Robin", format!("{ENTERPRISE}:department"): "Sales"});
    let body = json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": value}]});
    let answer = scim.send(Method::PATCH, &Scim::user(CASEY), &body).await;
    let user = answer.json();
    assert_eq!(
        (&user["name"]["givenName"], &user[ENTERPRISE]["department"]),
        (&json!("Robin"), &json!("Sales"))
    );
    assert!(user.get("name.givenName").is_none(), "{user}");
}

#[tokio::test]
async fn a_patch_that_changes_nothing_leaves_version_and_time() {
    let scim = Scim::start().await;
    let before = scim.get(&Scim::user(CASEY)).await.json();
    let operations = json!([{"op": "replace", "path": "displayName", "value": "Casey Lind"}]);
    assert_eq!(scim.patch(CASEY, &operations).await.json(), before);
}

#[tokio::test]
async fn what_says_the_same_twice_follows_in_a_patch() {
    let scim = Scim::start().await;
    let renamed = json!([{"op": "replace", "path": "userName", "value": "c.lind@acme.example.com"}]);
    let user = scim.patch(CASEY, &renamed).await.json();
    assert_eq!(
        user["emails"],
        json!([{"value": "c.lind@acme.example.com", "type": "work", "primary": true}])
    );
    let disabled =
        json!([{"op": "replace", "path": format!("{CISCO}:accountStatus"), "value": ["disabled"]}]);
    let user = scim.patch(CASEY, &disabled).await.json();
    assert_eq!(
        (&user["active"], &user[CISCO]["accountStatus"]),
        (&json!(false), &json!(["disabled"]))
    );
    let enabled = json!([{"op": "replace", "path": "active", "value": true}]);
    let user = scim.patch(CASEY, &enabled).await.json();
    assert_eq!(
        (&user["active"], &user[CISCO]["accountStatus"]),
        (&json!(true), &json!(["active"]))
    );
}
