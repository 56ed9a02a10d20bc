use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;
use crate::load::request::Ways;

const CREATED: &str = r#"{"id":"x","displayName":"load-1-0"}"#;

/// What an answer to a POST to people means.
fn of(status: u16, fields: &[(&'static str, &'static str)], body: &str) -> Outcome {
    let request = Request::nth("load-1", Ways::Straight, 0);
    let fields = fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    Outcome::of(&request, StatusCode::from_u16(status).unwrap(), &fields, body)
}

fn error() -> serde_json::Value {
    json!({
        "message": "Webex did not answer",
        "errors": [{ "description": "Webex did not answer" }],
        "trackingId": "load-1-0",
        "action": "retry",
    })
}

#[test]
fn an_answer_is_webexs_by_its_tracking_id() {
    let good = of(200, &[("trackingid", "load-1-0")], CREATED);
    assert!(good.is_good() && good.is_answer(200), "{good}");
    for fields in [&[][..], &[("trackingid", "load-1-1")]] {
        assert_eq!(of(200, fields, CREATED), Outcome::Foreign { status: 200 });
    }
    assert_eq!(
        of(429, &[("trackingid", "load-1-0"), ("retry-after", "7")], "<html>"),
        Outcome::Answered {
            status: 429,
            retry_after: Some("7".to_owned())
        }
    );
}

#[test]
fn a_success_with_half_a_body_or_anothers_is_wrong() {
    for body in ["", &CREATED[..20], r#"{"displayName":"load-1-1"}"#] {
        let outcome = of(200, &[("trackingid", "load-1-0")], body);
        assert!(matches!(outcome, Outcome::Wrong { .. }), "{outcome}");
    }
}

#[test]
fn an_error_of_the_gateway_is_documented() {
    let timeout = [("x-webex-gateway-error", "upstream_timeout")];
    let refused = of(504, &timeout, &error().to_string());
    assert!(refused.is_refusal("upstream_timeout"), "{refused}");

    let without = |name: &str| {
        let mut body = error();
        body.as_object_mut().unwrap().remove(name);
        body.to_string()
    };
    let cases = [
        (502, timeout[0].1, error().to_string()),
        (504, "upstream_late", error().to_string()),
        (503, "token_refresh_failed", error().to_string()),
        (504, timeout[0].1, without("message")),
        (504, timeout[0].1, without("errors")),
        (504, timeout[0].1, without("trackingId")),
        (504, timeout[0].1, without("action")),
        (504, timeout[0].1, "<html>".to_owned()),
    ];
    for (status, code, body) in cases {
        let outcome = of(status, &[("x-webex-gateway-error", code)], &body);
        assert!(
            matches!(outcome, Outcome::Wrong { .. }),
            "{status} {code} {body}: {outcome}"
        );
    }
}

#[test]
fn a_page_is_the_gateways_and_whole() {
    let request = Request::nth("load-1", Ways::Both, 3);
    let outcome = |body| Outcome::of(&request, StatusCode::OK, &HeaderMap::new(), body);
    assert_eq!(outcome("<html>…</html>\n"), Outcome::Page);
    assert_eq!(outcome("<html>…"), Outcome::Foreign { status: 200 });
}

#[test]
fn a_page_of_nginx_is_known_where_nginx_is() {
    let body = "<html><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></html>";
    let outcome = |number, status| {
        let request = Request::nth("load-1", Ways::Both, number);
        Outcome::of(&request, status, &HeaderMap::new(), body)
    };
    assert_eq!(
        outcome(1, StatusCode::BAD_GATEWAY),
        Outcome::Nginx { status: 502 }
    );
    assert_eq!(
        outcome(0, StatusCode::BAD_GATEWAY),
        Outcome::Foreign { status: 502 }
    );
    assert_eq!(outcome(1, StatusCode::OK), Outcome::Foreign { status: 200 });
}
