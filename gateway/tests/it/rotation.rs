//! A server that replaces refresh tokens, and answers of the token endpoint that are lost on the way.

use std::time::Duration;

use webex_sim::types::{EntryFilter, Rotation, SettingsPatch, TokenKind};

use crate::bench::Bench;

/// An authorised gateway whose access token has just ended at Webex.
async fn rejected(rotation: Rotation) -> Bench {
    let settings = SettingsPatch {
        rotation: Some(rotation),
        ..SettingsPatch::default()
    };
    let bench = Bench::builder().settings(settings).authorised().await;
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    bench
}

/// Lets time pass until the refresh whose answer was lost has been tried again.
async fn tried_again(bench: &Bench) {
    bench.clock.advance(Duration::from_mins(1));
    let refreshes = EntryFilter::grant("refresh_token");
    let patience = Duration::from_secs(20);
    bench
        .control()
        .journal_wait(&refreshes, 2, patience)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_new_refresh_token_is_stored_and_used() {
    let bench = rejected(Rotation::Strict).await;
    let first = bench.stored();
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    let second = bench.stored();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    bench.control().expire_tokens(TokenKind::Access).await.unwrap();
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.get("/v1/people/me").await.status, 200);
    assert_ne!(bench.stored()["refresh_token"], second["refresh_token"]);
    assert!(bench.control().violations().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_was_lost_is_fetched_again_where_the_server_allows_it() {
    for rotation in [Rotation::None, Rotation::Grace { seconds: 600 }] {
        let bench = rejected(rotation).await;
        bench.control().lose_token_answers(1).await.unwrap();
        let answer = bench.get("/v1/people/me").await;
        assert_eq!(
            (answer.status, answer.gateway_error()),
            (503, "token_refresh_failed"),
            "{}",
            answer.text
        );
        tried_again(&bench).await;
        assert_eq!(bench.get("/v1/people/me").await.status, 200, "{rotation:?}");
        assert!(bench.control().violations().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn where_the_server_takes_it_for_a_theft_the_gateway_says_reauthorise_and_stops_asking() {
    let bench = rejected(Rotation::Strict).await;
    bench.control().lose_token_answers(1).await.unwrap();
    assert_eq!(bench.get("/v1/people/me").await.json()["action"], "retry");
    tried_again(&bench).await;
    for _ in 0..20 {
        let answer = bench.get("/v1/people/me").await;
        assert_eq!((answer.status, answer.gateway_error()), (503, "not_authorised"));
        assert_eq!(answer.json()["action"], "reauthorise");
        bench.clock.advance(Duration::from_secs(30));
    }
    assert_eq!(bench.refreshes().await, 2);
}
