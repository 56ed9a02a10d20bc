//! The gateway's own refusals and failures, free of HTTP; [`crate::http::error`] gives them a status and a body.

use std::time::Duration;

use thiserror::Error;

use crate::token::lifecycle::Action;
use crate::token::snapshot::Unavailable;

/// Why the gateway itself answers instead of Webex.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GatewayError {
    /// The request breaks HTTP.
    #[error("{0}")]
    BadRequest(&'static str),
    /// The request expects what no one here does.
    #[error("the request expects something other than 100-continue")]
    ExpectationFailed,
    /// A method that a route of the gateway itself does not have.
    #[error("this address of the gateway can only be read, with GET or HEAD")]
    MethodNotAllowed,
    /// The client stopped sending the body of its request.
    #[error("the request's body stopped coming")]
    BodyStalled,
    /// The request target is not a path of Webex.
    #[error("{0}")]
    TargetRefused(&'static str),
    /// The request target is longer than allowed.
    #[error("the request target is longer than {limit} bytes")]
    TargetTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The request's header fields are larger than allowed.
    #[error("the request has more than {limit} bytes of header fields")]
    HeadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A gateway key is configured and the request does not carry it.
    #[error("this gateway asks for the header X-Gateway-Key, and the request has none or a wrong one")]
    KeyRequired,
    /// There is no token to send.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The token is being refreshed and that takes longer than a request may wait.
    #[error("the access token is being refreshed and Webex takes its time; try again")]
    RefreshSlow,
    /// No connection, or it broke before an answer.
    #[error("Webex cannot be reached: {0}")]
    UpstreamUnreachable(String),
    /// An answer that is not HTTP.
    #[error("Webex did not answer properly: {0}")]
    UpstreamBroken(String),
    /// No answer in time.
    #[error("Webex did not answer within {}", crate::go::GoDuration(*.0))]
    UpstreamTimeout(Duration),
    /// The next part of the request's body was not taken in time.
    #[error("Webex stopped reading the request's body and did not go on within {}", crate::go::GoDuration(*.0))]
    UploadStalled(Duration),
    /// The request is one that this gateway has sent to Webex.
    #[error("this gateway calls itself: -webexURL leads back to it; set it to https://webexapis.com")]
    CallsItself,
    /// A bug of this program.
    #[error("the gateway failed; its log says more")]
    Internal,
}

impl GatewayError {
    /// The stable name of the error, as `X-Webex-Gateway-Error` carries it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) | Self::ExpectationFailed | Self::MethodNotAllowed | Self::BodyStalled => {
                "bad_request"
            }
            Self::TargetRefused(_) => "target_refused",
            Self::TargetTooLong { .. } | Self::HeadTooLarge { .. } => "too_large",
            Self::KeyRequired => "key_required",
            Self::Unavailable(Unavailable::RefreshFailed { .. }) | Self::RefreshSlow => {
                "token_refresh_failed"
            }
            Self::Unavailable(Unavailable::NotAuthorised { .. } | Unavailable::Refused { .. }) => {
                "not_authorised"
            }
            Self::UpstreamUnreachable(_) => "upstream_unreachable",
            Self::UpstreamBroken(_) | Self::CallsItself => "upstream_broken",
            Self::UpstreamTimeout(_) | Self::UploadStalled(_) => "upstream_timeout",
            Self::Internal => "internal",
        }
    }

    /// What mends it; `None` where only the caller can, by another request.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        match self {
            Self::BadRequest(_)
            | Self::ExpectationFailed
            | Self::MethodNotAllowed
            | Self::BodyStalled
            | Self::TargetRefused(_)
            | Self::TargetTooLong { .. }
            | Self::HeadTooLarge { .. } => None,
            Self::KeyRequired | Self::CallsItself => Some(Action::FixConfiguration),
            Self::Unavailable(unavailable) => Some(unavailable.action()),
            Self::RefreshSlow
            | Self::UpstreamUnreachable(_)
            | Self::UpstreamBroken(_)
            | Self::UpstreamTimeout(_)
            | Self::UploadStalled(_)
            | Self::Internal => Some(Action::Retry),
        }
    }

    /// When to try again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable(Unavailable::RefreshFailed { retry_after, .. }) => Some(*retry_after),
            Self::RefreshSlow => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}
