//! What a client sees, byte for byte, of each way to break an answer.

use std::io::ErrorKind;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use webex_sim::types::{EntryFilter, TokenKind};

use super::raw::{DATA, GOAWAY, HEADERS, Http1, Http2, RST_STREAM, soon};
use super::{add, authorized};
use crate::harness::{Sim, Tokens, client};

/// Codes of HTTP/2 (RFC 9113, section 7).
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;

/// A simulator that breaks `GET /v1/people/me` once in this way, and the body that the operation answers with.
async fn broken(wire: Value) -> (Sim, Tokens, String) {
    let (sim, tokens) = authorized().await;
    let body = sim.get("/v1/people/me", &tokens.access).await.body;
    let rule = json!({"id": "f", "match": {"operation": "getMe"}, "action": {"wire": wire}, "times": 1});
    add(&sim, rule).await;
    (sim, tokens, body)
}

/// The status in the journal of the one request that the rule `f` met.
async fn status(sim: &Sim) -> Option<u16> {
    let filter = EntryFilter::fault("f");
    let wait = Duration::from_secs(20);
    let entries = sim
        .running
        .control()
        .journal_wait(&filter, 1, wait)
        .await
        .unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].person.as_deref(), Some(crate::harness::ADMIN));
    entries[0].status
}

#[tokio::test]
async fn reset_is_rst() {
    let (sim, tokens, _) = broken(json!("reset")).await;
    let mut http = Http1::get(&sim, "/v1/people/me", &tokens.access).await;
    assert_eq!(http.rest().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(status(&sim).await, None);

    add(&sim, json!({"action": {"wire": "reset"}, "times": 1})).await;
    let mut http = Http2::connect(&sim).await;
    http.get(1, "/", &tokens.access).await;
    assert_eq!(http.frame().await, None, "the whole connection is gone");
    assert_eq!(sim.get("/", &tokens.access).await.status, 404);
}

#[tokio::test]
async fn empty_is_the_end_of_the_connection_without_a_byte() {
    let (sim, tokens, _) = broken(json!("empty")).await;
    let mut http = Http1::get(&sim, "/v1/people/me", &tokens.access).await;
    assert_eq!(http.rest().await.unwrap(), b"");
    assert_eq!(status(&sim).await, None);
}

#[tokio::test]
async fn empty_is_no_reset_even_if_the_operation_never_read_the_body() {
    let (sim, tokens) = authorized().await;
    add(&sim, json!({"action": {"wire": "empty"}})).await;
    let large = "x".repeat(300_000);
    let mut http = Http1::send(&sim, "POST /v1/nothing", &tokens.access, &large).await;
    assert_eq!(http.rest().await.unwrap(), b"");
}

#[tokio::test]
async fn empty_resets_the_stream_of_http_2_and_leaves_the_connection_alone() {
    let (sim, tokens, _) = broken(json!("empty")).await;
    let mut http = Http2::connect(&sim).await;
    http.get(1, "/v1/people/me", &tokens.access).await;
    let frames = http.stream(1).await;
    assert_eq!(frames.len(), 1);
    assert_eq!((frames[0].kind, frames[0].error()), (RST_STREAM, INTERNAL_ERROR));
    http.get(3, "/v1/people/me", &tokens.access).await;
    assert_eq!(http.stream(3).await[0].kind, HEADERS);
}

#[tokio::test]
async fn hang_is_silence_until_the_simulator_stops() {
    let (sim, tokens, _) = broken(json!("hang")).await;
    let mut http = Http1::get(&sim, "/v1/people/me", &tokens.access).await;
    // It is in the journal although it is not over.
    assert_eq!(status(&sim).await, None);
    assert!(http.is_silent().await);
    soon(sim.running.stop()).await;
    assert_eq!(http.rest().await.unwrap(), b"");
}

#[tokio::test]
async fn hang_ends_with_the_client() {
    let (sim, tokens, _) = broken(json!("hang")).await;
    let http = Http1::get(&sim, "/v1/people/me", &tokens.access).await;
    assert_eq!(status(&sim).await, None);
    drop(http);
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 200);
    let mut http = Http2::connect(&sim).await;
    add(
        &sim,
        json!({"match": {"path": "/"}, "action": {"wire": "hang"}, "times": 1}),
    )
    .await;
    http.get(1, "/", &tokens.access).await;
    // Other streams of the connection go on.
    http.get(3, "/v1/people/me", &tokens.access).await;
    assert!(http.stream(3).await.iter().all(|frame| frame.stream == 3));
}

#[tokio::test]
async fn truncate_announces_the_whole_and_ends_early() {
    for (bytes, left) in [(0, 0), (10, 10), (usize::MAX, usize::MAX)] {
        let (sim, tokens, whole) = broken(json!({"truncate": {"bytes": bytes}})).await;
        let left = left.min(whole.len() - 1);
        let seen = Http1::get(&sim, "/v1/people/me", &tokens.access)
            .await
            .answer()
            .await;
        assert_eq!(seen.length(), whole.len());
        assert_eq!(String::from_utf8(seen.body).unwrap(), whole[..left]);
        assert_eq!(status(&sim).await, Some(200));
    }
}

#[tokio::test]
async fn truncate_is_exact_where_the_client_reads_slowly() {
    let (sim, tokens) = authorized().await;
    let large = "x".repeat(1_900_000);
    add(
        &sim,
        json!({"action": {"status": 200, "body": large, "wire": {"truncate": {"bytes": 1_800_000}}}}),
    )
    .await;
    // So small a window that the simulator has to wait for the client.
    let mut http = Http1::narrow(&sim, "/", &tokens.access).await;
    let first = http.some(1).await;
    let rest = http.rest().await.unwrap();
    assert_eq!((first.length(), rest.len()), (1_900_000, 1_799_999));
}

#[tokio::test]
async fn truncate_of_an_answer_without_a_known_size_announces_one() {
    let (sim, tokens) = authorized().await;
    add(
        &sim,
        json!({"match": {"operation": "token"}, "action": {"wire": {"truncate": {"bytes": 20}}}}),
    )
    .await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", sim.running.client_id()),
        ("client_secret", sim.running.client_secret()),
        ("refresh_token", &tokens.refresh),
    ];
    for url in [sim.running.url(), sim.running.tls_url()] {
        let request = sim.http.post(format!("{url}/v1/access_token")).form(&form);
        let answer = request.send().await.unwrap();
        assert!(answer.content_length().unwrap() > 300);
        assert!(answer.text().await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn truncate_resets_the_stream_of_http_2_after_the_bytes() {
    let (sim, tokens, whole) = broken(json!({"truncate": {"bytes": 10}})).await;
    let mut http = Http2::connect(&sim).await;
    http.get(1, "/v1/people/me", &tokens.access).await;
    let frames = http.stream(1).await;
    let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [HEADERS, DATA, RST_STREAM]);
    assert_eq!(frames[1].payload, whole.as_bytes()[..10]);
    assert_eq!(frames[2].error(), INTERNAL_ERROR);
}

#[tokio::test]
async fn malformed_is_no_json_in_the_right_frame() {
    let (sim, tokens, whole) = broken(json!("malformed")).await;
    let mut http = Http1::get(&sim, "/v1/people/me", &tokens.access).await;
    let seen = http.some(whole.len() / 2).await;
    assert_eq!(seen.length(), whole.len() / 2);
    assert!(serde_json::from_slice::<Value>(&seen.body).is_err());
    assert_eq!(seen.header("content-type"), Some("application/json"));
    // The connection is as good as before.
    http.again("GET /v1/people/me", &tokens.access, "").await;
    assert_eq!(http.some(whole.len()).await.body, whole.as_bytes());
    assert_eq!(status(&sim).await, Some(200));
}

#[tokio::test]
async fn wrong_content_type_changes_nothing_else() {
    let (sim, tokens, whole) = broken(json!("wrong_content_type")).await;
    let answer = sim.get("/v1/people/me", &tokens.access).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/html"))
    );
    assert_eq!(answer.body, whole);
}

#[tokio::test]
async fn drip_sends_a_piece_and_then_keeps_the_client_waiting() {
    let (sim, tokens, whole) = broken(json!({"drip": {"bytes": 5, "every_ms": 3_600_000}})).await;
    let mut http = Http1::get(&sim, "/v1/people/me", &tokens.access).await;
    let seen = http.some(5).await;
    assert_eq!(
        (seen.length(), seen.body),
        (whole.len(), whole.as_bytes()[..5].to_vec())
    );
    assert!(http.is_silent().await);
}

#[tokio::test]
async fn drip_brings_the_whole_body_in_the_end() {
    let (sim, tokens, whole) = broken(json!({"drip": {"bytes": 50, "every_ms": 1}})).await;
    let mut http = Http2::connect(&sim).await;
    http.get(1, "/v1/people/me", &tokens.access).await;
    let frames = http.stream(1).await;
    let pieces: Vec<_> = frames.iter().filter(|frame| frame.kind == DATA).collect();
    assert!(pieces.iter().all(|piece| piece.payload.len() <= 50));
    assert!(pieces.len() >= whole.len() / 50);
    let body: Vec<_> = pieces.iter().flat_map(|piece| piece.payload.clone()).collect();
    assert_eq!(body, whole.as_bytes());
}

#[tokio::test]
async fn goaway_answers_and_then_ends_the_connection() {
    let (sim, tokens, whole) = broken(json!("goaway")).await;
    let mut http = Http2::connect(&sim).await;
    http.get(1, "/v1/people/me", &tokens.access).await;
    let (mut body, mut goaways) = (Vec::new(), Vec::new());
    while let Some(frame) = http.frame().await {
        match frame.kind {
            DATA => body.extend(frame.payload),
            GOAWAY => goaways.push(frame.error()),
            HEADERS => {}
            other => panic!("frame {other}"),
        }
    }
    assert_eq!(body, whole.as_bytes());
    assert!(
        !goaways.is_empty() && goaways.iter().all(|error| *error == NO_ERROR),
        "{goaways:?}"
    );
    assert_eq!(status(&sim).await, Some(200));
}

#[tokio::test]
async fn goaway_over_http_1_is_connection_close() {
    let (sim, tokens, whole) = broken(json!("goaway")).await;
    let seen = Http1::get(&sim, "/v1/people/me", &tokens.access)
        .await
        .answer()
        .await;
    assert_eq!(seen.header("connection"), Some("close"));
    assert_eq!(seen.body, whole.as_bytes());
}

#[tokio::test]
async fn a_client_takes_a_new_connection_after_goaway_over_tls() {
    let (sim, tokens, _) = broken(json!("goaway")).await;
    for _ in 0..3 {
        let request = sim.http.get(format!("{}/v1/people/me", sim.running.tls_url()));
        let answer = request.bearer_auth(&tokens.access).send().await.unwrap();
        assert_eq!(
            (answer.version(), answer.status().as_u16()),
            (reqwest::Version::HTTP_2, 200)
        );
    }
}

#[tokio::test]
async fn everything_breaks_over_tls_too() {
    let (sim, tokens) = authorized().await;
    for alpn in [&["h2"][..], &["http/1.1"]] {
        let http = client(sim.running.ca_pem(), alpn);
        let call = || {
            let request = http.get(format!("{}/v1/people/me", sim.running.tls_url()));
            request.bearer_auth(&tokens.access).send()
        };
        for wire in [json!("reset"), json!("empty")] {
            add(&sim, json!({"action": {"wire": wire}, "times": 1})).await;
            assert!(soon(call()).await.is_err(), "{wire} {alpn:?}");
        }
        add(
            &sim,
            json!({"action": {"wire": {"truncate": {"bytes": 9}}}, "times": 1}),
        )
        .await;
        let mut answer = soon(call()).await.unwrap();
        assert_eq!(soon(answer.chunk()).await.unwrap().unwrap().len(), 9, "{alpn:?}");
        assert!(soon(answer.chunk()).await.is_err(), "{alpn:?}");
        assert_eq!(soon(call()).await.unwrap().status(), 200, "{alpn:?}");
    }
}

#[tokio::test]
async fn a_made_up_answer_can_be_broken_and_then_the_operation_does_not_happen() {
    let (sim, tokens) = authorized().await;
    let control = sim.running.control();
    control.expire_tokens(TokenKind::Access).await.unwrap();
    add(
        &sim,
        json!({
            "match": {"operation": "token"},
            "action": {"status": 200, "body": {"access_token": "x"}, "wire": "malformed"},
            "times": 1
        }),
    )
    .await;
    let answer = sim.refresh(&tokens.refresh).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"access_t"#));
    let issued = control.tokens().await.unwrap().len();
    assert_eq!(issued, 2, "those of the login");
}

#[tokio::test]
async fn an_answer_without_a_body_stays_as_it_is() {
    let (sim, tokens) = authorized().await;
    for wire in [
        json!("malformed"),
        json!({"truncate": {"bytes": 0}}),
        json!({"drip": {"bytes": 1, "every_ms": 0}}),
    ] {
        add(&sim, json!({"action": {"status": 204, "wire": wire}, "times": 1})).await;
        let mut http = Http1::get(&sim, "/", &tokens.access).await;
        let head = http.some(0).await.head;
        assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
        assert!(http.is_silent().await);
        let mut byte = [0];
        drop(http.socket.try_read(&mut byte));
        http.again("GET /v1/people/me", &tokens.access, "").await;
        assert_eq!(soon(http.socket.read_u8()).await.unwrap(), b'H');
    }
}
