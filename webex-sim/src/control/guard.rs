//! Keeps other sites out: a web page that somebody has open elsewhere must not change the simulator through their
//! browser. Browsers say where a request comes from (Fetch Metadata, RFC 6454); other clients say nothing.

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri};

use super::fields::rejection;
use super::types::Rejection;

/// How a browser relates the page that makes a request to the place it goes to.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is accepted, for errors.
const ACCEPTED: &str = "a request of the simulator's own page, or of a client that is no browser";

/// Refuses a change that another site asks for: 403.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    match foreign(request.method(), request.uri(), request.headers()) {
        Some(rejection) => (StatusCode::FORBIDDEN, Json(rejection)).into_response(),
        None => next.run(request).await,
    }
}

/// Why a request is another site's; nothing if it is not, or if it changes nothing.
fn foreign(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Rejection> {
    if method.is_safe() {
        return None;
    }
    for site in headers.get_all(SEC_FETCH_SITE) {
        if site != "same-origin" && site != "none" {
            let reason = format!("is {site:?}");
            return Some(rejection(SEC_FETCH_SITE.as_str(), &reason, ACCEPTED));
        }
    }
    let host = uri.authority().map(http::uri::Authority::as_str);
    let host = host.or_else(|| headers.get(HOST)?.to_str().ok());
    for origin in headers.get_all(ORIGIN) {
        let authority = origin.to_str().ok().and_then(|origin| {
            let rest = origin.strip_prefix("http://");
            rest.or_else(|| origin.strip_prefix("https://"))
        });
        let own = authority
            .zip(host)
            .is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host));
        if !own {
            let reason = format!("is {origin:?}, which is not this host");
            return Some(rejection(ORIGIN.as_str(), &reason, ACCEPTED));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    type Field = (&'static str, &'static str);

    fn refused(method: &Method, fields: &[Field]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        foreign(method, &Uri::from_static("/__sim/reset"), &headers).map(|rejection| rejection.field)
    }

    #[test]
    fn a_change_comes_from_the_own_page_or_from_no_page() {
        let host = ("host", "localhost:8081");
        let cases: [(&[Field], Option<&str>); 12] = [
            (&[], None),
            (&[host], None),
            (&[host, ("origin", "http://localhost:8081")], None),
            (&[host, ("origin", "http://LOCALHOST:8081")], None),
            (&[host, ("sec-fetch-site", "same-origin")], None),
            (&[host, ("sec-fetch-site", "none")], None),
            (&[host, ("sec-fetch-site", "same-site")], Some("sec-fetch-site")),
            (&[host, ("sec-fetch-site", "cross-site")], Some("sec-fetch-site")),
            (&[host, ("origin", "http://localhost:9001")], Some("origin")),
            (&[host, ("origin", "null")], Some("origin")),
            (&[("origin", "http://localhost:8081")], Some("origin")),
            (
                &[host, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
                Some("sec-fetch-site"),
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(refused(&Method::POST, fields).as_deref(), expected, "{fields:?}");
        }
    }

    #[test]
    fn only_what_changes_something_is_refused() {
        let foreign = [("host", "localhost:8081"), ("origin", "http://evil.example")];
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(refused(&method, &foreign).as_deref(), Some("origin"));
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(refused(&method, &foreign), None);
        }
    }

    #[test]
    fn http_2_tells_the_host_in_its_target() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, "http://localhost:8081".parse().unwrap());
        let uri = Uri::from_static("http://localhost:8081/__sim/reset");
        assert_eq!(foreign(&Method::POST, &uri, &headers), None);
    }
}
