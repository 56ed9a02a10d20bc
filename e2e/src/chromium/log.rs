//! What the browser notes besides the page: what was asked for, and what it complains of.

use anyhow::Context;
use reqwest::Url;
use serde_json::Value;

/// A request of a page, redirects one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where it went.
    pub url: Url,
    /// What it was for: `Document`, `Image`, ...
    pub purpose: String,
}

/// A line of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Who complains: `network`, `security`, ...
    pub source: String,
    /// Of what.
    pub text: String,
}

impl Request {
    /// The requests among the entries of the performance log; those that never leave the browser are none.
    pub(super) fn among(entries: &[Value]) -> anyhow::Result<Vec<Self>> {
        let requests = entries.iter().map(Self::of);
        requests.filter_map(Result::transpose).collect()
    }

    fn of(entry: &Value) -> anyhow::Result<Option<Self>> {
        let event = entry["message"].as_str().context("an entry has a message")?;
        let event: Value = serde_json::from_str(event)?;
        let event = &event["message"];
        if event["method"] != "Network.requestWillBeSent" {
            return Ok(None);
        }
        let url = event["params"]["request"]["url"].as_str();
        let url = Url::parse(url.context("a request has an address")?)?;
        let purpose = event["params"]["type"].as_str().unwrap_or_default().to_owned();
        Ok(matches!(url.scheme(), "http" | "https").then_some(Self { url, purpose }))
    }
}

impl Complaint {
    /// The entries of the console's log.
    pub(super) fn all(entries: &[Value]) -> Vec<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let complaints = entries.iter().map(|entry| Self {
            source: text(&entry["source"]),
            text: text(&entry["message"]),
        });
        complaints.collect()
    }
}
