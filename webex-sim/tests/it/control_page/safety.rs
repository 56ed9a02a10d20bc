//! What the page must not do, whoever asks: run what it shows, believe a link, let other sites act.

use super::*;

#[tokio::test]
async fn hostile_names_are_shown_as_text() {
    let sim = Sim::start().await;
    let seed = json!({
        "organizations": [{"displayName": "<script>alert(1)</script>"}],
        "people": [{"email": "a@b.example", "displayName": "\"><script>alert(2)</script>"}],
    });
    let new = NewWorld {
        name: Some("hostile".into()),
        seed: Some(seed),
        ..NewWorld::default()
    };
    let world = sim.running.world(&new).unwrap();
    let rule = FaultRule::new(FaultMatch::path("/<script>"), FaultAction::status(500));
    world.control().add_fault(&rule).await.unwrap();
    let page = sim
        .look("/worlds/hostile?path=%22%3E%3Cscript%3E&person=%3Cscript%3E&note=%3Cscript%3E")
        .await
        .body;
    assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
    assert!(page.contains("alert(2)"));

    let _ = sim.open("/v1/%3Cscript%3E?q='><script>").await;
    let mut shown = sim.look("/").await.body;
    shown += &sim.look("/page/exchange/1").await.body;
    assert_eq!(shown.matches("<script>").count(), 1);
}

#[tokio::test]
async fn each_world_has_a_page_and_buttons_of_its_own() {
    let sim = Sim::start().await;
    assert!(!sim.look("/").await.body.contains("All worlds"));
    let new = NewWorld {
        name: Some("second".into()),
        ..NewWorld::default()
    };
    let world = sim.running.world(&new).unwrap();
    let page = sim.look("/").await.body;
    assert!(page.contains("<a href=\"/worlds/second\""), "the switcher");
    let (said, page) = sim
        .press("/worlds/second/page/clock", &[("advance_seconds", "3600")])
        .await;
    assert!(said.starts_with("It is 2026-02-10T09:09:45"), "{said}");
    assert!(page.body.contains("World <strong>second</strong>"));
    assert!(
        actions(&page.body)
            .iter()
            .all(|action| action.starts_with("/worlds/second/page/"))
    );
    assert_eq!(world.control().clock().await.unwrap().offset_ms, 3_600_000);
    assert_eq!(sim.running.control().clock().await.unwrap().offset_ms, 0);
    for path in ["/worlds/none", "/worlds/none/page/exchange/1"] {
        let answer = sim.look(path).await;
        assert_eq!(answer.status, 303);
        let page = sim.look(answer.header("location").unwrap()).await.body;
        assert_eq!(
            note_of(&page),
            "Nothing has changed: world none is unknown; accepted: see GET /__sim/worlds"
        );
    }
    let (said, _) = sim.press("/worlds/none/page/reset", &[]).await;
    assert!(said.contains("world none is unknown"));
}

#[tokio::test]
async fn a_note_is_not_what_a_link_says() {
    let sim = Sim::start().await;
    for note in ["99", "Buy", "-1", ""] {
        let page = sim.look(&format!("/?note={note}")).await;
        assert_eq!((page.status, note_of(&page.body)), (200, String::new()));
    }
    assert_eq!(sim.look("/?path=a&path=b").await.status, 200);
}

#[tokio::test]
async fn other_sites_change_nothing_on_the_control_listener() {
    let sim = Sim::start().await;
    let before = sim.running.control().clock().await.unwrap();
    let own = sim.running.control_url();
    let site = HeaderName::from_static("sec-fetch-site");
    let send = async |method: Method, path: &str, fields: &[(HeaderName, &str)]| {
        let mut request = sim.http.request(method, format!("{own}{path}")).body("");
        for (name, value) in fields {
            request = request.header(name, *value);
        }
        Answer::of(request.send().await.unwrap()).await
    };
    for (method, path) in [
        (Method::POST, "/page/clock"),
        (Method::POST, "/__sim/clock"),
        (Method::POST, "/__sim/worlds/default/reset"),
        (Method::DELETE, "/__sim/journal"),
        (Method::PATCH, "/__sim/settings"),
        (Method::PUT, "/__sim/state"),
        (Method::POST, "/nowhere"),
    ] {
        for fields in [
            [(site.clone(), "cross-site")],
            [(site.clone(), "same-site")],
            [(ORIGIN, "http://evil.example")],
            [(ORIGIN, "null")],
        ] {
            let answer = send(method.clone(), path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {fields:?}");
            let names: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
            assert_eq!(names, ["field", "reason", "accepted"]);
        }
    }
    assert_eq!(sim.running.control().clock().await.unwrap(), before);
    let from_page = [(site.clone(), "same-origin"), (ORIGIN, own.as_str())];
    assert_eq!(send(Method::POST, "/__sim/reset", &from_page).await.status, 200);
    let foreign = [(site, "cross-site"), (ORIGIN, "http://evil.example")];
    assert_eq!(
        send(Method::GET, "/__sim/clock", &foreign).await.status,
        200,
        "a link may lead here"
    );
}

#[tokio::test]
async fn the_page_is_not_on_the_api_listeners() {
    let sim = Sim::start().await;
    assert_eq!(sim.open("/").await.status, 401);
    assert_eq!(sim.post_form("/page/reset", &[]).await.status, 401);
}
