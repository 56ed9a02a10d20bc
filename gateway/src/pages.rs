//! The pages an administrator sees at the end of an authorisation, and the one of `/status`. They reflect nothing that a browser
//! sent and load nothing.

pub mod status;

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../templates/page.css");

/// The `Content-Security-Policy` of these pages: nothing but the one style.
pub static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| policy(STYLE));

/// Nothing but `style` may be used.
fn policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// A page.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub struct Page<'a> {
    style: &'static str,
    kind: &'static str,
    title: &'a str,
    text: &'a str,
    remedy: &'a str,
}

impl<'a> Page<'a> {
    /// Something went well; `remedy` may be empty.
    #[must_use]
    pub fn good(title: &'a str, text: &'a str, remedy: &'a str) -> Self {
        Self {
            style: STYLE,
            kind: "good",
            title,
            text,
            remedy,
        }
    }

    /// Something failed, and what to do.
    #[must_use]
    pub fn failed(title: &'a str, text: &'a str, remedy: &'a str) -> Self {
        Self {
            style: STYLE,
            kind: "failed",
            title,
            text,
            remedy,
        }
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> String {
        self.render()
            .expect("the template is complete and writes to a String")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_escapes_what_it_shows_and_loads_nothing() {
        let html = Page::failed("<script>", "a & b", "\"quoted\"").html();
        assert!(
            !html.contains("<script") && !html.contains("src=") && !html.contains("http"),
            "{html}"
        );
        insta::assert_snapshot!("page", html);
    }
}
