//! The table of refused authorisations: each is brought about, and its row says what the browser and the audit line say.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use webex_gateway::metrics::labels::{Authorisation, Label as _};

use super::moment::Moment;
use crate::bench::{ADMIN, Answer, Bench, STRANGER, cookie_of};
use crate::docs::document;
use crate::stub::{self, tokens_file};

const CODE: &str = "/api/v01/webex/auth/code";
const LOGIN: &str = "/api/v01/webex/auth/login";

pub(super) async fn one() -> Vec<Moment> {
    let bench = Bench::authorised().await;
    let callback = bench.log_in(STRANGER).await;
    assert_eq!(bench.get(&callback).await.status, 403);
    vec![bench.moment("").await]
}

/// What a browser sees and what the audit line says: outcome, status, heading.
type Row = (String, u16, String);

impl Bench {
    /// The row of the authorisation that this answer refuses.
    fn row(&self, page: &Answer) -> Row {
        let log = self.log();
        let outcome = log.rsplit_once("outcome=").expect("an audit line").1;
        let title = page.text.split_once("<h1>").expect("a heading").1;
        let until = |text: &str, end: char| text.split(end).next().unwrap_or_default().to_owned();
        (until(outcome, ' '), page.status, until(title, '<'))
    }

    async fn refused(&self, query: &str) -> Row {
        self.row(&self.get(&format!("{CODE}{query}")).await)
    }

    /// Opens the login page and accepts at Webex: the callback, and the cookie.
    async fn begun(&self) -> (String, String) {
        self.control().accept_as(ADMIN).await.unwrap();
        let login = self.get(LOGIN).await;
        (self.follow(login.header("location")).await, cookie_of(&login).1)
    }

    async fn refused_with(&self, callback: &str, cookie: &str) -> Row {
        let request = self.http.get(self.url(callback)).header("Cookie", cookie);
        self.row(&self.send(request).await)
    }
}

/// A Webex whose token endpoint and `people/me` answer like this.
async fn webex(tokens: &'static str, person: u16) -> String {
    let token = move |_: String| Response::new(Body::from(tokens));
    let api = move |_: Request| {
        let answer = Response::builder().status(person).body(Body::from("{}"));
        std::future::ready(answer.unwrap())
    };
    stub::serve_tokens(token, api).await
}

async fn brought_about() -> BTreeSet<Row> {
    const OPAQUE: &str =
        r#"{"access_token":"new-access-token","refresh_token":"the-refresh-token-2","expires_in":60}"#;
    const NAMED: &str =
        r#"{"access_token":"new-access-token_x_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11","expires_in":60}"#;
    let mut rows = BTreeSet::new();
    let bench = Bench::authorised().await;
    for query in [
        "",
        "?code=a%0ab",
        "?error=access_denied",
        "?error=invalid_scope",
        "?error=server_error",
        "?code=unknown",
    ] {
        rows.insert(bench.refused(query).await);
    }
    let stranger = bench.log_in(STRANGER).await;
    rows.insert(bench.row(&bench.get(&stranger).await));
    for number in 0..10 {
        bench.get(&format!("{CODE}?code=guess-{number}")).await;
    }
    rows.insert(bench.refused("?code=one-more").await);
    drop(bench);

    for (tokens, person) in [
        ("{}", 200),
        (OPAQUE, 503),
        (OPAQUE, 401),
        (OPAQUE, 403),
        (NAMED, 403),
    ] {
        let bench = Bench::builder().webex(webex(tokens, person).await).start().await;
        rows.insert(bench.refused("?code=abc").await);
    }
    let old = tokens_file().replace("\"org_id\"", "\"other\"");
    for tokens in ["", old.as_str()] {
        let bench = Bench::builder().webex(stub::unreachable().await);
        let bench = match tokens {
            "" => bench,
            tokens => bench.tokens(tokens),
        };
        rows.insert(bench.start().await.refused("?code=abc").await);
    }
    let bench = Bench::builder().variable("client_secret", "wrong").start().await;
    let callback = bench.log_in(ADMIN).await;
    rows.insert(bench.row(&bench.get(&callback).await));
    drop(bench);

    let mut bench = Bench::builder().flag("-requireState").start().await;
    rows.insert(bench.refused("?code=abc&state=set_state_here").await);
    let (callback, cookie) = bench.begun().await;
    rows.insert(bench.row(&bench.get(&callback).await));
    bench.clock.advance(Duration::from_mins(11));
    rows.insert(bench.refused_with(&callback, &cookie).await);
    let (callback, cookie) = bench.begun().await;
    let done = bench.http.get(bench.url(&callback)).header("Cookie", &cookie);
    assert_eq!(bench.send(done).await.status, 303);
    rows.insert(
        bench
            .refused_with(&callback.replace("code=", "code=x"), &cookie)
            .await,
    );
    let (callback, cookie) = bench.begun().await;
    bench.restart().await;
    rows.insert(bench.refused_with(&callback, &cookie).await);
    rows
}

#[tokio::test]
async fn the_table_has_every_refusal_as_it_is() {
    let page = document("docs/operating/authorisation-refused.md");
    let mut written = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [outcome, shown, cause, remedy] = cells.as_slice() else {
            panic!("four cells: {line}");
        };
        assert!(!cause.is_empty() && !remedy.is_empty(), "{line}");
        let (status, title) = shown.split_once(' ').expect("a status and a heading");
        written.insert((
            outcome.trim_matches('`').to_owned(),
            status.parse().unwrap(),
            title.to_owned(),
        ));
    }
    // A bug of the program, which no test can bring about.
    let internal = ("internal".to_owned(), 500, "Something went wrong".to_owned());
    let mut rows = brought_about().await;
    rows.insert(internal);
    assert_eq!(rows, written);
    let outcomes: BTreeSet<_> = rows.iter().map(|(outcome, ..)| outcome.as_str()).collect();
    let all = Authorisation::ALL.iter().map(|outcome| outcome.as_str());
    let all: BTreeSet<_> = all
        .filter(|outcome| !["success", "repeat"].contains(outcome))
        .collect();
    assert_eq!(outcomes, all);
}
