//! `/metrics` for Prometheus and `/status` for people: what the gateway knows of itself. Webex is never asked, and no key is asked for.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use super::{Services, own_status, sealed};
use crate::metrics::text;
use crate::pages::status::{CONTENT_SECURITY_POLICY, StatusPage};

/// Where Prometheus scrapes.
pub const METRICS_PATH: &str = "/metrics";
/// Where people look.
pub const STATUS_PATH: &str = "/status";

/// Everything that is counted, in the text format of Prometheus.
pub async fn metrics(State(services): State<Services>) -> Response {
    own_status(StatusCode::OK)
        .header(header::CONTENT_TYPE, text::CONTENT_TYPE)
        .body(Body::from(services.overview.metrics()))
        .expect("constant parts are valid")
}

/// The state: a page, or JSON for who prefers it.
pub async fn status(State(services): State<Services>, headers: HeaderMap) -> Response {
    let report = services.overview.report();
    let (kind, body) = match prefers_json(&headers) {
        true => ("application/json", report.json()),
        false => ("text/html; charset=utf-8", StatusPage::of(&report).html()),
    };
    sealed(own_status(StatusCode::OK), &CONTENT_SECURITY_POLICY)
        .header(header::CONTENT_TYPE, kind)
        .header(header::VARY, header::ACCEPT)
        .body(Body::from(body))
        .expect("constant parts are valid")
}

/// Whether `Accept` (RFC 9110 section 12.5.1) gives JSON more weight than HTML. Who does not care is taken for a person.
fn prefers_json(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::ACCEPT).iter();
    let fields: Vec<_> = fields.filter_map(|field| field.to_str().ok()).collect();
    let ranges = || fields.iter().flat_map(|field| field.split(',')).map(range);
    // The most specific range counts.
    let weight = |kinds: [&str; 3]| {
        kinds.iter().find_map(|kind| {
            ranges()
                .find(|(range, _)| range.eq_ignore_ascii_case(kind))
                .map(|(_, weight)| weight)
        })
    };
    let json = weight(["application/json", "application/*", "*/*"]).unwrap_or(0.0);
    let html = weight(["text/html", "text/*", "*/*"]).unwrap_or(0.0);
    json > html
}

/// A media range and its weight.
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (range, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_for(accept: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, value.parse().unwrap());
        }
        prefers_json(&headers)
    }

    #[test]
    fn who_prefers_json_gets_json() {
        for accept in [
            &["application/json"][..],
            &["Application/JSON"],
            &["application/*"],
            &["application/json, text/html;q=0.9"],
            &["text/html; q=0.5, application/json"],
            &["text/html;q=0.5", "application/json"],
            &["application/json;charset=utf-8"],
        ] {
            assert!(json_for(accept), "{accept:?}");
        }
    }

    #[test]
    fn everybody_else_gets_the_page() {
        for accept in [
            &[][..],
            &["*/*"],
            &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
            &["application/json;q=0"],
            &["application/json;q=0.5, text/*"],
            &["application/json, text/html"],
            &["nonsense;;q=x"],
        ] {
            assert!(!json_for(accept), "{accept:?}");
        }
    }
}
