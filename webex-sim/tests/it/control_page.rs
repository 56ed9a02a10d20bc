//! The page of the control listener: without script here, in a real browser in `browser`.

mod browser;
mod safety;

use std::fmt::Write as _;

use insta::assert_snapshot;
use reqwest::header::{HeaderName, ORIGIN};
use reqwest::{Method, StatusCode};
use serde_json::json;
use webex_sim::types::{
    Consent, EntryFilter, FaultAction, FaultMatch, FaultRule, NewWorld, Rotation, TokenState, Wire,
};

use crate::harness::{ADMIN, Answer, Sim};

const CASEY: &str = "casey.lind@acme.example.com";

impl Sim {
    /// A page of the control listener.
    async fn look(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.running.control_url());
        Answer::of(self.http.get(url).send().await.unwrap()).await
    }

    /// Presses a button, and follows the redirect: what the page says then, and the page.
    async fn press(&self, path: &str, form: &[(&str, &str)]) -> (String, Answer) {
        let url = format!("{}{path}", self.running.control_url());
        let answer = Answer::of(self.http.post(url).form(form).send().await.unwrap()).await;
        assert_eq!(answer.status, 303, "{path} {}", answer.body);
        let page = self.look(answer.header("location").unwrap()).await;
        assert_eq!(page.status, 200);
        (note_of(&page.body), page)
    }
}

/// What the page says about the last button.
fn note_of(page: &str) -> String {
    let text = page.split_once("id=\"said\"").unwrap().1;
    let text = text.split_once("</div>").unwrap().0;
    let text = text.split_once("<p").map_or("", |(_, text)| text);
    text.trim_start_matches(|c| c != '>')
        .trim_start_matches('>')
        .trim_end_matches("</p>")
        .to_owned()
}

/// A part of the page, by its id.
#[track_caller]
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page
        .find(&format!("<section id=\"{id}\""))
        .expect("there is such a section");
    let end = page[start..].find("</section>").expect("the section ends");
    &page[start..start + end]
}

/// Addresses to which the buttons of a page post.
fn actions(page: &str) -> Vec<String> {
    let tags = page
        .split('<')
        .filter(|tag| tag.starts_with("form method=\"post\"") || tag.starts_with("button"));
    let of = |tag: &str, name: &str| Some(tag.split_once(name)?.1.split_once('"')?.0.to_owned());
    let mut actions: Vec<_> = tags
        .filter_map(|tag| of(tag, " formaction=\"").or_else(|| of(tag, " action=\"")))
        .collect();
    actions.sort();
    actions.dedup();
    actions
}

#[tokio::test]
async fn the_page_of_the_built_in_world_looks_as_designed() {
    let sim = Sim::start().await;
    sim.log_in().await;
    let page = sim.look("/").await;
    assert_eq!(page.status, 200);
    let body = page
        .body
        .split_once("<body>")
        .unwrap()
        .1
        .split_once("<script>")
        .unwrap()
        .0;
    let tls = sim.running.tls_url();
    let body = sim
        .stable(body)
        .replace(&tls, "https://TLS")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::with_settings!({filters => vec![(r"\d+\.\d ms", "[ms]")]}, {
        assert_snapshot!("control_page", body);
    });
}

#[tokio::test]
async fn the_page_loads_nothing_and_is_kept_nowhere() {
    let sim = Sim::start().await;
    sim.log_in().await;
    for path in ["/", "/page/exchange/1"] {
        let page = sim.look(path).await;
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!page.body.contains(" src=") && !page.body.contains(" style="));
    }
}

#[tokio::test]
async fn no_secret_is_on_the_page() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let mut seen = sim.look("/").await.body;
    for sequence in 1..=3 {
        seen += &sim.look(&format!("/page/exchange/{sequence}")).await.body;
    }
    for secret in [
        &tokens.access,
        &tokens.refresh,
        sim.running.client_secret(),
        "avery-at-acme",
    ] {
        assert!(!seen.contains(secret));
    }
    assert!(seen.contains("Avery Quinn"));
}

#[tokio::test]
async fn the_clock_moves_stops_and_goes_on() {
    let sim = Sim::start().await;
    let (said, page) = sim.press("/page/clock", &[("advance_seconds", "86400")]).await;
    assert_eq!(said, "It is 2026-02-11T08:09:45.250Z, and the clock runs.");
    assert!(section(&page.body, "clock").contains("1 day ahead of the real time"));
    let (_, page) = sim.press("/page/clock", &[("freeze", "true")]).await;
    assert!(section(&page.body, "clock").contains("Run the clock"));
    assert!(sim.running.control().clock().await.unwrap().frozen);
    let _ = sim.press("/page/clock", &[("freeze", "false")]).await;
    assert!(!sim.running.control().clock().await.unwrap().frozen);
}

#[tokio::test]
async fn a_token_is_expired_or_revoked_by_its_button_and_all_access_tokens_by_one() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let page = sim.look("/").await.body;
    let shown = section(&page, "tokens");
    assert!(shown.contains("expires in 13 days 23 hours"), "{shown}");
    let fingerprint = webex_sim::fingerprint(&tokens.access);
    assert!(shown.contains(&format!("aria-label=\"Expire access token {fingerprint}\"")));
    let form = [("kind", "access"), ("fingerprint", fingerprint.as_str())];
    let (said, _) = sim.press("/page/tokens/expire", &form).await;
    assert_eq!(said, "1 token has ended.");
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    let refresh = webex_sim::fingerprint(&tokens.refresh);
    let form = [("kind", "refresh"), ("fingerprint", refresh.as_str())];
    let _ = sim.press("/page/tokens/revoke", &form).await;
    let states: Vec<_> = sim
        .running
        .control()
        .tokens()
        .await
        .unwrap()
        .into_iter()
        .map(|token| token.state)
        .collect();
    assert!(states.contains(&TokenState::Revoked), "{states:?}");
    let others = [sim.log_in().await, sim.log_in().await];
    let (said, _) = sim.press("/page/tokens/revoke", &[("kind", "access")]).await;
    assert_eq!(said, "2 tokens have ended.");
    for other in others {
        assert_eq!(sim.get("/", &other.access).await.status, 401);
    }
    let (said, _) = sim.press("/page/tokens/expire", &[("kind", "access")]).await;
    assert_eq!(said, "No token has ended by that.");
}

#[tokio::test]
async fn a_person_gets_another_password_logs_in_next_and_is_deleted() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let form = [("person", ADMIN), ("password", "another")];
    let (said, page) = sim.press("/page/people/password", &form).await;
    assert_eq!(
        said,
        format!("{ADMIN} has another password. 2 tokens have ended.")
    );
    assert!(!page.body.contains("another\""));
    assert_eq!(sim.get("/", &tokens.access).await.status, 401);
    let _ = sim.press("/page/consent/accept", &[("email", CASEY)]).await;
    let queue = sim.running.control().consent().await.unwrap();
    assert_eq!(queue, [Consent::Accept { email: CASEY.into() }]);
    let (said, page) = sim.press("/page/people/delete", &[("person", CASEY)]).await;
    assert_eq!(said, format!("{CASEY} is deleted. No token has ended by that."));
    assert!(!section(&page.body, "people").contains(CASEY));
}

#[tokio::test]
async fn people_are_found_by_name_and_address() {
    let sim = Sim::start().await;
    let page = sim.look("/?person=BIRCH.example").await.body;
    let people = section(&page, "people");
    assert!(people.contains("Devon Okafor") && !people.contains("Avery Quinn"));
    assert!(people.contains("1 of 4 shown"));
}

#[tokio::test]
async fn next_logins_are_queued_and_cleared() {
    let sim = Sim::start().await;
    let _ = sim.press("/page/consent/accept", &[("email", ADMIN)]).await;
    let _ = sim.press("/page/consent/decline", &[]).await;
    let error = [("error", "server_error"), ("description", "")];
    let (said, page) = sim.press("/page/consent/error", &error).await;
    assert_eq!(said, "The queue of next logins has 3 entries.");
    let shown = section(&page.body, "consent");
    assert!(shown.contains("avery.quinn@acme.example.com accepts") && shown.contains("error server_error"));
    let queue = sim.running.control().consent().await.unwrap();
    let expected = Consent::Error {
        error: "server_error".into(),
        description: None,
    };
    assert_eq!((queue.len(), &queue[2]), (3, &expected));
    let _ = sim.press("/page/consent/clear", &[]).await;
    assert!(sim.running.control().consent().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_rule_is_added_fires_and_is_deleted() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let form = [
        ("operation", "getMe"),
        ("status", "503"),
        ("retry_after", "5"),
        ("times", "1"),
        ("wire", ""),
        ("when", ""),
    ];
    let (said, _) = sim.press("/page/faults/add", &form).await;
    assert_eq!(said, "The rule fault-1 is there.");
    let failed = sim.get("/v1/people/me", &tokens.access).await;
    assert_eq!((failed.status, failed.header("retry-after")), (503, Some("5")));
    let page = sim.look("/").await.body;
    let shown = section(&page, "faults");
    assert!(
        shown.contains("getMe: 503, Retry-After 5; once") && shown.contains("1 hits of 1 matching"),
        "{shown}"
    );
    assert!(section(&page, "journal").contains("fault fault-1"));
    let (said, _) = sim.press("/page/faults/delete", &[("id", "fault-1")]).await;
    assert_eq!(said, "The rule fault-1 is deleted. It had fired 1 time.");
    let _ = sim
        .press("/page/faults/add", &[("wire", "truncate:20"), ("delay_ms", "1")])
        .await;
    let faults = sim.running.control().faults().await.unwrap();
    assert_eq!(faults[0].rule.action.wire, Some(Wire::Truncate { bytes: 20 }));
    let _ = sim.press("/page/faults/clear", &[]).await;
    assert!(sim.running.control().faults().await.unwrap().is_empty());
}

#[tokio::test]
async fn settings_change_as_a_whole_or_not_at_all() {
    let sim = Sim::start().await;
    let form = [
        ("rotation", "grace:30"),
        ("access_token_lifetime_s", "60"),
        ("same_token_within_24h", "false"),
    ];
    let _ = sim.press("/page/settings", &form).await;
    let settings = sim.running.control().settings().await.unwrap();
    assert_eq!(
        (settings.rotation, settings.access_token_lifetime_s),
        (Rotation::Grace { seconds: 30 }, 60)
    );
    let (said, page) = sim
        .press(
            "/page/settings",
            &[("access_token_lifetime_s", "0"), ("rotation", "none")],
        )
        .await;
    assert!(
        said.starts_with("Nothing has changed: access_token_lifetime_s is 0; accepted: "),
        "{said}"
    );
    assert!(page.body.contains("<p class=\"wrong\">"));
    assert_eq!(sim.running.control().settings().await.unwrap(), settings);
    assert!(section(&page.body, "settings").contains("value=\"grace:30\" selected"));
}

#[tokio::test]
async fn a_snapshot_is_saved_restored_and_deleted_and_a_reset_starts_again() {
    let sim = Sim::start().await;
    let _ = sim.press("/page/snapshots/save", &[("name", "before")]).await;
    let _ = sim.press("/page/people/delete", &[("person", CASEY)]).await;
    let (said, page) = sim.press("/page/snapshots/restore", &[("name", "before")]).await;
    assert_eq!(said, "Everything is as in the snapshot before.");
    assert!(section(&page.body, "people").contains(CASEY));
    let _ = sim.press("/page/snapshots/delete", &[("name", "before")]).await;
    assert!(sim.running.control().snapshots().await.unwrap().is_empty());
    let _ = sim.press("/page/people/delete", &[("person", CASEY)]).await;
    let (said, page) = sim.press("/page/reset", &[]).await;
    assert_eq!(said, "The world default is as at its start.");
    assert!(section(&page.body, "people").contains(CASEY));
}

#[tokio::test]
async fn violations_and_the_journal_are_shown_and_cleared() {
    let sim = Sim::start().await;
    let code = sim.code("").await;
    for _ in 0..2 {
        let _ = sim.exchange(&code).await;
    }
    let page = sim.look("/").await.body;
    assert!(section(&page, "violations").contains("<strong>code_reuse</strong>"));
    let (_, page) = sim.press("/page/violations/clear", &[]).await;
    assert!(section(&page.body, "violations").contains("Clients have done nothing"));
    let (_, page) = sim.press("/page/journal/clear", &[]).await;
    assert!(section(&page.body, "journal").contains("No requests yet."));
    assert!(
        sim.running
            .control()
            .journal(&EntryFilter::default())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_journal_shows_the_newest_fifty_and_is_filtered_by_path() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    sim.running.control().clear_journal().await.unwrap();
    for n in 0..60 {
        let _ = sim.get(&format!("/v1/n{n}n"), &tokens.access).await;
    }
    let page = sim.look("/").await.body;
    let journal = section(&page, "journal");
    assert!(journal.contains("/v1/n59n") && journal.contains("/v1/n10n") && !journal.contains("/v1/n9n"));
    assert!(journal.contains("50 of 60 shown") && journal.contains("not simulated"));
    assert!(
        journal.find("/v1/n59n") < journal.find("/v1/n58n"),
        "the newest first"
    );
    let (_, page) = sim
        .press("/page/clock?path=n9n&person=", &[("advance_seconds", "1")])
        .await;
    let journal = section(&page.body, "journal");
    assert!(
        journal.contains("/v1/n9n") && journal.contains("1 of 60 shown"),
        "the filter stays"
    );
    assert!(page.body.contains("data-latest=\"62\""));
}

#[tokio::test]
async fn an_exchange_is_shown_with_both_bodies() {
    let sim = Sim::start().await;
    sim.log_in().await;
    let page = sim.look("/page/exchange/2").await;
    assert_eq!(page.status, 200);
    for text in [
        "POST /v1/access_token",
        "grant_type=authorization_code",
        "token_type",
        "Back to the simulator",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    for gone in ["99", "x", "-1"] {
        let answer = sim.look(&format!("/page/exchange/{gone}")).await;
        let page = sim.look(answer.header("location").unwrap()).await;
        assert!(note_of(&page.body).contains(&format!("sequence {gone} is unknown")));
    }
}

#[tokio::test]
async fn bad_input_comes_back_as_a_message_and_changes_nothing() {
    let sim = Sim::start().await;
    let before = sim.running.control().clock().await.unwrap();
    let mut shown = String::new();
    let cases: [(&str, &[(&str, &str)]); 14] = [
        ("clock", &[("advance_seconds", "")]),
        ("clock", &[("advance_seconds", "-1")]),
        ("clock", &[("forward", "1")]),
        ("tokens/expire", &[("kind", "id")]),
        ("people/password", &[("person", "nobody"), ("password", "x")]),
        ("people/password", &[("person", ADMIN), ("password", "")]),
        ("people/delete", &[]),
        ("consent/accept", &[("email", "<b>")]),
        ("consent/error", &[("error", "with \"quotes\"")]),
        ("faults/add", &[("status", ""), ("times", "1")]),
        ("faults/add", &[("status", "503"), ("wire", "hang")]),
        ("faults/delete", &[("id", "none")]),
        ("snapshots/save", &[("name", "Not/Good")]),
        ("nonsense", &[]),
    ];
    for (button, form) in cases {
        let (said, _) = sim.press(&format!("/page/{button}"), form).await;
        writeln!(shown, "{button} {form:?}\n    {said}").unwrap();
    }
    assert_snapshot!("control_page_refusals", shown);
    assert_eq!(sim.running.control().clock().await.unwrap(), before);
    assert!(sim.running.control().faults().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_button_of_the_page_has_something_that_it_does() {
    let sim = Sim::start().await;
    sim.log_in().await;
    let code = sim.code("").await;
    for _ in 0..2 {
        let _ = sim.exchange(&code).await;
    }
    let _ = sim.press("/page/consent/decline", &[]).await;
    let _ = sim.press("/page/snapshots/save", &[("name", "a")]).await;
    let _ = sim
        .press("/page/faults/add", &[("status", "500"), ("operation", "getMe")])
        .await;
    let actions = actions(&sim.look("/").await.body);
    assert!(actions.len() >= 19, "{actions:?}");
    for action in actions {
        let (said, _) = sim.press(&action, &[]).await;
        assert!(!said.is_empty() && !said.contains("button"), "{action}: {said}");
    }
}
