//! Requests of the control client and what their answers mean.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ClientError;
use crate::control::types::{EntryFilter, WaitLimits};
use crate::encode::percent_encoded;

/// Control operations answer at once, except waits, which add their own time.
const LIMIT: Duration = Duration::from_secs(30);

/// Where the first world's operations are, and those above all worlds.
const ROOT: &str = "/__sim";

/// An HTTP client with the address of the control listener.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    base: String,
    /// Where the operations are: `/__sim`, or that of a world.
    scope: String,
}

impl Http {
    pub(super) fn new(mut url: String) -> Self {
        url.truncate(url.trim_end_matches('/').len());
        // Plain HTTP only. Without a configuration reqwest would look for a TLS provider and the machine's authorities.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .timeout(LIMIT);
        Self {
            client: client.build().expect("the TLS configuration is one of rustls"),
            base: url,
            scope: ROOT.to_owned(),
        }
    }

    /// The same for the world of this name.
    pub(super) fn world(&self, name: &str) -> Self {
        Self {
            scope: format!("{ROOT}/worlds/{}", percent_encoded(name)),
            ..self.clone()
        }
    }

    /// The same for what is above all worlds.
    pub(super) fn root(&self) -> Self {
        Self {
            scope: ROOT.to_owned(),
            ..self.clone()
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::GET, path, &[query_of(query)]))
            .await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::POST, path, &[]).json(body)).await
    }

    pub(super) async fn put_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::PUT, path, &[]).json(body)).await
    }

    pub(super) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::PATCH, path, &[]).json(body)).await
    }

    pub(super) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::PUT, path, &[]).body(body)).await
    }

    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(self.request(Method::DELETE, path, &[])).await
    }

    pub(super) async fn wait<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &EntryFilter,
        count: usize,
        timeout: Duration,
    ) -> Result<T, ClientError> {
        let wait = WaitLimits {
            count: Some(count),
            timeout_ms: Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        };
        let request = self.request(Method::GET, path, &[query_of(filter), query_of(&wait)]);
        self.json(request.timeout(timeout + LIMIT)).await
    }

    pub(super) async fn text(&self, path: &str) -> Result<String, ClientError> {
        let (url, status, body) = self.send(self.request(Method::GET, path, &[])).await?;
        if status == 200 {
            return Ok(body);
        }
        Err(refused(url, status, body))
    }

    fn request(&self, method: Method, path: &str, query: &[String]) -> RequestBuilder {
        let query: Vec<_> = query
            .iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect();
        let separator = if query.is_empty() { "" } else { "?" };
        self.client.request(
            method,
            format!("{}{}/{path}{separator}{}", self.base, self.scope, query.join("&")),
        )
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let (url, status, body) = self.send(request).await?;
        if (200..300).contains(&status) {
            return serde_json::from_str(&body).map_err(|_| ClientError::Unexpected { url, status, body });
        }
        Err(refused(url, status, body))
    }

    async fn send(&self, request: RequestBuilder) -> Result<(String, u16, String), ClientError> {
        let unreachable = |source: reqwest::Error| {
            let url = source
                .url()
                .map_or_else(|| self.base.clone(), ToString::to_string);
            ClientError::Unreachable {
                url,
                source: source.without_url(),
            }
        };
        let response = request.send().await.map_err(unreachable)?;
        let (url, status) = (response.url().to_string(), response.status().as_u16());
        let body = response.text().await.map_err(unreachable)?;
        Ok((url, status, body))
    }
}

/// What an answer that is none of success means.
fn refused(url: String, status: u16, body: String) -> ClientError {
    match serde_json::from_str(&body) {
        Ok(rejection) => ClientError::Refused { status, rejection },
        Err(_) => ClientError::Unexpected { url, status, body },
    }
}

/// The fields of a flat value as a query.
fn query_of(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("queries are plain values");
    let pairs = value.as_object().into_iter().flatten().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", percent_encoded(&text))
    });
    pairs.collect::<Vec<_>>().join("&")
}
