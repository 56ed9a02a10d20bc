//! Secrets as types: checked when made, shown only as a fingerprint, revealed only by `expose`.

use std::fmt;

use http::HeaderValue;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// Hex digits of a fingerprint: enough to tell tokens apart in a log, useless for anything else.
const FINGERPRINT_DIGITS: usize = 8;

/// What is wrong with a value that should be a secret. It never quotes the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MalformedSecret {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// It could not be sent in an HTTP field or form as it is.
    #[error("contains a character that such a value cannot have")]
    Character,
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(String);

        impl $name {
            /// Takes the value; an error says what such a value cannot be.
            pub fn new(value: impl Into<String>) -> Result<Self, MalformedSecret> {
                let value = value.into();
                let valid: fn(&str) -> bool = $valid;
                match value.as_str() {
                    "" => Err(MalformedSecret::Empty),
                    text if valid(text) => Ok(Self(value)),
                    _ => Err(MalformedSecret::Character),
                }
            }

            /// The value itself. Every call of this is a place where it leaves the process or is stored.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// A short hash for logs and pages.
            #[must_use]
            pub fn fingerprint(&self) -> String {
                fingerprint(&self.0)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.fingerprint())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.fingerprint())
            }
        }
    };
}

secret!(
    /// An OAuth access token in the `b64token` syntax of RFC 6750 section 2.1, so that it cannot break out of its header.
    AccessToken,
    is_b64token
);
secret!(
    /// An OAuth refresh token: visible ASCII (RFC 6749 appendix A.17).
    RefreshToken,
    is_visible_ascii
);
secret!(
    /// The client secret of the Webex Integration: visible ASCII and space (RFC 6749 appendix A.2).
    ClientSecret,
    is_printable_ascii
);
secret!(
    /// The shared key that callers of the gateway send as `X-Gateway-Key`, where one is configured.
    GatewayKey,
    is_visible_ascii
);
secret!(
    /// An authorization code: visible ASCII and space (RFC 6749 appendix A.11).
    AuthorizationCode,
    is_printable_ascii
);
secret!(
    /// A PKCE code verifier (RFC 7636 section 4.1).
    CodeVerifier,
    is_b64token
);

impl AccessToken {
    /// The value of the `Authorization` header, marked so that no HTTP library prints it.
    #[must_use]
    pub fn bearer(&self) -> HeaderValue {
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", self.0)).expect("a b64token is a header value");
        value.set_sensitive(true);
        value
    }

    /// The organisation a Webex token names in the last of its three `_`-separated fields.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        let mut fields = self.0.split('_');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(_), Some(_), Some(organization), None) if !organization.is_empty() => Some(organization),
            _ => None,
        }
    }
}

/// The first hex digits of the value's SHA-256.
#[must_use]
pub fn fingerprint(value: &str) -> String {
    let mut hex = hex(&Sha256::digest(value.as_bytes()));
    hex.truncate(FINGERPRINT_DIGITS);
    hex
}

/// Lower-case hex digits of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes any text");
            text
        })
}

fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ZDYxYWZiMTIz_PF84_1eb65fdf-9643-417f-9974-ad72cae0e10f";

    #[test]
    fn neither_debug_nor_display_shows_the_value() {
        let token = AccessToken::new(TOKEN).unwrap();
        assert_eq!(format!("{token}"), fingerprint(TOKEN));
        assert_eq!(
            format!("{token:?}"),
            format!("AccessToken({})", fingerprint(TOKEN))
        );
        assert!(format!("{:?}", token.bearer()).contains("Sensitive"));
    }

    #[test]
    fn a_token_that_would_break_out_of_its_header_is_refused() {
        for evil in ["a b", "a\r\nX: y", "a\u{e9}", "=", "a=b", "\"x\""] {
            assert_eq!(
                AccessToken::new(evil),
                Err(MalformedSecret::Character),
                "{evil:?}"
            );
        }
        assert_eq!(AccessToken::new(""), Err(MalformedSecret::Empty));
    }

    #[test]
    fn the_third_of_exactly_three_fields_is_the_organization() {
        let organization = |text: &str| AccessToken::new(text).unwrap().organization().map(str::to_owned);
        assert_eq!(
            organization(TOKEN).as_deref(),
            Some("1eb65fdf-9643-417f-9974-ad72cae0e10f")
        );
        assert_eq!(organization("one_two"), None);
        assert_eq!(organization("one_two_three_four"), None);
        assert_eq!(organization("one_two_"), None);
    }
}
