//! The HTTP client of OAuth and identity calls: no redirects, bounded in time and size.

use std::time::Duration;

use bytes::BytesMut;
use http::Uri;
use reqwest::redirect;
use rustls::ClientConfig;

use super::forward_proxy::ForwardProxies;
use super::resolver::Resolver;
use super::route::CONNECT_TIMEOUT;

/// One call, answer included. Longer than a request waits: the refresh goes on for the next one.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// An idle connection is closed before the other side does it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// A token or a person is far smaller; what is larger is something else.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Builds the client.
pub fn build(
    mut tls: ClientConfig,
    resolver: Resolver,
    proxies: ForwardProxies,
) -> reqwest::Result<reqwest::Client> {
    let proxy = reqwest::Proxy::custom(move |url| {
        let proxy = proxies.proxy_for(&url.as_str().parse::<Uri>().ok()?)?;
        let mut address = url::Url::parse(&proxy.uri.to_string()).ok()?;
        if let Some((user, password)) = proxy.credentials() {
            // What looks encoded is left as it is, and would be decoded by whoever reads the address.
            let literal = |text: &str| text.replace('%', "%25");
            address.set_username(&literal(&user)).ok()?;
            address.set_password(Some(&literal(&password))).ok()?;
        }
        Some(address)
    });
    // A TLS configuration from outside is used as it is: what is to be negotiated has to be in it.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .proxy(proxy)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("webex_gw/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The body of `answer`, as long as it is short.
pub async fn bounded_body(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = BytesMut::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LONGEST_ANSWER => {
                return Err(format!("the answer is longer than {LONGEST_ANSWER} bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.to_vec()),
            Err(error) => return Err(explain(&error)),
        }
    }
}

/// An error with its causes and without its URL, which may hold a code.
#[must_use]
pub fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = match error.downcast_ref::<reqwest::Error>() {
            Some(error) if error.is_timeout() => "timed out".to_owned(),
            Some(error) if error.is_connect() => "cannot connect".to_owned(),
            Some(error) if error.is_body() || error.is_decode() => "the answer was cut off".to_owned(),
            Some(_) => "the request failed".to_owned(),
            None => error.to_string(),
        };
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}
