//! Who is turned away, and what is wrong with requests.

use reqwest::Method;
use webex_sim::types::{FaultAction, FaultMatch, FaultRule, SettingsPatch};

use super::shape::{Family, is_error};
use super::stage::{Stage, USER, scopes};
use super::table::{Call, ENTRIES, Entry, Sent};

fn family(stage: &Stage, entry: &Entry) -> Family {
    Family::of(&stage.operation(entry).path)
}

#[tokio::test]
async fn without_a_token_and_with_a_bad_one_it_is_401() {
    let stage = Stage::set().await;
    for entry in ENTRIES.iter().filter(|entry| entry.needs_token()) {
        let call = (entry.good)(&stage);
        for token in [None, Some("bad")] {
            let answer = stage.send(stage.method(entry), &call, token).await;
            assert_eq!(answer.status, 401, "{} {token:?}: {}", entry.id, answer.body);
            is_error(&answer, family(&stage, entry), entry.id);
        }
    }
}

#[tokio::test]
async fn without_one_of_the_scopes_it_is_403() {
    let stage = Stage::set().await;
    for entry in ENTRIES.iter().filter(|entry| !entry.scopes().is_empty()) {
        let call = (entry.good)(&stage);
        // Each set lacks its first scope, then its last one.
        for last in [false, true] {
            let missing = entry.scopes().iter().map(|set| match last {
                false => set.split(' ').next().unwrap(),
                true => set.split(' ').next_back().unwrap(),
            });
            let missing: Vec<_> = missing.collect();
            let others: Vec<_> = scopes()
                .into_iter()
                .filter(|scope| !missing.contains(&scope.as_str()))
                .collect();
            let token = stage.token_of(crate::harness::ADMIN, &others.join(" ")).await;
            let answer = stage.send(stage.method(entry), &call, Some(&token)).await;
            assert_eq!(
                answer.status, 403,
                "{} without {missing:?}: {}",
                entry.id, answer.body
            );
            is_error(&answer, family(&stage, entry), entry.id);
        }
    }
}

#[tokio::test]
async fn who_is_no_administrator_is_turned_away_where_a_role_is_needed() {
    let stage = Stage::set().await;
    let token = stage.token_of(USER, &scopes().join(" ")).await;
    for entry in ENTRIES.iter().filter(|entry| entry.needs_token()) {
        let call = (entry.good)(&stage);
        let answer = stage.send(stage.method(entry), &call, Some(&token)).await;
        if entry.is_for_administrators() {
            assert_eq!(answer.status, 403, "{}: {}", entry.id, answer.body);
            is_error(&answer, family(&stage, entry), entry.id);
        } else {
            assert_eq!(
                answer.status,
                stage.success(entry),
                "{}: {}",
                entry.id,
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn another_method_is_405_with_those_that_there_are() {
    let stage = Stage::set().await;
    for entry in ENTRIES {
        let path = &stage.operation(entry).path;
        let own = ENTRIES
            .iter()
            .filter(|other| stage.operation(other).path == *path);
        let own: Vec<_> = own.map(|other| stage.method(other)).collect();
        let call = (entry.good)(&stage);
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            if own.contains(&method) {
                continue;
            }
            let answer = stage.send(method.clone(), &call, Some(&stage.token)).await;
            let name = format!("{method} on the path of {}", entry.id);
            assert_eq!(answer.status, 405, "{name}: {}", answer.body);
            is_error(&answer, Family::Api, &name);
            let allow = answer.header("allow").unwrap().split(", ");
            let allow: Vec<Method> = allow.map(|method| method.parse().unwrap()).collect();
            let expected = |method: &Method| {
                own.contains(method) || (*method == Method::HEAD && own.contains(&Method::GET))
            };
            assert!(
                allow.iter().all(expected) && own.iter().all(|own| allow.contains(own)),
                "{name}: {allow:?}"
            );
            assert_eq!(
                allow.contains(&Method::HEAD),
                own.contains(&Method::GET),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_id_is_404() {
    let stage = Stage::set().await;
    for entry in ENTRIES {
        let call = (entry.good)(&stage);
        let template: Vec<_> = stage.operation(entry).path.split('/').collect();
        for (n, _) in template
            .iter()
            .enumerate()
            .filter(|(_, segment)| segment.starts_with('{'))
        {
            for unknown in ["unknown", "00000000-0000-4000-8000-000000000000", "%FF"] {
                let mut segments: Vec<_> = call.path.split('/').collect();
                segments[n] = unknown;
                let call = Call {
                    path: segments.join("/"),
                    ..call.clone()
                };
                let answer = stage.answer(entry, &call).await;
                assert_eq!(answer.status, 404, "{} {}: {}", entry.id, call.path, answer.body);
                is_error(&answer, family(&stage, entry), entry.id);
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_400_and_another_media_type_415() {
    let stage = Stage::set().await;
    for entry in ENTRIES {
        let good = (entry.good)(&stage);
        if !matches!(good.sent, Sent::Json(_)) {
            continue;
        }
        let json = "application/json";
        let bodies = [
            (json, "{", 400),
            (json, "[]", 400),
            (json, "", 400),
            (json, "{}", 400),
            ("text/xml", "<a/>", 415),
        ];
        for (media_type, body, status) in bodies {
            let call = Call {
                sent: Sent::Raw(media_type, body),
                ..good.clone()
            };
            let answer = stage.answer(entry, &call).await;
            let name = format!("{} with {media_type} {body:?}", entry.id);
            if (entry.id, body) == ("updateSubscriber", "{}") {
                // It leaves everything as it is.
                continue;
            }
            assert_eq!(answer.status, status, "{name}: {}", answer.body);
            is_error(&answer, family(&stage, entry), &name);
        }
    }
}

#[tokio::test]
async fn what_stands_in_the_way_by_itself_is_said_in_the_shape_of_the_service() {
    let stage = Stage::set().await;
    for entry in ENTRIES {
        for (status, call) in entry.natural {
            let answer = stage.answer(entry, &call(&stage)).await;
            assert_eq!(answer.status, *status, "{}: {}", entry.id, answer.body);
            match entry.id {
                "authorize" | "decide" => assert!(answer.body.contains("<h1>"), "{}", answer.body),
                name => is_error(&answer, family(&stage, entry), name),
            }
        }
    }
}

#[tokio::test]
async fn over_the_limit_every_operation_with_a_token_is_429() {
    let stage = Stage::set().await;
    let limit = SettingsPatch {
        rate_limit_requests: Some(1),
        ..SettingsPatch::default()
    };
    let control = stage.sim.running.control();
    control.change_settings(&limit).await.unwrap();
    // Each service counts by itself.
    for path in ["/", "/v1/broadworks/enterprises", "/identity/scim/v2/Users/me"] {
        assert_ne!(stage.sim.get(path, &stage.token).await.status, 429, "{path}");
    }
    for entry in ENTRIES.iter().filter(|entry| entry.needs_token()) {
        let answer = stage.answer(entry, &(entry.good)(&stage)).await;
        assert_eq!(answer.status, 429, "{}: {}", entry.id, answer.body);
        assert_eq!(answer.header("retry-after"), Some("60"), "{}", entry.id);
        is_error(&answer, family(&stage, entry), entry.id);
    }
}

#[tokio::test]
async fn every_documented_status_can_be_had_from_every_operation() {
    let stage = Stage::set().await;
    for entry in ENTRIES {
        let call = (entry.good)(&stage);
        for status in stage
            .documented(entry)
            .into_iter()
            .filter(|status| *status >= 400)
        {
            let waits = matches!(status, 423 | 429 | 503);
            let mut action = FaultAction::status(status);
            if waits {
                action = action.retry_after(17);
            }
            stage
                .fault(&FaultRule::new(FaultMatch::operation(entry.id), action))
                .await;
            let answer = stage.answer(entry, &call).await;
            let name = format!("{} by a rule", entry.id);
            assert_eq!(answer.status, status, "{name}: {}", answer.body);
            is_error(&answer, family(&stage, entry), &name);
            assert_eq!(
                answer.header("retry-after"),
                waits.then_some("17"),
                "{name} {status}"
            );
            assert_eq!(answer.header("allow").is_some(), status == 405, "{name} {status}");
        }
    }
}
