//! The labels of metrics. Each has a fixed set of values: no path, no id, no address, nothing that a client chose.

use http::StatusCode;

use crate::error::GatewayError;
use crate::token::failure::{Fault, Rejection, TokenError};

/// A label whose values are known beforehand.
pub trait Label: Copy + 'static {
    /// The label's name.
    const NAME: &'static str;
    /// Its values, in the order of [`Self::index`].
    const ALL: &'static [Self];
    /// The value as it is written.
    fn as_str(self) -> &'static str;
    /// The place of the value in [`Self::ALL`].
    fn index(self) -> usize;
}

macro_rules! label {
    ($(#[$doc:meta])* $name:ident, $label:literal { $($(#[$what:meta])* $value:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$what])* $value,)*
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$value,)*];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)*
                }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

label!(
    /// The method of a request. A client may invent methods; those are one.
    Method, "method" {
        /// GET
        Get = "GET",
        /// HEAD
        Head = "HEAD",
        /// POST
        Post = "POST",
        /// PUT
        Put = "PUT",
        /// PATCH
        Patch = "PATCH",
        /// DELETE
        Delete = "DELETE",
        /// OPTIONS
        Options = "OPTIONS",
        /// Any other.
        Other = "other",
    }
);

label!(
    /// The status class of an answer.
    Status, "status" {
        /// 200 to 299
        Success = "2xx",
        /// 300 to 399
        Redirect = "3xx",
        /// 400 to 499
        ClientError = "4xx",
        /// 500 to 599
        ServerError = "5xx",
        /// A number outside of these.
        Other = "other",
        /// The client went away before there was an answer.
        None = "none",
    }
);

label!(
    /// Who answered.
    Source, "source" {
        /// This program: its pages, probes and errors.
        Gateway = "gateway",
        /// Webex.
        Upstream = "upstream",
    }
);

label!(
    /// What a request that was sent to Webex came to.
    Upstream, "result" {
        /// 200 to 299
        Success = "2xx",
        /// 300 to 399
        Redirect = "3xx",
        /// The token is refused.
        Unauthorized = "401",
        /// The role or a scope does not allow it.
        Forbidden = "403",
        /// Nothing is there.
        NotFound = "404",
        /// Webex scans a file.
        Locked = "423",
        /// Webex limits the rate.
        TooManyRequests = "429",
        /// Any other from 400 to 499.
        ClientError = "4xx",
        /// 500 to 599
        ServerError = "5xx",
        /// A number outside of these.
        Other = "other",
        /// No connection, or it broke.
        Unreachable = "unreachable",
        /// What came was not HTTP.
        Broken = "broken",
        /// No answer in time.
        Timeout = "timeout",
        /// The client's own request broke off.
        Client = "client",
        /// The client went away before there was an answer.
        ClientGone = "client_gone",
    }
);

label!(
    /// Who ended an answer early.
    Cut, "by" {
        /// Webex stopped or broke off in the middle.
        Upstream = "upstream",
        /// The client went away or stopped reading, or the gateway had to end.
        Client = "client",
    }
);

label!(
    /// What became of a request that Webex answered 401.
    Retry, "outcome" {
        /// It worked with a newer token.
        Cured = "cured",
        /// It was refused with the newer token as well.
        Still401 = "still_401",
        /// The body was too large to be sent again.
        NotReplayable = "not_replayable",
        /// There is no newer token, and a refresh would not help now.
        NoNewerToken = "no_newer_token",
        /// The refresh that it asked for failed, or was refused.
        RefreshFailed = "refresh_failed",
        /// The refresh took longer than the request may wait.
        RefreshSlow = "refresh_slow",
        /// The second attempt got no answer.
        NoAnswer = "no_answer",
    }
);

label!(
    /// What a refresh came to.
    Refresh, "result" {
        /// New tokens are in use.
        Success = "success",
        /// Webex has ended the grant.
        InvalidGrant = "invalid_grant",
        /// Webex refuses the client.
        InvalidClient = "invalid_client",
        /// The token endpoint could not be reached.
        Unreachable = "unreachable",
        /// It did not answer in time.
        Timeout = "timeout",
        /// It answered 200 with something of no use.
        Malformed = "malformed",
        /// It asked to come later.
        RateLimited = "rate_limited",
        /// It failed itself.
        ServerError = "server_error",
        /// Something on the way answered, or something that no token endpoint says.
        Unexpected = "unexpected",
        /// A part of the gateway crashed.
        Internal = "internal",
        /// Other tokens came in meanwhile; its result was dropped.
        Superseded = "superseded",
    }
);

label!(
    /// What an authorisation that came in led to; see [`Refusal`](crate::authorization::refusal::Refusal).
    Authorisation, "result" {
        /// Its tokens are in use.
        Success = "success",
        /// A code that was answered before: the first outcome was shown again.
        Repeat = "repeat",
        /// Neither `code` nor `error`.
        MissingCode = "missing_code",
        /// No code looks like this.
        MalformedCode = "malformed_code",
        /// The administrator declined.
        Declined = "declined",
        /// A scope is not allowed.
        InvalidScope = "invalid_scope",
        /// Another error of Webex.
        WebexError = "webex_error",
        /// Webex does not know the code, or not any more.
        CodeRejected = "code_rejected",
        /// Webex refuses the client.
        Misconfigured = "misconfigured",
        /// Webex could not be asked.
        Unreachable = "unreachable",
        /// Webex answered with something of no use.
        NoTokens = "no_tokens",
        /// Webex could not say whose the tokens are.
        NotVerified = "not_verified",
        /// The gateway's own organisation is not known.
        UnknownPin = "unknown_pin",
        /// Webex refused the new token.
        TokenRejected = "token_rejected",
        /// The new token names no organisation.
        UnknownOrganization = "unknown_organization",
        /// The organisation is another one.
        WrongOrganization = "wrong_organization",
        /// The grant could not be kept alive.
        NoRefreshToken = "no_refresh_token",
        /// Only flows of the gateway are taken, and this is none.
        NotStartedHere = "not_started_here",
        /// Another browser than the one in which the flow began.
        OtherBrowser = "other_browser",
        /// The flow began too long ago.
        LoginExpired = "login_expired",
        /// The flow has come back before.
        LoginUsed = "login_used",
        /// The flow began before a restart, or its state was changed on the way.
        LoginUnknown = "login_unknown",
        /// Too many within a minute.
        TooMany = "too_many",
        /// A bug.
        Internal = "internal",
    }
);

impl From<&http::Method> for Method {
    fn from(method: &http::Method) -> Self {
        match *method {
            http::Method::GET => Self::Get,
            http::Method::HEAD => Self::Head,
            http::Method::POST => Self::Post,
            http::Method::PUT => Self::Put,
            http::Method::PATCH => Self::Patch,
            http::Method::DELETE => Self::Delete,
            http::Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }
}

impl From<Option<StatusCode>> for Status {
    fn from(status: Option<StatusCode>) -> Self {
        match status.map(|status| status.as_u16()) {
            None => Self::None,
            Some(200..=299) => Self::Success,
            Some(300..=399) => Self::Redirect,
            Some(400..=499) => Self::ClientError,
            Some(500..=599) => Self::ServerError,
            Some(_) => Self::Other,
        }
    }
}

impl From<Result<StatusCode, &GatewayError>> for Upstream {
    fn from(answer: Result<StatusCode, &GatewayError>) -> Self {
        match answer.map(|status| status.as_u16()) {
            Ok(401) => Self::Unauthorized,
            Ok(403) => Self::Forbidden,
            Ok(404) => Self::NotFound,
            Ok(423) => Self::Locked,
            Ok(429) => Self::TooManyRequests,
            Ok(200..=299) => Self::Success,
            Ok(300..=399) => Self::Redirect,
            Ok(400..=499) => Self::ClientError,
            Ok(500..=599) => Self::ServerError,
            Ok(_) => Self::Other,
            Err(GatewayError::UpstreamBroken(_)) => Self::Broken,
            Err(GatewayError::UpstreamTimeout(_) | GatewayError::UploadStalled(_)) => Self::Timeout,
            Err(GatewayError::UpstreamUnreachable(_)) => Self::Unreachable,
            Err(_) => Self::Client,
        }
    }
}

impl From<&GatewayError> for Retry {
    fn from(error: &GatewayError) -> Self {
        match error {
            GatewayError::RefreshSlow => Self::RefreshSlow,
            GatewayError::Unavailable(_) => Self::RefreshFailed,
            _ => Self::NoAnswer,
        }
    }
}

impl From<&TokenError> for Refresh {
    fn from(error: &TokenError) -> Self {
        match error {
            TokenError::Rejected { cause, .. } => match cause {
                Rejection::Grant => Self::InvalidGrant,
                Rejection::Client => Self::InvalidClient,
            },
            TokenError::Transient { fault, .. } => match fault {
                Fault::Unreachable => Self::Unreachable,
                Fault::Timeout => Self::Timeout,
                Fault::Malformed => Self::Malformed,
                Fault::RateLimited => Self::RateLimited,
                Fault::ServerError => Self::ServerError,
                Fault::Unexpected => Self::Unexpected,
                Fault::Internal => Self::Internal,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well_formed<L: Label + std::fmt::Debug>() {
        for (place, value) in L::ALL.iter().enumerate() {
            assert_eq!(value.index(), place, "{value:?}");
            let same = L::ALL.iter().filter(|other| other.as_str() == value.as_str());
            assert_eq!(same.count(), 1, "{value:?}");
        }
    }

    #[test]
    fn every_value_has_a_place_and_a_name_of_its_own() {
        well_formed::<Method>();
        well_formed::<Status>();
        well_formed::<Source>();
        well_formed::<Upstream>();
        well_formed::<Cut>();
        well_formed::<Retry>();
        well_formed::<Refresh>();
        well_formed::<Authorisation>();
    }

    #[test]
    fn methods_that_a_client_invents_are_one() {
        let method = |name: &str| Method::from(&http::Method::from_bytes(name.as_bytes()).unwrap()).as_str();
        assert_eq!(
            (method("PATCH"), method("BREW"), method("get")),
            ("PATCH", "other", "other")
        );
    }

    #[test]
    fn statuses_are_classes_and_what_an_operator_looks_for_stands_alone() {
        let seen = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            (
                Status::from(Some(status)).as_str(),
                Upstream::from(Ok(status)).as_str(),
            )
        };
        assert_eq!(seen(204), ("2xx", "2xx"));
        assert_eq!(seen(401), ("4xx", "401"));
        assert_eq!(seen(418), ("4xx", "4xx"));
        assert_eq!(seen(503), ("5xx", "5xx"));
        assert_eq!(seen(999), ("other", "other"));
        assert_eq!(Status::from(None).as_str(), "none");
    }
}
