//! The token endpoint (RFC 6749 sections 4.1.3 and 6, as Webex documents them), called with the client's credentials in the body.

use std::fmt;
use std::pin::Pin;

use http::{HeaderMap, Method, StatusCode, Uri, Version, header};
use tracing::{debug, info};
use url::Url;

use super::failure::{Fault, TokenError, interpret};
use super::wire::TokenResponse;
use crate::dump;
use crate::net::oauth_client::{bounded_body, explain};
use crate::secret::{AuthorizationCode, ClientSecret, CodeVerifier, RefreshToken};

/// The fields of the form that an answer must not be able to bring into a log.
const SECRET_FIELDS: [&str; 4] = ["client_secret", "code", "code_verifier", "refresh_token"];

/// What a call of the token endpoint comes to.
pub type TokenCall<'a> = Pin<Box<dyn Future<Output = Result<TokenResponse, TokenError>> + Send + 'a>>;

/// The two grants that the gateway uses.
pub trait TokenEndpoint: fmt::Debug + Send + Sync {
    /// Redeems an authorization code, with the PKCE verifier where the gateway started the flow.
    fn exchange<'a>(
        &'a self,
        code: &'a AuthorizationCode,
        verifier: Option<&'a CodeVerifier>,
    ) -> TokenCall<'a>;
    /// Buys an access token with the refresh token.
    fn refresh<'a>(&'a self, refresh_token: &'a RefreshToken) -> TokenCall<'a>;
}

/// The endpoint of Webex, or of another cloud.
pub struct WebexTokenEndpoint {
    /// Where it is.
    pub url: Url,
    /// The integration's id.
    pub client_id: String,
    /// The integration's secret.
    pub client_secret: ClientSecret,
    /// As registered with the integration and sent at authorisation.
    pub redirect_uri: String,
    /// The client for the call.
    pub http: reqwest::Client,
}

impl WebexTokenEndpoint {
    async fn call(&self, form: &[(&str, &str)]) -> Result<TokenResponse, TokenError> {
        let uri = self.url.as_str().parse::<Uri>().unwrap_or_default();
        let mut sent = HeaderMap::new();
        sent.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        debug!(
            "fetch token request: {}",
            dump::request(&Method::POST, &uri, &sent, &dump::form(form))
        );
        let answer = self
            .http
            .post(self.url.clone())
            .header(header::ACCEPT, "application/json")
            .form(form)
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let fault = if error.is_timeout() {
                Fault::Timeout
            } else {
                Fault::Unreachable
            };
            unreachable(&explain(&error)).with_fault(fault)
        })?;
        let secrets: Vec<_> = form
            .iter()
            .filter(|(name, _)| SECRET_FIELDS.contains(name))
            .map(|(_, value)| (*value).to_owned())
            .collect();
        let (version, status, headers) = (answer.version(), answer.status(), answer.headers().clone());
        // It has begun to answer: a code is spent.
        let body = bounded_body(answer).await.map_err(|problem| {
            let cut = format!("the answer of the token endpoint is not usable: {problem}");
            TokenError::transient(cut).with_fault(Fault::Malformed)
        })?;
        log_answer(version, status, &headers, &body, &secrets);
        // Before anything is cut: what is left of a secret would not be known as one.
        let told = match status.is_success() {
            true => body,
            false => dump::without(&String::from_utf8_lossy(&body), &secrets).into(),
        };
        interpret(status, &headers, &told).map_err(|error| error.without(&secrets))
    }
}

impl TokenEndpoint for WebexTokenEndpoint {
    fn exchange<'a>(
        &'a self,
        code: &'a AuthorizationCode,
        verifier: Option<&'a CodeVerifier>,
    ) -> TokenCall<'a> {
        Box::pin(async move {
            let mut form = vec![
                ("client_id", self.client_id.as_str()),
                ("client_secret", self.client_secret.expose()),
                ("code", code.expose()),
                ("grant_type", "authorization_code"),
                ("redirect_uri", self.redirect_uri.as_str()),
            ];
            form.extend(verifier.map(|verifier| ("code_verifier", verifier.expose())));
            self.call(&form).await
        })
    }

    fn refresh<'a>(&'a self, refresh_token: &'a RefreshToken) -> TokenCall<'a> {
        Box::pin(async move {
            info!(
                "refreshing token for oauth2 protocol with username <>, client id <{}> on login url <{}>",
                self.client_id, self.url
            );
            self.call(&[
                ("client_id", self.client_id.as_str()),
                ("client_secret", self.client_secret.expose()),
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token.expose()),
            ])
            .await
        })
    }
}

impl fmt::Debug for WebexTokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebexTokenEndpoint")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

fn log_answer(version: Version, status: StatusCode, headers: &HeaderMap, body: &[u8], secrets: &[String]) {
    // The answer of a token endpoint is JSON or of no use, whatever its Content-Type says.
    let shown = dump::redact_json(&String::from_utf8_lossy(body));
    let text = dump::response(version, status, headers, &shown);
    debug!("fetch token response: {}", dump::without(&text, secrets));
}

fn unreachable(problem: &str) -> TokenError {
    TokenError::unanswered(format!("the token endpoint cannot be reached: {problem}"))
}
