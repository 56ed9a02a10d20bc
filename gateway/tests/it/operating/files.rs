//! The tokens file, and who else writes it.

use std::fs::{self, File};

use webex_sim::types::TokenKind;
use wiremock::ResponseTemplate;

use super::moment::Moment;
use super::states::{DUE, webex};
use crate::bench::Bench;
use crate::stub::tokens_file;

/// A gateway with tokens, before a Webex that answers.
async fn serving(tokens: String, flag: &str) -> (Bench, wiremock::MockServer) {
    let server = webex(ResponseTemplate::new(503)).await;
    let bench = Bench::builder().webex(server.uri()).tokens(tokens).flag(flag);
    (bench.start().await, server)
}

pub(super) async fn unsaved() -> Vec<Moment> {
    let bench = Bench::authorised().await;
    let folder = bench.tokens.parent().unwrap().to_owned();
    let aside = folder.with_extension("aside");
    fs::rename(&folder, &aside).unwrap();
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    let unsaved = bench.moment("").await;
    fs::rename(&aside, &folder).unwrap();
    bench.passes_until("tokens stored in").await;
    vec![unsaved, bench.moment("mended").await]
}

pub(super) async fn unusable() -> Vec<Moment> {
    const ORG: &str = "-orgID=b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622";
    let cut = tokens_file()[..40].to_owned();
    let bench = Bench::builder().tokens(cut).start().await;
    let mut moments = vec![bench.moment("").await];
    bench.authorise().await;
    moments.push(bench.moment("mended").await);
    drop(bench);
    for (name, content, flag) in [
        ("empty", String::new(), "-logLevel=info"),
        (
            "foreign",
            r#"{"name":"another program"}"#.to_owned(),
            "-logLevel=info",
        ),
        ("organisation", tokens_file(), ORG),
    ] {
        let (bench, _webex) = serving(content, flag).await;
        moments.push(bench.moment(name).await);
    }
    moments
}

pub(super) async fn changed() -> Vec<Moment> {
    let (bench, _webex) = serving(tokens_file(), "-logLevel=info").await;
    fs::remove_file(&bench.tokens).unwrap();
    bench.passes_until("was deleted").await;
    let deleted = bench.moment("deleted").await;

    let other = |name: &str| tokens_file().replace("first-access-token", name);
    fs::write(
        &bench.tokens,
        other("second-access-token").replace("the-refresh-token", "the-refresh-token-2"),
    )
    .unwrap();
    bench.passes_until("its tokens are used now").await;
    let used = bench.moment("").await;

    fs::write(&bench.tokens, "not json").unwrap();
    // Twice: it might be a write that is not complete yet.
    bench
        .passes_until("was changed from outside and holds no tokens")
        .await;
    let nonsense = bench.moment("nonsense").await;

    let organisation = other("third-access-token").replace(
        "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
        "b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622",
    );
    fs::write(&bench.tokens, organisation).unwrap();
    bench.passes_until("holds tokens of the organisation").await;
    vec![used, deleted, nonsense, bench.moment("organisation").await]
}

pub(super) async fn two_gateways() -> Vec<Moment> {
    let (bench, _webex) = serving(tokens_file(), "-logLevel=info").await;
    // What the other gateway writes when it has refreshed: the same grant, a newer access token.
    let newer = tokens_file()
        .replace("first-access-token", "second-access-token")
        .replace("\"at\":", &format!("\"at\":{},\"was\":", bench.seconds() - 60));
    fs::write(&bench.tokens, newer).unwrap();
    bench.passes_until("its tokens are used now").await;
    let followed = bench.moment("").await;
    drop(bench);

    let (waiting, _other) = serving(tokens_file(), "-logLevel=info").await;
    let lock = File::create(waiting.tokens.with_file_name(".tokens.lock")).unwrap();
    lock.lock().unwrap();
    waiting.clock.advance(DUE);
    waiting.logs("state ok -> refreshing").await;
    waiting.passes_until("refresh failed").await;
    let held = waiting.moment("held").await;
    drop(lock);
    vec![followed, held]
}
