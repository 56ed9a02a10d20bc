//! Redirects back to the client: the registered URI with parameters added to its query.

use std::fmt::Write as _;

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};

use crate::context::Note;
use crate::encode::percent_encoded;
use crate::secret::Secret;

/// `code` and `state`, in this order.
pub(super) fn code(target: &str, code: &Secret, state: Option<&str>) -> Response {
    found(&location(
        target,
        &[("code", Some(code.expose())), ("state", state)],
    ))
}

/// `error`, `error_description` and `state`, in this order.
pub(super) fn error(target: &str, error: &str, description: Option<&str>, state: Option<&str>) -> Response {
    let location = location(
        target,
        &[
            ("error", Some(error)),
            ("error_description", description),
            ("state", state),
        ],
    );
    Note {
        oauth_error: Some(error.to_owned()),
        ..Note::default()
    }
    .on(found(&location))
}

/// The target with the parameters that are there. A query it has is kept (RFC 6749, section 3.1.2).
fn location(target: &str, params: &[(&str, Option<&str>)]) -> String {
    let mut location = target.to_owned();
    let mut separator = if target.contains('?') { '&' } else { '?' };
    for (name, value) in params {
        if let Some(value) = value {
            let _ = write!(location, "{separator}{name}={}", percent_encoded(value));
            separator = '&';
        }
    }
    location
}

fn found(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let location = HeaderValue::from_str(location).expect("registered URIs are ASCII, the rest is encoded");
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_follow_a_query_that_is_there() {
        assert_eq!(
            location("http://gw/a", &[("code", Some("1")), ("state", None)]),
            "http://gw/a?code=1"
        );
        assert_eq!(
            location("http://gw/a?b=c", &[("code", Some("1"))]),
            "http://gw/a?b=c&code=1"
        );
    }

    #[test]
    fn a_space_is_percent_20() {
        let location = location(
            "",
            &[("error_description", Some("The requested scope is invalid."))],
        );
        assert_eq!(
            location,
            "?error_description=The%20requested%20scope%20is%20invalid."
        );
    }

    proptest! {
        #[test]
        fn any_state_comes_back_unchanged(state in "\\PC*") {
            let location = location("http://gw/", &[("state", Some(&state))]);
            let query = location.split_once('?').unwrap().1;
            let (_, value) = form_urlencoded::parse(query.as_bytes()).next().unwrap();
            prop_assert_eq!(value, state);
        }
    }
}
