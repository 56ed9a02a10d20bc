//! The gateway as its consumer sees it: plain HTTP, no OAuth.

mod callers;
mod surfaces;

use std::time::Duration;

use anyhow::Context;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

pub use callers::Callers;
pub use surfaces::{Metrics, Surfaces};

/// Far above the gateway's own 9 s, so that its answer is seen rather than this limit, also on a machine that stands still for a while.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of one gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    http: reqwest::Client,
    origin: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Header fields.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

/// An answer of `/health`.
#[derive(Debug)]
pub struct Health {
    /// 200 or 503.
    pub code: u16,
    /// What the body says, with `status`, `reason` and `action`.
    pub body: Value,
}

// === impl Gateway ===

impl Gateway {
    /// A client of the gateway at `origin`, such as `http://localhost:9001`.
    #[must_use]
    pub fn at(origin: impl Into<String>) -> Self {
        Self {
            http: client(PATIENCE),
            origin: origin.into(),
        }
    }

    /// The same with more patience, for a gateway that has been given more time than usual.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.http = client(patience);
        self
    }

    /// Where it is.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends a request without a body.
    pub async fn request(&self, method: Method, path: &str) -> anyhow::Result<Answer> {
        self.send(self.http.request(method, format!("{}{path}", self.origin)))
            .await
    }

    /// Sends `GET`.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.request(Method::GET, path).await
    }

    /// Asks Webex who the gateway acts for: the e-mail addresses of `GET /v1/people/me`.
    pub async fn me(&self) -> anyhow::Result<Vec<String>> {
        let answer = self.get("/v1/people/me").await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "{answer}");
        let emails = answer.json()?["emails"].as_array().cloned().unwrap_or_default();
        Ok(emails
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect())
    }

    /// Asks for the gateway's health.
    pub async fn health(&self) -> anyhow::Result<Health> {
        let answer = self.get("/health").await?;
        let body = answer.json().with_context(|| format!("{answer}"))?;
        Ok(Health {
            code: answer.status.as_u16(),
            body,
        })
    }

    /// Whether the process answers.
    pub async fn is_alive(&self) -> anyhow::Result<()> {
        let answer = self.get("/livez").await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "{answer}");
        Ok(())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer {
            status,
            headers,
            body: response.text().await?,
        })
    }
}

fn client(patience: Duration) -> reqwest::Client {
    let client = crate::http::client().timeout(patience).build();
    client.expect("the settings are constant")
}

// === impl Answer ===

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.body)?)
    }

    /// A header field as text; empty where it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.status, self.body)
    }
}

// === impl Health ===

impl Health {
    /// The field `status`.
    #[must_use]
    pub fn status(&self) -> &str {
        self.body["status"].as_str().unwrap_or_default()
    }

    /// The field `reason`: what is wrong.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }

    /// The field `action`: what would mend it.
    #[must_use]
    pub fn action(&self) -> &str {
        self.body["action"].as_str().unwrap_or_default()
    }
}
