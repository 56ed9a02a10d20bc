//! SCIM Bulk over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Answer;
use crate::scim::{ACME, AVERY, CASEY, CORE, ENTERPRISE, NEW, PATCH_OP, Scim, new_user, refused};

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const ERROR: &str = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error";

async fn bulk(scim: &Scim, body: &Value) -> Answer {
    scim.send(Method::POST, &format!("/identity/scim/{ACME}/v2/Bulk"), body)
        .await
}

async fn run(scim: &Scim, operations: &Value) -> Vec<Value> {
    let answer = bulk(scim, &json!({"schemas": [REQUEST], "operations": operations})).await;
    outcomes(&answer)
}

#[track_caller]
fn outcomes(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = answer.json();
    assert_eq!(
        body["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
    );
    let operations = body.get("operations").or(body.get("Operations"));
    operations.unwrap().as_array().unwrap().clone()
}

fn statuses(outcomes: &[Value]) -> Vec<&str> {
    outcomes
        .iter()
        .map(|outcome| outcome["status"].as_str().unwrap())
        .collect()
}

fn detail(outcome: &Value) -> &str {
    outcome["response"]["detail"].as_str().unwrap()
}

fn user(name: &str) -> Value {
    json!({"schemas": [CORE], "userName": format!("{name}@acme.example.com"), "userType": "user"})
}

fn post(name: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": name, "data": user(name)})
}

fn patch(id: &str, title: &str) -> Value {
    let operations = json!([{"op": "add", "path": "title", "value": title}]);
    json!({"method": "PATCH", "path": format!("/Users/{id}"), "data": {"schemas": [PATCH_OP], "Operations": operations}})
}

#[tokio::test]
async fn users_are_created_changed_and_deleted_in_one_request() {
    let scim = Scim::start().await;
    let operations = json!([
        {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": new_user()},
        patch(AVERY, "Chief"),
        {"method": "DELETE", "path": format!("/Users/{CASEY}"), "bulkId": "ytrewq"},
    ]);
    let body = json!({"schemas": [REQUEST], "failOnErrors": 99, "Operations": operations});
    let outcomes = outcomes(&bulk(&scim, &body).await);
    let url = scim.sim.running.url();
    let created = outcomes[0]["location"]
        .as_str()
        .unwrap()
        .strip_prefix(&url)
        .unwrap();
    let created = scim.get(created).await.json();
    assert_eq!(created["userName"], NEW);
    let changed = scim.get(&Scim::user(AVERY)).await.json();
    assert_eq!(changed["title"], "Chief");
    assert_eq!(scim.get(&Scim::user(CASEY)).await.status, 404);
    let expected = json!([
        {"location": created["meta"]["location"], "method": "POST", "bulkId": "qwerty",
            "version": created["meta"]["version"], "status": "201"},
        {"location": changed["meta"]["location"], "method": "PATCH",
            "version": changed["meta"]["version"], "status": "200"},
        {"location": format!("{url}{}", Scim::user(CASEY)), "method": "DELETE", "bulkId": "ytrewq", "status": "204"},
    ]);
    assert_eq!(Value::from(outcomes).to_string(), expected.to_string());
}

#[tokio::test]
async fn a_failed_operation_is_told_and_the_others_go_on() {
    let scim = Scim::start().await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let outcomes = run(
        &scim,
        &json!([patch(nobody, "x"), post("a"), post("avery.quinn"), post("b")]),
    )
    .await;
    assert_eq!(statuses(&outcomes), ["404", "201", "409", "201"]);
    let url = scim.sim.running.url();
    assert_eq!(outcomes[0]["location"], format!("{url}{}", Scim::user(nobody)));
    assert_eq!(outcomes[2]["location"], Value::Null);
    let response = &outcomes[2]["response"];
    assert_eq!(
        (&response["status"], &response["scimType"], detail(&outcomes[2])),
        (
            &json!("409"),
            &json!("uniqueness"),
            "userName avery.quinn@acme.example.com is already taken."
        )
    );
    assert_eq!(response["schemas"][1], ERROR);
    assert_eq!(
        (&response[ERROR]["errorCode"], &response[ERROR]["details"]),
        (&json!(409), &response["detail"])
    );
    assert!(
        response[ERROR]["trackingId"]
            .as_str()
            .unwrap()
            .starts_with("ROUTERGW_")
    );
}

#[tokio::test]
async fn the_answer_calls_the_operations_what_the_request_calls_them() {
    let scim = Scim::start().await;
    for (asked, answered) in [
        ("operations", "operations"),
        ("Operations", "Operations"),
        ("OPERATIONS", "Operations"),
    ] {
        let mut body = json!({"schemas": [REQUEST]});
        body[asked] = json!([patch(AVERY, "Chief")]);
        let answer = bulk(&scim, &body).await.json();
        let names: Vec<_> = answer.as_object().unwrap().keys().collect();
        assert_eq!(names, ["schemas", answered], "{asked}");
        assert_eq!(statuses(answer[answered].as_array().unwrap()), ["200"]);
    }
}

#[tokio::test]
async fn it_stops_at_as_many_errors_as_the_request_says() {
    let scim = Scim::start().await;
    let operations = json!([post("a"), patch("x", "x"), post("b"), patch("y", "y"), post("c")]);
    let body = json!({"schemas": [REQUEST], "failOnErrors": 2, "operations": operations});
    let two = outcomes(&bulk(&scim, &body).await);
    assert_eq!(statuses(&two), ["201", "404", "201", "404"]);
    assert_eq!(scim.get(&Scim::users()).await.json()["totalResults"], 5);
    let body = json!({"schemas": [REQUEST], "failOnErrors": 1, "operations": operations});
    assert_eq!(statuses(&outcomes(&bulk(&scim, &body).await)), ["409"]);
    let body = json!({"schemas": [REQUEST], "failOnErrors": 3, "operations": operations});
    assert_eq!(
        statuses(&outcomes(&bulk(&scim, &body).await)),
        ["409", "404", "409"]
    );
}

#[tokio::test]
async fn references_lead_to_users_that_were_created_before() {
    let scim = Scim::start().await;
    let mut employee = user("b");
    employee[ENTERPRISE] = json!({"manager": {"value": "bulkId:a"}});
    let operations = json!([
        post("a"),
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": employee},
        patch("bulkId:b", "Employee"),
        patch("bulkId:later", "x"),
        post("later"),
        {"method": "POST", "path": "/Users", "bulkId": "failed", "data": {}},
        {"method": "DELETE", "path": "/Users/bulkId:failed"},
        {"method": "DELETE", "path": "/Users/bulkId:a"},
    ]);
    let outcomes = run(&scim, &operations).await;
    assert_eq!(
        statuses(&outcomes),
        ["201", "201", "200", "409", "201", "400", "409", "204"]
    );
    assert_eq!(
        detail(&outcomes[3]),
        "bulkId:later is no user that an earlier operation has created."
    );
    let url = scim.sim.running.url();
    let employee = outcomes[1]["location"].as_str().unwrap();
    assert_eq!(outcomes[2]["location"], employee);
    let employee = scim.get(employee.strip_prefix(&url).unwrap()).await.json();
    let manager = outcomes[0]["location"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    assert_eq!(
        (&employee["title"], &employee[ENTERPRISE]["manager"]["value"]),
        (&json!("Employee"), &json!(manager))
    );
}

#[tokio::test]
async fn each_operation_has_to_be_one() {
    let scim = Scim::start().await;
    let table = [
        (
            json!({"method": "POST", "path": "/Users", "data": user("x")}),
            "400",
            "bulkId is missing.",
        ),
        (
            json!({"method": "POST", "path": "/Users", "bulkId": "", "data": user("x")}),
            "400",
            "bulkId is missing.",
        ),
        (
            json!({"method": "POST", "path": "/Users/x", "bulkId": "1", "data": user("x")}),
            "400",
            "/Users/x is not /Users.",
        ),
        (
            json!({"method": "POST", "path": "/Users", "bulkId": "2"}),
            "400",
            "data is not an object.",
        ),
        (
            json!({"method": "POST", "path": "/Users", "bulkId": "3", "data": "{}"}),
            "400",
            "data is not an object.",
        ),
        (
            json!({"method": "POST", "bulkId": "4"}),
            "400",
            "path is missing.",
        ),
        (
            json!({"method": "PUT", "path": format!("/Users/{CASEY}"), "data": user("x")}),
            "400",
            "method is none of POST, PATCH, DELETE.",
        ),
        (
            json!({"path": "/Users"}),
            "400",
            "method is none of POST, PATCH, DELETE.",
        ),
        (
            json!({"method": "DELETE", "path": "/Users"}),
            "400",
            "/Users is not /Users/{id}.",
        ),
        (
            json!({"method": "DELETE", "path": "/Users/"}),
            "400",
            "/Users/ is not /Users/{id}.",
        ),
        (
            json!({"method": "DELETE", "path": "Users/x"}),
            "400",
            "Users/x is not /Users/{id}.",
        ),
        (
            json!({"method": "PATCH", "path": format!("/Users/{CASEY}")}),
            "400",
            "data is not an object.",
        ),
        (
            json!({"method": "POST", "path": "/Groups", "bulkId": "g"}),
            "501",
            "Groups are not simulated.",
        ),
        (
            json!({"method": "DELETE", "path": "/Groups/x"}),
            "501",
            "Groups are not simulated.",
        ),
    ];
    let operations: Vec<_> = table.iter().map(|(operation, ..)| operation).collect();
    let outcomes = run(&scim, &json!(operations)).await;
    assert_eq!(outcomes.len(), table.len());
    for ((operation, status, text), outcome) in table.iter().zip(&outcomes) {
        assert_eq!(
            (outcome["status"].as_str(), detail(outcome)),
            (Some(*status), *text),
            "{operation}"
        );
    }
    let twice = run(&scim, &json!([post("a"), post("a")])).await;
    assert_eq!(detail(&twice[1]), "bulkId a is not the only one.");
}

#[tokio::test]
async fn a_request_that_cannot_be_changes_nothing() {
    let scim = Scim::start().await;
    let with = |key: &str, value: Value| {
        let mut body = json!({"schemas": [REQUEST], "failOnErrors": 1, "operations": [post("a")]});
        body[key] = value;
        body
    };
    let many: Vec<_> = (0..101).map(|n| post(&format!("u{n}"))).collect();
    let fail_on_errors = "failOnErrors is not an integer from 1 to 100.";
    let table = [
        (
            with("schemas", json!([PATCH_OP])),
            400,
            Some("invalidSyntax"),
            "schemas does not contain urn:ietf:params:scim:api:messages:2.0:BulkRequest.",
        ),
        (
            with("failOnErrors", json!(0)),
            400,
            Some("invalidValue"),
            fail_on_errors,
        ),
        (
            with("failOnErrors", json!(101)),
            400,
            Some("invalidValue"),
            fail_on_errors,
        ),
        (
            with("failOnErrors", json!("1")),
            400,
            Some("invalidValue"),
            fail_on_errors,
        ),
        (
            with("failOnErrors", json!(1.5)),
            400,
            Some("invalidValue"),
            fail_on_errors,
        ),
        (
            with("operations", json!({})),
            400,
            Some("invalidSyntax"),
            "operations is not a list.",
        ),
        (
            with("operations", json!([])),
            400,
            Some("invalidSyntax"),
            "operations is empty.",
        ),
        (
            with("operations", json!([post("a"), 1])),
            400,
            Some("invalidSyntax"),
            "operations holds something that is not an object.",
        ),
        (
            with("operations", json!(many)),
            413,
            None,
            "101 operations are more than 100.",
        ),
    ];
    for (body, status, scim_type, text) in table {
        refused(&bulk(&scim, &body).await, status, scim_type, text);
    }
    assert_eq!(scim.get(&Scim::users()).await.json()["totalResults"], 3);
    let hundred = with("operations", json!(many[..100]));
    assert_eq!(
        statuses(&outcomes(&bulk(&scim, &hundred).await)),
        vec!["201"; 100]
    );
    assert_eq!(scim.get(&Scim::users()).await.json()["itemsPerPage"], 100);
    let last = scim
        .get(&format!("{}?startIndex=101", Scim::users()))
        .await
        .json();
    assert_eq!(
        (&last["totalResults"], &last["itemsPerPage"]),
        (&json!(103), &json!(3))
    );
}
