//! What clients and monitors parse: error answers and probes, whole, with what differs from run to run cut out.

use crate::bench::{ADMIN, Answer, Bench, NO_LONGER_YOUNG};

/// Status, the fields that are a promise, and the body.
fn shown(answer: &Answer) -> String {
    let fields = [
        "content-type",
        "cache-control",
        "x-webex-gateway-error",
        "trackingid",
        "retry-after",
        "www-authenticate",
    ];
    let head: Vec<_> = fields
        .iter()
        .filter(|name| !answer.header(name).is_empty())
        .map(|name| format!("{name}: {}", answer.header(name)))
        .collect();
    format!("{}\n{}\n\n{}", answer.status, head.join("\n"), answer.text)
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"WW_[0-9a-f]{8}-[0-9a-f-]{27}", "WW_<uuid>");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>");
    settings
}

#[tokio::test]
async fn answers_of_a_gateway_that_waits_for_its_administrator() {
    let bench = Bench::start().await;
    let mut answers = Vec::new();
    for path in ["/v1/people/me", "/health", "/readyz", "/livez"] {
        answers.push(format!("GET {path}\n{}", shown(&bench.get(path).await)));
    }
    settings().bind(|| insta::assert_snapshot!("unauthorised", answers.join("\n\n")));
}

#[tokio::test]
async fn answers_of_a_gateway_that_works() {
    let bench = Bench::authorised().await;
    let mut answers = Vec::new();
    for path in ["/health", "/readyz", "/v1/%2e%2e/people"] {
        answers.push(format!("GET {path}\n{}", shown(&bench.get_as_it_is(path).await)));
    }
    settings().bind(|| insta::assert_snapshot!("authorised", answers.join("\n\n")));
}

#[tokio::test]
async fn answers_of_a_gateway_whose_grant_is_dead() {
    let bench = Bench::authorised().await;
    bench.control().change_password(ADMIN, "another").await.unwrap();
    bench.clock.advance(NO_LONGER_YOUNG);
    let mut answers = Vec::new();
    for path in ["/v1/people/me", "/health", "/readyz"] {
        answers.push(format!("GET {path}\n{}", shown(&bench.get(path).await)));
    }
    settings().bind(|| insta::assert_snapshot!("reauthorise", answers.join("\n\n")));
}

#[tokio::test]
async fn the_page_of_a_refused_administrator() {
    let bench = Bench::authorised().await;
    let page = bench.get("/api/v01/webex/auth/code?error=access_denied").await;
    insta::assert_snapshot!("declined", page.text.split("</style>").last().unwrap());
}
