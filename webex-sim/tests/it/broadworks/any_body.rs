//! Whatever somebody sends: it is done, or refused in Webex's shape, and nothing breaks.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::{Client, SUBSCRIBERS, john, path_of, problems, sync_path};

/// Requests to a running simulator take their time; mistakes are found early or not at all.
const CASES: u32 = 200;

const FIELDS: &[&str] = &[
    "provisioningId",
    "userId",
    "spEnterpriseId",
    "firstName",
    "lastName",
    "package",
    "primaryPhoneNumber",
    "mobilePhoneNumber",
    "extension",
    "email",
    "language",
    "timezone",
    "customerInfo",
    "enableDirSync",
    "syncStatus",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "standard",
            "a+b",
            "x@example.com",
            "+1-2",
            "12",
            "SYNC_NOW"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Fields that mean something, and some that do not.
fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        8 => prop::sample::select(FIELDS.to_vec()).prop_map(str::to_owned),
        1 => ".{0,10}",
    ];
    prop::collection::vec((name, any_value()), 0..6).prop_map(|fields| fields.into_iter().collect())
}

#[test]
fn any_object_is_accepted_or_refused_in_shape() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (client, paths) = runtime.block_on(async {
        let client = Client::start().await;
        let subscriber = client.provisioned(&john(&json!({}))).await;
        let sync = sync_path(&client.enterprise().await);
        (client, (path_of(&subscriber), sync))
    });
    let (subscriber, sync) = paths;
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let checked = TestRunner::new(config).run(&any_object(), |object| {
        runtime.block_on(async {
            let body = Value::Object(object.clone());
            let changed = {
                let mut fields = john(&json!({}));
                fields.as_object_mut().unwrap().extend(object);
                fields
            };
            let external = format!("{sync}/externalUser");
            let precheck = format!("{SUBSCRIBERS}/validate");
            for answer in [
                client.post(SUBSCRIBERS, &body).await,
                client.post(SUBSCRIBERS, &changed).await,
                client.put(&subscriber, &body).await,
                client.post(&precheck, &body).await,
                client.put(&sync, &body).await,
                client.post(&sync, &body).await,
                client.post(&external, &body).await,
            ] {
                match answer.status {
                    200 => assert!(answer.json().is_object()),
                    400 | 404 | 409 => drop(problems(&answer)),
                    other => panic!("{other}: {}", answer.body),
                }
            }
            client.pass(2).await;
        });
        Ok(())
    });
    checked.unwrap();
}
