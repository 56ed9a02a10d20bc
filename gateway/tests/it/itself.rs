//! A gateway whose way to Webex leads back to it, which no look at its configuration shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::bench::Bench;
use crate::stub::Stub;

/// More calls than this would be no end.
const MOST_CALLS: usize = 20;

/// A gateway whose Webex is a relay to itself, and how often the relay was called.
async fn in_front_of_itself() -> (Bench, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bench = Bench::in_front_of(format!("http://{}", listener.local_addr().unwrap())).await;
    let (gateway, calls) = (bench.gateway, Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while counted.load(Ordering::SeqCst) < MOST_CALLS {
            let (mut from, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut to = TcpStream::connect(gateway).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
    (bench, calls)
}

#[tokio::test]
async fn a_gateway_that_calls_itself_says_so_after_one_call() {
    let (bench, calls) = in_front_of_itself().await;
    let own_id = bench
        .http
        .get(bench.url("/v1/people"))
        .header("trackingid", "MINE_1");
    for request in [bench.http.get(bench.url("/v1/people")), own_id] {
        let answer = bench.send(request).await;
        assert_eq!(answer.status, 502, "{}", answer.text);
        // The error has come over what should be Webex, which cannot name one of the gateway.
        assert_eq!(answer.gateway_error(), "");
        assert_eq!(answer.json()["action"], "fix_configuration");
        assert!(answer.text.contains("-webexURL"), "{}", answer.text);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1, "the connection is used again");
}

#[tokio::test]
async fn health_finds_a_gateway_that_calls_itself() {
    let (bench, calls) = in_front_of_itself().await;
    assert_eq!(bench.get("/health").await.status, 503);
    // The check's own request is not one of a client; the second time it comes round it is known.
    assert!(calls.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn neither_a_repeated_id_nor_the_gateways_own_token_is_a_call_of_itself() {
    let (gate, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (open, here) = (Arc::clone(&gate), Arc::clone(&waiting));
    let api = move |_: Request| {
        let (gate, waiting) = (Arc::clone(&gate), Arc::clone(&waiting));
        async move {
            waiting.add_permits(1);
            gate.acquire().await.unwrap().forget();
            Response::new(Body::from("from webex"))
        }
    };
    let bench = Bench::in_front_of(Stub::serve(api).await.url).await;
    let with = |id: &str, token: &str| {
        let request = bench.http.get(bench.url("/v1/people")).header("trackingid", id);
        bench.send(request.bearer_auth(token))
    };
    let all = async {
        tokio::join!(
            with("SAME", "dummy"),
            with("SAME", "dummy"),
            with("OTHER", "first-access-token")
        )
    };
    let opening = async {
        // All three are in flight at once.
        here.acquire_many(3).await.unwrap().forget();
        open.add_permits(3);
    };
    let ((first, second, third), ()) = tokio::join!(all, opening);
    assert_eq!((first.status, second.status, third.status), (200, 200, 200));
}
