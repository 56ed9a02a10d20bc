//! One access line for each request: in the field's layout as text, with more fields as JSON.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use tokio::time::timeout;

use crate::bench::Bench;
use crate::stub::{Stub, raw_server, stalling_server, tokens_file};

/// What no test waits longer for.
const PATIENCE: Duration = Duration::from_secs(20);

impl Bench {
    /// The access lines in JSON, once there are so many: a line is written when the answer has gone out, which its client does not see.
    async fn access_lines(&self, count: usize) -> Vec<serde_json::Value> {
        let lines = || -> Vec<serde_json::Value> {
            let log = self.log();
            let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
            lines
                .filter(|line: &serde_json::Value| line["msg"] == "request")
                .collect()
        };
        let enough = async {
            while lines().len() < count {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, enough).await.expect("the lines come");
        lines()
    }
}

/// A line without what differs from run to run; there it only has to have the right shape.
fn steady(mut line: serde_json::Value) -> serde_json::Value {
    let fields = line.as_object_mut().unwrap();
    let duration = fields.remove("duration").expect("a duration");
    assert!(duration.as_str().unwrap().ends_with('s'), "{duration}");
    fields.remove("time").expect("a time");
    line
}

#[tokio::test]
async fn in_json_a_line_says_who_answered_and_by_which_id_to_find_it_again() {
    let bench = Bench::builder().json_log().authorised().await;
    let begun = bench.access_lines(1).await.len();
    let request = bench.http.get(bench.url("/v1/people/me?max=1"));
    bench.send(request.header("TrackingID", "MINE_1")).await;
    bench.get_as_it_is("/v1/%2e%2e/people").await;
    bench.get("/livez").await;
    let lines = bench.access_lines(begun + 3).await;
    let line = |path: &str, status: u16, source: &str| {
        serde_json::json!({
            "level": "info",
            "msg": "request",
            "status": status,
            "client": "127.0.0.1",
            "method": "GET",
            "path": path,
            "source": source,
        })
    };
    let forwarded = steady(lines[begun].clone());
    let mut refused = steady(lines[begun + 1].clone());
    let probe = steady(lines[begun + 2].clone());
    let mut expected = line("/v1/people/me", 200, "upstream");
    // The answer's own id, which is the simulator's.
    expected["tracking_id"] = forwarded["tracking_id"].clone();
    assert!(forwarded["tracking_id"].is_string(), "{forwarded}");
    assert_eq!(forwarded, expected);
    let id = refused
        .as_object_mut()
        .unwrap()
        .remove("tracking_id")
        .expect("an id");
    assert!(id.as_str().unwrap().starts_with("WW_"), "{id}");
    assert_eq!(refused, line("/v1/%2e%2e/people", 400, "gateway"));
    assert_eq!(probe, line("/livez", 200, "gateway"));
}

#[tokio::test]
async fn as_text_a_line_has_the_layout_of_the_field_and_nothing_more() {
    let bench = Bench::authorised().await;
    bench.get("/v1/people/me?max=1").await;
    let written = async {
        loop {
            let log = bench.log();
            if let Some(line) = log
                .lines()
                .find(|line| line.starts_with("[GIN]") && line.contains("/v1/people/me"))
            {
                return line.to_owned();
            }
            tokio::task::yield_now().await;
        }
    };
    let line = timeout(PATIENCE, written).await.expect("the line comes");
    let parts: Vec<_> = line.split(" | ").collect();
    let [_, status, duration, client, request] = parts.as_slice() else {
        panic!("five parts: {line}");
    };
    assert!(duration.ends_with('s'), "{line}");
    assert_eq!(
        [*status, *client, *request],
        ["200", "127.0.0.1", "GET \"/v1/people/me\""]
    );
}

#[tokio::test]
async fn a_client_that_went_away_is_a_499() {
    let (arrived, mut at_webex) = tokio::sync::mpsc::unbounded_channel();
    let stub = Stub::serve(move |_| {
        arrived.send(()).unwrap();
        std::future::pending()
    })
    .await;
    let builder = Bench::builder().webex(&stub.url).tokens(tokens_file());
    let bench = builder.json_log().start().await;
    let request = tokio::spawn(bench.http.get(bench.url("/x")).send());
    at_webex.recv().await.unwrap();
    request.abort();
    assert_eq!(bench.access_lines(1).await[0]["status"], 499);
}

#[tokio::test]
async fn an_answer_that_did_not_come_to_its_end_says_who_ended_it() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    for (webex, by) in [
        (raw_server(half).await, "upstream"),
        (stalling_server(half).await, "client"),
    ] {
        let builder = Bench::builder().webex(webex).tokens(tokens_file());
        let bench = builder.json_log().start().await;
        let mut answer = bench.http.get(bench.url("/x")).send().await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "hello");
        drop(answer);
        assert_eq!(bench.access_lines(1).await[0]["cut"], by);
        let counted = format!("webex_gw_answers_cut_total{{by=\"{by}\"}} 1");
        assert_eq!(bench.page().moved("webex_gw_answers_cut"), [counted]);
    }
}

#[tokio::test]
async fn an_answer_that_came_to_its_end_says_nothing_of_the_kind() {
    let stub = Stub::serve(|request: axum::extract::Request| async move {
        let parts = ["a", "b"].map(Ok::<_, std::io::Error>);
        let (status, body) = match request.uri().path() {
            "/known" => (200, Body::from("hello")),
            "/empty" => (204, Body::empty()),
            "/unchanged" => (304, Body::empty()),
            _ => (200, Body::from_stream(futures_util::stream::iter(parts))),
        };
        Response::builder().status(status).body(body).unwrap()
    })
    .await;
    let builder = Bench::builder().webex(&stub.url).tokens(tokens_file());
    let bench = builder.json_log().start().await;
    let paths = ["/known", "/empty", "/unchanged", "/parts", "/livez", "/%2e%2e"];
    for path in paths {
        bench.get_as_it_is(path).await;
        bench.send(bench.http.head(bench.url(path))).await;
    }
    let lines = bench.access_lines(paths.len() * 2).await;
    assert!(lines.iter().all(|line| line["cut"].is_null()), "{lines:?}");
    assert!(bench.page().moved("webex_gw_answers_cut").is_empty());
}
