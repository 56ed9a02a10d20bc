//! The page of `/status`: a [`Report`] as people read it.

use std::sync::LazyLock;
use std::time::Duration;

use askama::Template;

use super::policy;
use crate::overview::report::Report;
use crate::overview::words::{Urgency, time_in_words};
use crate::token::lifecycle::Action;

const STYLE: &str = concat!(
    include_str!("../../templates/page.css"),
    include_str!("../../templates/status.css")
);

/// The `Content-Security-Policy` of the page: nothing but its style.
pub static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| policy(STYLE));

/// The page.
#[derive(Debug, Template)]
#[template(path = "status.html")]
pub struct StatusPage<'a> {
    style: &'static str,
    kind: &'static str,
    report: &'a Report,
    /// The login page, where logging in is what helps.
    log_in: Option<&'a str>,
}

impl<'a> StatusPage<'a> {
    /// The page of `report`.
    #[must_use]
    pub fn of(report: &'a Report) -> Self {
        let kind = match report.words.urgency {
            Urgency::Good => "good",
            Urgency::Warning => "warning",
            Urgency::Failed => "failed",
        };
        let helps = report.words.action == Some(Action::Reauthorise);
        Self {
            style: STYLE,
            kind,
            report,
            log_in: helps.then_some(report.login_url.as_str()),
        }
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> String {
        self.render()
            .expect("the template is complete and writes to a String")
    }
}

/// `2026-12-06T10:23:17Z` with a blank for people.
fn moment(rfc3339: &str) -> String {
    rfc3339.replace('T', " ").replace('Z', " UTC")
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a template hands over references"
)]
fn span(seconds: &u64) -> String {
    time_in_words(Duration::from_secs(*seconds))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a template hands over references"
)]
fn days(count: &u64) -> String {
    format!("{count} day{}", if *count == 1 { "" } else { "s" })
}
