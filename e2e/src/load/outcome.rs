//! What came of a request. An answer is Webex's only if it has the request's own `TrackingID`; one of the gateway is
//! good only if it is documented.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::Record;
use super::request::{Kind, Request, Way};

/// Errors that the gateway gives in the place of Webex to requests in which nothing is wrong, as `docs/configuration.md`
/// and `docs/http.md` list them.
const DOCUMENTED: [(u16, &str); 6] = [
    (500, "internal"),
    (502, "upstream_unreachable"),
    (502, "upstream_broken"),
    (503, "not_authorised"),
    (503, "token_refresh_failed"),
    (504, "upstream_timeout"),
];

/// What every page has that nginx shows where it cannot pass an answer on.
const NGINX: &str = "<center>nginx</center>";

/// What mends them.
const ACTIONS: [&str; 3] = ["retry", "reauthorise", "fix_configuration"];

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Webex answered, and all of the answer arrived.
    Answered {
        /// Its status.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<String>,
    },
    /// The gateway answered in the place of Webex, as it is documented.
    Refused {
        /// `X-Webex-Gateway-Error`.
        code: &'static str,
        /// What mends it.
        action: String,
        /// Its `Retry-After`.
        retry_after: Option<String>,
    },
    /// A page of the gateway itself.
    Page,
    /// nginx answered itself: it did not reach the gateway.
    Nginx {
        /// Its status.
        status: u16,
    },
    /// Somebody else answered, of whom nobody knows.
    Foreign {
        /// Its status.
        status: u16,
    },
    /// The answer began, and was seen to end too early.
    Cut {
        /// Its status.
        status: u16,
    },
    /// The connection ended before there was an answer.
    Ended {
        /// In the client's words.
        why: String,
    },
    /// There was no connection on which the request could have been sent.
    NoConnection {
        /// In the client's words.
        why: String,
    },
    /// Nothing came, for longer than anybody waits.
    Lost,
    /// An answer that nobody should get.
    Wrong {
        /// What is wrong with it.
        what: String,
    },
}

impl Outcome {
    /// What an answer that arrived as a whole means to the one who asked.
    pub(super) fn of(request: &Request, status: StatusCode, fields: &HeaderMap, body: &str) -> Self {
        let field = |name: &str| fields.get(name).and_then(|value| value.to_str().ok());
        let retry_after = field(RETRY_AFTER.as_str()).map(str::to_owned);
        if let Some(code) = field("x-webex-gateway-error") {
            return Self::refused(request, status.as_u16(), code, retry_after, body);
        }
        if request.kind == Kind::Page && status.is_success() && request.is_met_by(body) {
            return Self::Page;
        }
        let (status, is_success) = (status.as_u16(), status.is_success());
        if request.way == Way::ThroughNginx && !is_success && body.contains(NGINX) {
            return Self::Nginx { status };
        }
        if field("trackingid") != Some(&request.id) {
            return Self::Foreign { status };
        }
        if is_success && !request.is_met_by(body) {
            let what = format!("a clean {status} with the body {body:?}");
            return Self::Wrong { what };
        }
        Self::Answered { status, retry_after }
    }

    fn refused(request: &Request, status: u16, code: &str, retry_after: Option<String>, body: &str) -> Self {
        let wrong = |what: &str| Self::Wrong {
            what: format!("{status} {code} {what}: {body}"),
        };
        let documented = DOCUMENTED.iter().find(|known| **known == (status, code));
        let Some((_, code)) = documented else {
            return wrong("is not documented");
        };
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if text(&body["message"]).is_empty() || text(&body["errors"][0]["description"]).is_empty() {
            return wrong("has not the shape of Webex's errors");
        }
        if body["trackingId"] != request.id.as_str() {
            return wrong("has another request's trackingId");
        }
        let action = text(&body["action"]);
        if !ACTIONS.contains(&action.as_str()) {
            return wrong("does not say what mends it");
        }
        if *code == "token_refresh_failed" && retry_after.is_none() {
            return wrong("does not say when to try again");
        }
        Self::Refused {
            code,
            action,
            retry_after,
        }
    }

    /// What the request asked for has been done.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Page | Self::Answered { status: 200..300, .. })
    }

    /// Whether Webex answered with this status.
    #[must_use]
    pub fn is_answer(&self, wanted: u16) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == wanted)
    }

    /// Whether the gateway answered with this error.
    #[must_use]
    pub fn is_refusal(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }

    /// What it counts as in a summary.
    pub(super) fn class(&self) -> String {
        match self {
            Self::Answered { status, .. } => status.to_string(),
            Self::Refused { code, .. } => (*code).to_owned(),
            Self::Page => "page".to_owned(),
            Self::Nginx { status } => format!("{status} of nginx"),
            Self::Foreign { status } => format!("{status} of somebody else"),
            Self::Cut { .. } => "cut".to_owned(),
            Self::Ended { .. } => "connection ended".to_owned(),
            Self::NoConnection { .. } => "no connection".to_owned(),
            Self::Lost => "lost".to_owned(),
            Self::Wrong { .. } => "wrong".to_owned(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "Webex answered {status}"),
            Self::Refused { code, action, .. } => write!(f, "the gateway answered {code}, action {action}"),
            Self::Page => write!(f, "the gateway showed its page"),
            Self::Nginx { status } => write!(f, "nginx itself answered {status}"),
            Self::Foreign { status } => write!(f, "somebody unknown answered {status}"),
            Self::Cut { status } => write!(f, "an answer with status {status} was cut"),
            Self::Ended { why } => write!(f, "the connection ended without an answer ({why})"),
            Self::NoConnection { why } => write!(f, "there was no connection ({why})"),
            Self::Lost => write!(f, "nothing came of it"),
            Self::Wrong { what } => write!(f, "the answer is wrong: {what}"),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            request,
            sent,
            ended,
            outcome,
        } = self;
        write!(
            f,
            "{request} (sent at {:.3} s, ended at {:.3} s): {outcome}",
            sent.as_secs_f64(),
            ended.as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests;
