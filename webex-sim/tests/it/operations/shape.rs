//! What answers look like, by the service that gives them.

use serde_json::Value;

use crate::harness::Answer;

/// The services, which differ in their errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    OAuth,
    Api,
    BroadWorks,
    Scim,
}

impl Family {
    /// By the path template of an operation.
    pub(super) fn of(path: &str) -> Self {
        match path {
            "/v1/authorize" | "/v1/access_token" | "/idb/oauth2/v1/revoke" => Self::OAuth,
            path if path.starts_with("/identity/scim/") => Self::Scim,
            path if path.starts_with("/v1/broadworks/") || path.starts_with("/v1/subscribers/") => {
                Self::BroadWorks
            }
            _ => Self::Api,
        }
    }
}

/// An error that is said in JSON, in the shape of its service, with a tracking id.
#[track_caller]
pub(super) fn is_error(answer: &Answer, family: Family, name: &str) {
    let status = answer.status;
    let tracking = answer.header("trackingid").unwrap_or_default();
    assert!(!tracking.is_empty(), "{name} {status}: no tracking id");
    if status == 429 {
        assert_eq!(
            answer.header("content-type"),
            Some("text/html"),
            "{name} {status}"
        );
        assert!(answer.header("retry-after").is_some(), "{name} {status}");
        return;
    }
    let media_type = answer.header("content-type").unwrap_or_default();
    assert_eq!(media_type, "application/json", "{name} {status}");
    let body = answer.json();
    match family {
        Family::OAuth => is_oauth(&body, name),
        // The edge and the authorisation of calls come before the services.
        Family::Scim if !matches!(status, 401 | 403 | 405) => is_scim(&body, status, tracking, name),
        Family::Api | Family::BroadWorks | Family::Scim => is_api(&body, tracking, name),
    }
}

fn is_oauth(body: &Value, name: &str) {
    assert!(
        body["error"].is_string() && body["error_description"].is_string(),
        "{name}: {body}"
    );
}

fn is_scim(body: &Value, status: u16, tracking: &str, name: &str) {
    let extension = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error";
    assert_eq!(
        body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error",
        "{name}: {body}"
    );
    assert_eq!(body["schemas"][1], extension, "{name}: {body}");
    assert_eq!(body["status"], status.to_string(), "{name}: {body}");
    assert!(body["detail"].is_string(), "{name}: {body}");
    assert_eq!(body[extension]["trackingId"], tracking, "{name}: {body}");
}

fn is_api(body: &Value, tracking: &str, name: &str) {
    assert_eq!(body["trackingId"], tracking, "{name}: {body}");
    assert!(body["message"].is_string(), "{name}: {body}");
    assert!(body["errors"][0]["description"].is_string(), "{name}: {body}");
}
