//! Bodies of requests, and answers that come before their ends.

use http_body_util::BodyExt as _;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn a_body_that_somebody_reads_on_is_taken_whole_after_an_early_answer() {
    let (sender, mut whole) = mpsc::unbounded_channel();
    let early = move |body: Body| {
        let sender = sender.clone();
        tokio::spawn(async move {
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            sender.send(body).unwrap();
        });
        std::future::ready("hello")
    };
    let served = Served::start(Router::new().route("/", post(early)), PATIENT).await;
    let mut client = served.connect().await;
    for _ in 0..2 {
        let head = b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 300000\r\n\r\nbegun";
        client.write_all(head).await.unwrap();
        read_hello(&mut client).await;
        sleep(SHORT).await;
        client.write_all(&vec![b'x'; 299_995]).await.unwrap();
        let body = whole.recv().await.unwrap();
        assert!(body.len() == 300_000 && body.starts_with(b"begunx"));
    }
    served.end().await;
}

#[tokio::test]
async fn an_interim_answer_comes_once_and_before_the_answer_or_not_at_all() {
    let first = |body: Body| async { axum::body::to_bytes(body, 100).await.unwrap() };
    let later = |body: Body| {
        let read = async move {
            sleep(SHORT).await;
            let _ = axum::body::to_bytes(body, 100).await;
        };
        tokio::spawn(read);
        std::future::ready("hello")
    };
    let router = Router::new()
        .route("/first", post(first))
        .route("/later", post(later));
    let served = Served::start(router, PATIENT).await;
    for (path, expected) in [("first", 1), ("later", 0)] {
        let mut client = served.connect().await;
        let head =
            format!("POST /{path} HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") && !seen.ends_with(b"hello") {
            assert_ne!(client.read_buf(&mut seen).await.unwrap(), 0, "closed");
        }
        sleep(SHORT * 2).await;
        client.write_all(b"hello").await.unwrap();
        client.shutdown().await.unwrap();
        client.read_to_end(&mut seen).await.unwrap();
        let seen = String::from_utf8(seen).unwrap();
        assert_eq!(
            seen.matches("HTTP/1.1 100 Continue\r\n\r\n").count(),
            expected,
            "{seen}"
        );
        assert!(seen.ends_with("\r\n\r\nhello"), "{seen}");
    }
}

#[tokio::test]
async fn a_body_that_somebody_keeps_has_nothing_to_do_with_the_next_request() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let keep = move |mut body: Body| {
        let sender = sender.clone();
        async move {
            let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
            sender.send(body).unwrap();
            part
        }
    };
    let served = Served::start(Router::new().route("/", post(keep)), PATIENT).await;
    let mut client = served.connect().await;
    let request = b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello";
    client.write_all(request).await.unwrap();
    read_hello(&mut client).await;
    let mut first = kept.recv().await.unwrap();
    client.write_all(&request[..request.len() - 5]).await.unwrap();
    assert!(first.frame().await.is_none(), "it has ended");
    drop(first);
    client.write_all(b"hello").await.unwrap();
    read_hello(&mut client).await;
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_has_been_sent_is_received_whole() {
    let early = || async { (http::StatusCode::PAYLOAD_TOO_LARGE, "hello") };
    let served = Served::start(Router::new().route("/", post(early)), PATIENT).await;
    let mut client = served.connect().await;
    let head = b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 8388608\r\n\r\n";
    client.write_all(head).await.unwrap();
    read_hello(&mut client).await;
    // What follows meets a connection that is closing; none of it is taken for a request.
    for _ in 0..8 {
        let chunk = [GET, &vec![b'x'; 1024 * 1024 - GET.len()]].concat();
        client.write_all(&chunk).await.unwrap();
    }
    client.shutdown().await.unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
    served.end().await;
}

#[tokio::test]
async fn the_answers_to_many_requests_arrive_whatever_comes_behind_the_last() {
    for count in [1, 63, 64, 127, 128, 129, 200] {
        let served = Served::start(hello(), PATIENT).await;
        let last = b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
        let sent = [GET.repeat(count - 1), last.to_vec(), vec![b'x'; 40_000]].concat();
        let (mut reader, mut writer) = served.connect().await.into_split();
        let sending = async {
            writer.write_all(&sent).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        let mut seen = String::new();
        let ((), read) = tokio::join!(sending, reader.read_to_string(&mut seen));
        read.unwrap();
        assert_eq!(seen.matches("\r\n\r\nhello").count(), count);
    }
}

#[tokio::test]
async fn an_old_client_is_told_the_end_of_an_early_answer_before_it_has_sent_all() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let keep = move |body: Body| {
        sender.send(body).unwrap();
        std::future::ready("hello")
    };
    let served = Served::start(Router::new().route("/", post(keep)), PATIENT).await;
    let answer = served
        .talk(b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n")
        .await
        .unwrap();
    assert!(answer.ends_with("hello"), "{answer}");
    drop(kept.recv().await);
}

#[tokio::test]
async fn who_has_the_body_of_a_request_whose_answer_is_cut_gets_no_more_of_it() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let cut = move |body: Body| {
        sender.send(body).unwrap();
        std::future::ready(Body::from_stream(stream::iter([Err::<Bytes, _>(
            io::Error::other("cut"),
        )])))
    };
    let limits = Limits {
        linger: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new().route("/", post(cut)), limits).await;
    let mut client = served.connect().await;
    let head = b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\n";
    client.write_all(head).await.unwrap();
    let mut body = kept.recv().await.unwrap();
    let frame = tokio::time::timeout(LONG / 10, body.frame()).await;
    assert!(frame.expect("it is told").unwrap().is_err());
}

#[tokio::test]
async fn a_body_that_nobody_goes_on_with_does_not_hold_its_connection_after_the_answer() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let keep = move |body: Body| {
        sender.send(body).unwrap();
        std::future::ready("hello")
    };
    let limits = Limits {
        idle: SHORT,
        linger: SHORT,
        ..PATIENT
    };
    let served = Served::start(Router::new().route("/", post(keep)), limits).await;
    let mut client = served.connect().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhe")
        .await
        .unwrap();
    let mut seen = String::new();
    let read = tokio::time::timeout(LONG / 10, client.read_to_string(&mut seen)).await;
    read.expect("it is closed").unwrap();
    assert!(seen.ends_with("hello"), "{seen}");
    let mut body = kept.recv().await.unwrap();
    assert!(body.frame().await.unwrap().is_err(), "it is not whole");
}

#[tokio::test]
async fn a_connection_ends_with_an_answer_that_an_expectation_was_not_met_before() {
    let keep = |body: Body| {
        tokio::spawn(axum::body::to_bytes(body, 100));
        std::future::ready("hello")
    };
    let served = Served::start(Router::new().route("/", post(keep)), PATIENT).await;
    let mut client = served.connect().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        .await
        .unwrap();
    let mut seen = String::new();
    let read = tokio::time::timeout(LONG / 10, client.read_to_string(&mut seen)).await;
    read.expect("it is closed").unwrap();
    assert!(
        seen.starts_with("HTTP/1.1 200 OK\r\n") && seen.contains("connection: close"),
        "{seen}"
    );
}

/// How a request tells its body.
#[derive(Clone, Copy, Debug)]
enum Told {
    Nothing,
    Length,
    Chunks(usize),
}

/// A request with so many bytes, in which another one begins.
fn request(told: Told, length: usize, last: bool) -> (Vec<u8>, Vec<u8>) {
    let body: Vec<u8> = GET.iter().copied().cycle().take(length).collect();
    let mut text = b"POST / HTTP/1.1\r\nHost: gw\r\n".to_vec();
    if last {
        text.extend_from_slice(b"Connection: close\r\n");
    }
    let body = match told {
        Told::Nothing => {
            text.extend_from_slice(b"\r\n");
            Vec::new()
        }
        Told::Length => {
            text.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
            text.extend_from_slice(&body);
            body
        }
        Told::Chunks(size) => {
            text.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in body.chunks(size) {
                text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                text.extend_from_slice(chunk);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            body
        }
    };
    (text, body)
}

async fn echoed(requests: &[(Told, usize)], piece: usize) {
    let echo = |body: Body| async {
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        http::Response::builder()
            .header("date", "now")
            .body(Body::from(body))
            .unwrap()
    };
    let served = Served::start(Router::new().route("/", post(echo)), PATIENT).await;
    let (mut sent, mut expected) = (Vec::new(), Vec::new());
    for (place, (told, length)) in requests.iter().enumerate() {
        let last = place + 1 == requests.len();
        let (text, body) = request(*told, *length, last);
        sent.extend_from_slice(&text);
        let close = if last { "connection: close\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 200 OK\r\ndate: now\r\n{close}content-length: {}\r\n\r\n",
            body.len()
        );
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&body);
    }
    let (mut reader, mut writer) = served.connect().await.into_split();
    let sending = async {
        for piece in sent.chunks(piece) {
            writer.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let mut seen = Vec::new();
    let ((), read) = tokio::join!(sending, reader.read_to_end(&mut seen));
    read.unwrap();
    assert!(
        seen == expected,
        "{requests:?} in pieces of {piece}:\n{}",
        String::from_utf8_lossy(&seen)
    );
    served.end().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever pieces they come in, and whatever their bodies look like.
    #[test]
    fn requests_on_one_connection_are_answered_in_their_order(
        requests in vec((prop_oneof![Just(Told::Nothing), Just(Told::Length), (1_usize..9000).prop_map(Told::Chunks)], 0_usize..40_000), 1..7),
        piece in prop_oneof![1_usize..64, 64_usize..20_000],
    ) {
        // A piece for each byte of much would take its time.
        let piece = if requests.iter().map(|(_, length)| length).sum::<usize>() > 20_000 { piece.max(64) } else { piece };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(echoed(&requests, piece));
    }
}
