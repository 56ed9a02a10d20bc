//! From outside the callback can be reached, and nothing else, whatever is sent.

use std::net::SocketAddr;

use e2e::raw::{self, Reply};
use e2e::stack::{ADMINISTRATOR, NGINX_PORT, Stack};
use futures_util::future::join_all;
use webex_sim::types::EntryFilter;

use super::{INSIDE, tricks};

/// A port that nobody else in the container has.
const CALLBACK_PORT: u16 = 9002;

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_gets_past_the_documented_nginx_block() {
    let stack = Stack::authorised().await;
    let nginx = stack.nginx_container().address(NGINX_PORT).await.unwrap();

    everything_is_refused(&stack, nginx).await;

    // The same door is open for what it is for, and the tricks aimed at something that is there.
    assert_eq!(stack.authorise().await.status, 200);
    for inside in INSIDE {
        let answer = stack.gateway.get(inside).await.unwrap();
        assert_eq!(answer.status, 200, "{inside}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_port_serves_the_callback_alone() {
    let stack = Stack::builder().callback_port(CALLBACK_PORT).start().await;
    stack.authorise().await;
    let gateway = stack.gateway_container();

    // Without nginx before it: who opens this port to the internet opens nothing else.
    everything_is_refused(&stack, gateway.address(CALLBACK_PORT).await.unwrap()).await;

    // The main port has no callback, so that it can stay inside.
    for route in ["auth/code?code=x", "auth/login", "auth/done", ""] {
        let answer = stack
            .gateway
            .get(&format!("/api/v01/webex/{route}"))
            .await
            .unwrap();
        assert_eq!(answer.status, 404, "{route}: {answer}");
    }
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);
}

async fn everything_is_refused(stack: &Stack, door: SocketAddr) {
    stack.webex.clear_journal().await.unwrap();
    let mut wrong = Vec::new();
    for trick in tricks::all() {
        let name = &trick.name;
        let aimed = INSIDE.map(|path| {
            let request = trick.aimed_at(path);
            async move { (path, raw::exchange(door, request.as_bytes()).await) }
        });
        for (path, reply) in join_all(aimed).await {
            match reply {
                Ok(reply) if is_refusal(&reply) => {}
                Ok(reply) => wrong.push(format!("{name} -> {path}: answered with {}", shown(&reply.text))),
                Err(error) => wrong.push(format!("{name} -> {path}: {error:#}")),
            }
        }
        let forwarded = stack.webex.journal(&EntryFilter::default()).await.unwrap();
        if !forwarded.is_empty() {
            let paths: Vec<_> = forwarded.iter().map(|entry| &entry.path).collect();
            wrong.push(format!("{name}: Webex was asked for {paths:?}"));
            stack.webex.clear_journal().await.unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "{} tricks work:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Whether every answer says no: nginx also says that it does not know a coding or a version, and leads from the prefix
/// without its slash to the one with it.
fn is_refusal(reply: &Reply) -> bool {
    let statuses = reply.statuses();
    let no = |status: &u16| (400..500).contains(status) || [501, 505].contains(status);
    let leads_to_the_slash = || {
        let location = reply.header("location").unwrap_or_default();
        let path = location.split('?').next().unwrap_or_default();
        statuses == [301] && path.ends_with("/api/v01/webex/")
    };
    // HTTP/0.9 has no head: only nginx's own page is one.
    let is_old_no = || reply.text.is_empty() || reply.text.starts_with("<html>\r\n<head><title>40");
    match statuses.is_empty() {
        true => is_old_no(),
        false => statuses.iter().all(no) || leads_to_the_slash(),
    }
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(300).collect::<String>())
}
