//! Recordings: the journal as an archive, and answers that are given again.

use serde_json::{Value, json};
use webex_sim::types::EntryFilter;
use webex_sim::{ArchiveError, Simulator, StartError};

use crate::harness::{Answer, Sim};

fn recorded(method: &str, url: &str, status: u16, body: &str) -> Value {
    json!({
        "request": {"method": method, "url": format!("https://webexapis.com{url}")},
        "response": {
            "status": status,
            "headers": [{"name": "Content-Type", "value": "application/json"}, {"name": "Trackingid", "value": "REAL_1"}],
            "content": {"text": body},
        },
    })
}

fn archive(entries: &[Value]) -> Value {
    json!({"log": {"version": "1.2", "entries": entries}})
}

#[tokio::test]
async fn a_recorded_answer_is_given_byte_for_byte() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let body = "{\"items\" : [] ,\n \"odd\":1e3}";
    let har = archive(&[recorded("GET", "/v1/licenses?max=5&orgId=x", 206, body)]);
    sim.running.control().replay(&har).await.unwrap();
    let answer = sim.get("/v1/licenses?orgId=x&max=5", &tokens.access).await;
    assert_eq!((answer.status, answer.body.as_str()), (206, body));
    assert_eq!(answer.header("trackingid"), Some("REAL_1"));
    assert_eq!(
        answer.header("content-length"),
        Some(body.len().to_string().as_str())
    );
    assert_eq!(
        sim.get("/v1/licenses?max=6&orgId=x", &tokens.access).await.status,
        404
    );
}

#[tokio::test]
async fn several_answers_to_one_request_come_in_their_order_and_the_last_stays() {
    let sim = Sim::start().await;
    let har = archive(&[
        recorded("GET", "/v1/people/me", 503, ""),
        recorded("GET", "/v1/people/me", 200, "{}"),
    ]);
    let control = sim.running.control();
    control.replay(&har).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(sim.open("/v1/people/me").await.status);
    }
    assert_eq!(statuses, [503, 200, 200]);
    let hits: Vec<_> = control
        .replayed()
        .await
        .unwrap()
        .exchanges
        .iter()
        .map(|one| one.hits)
        .collect();
    assert_eq!(hits, [1, 2]);
    control.stop_replay().await.unwrap();
    assert_eq!(sim.open("/v1/people/me").await.status, 401);
}

#[tokio::test]
async fn a_recorded_body_has_to_be_sent_again_in_whatever_order() {
    let sim = Sim::start().await;
    let mut entry = recorded("POST", "/v1/people", 409, "{}");
    entry["request"]["postData"] = json!({"mimeType": "application/json", "text": "{\"a\":1,\"b\":[2]}"});
    sim.running.control().replay(&archive(&[entry])).await.unwrap();
    let url = format!("{}/v1/people", sim.running.url());
    let send = |body: &'static str| {
        let request = sim.http.post(&url).body(body);
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(send("{\"b\": [2], \"a\": 1}").await, 409);
    assert_eq!(send("{\"a\":2}").await, 401);
}

#[tokio::test]
async fn what_the_journal_recorded_can_be_given_by_another_simulator() {
    let first = Sim::start().await;
    let tokens = first.log_in().await;
    let original = first.get("/v1/people/me?callingData=true", &tokens.access).await;
    let har = first
        .running
        .control()
        .journal_har(&EntryFilter::default())
        .await
        .unwrap();
    let second = Sim::with(|builder| builder.replay(har.to_string())).await;
    let list = second.running.control().replayed().await.unwrap();
    assert_eq!((list.exchanges.len(), list.skipped), (1, 2));
    let again = second.open("/v1/people/me?callingData=true").await;
    assert_eq!(again.wire(), original.wire());
    second.running.control().stop_replay().await.unwrap();
    second.running.control().reset().await.unwrap();
    assert_eq!(
        second.running.control().replayed().await.unwrap().exchanges.len(),
        1
    );
}

#[tokio::test]
async fn a_recording_that_cannot_be_used_is_refused_and_changes_nothing() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    control
        .replay(&archive(&[recorded("GET", "/x", 200, "")]))
        .await
        .unwrap();
    let said = control
        .replay(&archive(&[recorded("GET", "/x", 99, "")]))
        .await
        .unwrap_err();
    let said = said.to_string();
    assert!(
        said.contains(r#"body has log.entries[0].response.status "99""#),
        "{said}"
    );
    assert_eq!(control.replayed().await.unwrap().exchanges.len(), 1);
    let error = Simulator::builder().replay("{}").start().await.unwrap_err();
    assert!(
        matches!(error, StartError::Replay(ArchiveError::Json(_))),
        "{error}"
    );
}

#[tokio::test]
async fn a_recording_goes_with_a_snapshot_and_not_with_a_state() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let loaded = async || control.replayed().await.unwrap().exchanges.len();
    let state = control.export_state().await.unwrap();
    control.save_snapshot("without").await.unwrap();
    control
        .replay(&archive(&[recorded("GET", "/x", 200, "")]))
        .await
        .unwrap();
    control.save_snapshot("with").await.unwrap();
    control.restore_snapshot("without").await.unwrap();
    assert_eq!(loaded().await, 0);
    control.restore_snapshot("with").await.unwrap();
    assert_eq!(loaded().await, 1);
    control.import_state(state).await.unwrap();
    assert_eq!(loaded().await, 0);
}

#[tokio::test]
async fn an_archive_has_what_its_readers_expect() {
    let sim = Sim::start().await;
    let request = sim
        .http
        .get(format!("{}/v1/people/me?a=b%20c", sim.running.url()));
    let _ = Answer::of(request.header("TrackingID", "WW_1").send().await.unwrap()).await;
    let har = sim
        .running
        .control()
        .journal_har(&EntryFilter::default())
        .await
        .unwrap();
    let entry = &har["log"]["entries"][0];
    assert_eq!(har["log"]["version"], "1.2");
    assert_eq!(
        entry["request"]["queryString"],
        json!([{"name": "a", "value": "b c"}])
    );
    assert!(
        entry["request"]["url"]
            .as_str()
            .unwrap()
            .ends_with("/v1/people/me?a=b%20c")
    );
    assert_eq!(entry["response"]["status"], 401);
    assert_eq!(entry["response"]["statusText"], "Unauthorized");
    assert!(
        entry["response"]["content"]["text"]
            .as_str()
            .unwrap()
            .contains("WW_1")
    );
}
