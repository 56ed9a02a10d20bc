//! Lists, pages, and who sees whom.

use reqwest::Method;
use serde_json::json;
use webex_sim::Seed;
use webex_sim::types::SettingsPatch;

use super::{
    ADMIN_SCOPES, OTHER, PEOPLE, USER, create, descriptions, id_of, item, managed, names, next,
    percent_encoded, send, sign_in, start,
};
use crate::harness::{ADMIN, Answer, Sim};

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
        assert_eq!(
            by_id["notFoundIds"].as_array().unwrap().len(),
            usize::from(!manages)
        );
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
