//! The URL of a request as its client wrote it, for links that lead back here.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;

use super::error::ApiError;
use crate::context::Context;
use crate::oauth::params::Params;
use crate::server::listen::Peer;

/// Host of links where a request names none, which HTTP/1.0 allows: Webex's own.
const WEBEX: &str = "webexapis.com";

/// Where a request went to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestUrl {
    /// Scheme and host, or the world's `base_url`; never ends with a slash.
    base: String,
    path: String,
    query: String,
}

impl RequestUrl {
    /// The parameters; one without a value is as good as absent, of several of a name the first counts.
    pub(crate) fn params(&self) -> Params {
        Params::parse(self.query.as_bytes())
    }

    /// As it was written; empty if there is none.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// Scheme and host.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether a parameter is `true`, which some clients write `True`; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.params().get(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(ApiError::invalid(format!("'{name}' must be true or false."))),
        }
    }

    /// The same URL with one parameter set: the others stay as they were written.
    pub(crate) fn with_param(&self, name: &str, value: &str) -> String {
        let is_it = |pair: &&str| {
            let own = form_urlencoded::parse(pair.as_bytes()).next();
            own.is_some_and(|(own, _)| own == name)
        };
        let others = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_it(pair));
        let own = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        let query: Vec<_> = others.chain([own.as_str()]).collect();
        format!("{}{}?{}", self.base, self.path, query.join("&"))
    }

    /// The URL of a request to this target, for tests of what is made from it.
    #[cfg(test)]
    pub(crate) fn at(target: &str) -> Self {
        let request = http::Request::get(target).header(HOST, "sim");
        let (parts, ()) = request.body(()).expect("tests have good targets").into_parts();
        Self::of(&parts, "")
    }

    fn of(parts: &Parts, base_url: &str) -> Self {
        let base = match base_url.trim_end_matches('/') {
            "" => {
                let tls = parts.extensions.get::<Peer>().is_some_and(|peer| peer.tls);
                let scheme = if tls { "https" } else { "http" };
                format!("{scheme}://{}", host(parts))
            }
            pinned => pinned.to_owned(),
        };
        Self {
            base,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestUrl {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let context = Context::from_request_parts(parts, state).await?;
        let base_url = context.world.state().settings.base_url.clone();
        Ok(Self::of(parts, &base_url))
    }
}

/// From the request line, which HTTP/2 and proxies use, else from `Host`.
fn host(parts: &Parts) -> String {
    let field = || Authority::try_from(parts.headers.get(HOST)?.as_bytes()).ok();
    let authority = parts.uri.authority().cloned().or_else(field);
    authority.map_or_else(|| WEBEX.to_owned(), |authority| authority.to_string())
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;

    use super::*;

    fn url(target: &str, host: Option<&str>, tls: bool, base_url: &str) -> RequestUrl {
        let mut request = Request::get(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let peer = Peer {
            tls,
            ..Peer::default()
        };
        let (parts, ()) = request.extension(peer).body(()).unwrap().into_parts();
        RequestUrl::of(&parts, base_url)
    }

    #[test]
    fn scheme_and_host_are_those_of_the_request() {
        assert_eq!(
            url("/v1/people", Some("sim:8080"), false, "").base,
            "http://sim:8080"
        );
        assert_eq!(url("/v1/people", Some("sim"), true, "").base, "https://sim");
        assert_eq!(
            url("http://sim/v1/people", Some("x"), false, "").base,
            "http://sim"
        );
    }

    #[test]
    fn a_base_url_stands_for_both() {
        let url = url(
            "/v1/people?max=1",
            Some("sim"),
            false,
            "https://gw.example.com/webex/",
        );
        assert_eq!(
            url.with_param("cursor", "c"),
            "https://gw.example.com/webex/v1/people?max=1&cursor=c"
        );
    }

    #[test]
    fn without_a_good_host_links_lead_to_webex() {
        assert_eq!(url("/", None, true, "").base, "https://webexapis.com");
        assert_eq!(url("/", Some("a b>"), true, "").base, "https://webexapis.com");
    }

    #[test]
    fn other_parameters_stay_as_they_were_written() {
        let url = url(
            "/p?a=%20b+c&cursor=old&before&&%63ursor=old",
            Some("sim"),
            false,
            "",
        );
        assert_eq!(
            url.with_param("cursor", "x&y"),
            "http://sim/p?a=%20b+c&before&cursor=x%26y"
        );
    }

    #[test]
    fn flags_are_true_false_or_refused() {
        let url = url("/?a=true&b=False&c=1&d=", None, false, "");
        assert_eq!((url.flag("a"), url.flag("b")), (Ok(true), Ok(false)));
        assert_eq!((url.flag("d"), url.flag("e")), (Ok(false), Ok(false)));
        assert!(url.flag("c").is_err());
    }
}
