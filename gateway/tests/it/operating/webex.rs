//! The way to Webex, and what Webex answers, while the tokens are fine.

use axum::body::Body;
use axum::response::Response;

use super::moment::Moment;
use super::process::Process;
use crate::bench::Bench;
use crate::stub::{self, Stub, raw_server, tokens_file};

/// What a forward proxy says to somebody it does not know.
const UNKNOWN_CLIENT: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";

pub(super) async fn unreachable() -> Vec<Moment> {
    let silent = Stub::serve(|_| std::future::pending()).await;
    let mut moments = Vec::new();
    for (name, webex) in [
        ("", stub::unreachable().await),
        ("silent", silent.url),
        ("broken", raw_server(b"SSH-2.0-OpenSSH_9.2\r\n").await),
    ] {
        let bench = Bench::builder().webex(webex).tokens(tokens_file());
        let bench = bench.flag("-timeout=300ms").start().await;
        moments.push(bench.moment(name).await.naming("300ms", "9s"));
    }
    let gone = stub::unreachable().await;
    let refusing = raw_server(UNKNOWN_CLIENT).await;
    let sim = webex_sim::Simulator::builder().start().await.unwrap();
    for (name, webex, variables) in [
        (
            "proxy",
            "https://webexapis.com",
            &[("HTTPS_PROXY", gone.as_str())][..],
        ),
        (
            "407",
            "https://webexapis.com",
            &[("HTTPS_PROXY", refusing.as_str())],
        ),
        ("dns", "https://webex.invalid", &[]),
        ("tls", sim.tls_url().as_str(), &[]),
    ] {
        let gateway = Process::serving(webex, tokens_file(), variables).await;
        let moment = gateway.moment(name).await;
        moments.push(
            moment
                .naming(&gone, "http://proxy.example.com:3128")
                .naming("webex.invalid", "webexapis.com"),
        );
    }
    moments
}

pub(super) async fn errors() -> Vec<Moment> {
    let answering = |status: u16| {
        Stub::serve(move |_| async move {
            Response::builder()
                .status(status)
                .header("TrackingID", "ROUTER_1")
                .body(Body::from(r#"{"message":"it failed"}"#))
                .unwrap()
        })
    };
    let mut moments = Vec::new();
    for (status, name) in [(503, ""), (401, "401")] {
        let stub = answering(status).await;
        moments.push(Bench::in_front_of(&stub.url).await.moment(name).await);
    }
    moments
}
