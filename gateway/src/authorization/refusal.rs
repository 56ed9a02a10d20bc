//! Why an authorisation was not taken. The texts name the cause and the fix, and never quote what a browser sent.

use thiserror::Error;

use crate::metrics::labels::Authorisation;
use crate::organization::OrgId;

/// Why the tokens held were not replaced.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Neither `code` nor `error` came in.
    #[error("the address has no code")]
    MissingCode,
    /// The code has characters that no code has.
    #[error("the code in the address is damaged")]
    MalformedCode,
    /// `error=access_denied`
    #[error("the request was declined in Webex")]
    Declined,
    /// `error=invalid_scope`
    #[error("Webex does not allow one of the requested scopes for this integration")]
    InvalidScope,
    /// Another `error`.
    #[error("Webex could not complete the authorisation")]
    WebexError,
    /// The token endpoint does not know the code, or not any more.
    #[error("Webex did not accept the code: {0}")]
    CodeRejected(String),
    /// The token endpoint does not accept the client.
    #[error("Webex did not accept this gateway: {0}")]
    Misconfigured(String),
    /// No usable answer.
    #[error("Webex could not be asked: {0}")]
    Unreachable(String),
    /// An answer of no use; the code may be spent.
    #[error("Webex answered, but not with tokens: {0}")]
    NoTokens(String),
    /// The tokens came, but whose they are could not be found out.
    #[error("Webex could not say whose the new token is: {0}")]
    NotVerified(String),
    /// The tokens held belong to an organisation that nobody could be asked for.
    #[error("it is not known for which organisation this gateway acts")]
    UnknownPin,
    /// The token works for nobody.
    #[error("Webex refused the new token when asked whose it is")]
    TokenRejected,
    /// Who authorised cannot be found out.
    #[error("Webex did not say to which organisation the new token belongs")]
    UnknownOrganization,
    /// Somebody else's token.
    #[error("the organisation {found} is not {expected}, for which this gateway acts")]
    WrongOrganization {
        /// The token's.
        found: OrgId,
        /// The gateway's.
        expected: OrgId,
    },
    /// The grant could not be kept alive.
    #[error("Webex sent no refresh token")]
    NoRefreshToken,
    /// `-requireState` is set.
    #[error("this gateway takes only authorisations that were started on its own login page")]
    NotStartedHere,
    /// The state is ours, but the browser is another one.
    #[error("the authorisation was started in another browser")]
    OtherBrowser,
    /// The state is ours, but it has ended.
    #[error("the authorisation was started more than ten minutes ago")]
    LoginExpired,
    /// The state is ours, but it has come before with another code.
    #[error("the login page was opened once, but Webex came back from it twice")]
    LoginUsed,
    /// The state looks like ours, but this process did not make it.
    #[error(
        "the authorisation was started before the gateway was restarted, or its address was changed on the way"
    )]
    LoginUnknown,
    /// Too many different codes, within a minute or at once.
    #[error("too many authorisations within a minute")]
    TooMany,
    /// A bug of this program.
    #[error("the gateway failed")]
    Internal,
}

impl Refusal {
    /// What an `error` of the authorisation endpoint means.
    #[must_use]
    pub fn from_error_code(error: &str) -> Self {
        match error {
            "access_denied" => Self::Declined,
            "invalid_scope" => Self::InvalidScope,
            _ => Self::WebexError,
        }
    }

    /// The stable name of the refusal, as metrics and the audit line carry it.
    #[must_use]
    pub fn code(&self) -> Authorisation {
        match self {
            Self::MissingCode => Authorisation::MissingCode,
            Self::MalformedCode => Authorisation::MalformedCode,
            Self::Declined => Authorisation::Declined,
            Self::InvalidScope => Authorisation::InvalidScope,
            Self::WebexError => Authorisation::WebexError,
            Self::CodeRejected(_) => Authorisation::CodeRejected,
            Self::Misconfigured(_) => Authorisation::Misconfigured,
            Self::Unreachable(_) => Authorisation::Unreachable,
            Self::NoTokens(_) => Authorisation::NoTokens,
            Self::NotVerified(_) => Authorisation::NotVerified,
            Self::UnknownPin => Authorisation::UnknownPin,
            Self::TokenRejected => Authorisation::TokenRejected,
            Self::UnknownOrganization => Authorisation::UnknownOrganization,
            Self::WrongOrganization { .. } => Authorisation::WrongOrganization,
            Self::NoRefreshToken => Authorisation::NoRefreshToken,
            Self::NotStartedHere => Authorisation::NotStartedHere,
            Self::OtherBrowser => Authorisation::OtherBrowser,
            Self::LoginExpired => Authorisation::LoginExpired,
            Self::LoginUsed => Authorisation::LoginUsed,
            Self::LoginUnknown => Authorisation::LoginUnknown,
            Self::TooMany => Authorisation::TooMany,
            Self::Internal => Authorisation::Internal,
        }
    }

    /// Whether Webex never answered for the code, so that it may be tried again.
    #[must_use]
    pub fn may_try_again(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::UnknownPin)
    }

    /// What the person in front of the page has to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::MissingCode | Self::MalformedCode => {
                "Open the authorisation address again from its beginning; do not copy the address of this page."
            }
            Self::Declined => "Open the authorisation address again and choose Accept.",
            Self::InvalidScope => {
                "Tick the missing scopes of the integration at developer.webex.com, then open the authorisation address again."
            }
            Self::WebexError => "Open the authorisation address again. If it fails again, ask Webex support.",
            Self::CodeRejected(_) => {
                "A code works once and for a short time. Open the authorisation address again, and check that the \
                 redirect URI of the integration is the address of this gateway, character by character."
            }
            Self::Misconfigured(_) => {
                "Check client_id, client_secret and redirect_uri of the gateway against the integration at \
                 developer.webex.com, restart the gateway, then open the authorisation address again."
            }
            Self::Unreachable(_) => {
                "Check the network, the forward proxy and status.webex.com, then reload this page or open the \
                 authorisation address again."
            }
            Self::NoTokens(_) | Self::NotVerified(_) => {
                "Check status.webex.com and the log of the gateway, then open the authorisation address again; \
                 reloading this page does not help."
            }
            Self::UnknownPin => {
                "Webex does not say whose tokens the gateway holds. Set -orgID to your organisation and restart the \
                 gateway, then open the authorisation address again."
            }
            Self::TokenRejected | Self::UnknownOrganization => {
                "Log in as a Partner Full Admin whose integration has the scope spark:people_read, and try again."
            }
            Self::WrongOrganization { .. } => {
                "Log out of Webex, then log in as an administrator of the right organisation. If the gateway shall act \
                 for another organisation from now on, set -orgID, or remove the tokens file, and restart it."
            }
            Self::NoRefreshToken => {
                "Check the integration at developer.webex.com; it has to be of the type Integration."
            }
            Self::NotStartedHere => {
                "Open /api/v01/webex/auth/login on this gateway instead of the address from the portal."
            }
            Self::OtherBrowser => {
                "Open /api/v01/webex/auth/login again and log in within ten minutes, in one browser that keeps cookies, and \
                 under the host name of the redirect URI."
            }
            Self::LoginExpired | Self::LoginUsed | Self::LoginUnknown => {
                "Please start again: open /api/v01/webex/auth/login and log in within ten minutes."
            }
            Self::TooMany => {
                "Wait a minute, then open /api/v01/webex/auth/login: what is started there has a limit of its own."
            }
            Self::Internal => "Look into the log of the gateway, then try again.",
        }
    }
}
