//! Proof Key for Code Exchange (RFC 7636), methods `S256` and `plain`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Length of a base64url SHA-256 without padding: what an `S256` challenge must have.
const S256_LENGTH: usize = 43;

/// What the authorize request committed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Challenge {
    /// The base64url SHA-256 of the verifier.
    S256(String),
    /// The verifier itself.
    Plain(String),
}

/// Which of the two parameters of the authorize request is wrong.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub(crate) enum InvalidChallenge {
    #[error("code_challenge is not valid")]
    Challenge,
    #[error("code_challenge_method is not supported")]
    Method,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`; the method defaults to `plain` (section 4.3).
    pub(crate) fn parse(challenge: &str, method: Option<&str>) -> Result<Self, InvalidChallenge> {
        match method.unwrap_or("plain") {
            "S256" if challenge.len() == S256_LENGTH && is_verifier(challenge) => {
                Ok(Self::S256(challenge.to_owned()))
            }
            "plain" if is_verifier(challenge) => Ok(Self::Plain(challenge.to_owned())),
            "S256" | "plain" => Err(InvalidChallenge::Challenge),
            _ => Err(InvalidChallenge::Method),
        }
    }

    /// Whether `verifier` is well-formed and the one that the challenge was made from.
    pub(crate) fn accepts(&self, verifier: &str) -> bool {
        let (expected, actual) = match self {
            Self::S256(hash) => (hash, URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))),
            Self::Plain(plain) => (plain, verifier.to_owned()),
        };
        is_verifier(verifier) && bool::from(expected.as_bytes().ct_eq(actual.as_bytes()))
    }
}

/// 43 to 128 unreserved characters (section 4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert!(
            Challenge::parse(CHALLENGE, Some("S256"))
                .unwrap()
                .accepts(VERIFIER)
        );
        assert!(
            !Challenge::parse(CHALLENGE, Some("plain"))
                .unwrap()
                .accepts(VERIFIER)
        );
    }

    #[test]
    fn the_method_is_plain_unless_said_otherwise() {
        assert_eq!(
            Challenge::parse(VERIFIER, None),
            Ok(Challenge::Plain(VERIFIER.to_owned()))
        );
    }

    #[test]
    fn lengths_characters_and_methods_are_checked() {
        assert_eq!(
            Challenge::parse(&CHALLENGE[1..], Some("S256")),
            Err(InvalidChallenge::Challenge)
        );
        assert_eq!(
            Challenge::parse(&format!("{}!", &CHALLENGE[1..]), Some("S256")),
            Err(InvalidChallenge::Challenge)
        );
        assert_eq!(
            Challenge::parse(CHALLENGE, Some("s256")),
            Err(InvalidChallenge::Method)
        );
    }

    proptest! {
        #[test]
        fn only_the_own_verifier_is_accepted(own in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}") {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&own));
            let challenge = Challenge::parse(&challenge, Some("S256")).unwrap();
            prop_assert!(challenge.accepts(&own));
            prop_assert_eq!(challenge.accepts(&other), own == other);
        }
    }
}
