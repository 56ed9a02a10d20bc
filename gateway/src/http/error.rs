//! The one place where a [`GatewayError`] becomes an HTTP answer, in the shape of Webex's own errors.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;
use tracing::{error, info, warn};

use super::own_status;
use crate::error::GatewayError;
use crate::proxy::headers::GATEWAY_ERROR;
use crate::token::lifecycle::Action;
use crate::token::snapshot::Unavailable;
use crate::tracking_id::{TRACKING_ID, TrackingId};

/// The code of requests that break HTTP.
const BROKEN: &str = "bad_request";

/// An error with the id of the request that met it.
#[derive(Debug)]
pub struct Failed {
    /// What happened.
    pub error: GatewayError,
    /// Of the request.
    pub tracking_id: TrackingId,
}

/// The status of an error.
#[must_use]
pub fn status(error: &GatewayError) -> StatusCode {
    match error {
        GatewayError::BadRequest(_) | GatewayError::TargetRefused(_) => StatusCode::BAD_REQUEST,
        GatewayError::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
        GatewayError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        GatewayError::BodyStalled => StatusCode::REQUEST_TIMEOUT,
        GatewayError::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
        GatewayError::HeadTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        GatewayError::KeyRequired => StatusCode::UNAUTHORIZED,
        GatewayError::Unavailable(
            Unavailable::NotAuthorised { .. }
            | Unavailable::RefreshFailed { .. }
            | Unavailable::Refused { .. },
        )
        | GatewayError::RefreshSlow => StatusCode::SERVICE_UNAVAILABLE,
        GatewayError::UpstreamTimeout(_) | GatewayError::UploadStalled(_) => StatusCode::GATEWAY_TIMEOUT,
        GatewayError::UpstreamUnreachable(_)
        | GatewayError::UpstreamBroken(_)
        | GatewayError::CallsItself => StatusCode::BAD_GATEWAY,
        GatewayError::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (status, code) = (status(&self.error), self.error.code());
        let message = self.error.to_string();
        if status.is_server_error() {
            warn!(
                code,
                tracking_id = self.tracking_id.as_str(),
                "request failed: {message}"
            );
        } else {
            info!(
                code,
                tracking_id = self.tracking_id.as_str(),
                "request refused: {message}"
            );
        }
        let mut body = json!({
            "message": message,
            "errors": [{ "description": message }],
            "trackingId": self.tracking_id.as_str(),
        });
        if let Some(action) = self.error.action() {
            body["action"] = action.as_str().into();
        }
        let mut response = own_status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .header(GATEWAY_ERROR, code)
            .header(TRACKING_ID, self.tracking_id);
        if let Some(wait) = self.error.retry_after() {
            response = response.header(header::RETRY_AFTER, wait.as_secs().max(1));
        }
        if code == BROKEN {
            // Where a client's next request begins may not be what it thinks (RFC 9112 section 11.2).
            response = response.header(header::CONNECTION, "close");
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            // RFC 9110 section 15.5.6: a 405 names what is allowed.
            response = response.header(header::ALLOW, "GET, HEAD");
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 15.5.2: a 401 names a scheme.
            response = response.header(header::WWW_AUTHENTICATE, "X-Gateway-Key");
        }
        response
            .body(Body::from(body.to_string()))
            .expect("the parts of an own answer are valid")
    }
}

/// What a client sees of a panic. The panic's own text may hold anything; the panic hook logs its place.
#[must_use]
pub fn panicked(tracking_prefix: &str) -> Response {
    error!(
        action = Action::Retry.as_str(),
        "a request failed inside the gateway"
    );
    let tracking_id = TrackingId::new(tracking_prefix);
    Failed {
        error: GatewayError::Internal,
        tracking_id,
    }
    .into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::token::failure::Rejection;

    /// One of each kind. A new kind does not compile until it stands here, too.
    fn every_error() -> Vec<GatewayError> {
        let all = vec![
            GatewayError::BadRequest(""),
            GatewayError::ExpectationFailed,
            GatewayError::MethodNotAllowed,
            GatewayError::BodyStalled,
            GatewayError::TargetRefused(""),
            GatewayError::TargetTooLong { limit: 1 },
            GatewayError::HeadTooLarge { limit: 1 },
            GatewayError::KeyRequired,
            GatewayError::Unavailable(Unavailable::NotAuthorised { file_problem: None }),
            GatewayError::Unavailable(Unavailable::RefreshFailed {
                reason: String::new(),
                retry_after: Duration::ZERO,
            }),
            GatewayError::Unavailable(Unavailable::Refused {
                cause: Rejection::Grant,
                reason: String::new(),
            }),
            GatewayError::RefreshSlow,
            GatewayError::UpstreamUnreachable(String::new()),
            GatewayError::UpstreamBroken(String::new()),
            GatewayError::UpstreamTimeout(Duration::ZERO),
            GatewayError::UploadStalled(Duration::ZERO),
            GatewayError::CallsItself,
            GatewayError::Internal,
        ];
        let kinds = all.iter().map(|error| match error {
            GatewayError::BadRequest(_) => 0,
            GatewayError::ExpectationFailed => 1,
            GatewayError::MethodNotAllowed => 2,
            GatewayError::BodyStalled => 3,
            GatewayError::TargetRefused(_) => 4,
            GatewayError::TargetTooLong { .. } => 5,
            GatewayError::HeadTooLarge { .. } => 6,
            GatewayError::KeyRequired => 7,
            GatewayError::Unavailable(Unavailable::NotAuthorised { .. }) => 8,
            GatewayError::Unavailable(Unavailable::RefreshFailed { .. }) => 9,
            GatewayError::Unavailable(Unavailable::Refused { .. }) => 10,
            GatewayError::RefreshSlow => 11,
            GatewayError::UpstreamUnreachable(_) => 12,
            GatewayError::UpstreamBroken(_) => 13,
            GatewayError::UpstreamTimeout(_) => 14,
            GatewayError::UploadStalled(_) => 15,
            GatewayError::CallsItself => 16,
            GatewayError::Internal => 17,
        });
        assert!(kinds.eq(0..18));
        all
    }

    /// A row names one or more statuses, and one or more codes that come with each of them.
    fn pairs_of(row: &str) -> Option<BTreeSet<(u16, String)>> {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let (statuses, codes) = (cells.next()?, cells.next()?);
        let statuses: Vec<u16> = statuses
            .split(", ")
            .map(|status| status.parse().ok())
            .collect::<Option<_>>()?;
        let pairs = statuses.into_iter().flat_map(|status| {
            codes
                .split(", ")
                .map(move |code| (status, code.trim_matches('`').to_owned()))
        });
        Some(pairs.collect())
    }

    #[test]
    fn the_table_of_the_document_has_every_error_and_no_other() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let guide = std::fs::read_to_string(path).unwrap();
        let (_, table) = guide.split_once("## Errors of the gateway itself").unwrap();
        let documented: BTreeSet<_> = table.lines().filter_map(pairs_of).flatten().collect();
        let every = every_error();
        let raised: BTreeSet<_> = every
            .iter()
            .map(|error| (status(error).as_u16(), error.code().to_owned()))
            .collect();
        assert_eq!(documented, raised);
    }
}
