//! Who may use SCIM, and what is no request at all.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ADMIN, Sim};
use crate::scim::{
    ACME, BIRCH, CASEY, CASEY_EMAIL, CISCO, CORE, ENTERPRISE, NEW, PATCH_OP, Scim, new_user, refused,
};

const DEVON: &str = "36f0c2d8-9be5-4a71-87c4-50d1f6e3a98b";

#[tokio::test]
async fn scopes_and_roles_decide() {
    let sim = Sim::start().await;
    let people = Scim::token_of(&sim, ADMIN, "spark-admin:people_read").await;
    let reader = Scim::token_of(&sim, ADMIN, "identity:people_read").await;
    let user = Scim::token_of(&sim, CASEY_EMAIL, "identity:people_rw").await;
    let bulk = format!("/identity/scim/{ACME}/v2/Bulk");
    let table = [
        (Method::GET, Scim::users(), false),
        (Method::POST, Scim::users(), true),
        (Method::GET, Scim::user(CASEY), false),
        (Method::PUT, Scim::user(CASEY), true),
        (Method::PATCH, Scim::user(CASEY), true),
        (Method::DELETE, Scim::user(CASEY), true),
        (Method::POST, bulk, true),
    ];
    for (method, path, writes) in table {
        assert_eq!(
            sim.call(method.clone(), &path, "no-token").await.status,
            401,
            "{method} {path}"
        );
        for token in [&people, &user] {
            let answer = sim.call(method.clone(), &path, token).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            assert!(
                answer.json()["message"].is_string(),
                "the edge has one shape for all"
            );
        }
        let expected = if writes { 403 } else { 200 };
        assert_eq!(
            sim.call(method.clone(), &path, &reader).await.status,
            expected,
            "{method} {path}"
        );
    }
    assert_eq!(sim.get("/identity/scim/v2/Users/me", &people).await.status, 403);
    assert_eq!(
        sim.get("/identity/scim/v2/Users/me", "no-token").await.status,
        401
    );
}

#[tokio::test]
async fn a_reader_reads_and_does_not_write() {
    let scim = Scim::start().await;
    assert_eq!(scim.create(&new_user()).await.status, 201);
    let token = Scim::token_of(&scim.sim, NEW, "identity:people_rw").await;
    assert_eq!(scim.sim.get(&Scim::users(), &token).await.status, 200);
    let answer = scim.sim.call(Method::DELETE, &Scim::user(CASEY), &token).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn other_organisations_are_not_seen() {
    let scim = Scim::start().await;
    let answer = scim.get(&format!("/identity/scim/{BIRCH}/v2/Users")).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        scim.send(
            Method::POST,
            &format!("/identity/scim/{BIRCH}/v2/Users"),
            &new_user()
        )
        .await
        .status,
        403
    );
    let unknown = "00000000-0000-4000-8000-000000000000";
    for organization in [unknown, "acme", &ACME.replace('-', "")] {
        let answer = scim
            .get(&format!("/identity/scim/{organization}/v2/Users/{CASEY}"))
            .await;
        refused(
            &answer,
            404,
            None,
            &format!("Organization {organization} not found."),
        );
    }
    let answer = scim.get(&Scim::user(DEVON)).await;
    refused(&answer, 404, None, &format!("User {DEVON} not found."));
    refused(
        &scim.get("/identity/scim/%ff/v2/Users").await,
        404,
        None,
        "The path cannot be read.",
    );
}

#[tokio::test]
async fn other_methods_types_and_bodies_are_refused() {
    let scim = Scim::start().await;
    let answer = scim.sim.call(Method::DELETE, &Scim::users(), &scim.token).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, POST"))
    );
    let answer = scim.sim.call(Method::POST, &Scim::user(CASEY), &scim.token).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, PUT, PATCH, DELETE"))
    );
    let answer = scim
        .sim
        .call(Method::PUT, "/identity/scim/v2/Users/me", &scim.token)
        .await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    let bulk = format!("/identity/scim/{ACME}/v2/Bulk");
    assert_eq!(scim.get(&bulk).await.header("allow"), Some("POST"));
    let with_bodies = [
        (Method::POST, Scim::users()),
        (Method::PUT, Scim::user(CASEY)),
        (Method::PATCH, Scim::user(CASEY)),
        (Method::POST, bulk),
    ];
    for (method, path) in with_bodies {
        let answer = scim
            .body(method.clone(), &path, "text/xml", "<a/>".to_owned())
            .await;
        refused(&answer, 415, None, "Content type 'text/xml' not supported");
        for body in ["", "{", "[]", "1"] {
            let answer = scim
                .body(method.clone(), &path, "application/json", body.to_owned())
                .await;
            refused(
                &answer,
                400,
                Some("invalidSyntax"),
                "The body of the request is not a JSON object.",
            );
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(3 << 20));
        let answer = scim.body(method, &path, "application/json", large).await;
        refused(&answer, 413, None, "The request is too large.");
    }
    assert_eq!(
        scim.get("/identity/scim/v2/Users").await.header("x-webex-sim"),
        Some("not-simulated")
    );
}

#[tokio::test]
async fn any_json_is_answered() {
    let scim = Scim::start().await;
    let names = proptest::sample::select(vec![
        "schemas",
        "userName",
        "userType",
        "emails",
        "value",
        "Operations",
        "op",
        "path",
        "method",
        "bulkId",
        "data",
        ENTERPRISE,
        CISCO,
        "name",
        "active",
    ]);
    let texts = proptest::sample::select(vec![
        CORE,
        PATCH_OP,
        "urn:ietf:params:scim:api:messages:2.0:BulkRequest",
        "user",
        "x@example.com",
        "add",
        "replace",
        "remove",
        "emails[value pr]",
        "POST",
        "PATCH",
        "/Users",
        "bulkId:x",
        "x",
    ]);
    let leaf = prop_oneof![
        texts.prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let value = leaf.prop_recursive(4, 40, 6, move |inner| {
        let pairs = proptest::collection::vec((names.clone(), inner.clone()), 1..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::from),
            pairs.prop_map(|pairs| pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    });
    let mut runner = TestRunner::deterministic();
    let bulk = format!("/identity/scim/{ACME}/v2/Bulk");
    for _ in 0..100 {
        let mut body =
            json!({"schemas": [CORE, PATCH_OP, "urn:ietf:params:scim:api:messages:2.0:BulkRequest"]});
        for name in ["Operations", "emails", "userName", ENTERPRISE] {
            body[name] = value.new_tree(&mut runner).unwrap().current();
        }
        for (method, path) in [
            (Method::POST, Scim::users()),
            (Method::PUT, Scim::user(CASEY)),
            (Method::PATCH, Scim::user(CASEY)),
            (Method::POST, bulk.clone()),
        ] {
            let answer = scim.send(method.clone(), &path, &body).await;
            assert!(answer.status < 500, "{method} {path}: {body}");
            assert!(answer.json()["schemas"].is_array(), "{method} {path}: {body}");
        }
    }
}
