//! Connections of HTTP/1.1: kept, closed, and left to others.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// A Webex of HTTP/1.1 that is told what to answer, connection by connection, and tells how many there are.
struct Scripted {
    upstream: Upstream,
    opened: watch::Receiver<usize>,
    closed: watch::Receiver<usize>,
}

/// What it does once it has read the head of a request.
#[derive(Clone, Copy)]
enum Then {
    /// Answers, and waits for the next request.
    Answer(&'static str),
    /// Answers, and closes the connection as soon as it is told to.
    AnswerAndClose(&'static str),
}

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

impl Scripted {
    async fn start(script: &'static [Then]) -> (Self, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Upstream::for_tests(&format!("http://{}", listener.local_addr().unwrap()));
        let ((opening, opened), (closing, closed)) = (watch::channel(0), watch::channel(0));
        let (close, told) = watch::channel(false);
        tokio::spawn(async move {
            let closing = Arc::new(closing);
            while let Ok((mut stream, _)) = listener.accept().await {
                opening.send_modify(|opened| *opened += 1);
                let (closing, mut told) = (Arc::clone(&closing), told.clone());
                tokio::spawn(async move {
                    for then in script {
                        if !read_head(&mut stream).await {
                            break;
                        }
                        let (Then::Answer(answer) | Then::AnswerAndClose(answer)) = then;
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        if let Then::AnswerAndClose(_) = then {
                            told.wait_for(|told| *told).await.unwrap();
                            break;
                        }
                    }
                    drop(stream);
                    closing.send_modify(|closed| *closed += 1);
                });
            }
        });
        let scripted = Self {
            upstream,
            opened,
            closed,
        };
        (scripted, close)
    }

    async fn hello(&self) {
        let answer = ask(&self.upstream).await.into_body().collect().await.unwrap();
        assert_eq!(answer.to_bytes(), "hello");
    }

    fn opened(&self) -> usize {
        *self.opened.borrow()
    }
}

/// Sends a body, up to the head of the answer.
async fn post(upstream: &Upstream, body: Body) -> Result<Answer, Failure> {
    let body = Replay::new(body, Duration::from_mins(1), &Arc::default());
    let (target, passing) = (PathAndQuery::from_static("/v1/people"), Passing::none());
    let question = question(&Method::POST, &target, &passing);
    upstream
        .send(question, body.attempt().unwrap(), Instant::now())
        .await
}

/// Whether there was one.
async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn an_exchange_that_has_ended_leaves_its_connection_to_the_next() {
    for answer in [
        HELLO,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    ] {
        let script: &'static [Then] = Box::leak(vec![Then::Answer(answer); 20].into_boxed_slice());
        let (webex, _close) = Scripted::start(script).await;
        for _ in 0..20 {
            webex.hello().await;
        }
        assert_eq!(webex.opened(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn what_nobody_has_asked_for_ends_its_connection() {
    let twice =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
    let script: &'static [Then] = Box::leak(vec![Then::Answer(twice); 3].into_boxed_slice());
    let (webex, _close) = Scripted::start(script).await;
    for opened in 1..4 {
        webex.hello().await;
        assert_eq!(webex.opened(), opened);
    }
}

#[tokio::test]
async fn interim_answers_are_read_past() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let script: &'static [Then] = Box::leak(vec![Then::Answer(answer); 3].into_boxed_slice());
    let (webex, _close) = Scripted::start(script).await;
    for _ in 0..3 {
        webex.hello().await;
    }
    assert_eq!(webex.opened(), 1);
}

#[tokio::test]
async fn an_answer_that_the_end_of_its_connection_ends_comes_whole() {
    let script = &[Then::AnswerAndClose("HTTP/1.0 200 OK\r\n\r\nhello")];
    let (webex, close) = Scripted::start(script).await;
    close.send_replace(true);
    webex.hello().await;
    webex.hello().await;
    assert_eq!(webex.opened(), 2);
}

#[tokio::test]
async fn answers_without_a_body_leave_it_too() {
    let (webex, _close) = Scripted::start(&[Then::Answer("HTTP/1.1 204 No Content\r\n\r\n"); 5]).await;
    for _ in 0..5 {
        // Nobody reads where there is nothing.
        drop(ask(&webex.upstream).await);
    }
    assert_eq!(webex.opened(), 1);
}

#[tokio::test]
async fn an_answer_may_have_a_hundred_fields() {
    for (fields, taken) in [(100, true), (101, false)] {
        let others = "X-Other: 1\r\n".repeat(fields - 1);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{others}\r\n");
        let script = Box::leak(vec![Then::Answer(String::leak(answer))].into_boxed_slice());
        let (webex, _close) = Scripted::start(script).await;
        let body = Replay::new(Body::empty(), Duration::from_mins(1), &Arc::default());
        let (target, passing) = (PathAndQuery::from_static("/"), Passing::none());
        let question = question(&Method::GET, &target, &passing);
        let sent = webex
            .upstream
            .send(question, body.attempt().unwrap(), Instant::now());
        match sent.await {
            Ok(answer) => assert!(taken && answer.headers().len() == fields),
            Err(failure) => assert!(!taken && matches!(failure.error, GatewayError::UpstreamBroken(_))),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_given_up_takes_its_connection_with_it_unless_all_of_it_has_come() {
    for (answer, closed) in [
        (HELLO, 0),
        ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhel", 1),
    ] {
        let script: &'static [Then] =
            Box::leak(vec![Then::Answer(answer), Then::Answer(HELLO)].into_boxed_slice());
        let (mut webex, _close) = Scripted::start(script).await;
        drop(ask(&webex.upstream).await);
        webex.closed.wait_for(|seen| *seen == closed).await.unwrap();
        drop(ask(&webex.upstream).await);
        assert_eq!(webex.opened(), 1 + closed, "{answer:?}");
    }
}

#[tokio::test]
async fn nobody_has_to_ask_for_what_follows_trailers() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
    let script: &'static [Then] = Box::leak(vec![Then::Answer(answer); 5].into_boxed_slice());
    let (webex, _close) = Scripted::start(script).await;
    for _ in 0..5 {
        let mut body = ask(&webex.upstream).await.into_body();
        while !body.frame().await.expect("trailers come").unwrap().is_trailers() {}
    }
    assert_eq!(webex.opened(), 1);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_an_error_and_its_connection_is_not_used_again() {
    let script = &[Then::AnswerAndClose(
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhel",
    )];
    let (webex, close) = Scripted::start(script).await;
    close.send_replace(true);
    assert!(ask(&webex.upstream).await.into_body().collect().await.is_err());
    assert_eq!(webex.upstream.pool.idle(), 0);
}

#[tokio::test]
async fn requests_at_once_have_connections_of_their_own_and_those_after_them_none_more() {
    let (webex, _close) = Scripted::start(&[Then::Answer(HELLO); 50]).await;
    let answers = futures_util::future::join_all((0..10).map(|_| ask(&webex.upstream))).await;
    assert_eq!(webex.opened(), 10);
    for answer in answers {
        answer.into_body().collect().await.unwrap();
    }
    for _ in 0..40 {
        webex.hello().await;
    }
    assert_eq!(webex.opened(), 10);
}

#[tokio::test]
async fn a_request_that_meets_a_connection_which_webex_has_closed_goes_on_another() {
    let (mut webex, close) = Scripted::start(&[Then::AnswerAndClose(HELLO)]).await;
    webex.hello().await;
    close.send_replace(true);
    webex.closed.wait_for(|closed| *closed == 1).await.unwrap();
    // A method that is not idempotent, too: nothing of it was sent.
    let sent = post(&webex.upstream, Body::from("once"));
    assert_eq!(
        sent.await
            .unwrap()
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes(),
        "hello"
    );
    assert_eq!(webex.opened(), 2);
}

#[tokio::test]
async fn a_connection_that_nobody_needs_is_closed_after_30_seconds() {
    let (mut webex, _close) = Scripted::start(&[Then::Answer(HELLO); 5]).await;
    // The task that has closed the first one has ended; the next one is closed as well.
    for closed in 1..3 {
        webex.hello().await;
        tokio::time::pause();
        let start = Instant::now();
        webex.closed.wait_for(|seen| *seen == closed).await.unwrap();
        assert_30_seconds(start.elapsed());
        tokio::time::resume();
    }
}

fn assert_30_seconds(idle: Duration) {
    let expected = Duration::from_secs(30)..Duration::from_secs(31);
    assert!(expected.contains(&idle), "{idle:?}");
}

#[tokio::test]
async fn an_old_connection_is_not_kept() {
    let (mut webex, _close) = Scripted::start(&[Then::Answer(HELLO); 5]).await;
    Arc::get_mut(&mut webex.upstream.pool)
        .unwrap()
        .set_oldest(Duration::ZERO);
    webex.hello().await;
    webex.hello().await;
    assert_eq!(webex.opened(), 2);
}

#[tokio::test]
async fn a_request_that_waits_for_a_new_connection_takes_one_that_becomes_free() {
    let (webex, _close) = Scripted::start(&[Then::Answer(HELLO); 5]).await;
    let answer = ask(&webex.upstream).await;
    // Nothing is said on the connections that are opened here.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = Upstream::for_tests(&format!("https://{}", silent.local_addr().unwrap()));
    let mut opening = Box::pin(elsewhere.pool.open());
    assert!(futures_util::poll!(&mut opening).is_pending());
    answer.into_body().collect().await.unwrap();
    let Some(Lease::Exclusive(free)) = webex.upstream.pool.find(Instant::now()) else {
        panic!("it is free");
    };
    elsewhere.pool.put_back(free);
    let opened = tokio::time::timeout(PATIENCE, opening).await.expect("at once");
    assert!(matches!(opened, Ok((Lease::Exclusive(_), false))));
}

/// Webex says what it has to say before it has read the request, and reads on.
#[tokio::test]
async fn an_answer_that_comes_early_does_not_cut_the_upload() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::for_tests(&format!("http://{}", listener.local_addr().unwrap()));
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        // Not a byte more: what follows is looked at below.
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(HELLO.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // The connection goes on with the next request.
        while !(String::from_utf8_lossy(&rest).contains("GET ") && rest.ends_with(b"\r\n\r\n")) {
            assert_ne!(stream.read_buf(&mut rest).await.unwrap(), 0, "the upload is cut");
        }
        stream.write_all(HELLO.as_bytes()).await.unwrap();
        String::from_utf8(rest).unwrap()
    });
    let (parts, upload) = part_by_part();
    parts.send("first").unwrap();
    let sent = post(&upstream, upload);
    let answer = sent.await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(answer.to_bytes(), "hello");
    parts.send("last").unwrap();
    drop(parts);
    while upstream.pool.idle() == 0 {
        tokio::task::yield_now().await;
    }
    ask(&upstream).await.into_body().collect().await.unwrap();
    let uploaded = serving.await.unwrap();
    assert!(
        uploaded.starts_with("5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\nGET "),
        "{uploaded:?}"
    );
}

/// Over TLS what has been written is not sent yet.
#[tokio::test]
async fn the_end_of_an_upload_over_tls_arrives_where_webex_reads_slowly() {
    const SIZE: usize = 16 * 1024 * 1024;
    let (acceptor, client) = tls(b"http/1.1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut read = Vec::new();
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            stream.read_buf(&mut read).await.unwrap();
        }
        let head = read.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let (mut left, mut room) = (SIZE - (read.len() - head), [0; 1024]);
        while left > 0 {
            left -= stream.read(&mut room).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.write_all(HELLO.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        std::future::pending::<()>().await;
    });
    let upstream = over_tls(&authority, client);
    let sent = post(&upstream, Body::from(vec![b'x'; SIZE]));
    let answer = tokio::time::timeout(PATIENCE, sent)
        .await
        .expect("it arrives whole");
    assert_eq!(
        answer.unwrap().into_body().collect().await.unwrap().to_bytes(),
        "hello"
    );
}

/// Time stands still but for what waits.
#[tokio::test(start_paused = true)]
async fn a_webex_that_reads_nothing_is_told_apart_from_one_that_is_gone() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::for_tests(&format!("http://{}", silent.local_addr().unwrap()));
    let endless =
        stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; 64 * 1024]))));
    let sent = post(&upstream, Body::new(StreamBody::new(endless)));
    let failure = sent.await.unwrap_err();
    assert_eq!(failure.error, GatewayError::UploadStalled(Duration::from_mins(1)));
}

/// A body that is sent part by part.
fn part_by_part() -> (tokio::sync::mpsc::UnboundedSender<&'static str>, Body) {
    let (parts, mut coming) = tokio::sync::mpsc::unbounded_channel();
    let frames = stream::poll_fn(move |cx| {
        coming
            .poll_recv(cx)
            .map(|part| part.map(|part: &str| Ok::<_, Infallible>(Frame::data(Bytes::from(part)))))
    });
    (parts, Body::new(StreamBody::new(frames)))
}

#[tokio::test]
async fn who_gives_up_leaves_the_connection_that_it_asked_for_to_the_next() {
    let (mut webex, _close) = Scripted::start(&[Then::Answer(HELLO); 5]).await;
    let mut given_up = Box::pin(ask(&webex.upstream));
    // The connecting has begun; nobody waits for it any more.
    assert!(futures_util::poll!(&mut given_up).is_pending());
    drop(given_up);
    webex.opened.wait_for(|opened| *opened == 1).await.unwrap();
    // It is in the pool when the task that made it has run.
    while webex.upstream.pool.idle() == 0 {
        tokio::task::yield_now().await;
    }
    webex.hello().await;
    assert_eq!(webex.opened(), 1);
}
