//! The API: the probe, who am I, and everything that is not there.

use insta::assert_snapshot;
use reqwest::Method;

use crate::harness::{Answer, CALLBACK, Sim};

#[tokio::test]
async fn the_probe_with_a_good_token_is_404_byte_for_byte() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let answer = sim.get("/", &tokens.access).await;
    assert_eq!(answer.header("content-length"), Some("221"));
    assert_snapshot!("root_404", answer.wire());
}

#[tokio::test]
async fn the_probe_with_a_bad_token_is_401_byte_for_byte() {
    let sim = Sim::start().await;
    let answer = sim.get("/", "no-token").await;
    assert_eq!(answer.header("content-length"), Some("269"));
    assert_snapshot!("root_401", answer.wire());
}

#[tokio::test]
async fn no_token_and_other_schemes_are_401_before_any_routing() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    for path in ["/", "/v1/people/me", "/v1/nothing"] {
        assert_eq!(sim.open(path).await.status, 401, "{path}");
        let url = format!("{}{path}", sim.running.url());
        let basic = sim
            .http
            .delete(url)
            .basic_auth(&tokens.access, Some("x"))
            .send()
            .await
            .unwrap();
        assert_eq!(basic.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn a_clients_tracking_id_is_echoed_in_header_and_body() {
    let sim = Sim::start().await;
    let request = sim
        .http
        .get(format!("{}/", sim.running.url()))
        .header("TrackingID", "WW_1");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.header("trackingid"), Some("WW_1"));
    assert_eq!(answer.json()["trackingId"], "WW_1");
}

#[tokio::test]
async fn an_unknown_path_is_marked_in_answer_and_journal() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let answer = sim.call(Method::PUT, "/v1/rooms?max=1", &tokens.access).await;
    assert_eq!(
        (answer.status, answer.header("x-webex-sim")),
        (404, Some("not-simulated"))
    );
    let filter = webex_sim::types::EntryFilter {
        not_simulated: Some(true),
        ..Default::default()
    };
    let entries = sim.running.control().journal(&filter).await.unwrap();
    assert_eq!(
        (entries.len(), entries[0].path.as_str(), entries[0].query.as_str()),
        (1, "/v1/rooms", "max=1")
    );
}

#[tokio::test]
async fn a_known_path_with_another_method_is_405() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    for path in ["/", "/v1/people/me"] {
        let answer = sim.call(Method::DELETE, path, &tokens.access).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, HEAD")),
            "{path}"
        );
    }
    assert_eq!(sim.open("/v1/access_token").await.header("allow"), Some("POST"));
    let answer = sim.call(Method::PATCH, "/v1/authorize", &tokens.access).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, POST"))
    );
}

#[tokio::test]
async fn people_me_is_the_person_who_authorised() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    assert_snapshot!("people_me", sim.get("/v1/people/me", &tokens.access).await.wire());
}

#[tokio::test]
async fn people_me_needs_a_scope() {
    let sim = Sim::start().await;
    sim.running
        .control()
        .accept_as(crate::harness::ADMIN)
        .await
        .unwrap();
    let query = format!(
        "client_id={}&response_type=code&scope=identity:people_read",
        sim.running.client_id()
    );
    let code = sim
        .open(&format!("/v1/authorize?{query}"))
        .await
        .redirect_param("code")
        .unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    let tokens = sim.token(&form).await.tokens();
    assert_snapshot!(
        "people_me_403",
        sim.get("/v1/people/me", &tokens.access).await.wire()
    );
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let sim = Sim::start().await;
    let answer = sim.call(Method::HEAD, "/", "x").await;
    assert_eq!((answer.status, answer.body.as_str()), (401, ""));
}
