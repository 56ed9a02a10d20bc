//! The forward proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, lower case first, as curl and Go read them.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use thiserror::Error;
use url::Url;

use crate::config::environment::Environment;

/// Which destinations are reached through which proxy.
#[derive(Clone)]
pub struct ForwardProxies {
    matcher: Arc<Matcher>,
}

/// One proxy.
#[derive(Clone)]
pub struct ForwardProxy {
    /// Its address: `http://host:port`.
    pub uri: Uri,
    /// `Proxy-Authorization`, where the variable has credentials.
    pub authorization: Option<HeaderValue>,
}

/// A variable that names no usable proxy. Its value may hold a password and is not quoted.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{variable} is not a proxy address; write it as http://host:port or http://user:password@host:port")]
pub struct MalformedProxy {
    variable: &'static str,
}

impl ForwardProxies {
    /// Reads the variables. `HTTP_PROXY` in upper case counts only outside of CGI (`REQUEST_METHOD`), where a client could set it.
    pub fn from_environment(environment: &dyn Environment) -> Result<Self, MalformedProxy> {
        let first = |names: &[&'static str]| {
            names
                .iter()
                .find_map(|name| Some((*name, environment.text(name).filter(|value| !value.is_empty())?)))
        };
        let checked = |found: Option<(&'static str, String)>| match found {
            None => Ok(String::new()),
            Some((variable, value)) => check(&value).ok_or(MalformedProxy { variable }),
        };
        let plain: &[&'static str] = match environment.text("REQUEST_METHOD") {
            Some(_) => &["http_proxy", "all_proxy", "ALL_PROXY"],
            None => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let matcher = Matcher::builder()
            .http(checked(first(plain))?)
            .https(checked(first(&[
                "https_proxy",
                "HTTPS_PROXY",
                "all_proxy",
                "ALL_PROXY",
            ]))?)
            .no(first(&["no_proxy", "NO_PROXY"])
                .map(|(_, value)| value)
                .unwrap_or_default())
            .build();
        Ok(Self {
            matcher: Arc::new(matcher),
        })
    }

    /// No proxy for any destination.
    #[must_use]
    pub fn none() -> Self {
        Self {
            matcher: Arc::new(Matcher::builder().build()),
        }
    }

    /// The proxy for `destination`, or none.
    #[must_use]
    pub fn proxy_for(&self, destination: &Uri) -> Option<ForwardProxy> {
        let found = self.matcher.intercept(destination)?;
        let authorization = found.basic_auth().cloned().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Some(ForwardProxy {
            uri: found.uri().clone(),
            authorization,
        })
    }
}

impl ForwardProxy {
    /// User and password of [`Self::authorization`].
    #[must_use]
    pub fn credentials(&self) -> Option<(String, String)> {
        let encoded = self
            .authorization
            .as_ref()?
            .to_str()
            .ok()?
            .strip_prefix("Basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        decoded
            .split_once(':')
            .map(|(user, password)| (user.to_owned(), password.to_owned()))
    }
}

/// Without a scheme, `http` is meant.
fn check(value: &str) -> Option<String> {
    let with_scheme = match value.contains("://") {
        true => value.to_owned(),
        false => format!("http://{value}"),
    };
    let url = Url::parse(&with_scheme).ok()?;
    let usable = url.scheme() == "http" && url.host_str().is_some_and(|host| !host.is_empty());
    usable.then_some(with_scheme)
}

impl fmt::Debug for ForwardProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardProxies").finish_non_exhaustive()
    }
}

impl fmt::Debug for ForwardProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.uri.authority().map(http::uri::Authority::host);
        f.debug_struct("ForwardProxy")
            .field("host", &host)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::environment::Variables;

    fn proxy(variables: &[(&str, &str)], destination: &'static str) -> Option<String> {
        let proxies = ForwardProxies::from_environment(&Variables::from(variables)).unwrap();
        let found = proxies.proxy_for(&Uri::from_static(destination))?;
        Some(found.uri.authority().unwrap().to_string())
    }

    #[test]
    fn https_goes_through_https_proxy_and_http_through_http_proxy() {
        let both = [
            ("HTTPS_PROXY", "http://tls.example:3128"),
            ("http_proxy", "plain.example:8080"),
        ];
        assert_eq!(
            proxy(&both, "https://webexapis.com/").as_deref(),
            Some("tls.example:3128")
        );
        assert_eq!(
            proxy(&both, "http://webex-sim:8080/").as_deref(),
            Some("plain.example:8080")
        );
        assert_eq!(
            proxy(&[("HTTP_PROXY", "http://p:1")], "https://webexapis.com/"),
            None
        );
    }

    #[test]
    fn no_proxy_names_hosts_and_domains() {
        for list in ["webexapis.com", ".webexapis.com,localhost", "*"] {
            let variables = [("https_proxy", "http://p:1"), ("NO_PROXY", list)];
            assert_eq!(proxy(&variables, "https://webexapis.com/"), None, "{list}");
        }
    }

    #[test]
    fn credentials_become_a_header_that_is_not_printed() {
        let variables = Variables::from(&[("https_proxy", "http://user:pass%40word@p:1")]);
        let proxies = ForwardProxies::from_environment(&variables).unwrap();
        let found = proxies
            .proxy_for(&Uri::from_static("https://webexapis.com/"))
            .unwrap();
        let header = found.authorization.clone().unwrap();
        assert_eq!(header.to_str().unwrap(), "Basic dXNlcjpwYXNzQHdvcmQ=");
        assert!(header.is_sensitive() && !format!("{found:?}").contains("word"));
    }

    #[test]
    fn a_cgi_client_cannot_choose_the_proxy() {
        let variables = [("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(proxy(&variables, "http://webex-sim:8080/"), None);
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_quoting_it() {
        for value in ["ftp://p:1", "http://", "https://user:secret@p:1", "socks5://p:1"] {
            let variables = Variables::from(&[("HTTPS_PROXY", value)]);
            let error = ForwardProxies::from_environment(&variables)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("HTTPS_PROXY") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
