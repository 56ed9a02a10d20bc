//! How a client says who it is: `client_id` and `client_secret` in the body, or HTTP Basic (RFC 6749, section 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::error::TokenError;
use crate::oauth::params::Params;
use crate::secret::Secret;
use crate::world::Integration;

/// Client id and secret as presented.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) id: String,
    secret: Secret,
}

impl Credentials {
    /// Reads them. Both ways at once are accepted only if they agree; other schemes than Basic say nothing about a client.
    pub(super) fn of(headers: &HeaderMap, params: &Params) -> Result<Self, TokenError> {
        let (id, secret) = (params.get("client_id"), params.get("client_secret"));
        if let Some(value) = headers.get(AUTHORIZATION).filter(|value| is_basic(value)) {
            let basic = value
                .to_str()
                .ok()
                .and_then(Self::basic)
                .ok_or(TokenError::InvalidClient)?;
            let differs = id.is_some_and(|id| id != basic.id)
                || secret.is_some_and(|secret| !basic.secret.matches(secret));
            return if differs {
                Err(TokenError::InvalidClient)
            } else {
                Ok(basic)
            };
        }
        let id = id.ok_or(TokenError::Blank("client_id"))?.to_owned();
        let secret = Secret::new(secret.ok_or(TokenError::NoSecret)?);
        Ok(Self { id, secret })
    }

    pub(super) fn are_those_of(&self, integration: &Integration) -> bool {
        self.id == integration.client_id && integration.client_secret.matches(self.secret.expose())
    }

    fn basic(value: &str) -> Option<Self> {
        let (scheme, encoded) = value.split_once(' ')?;
        let decoded = scheme
            .eq_ignore_ascii_case("basic")
            .then(|| STANDARD.decode(encoded.trim()).ok())??;
        let decoded = String::from_utf8(decoded).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        Some(Self {
            id: form_decoded(id),
            secret: Secret::new(form_decoded(secret)),
        })
    }
}

/// Whether the scheme is Basic, whatever follows it.
fn is_basic(value: &HeaderValue) -> bool {
    let scheme = value.as_bytes().split(|byte| *byte == b' ').next();
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
}

/// The client id in an Authorization field that uses Basic.
pub(crate) fn basic_client(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    Credentials::basic(value).map(|credentials| credentials.id)
}

/// RFC 6749 wants both parts form-encoded inside Basic.
fn form_decoded(text: &str) -> String {
    let quoted = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(quoted.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(authorization: Option<&str>, body: &str) -> Result<(String, String), TokenError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        let credentials = Credentials::of(&headers, &Params::parse(body.as_bytes()))?;
        Ok((credentials.id, credentials.secret.expose().to_owned()))
    }

    fn pair(id: &str, secret: &str) -> (String, String) {
        (id.to_owned(), secret.to_owned())
    }

    #[test]
    fn both_ways_are_read() {
        assert_eq!(of(None, "client_id=a&client_secret=b"), Ok(pair("a", "b")));
        assert_eq!(of(Some("Basic YTpi"), ""), Ok(pair("a", "b")));
        assert_eq!(of(Some("basic YTpi"), "client_id=a"), Ok(pair("a", "b")));
    }

    #[test]
    fn both_at_once_must_agree() {
        assert_eq!(
            of(Some("Basic YTpi"), "client_id=a&client_secret=b"),
            Ok(pair("a", "b"))
        );
        assert_eq!(
            of(Some("Basic YTpi"), "client_id=c"),
            Err(TokenError::InvalidClient)
        );
        assert_eq!(
            of(Some("Basic YTpi"), "client_secret=c"),
            Err(TokenError::InvalidClient)
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(of(None, "client_secret=b"), Err(TokenError::Blank("client_id")));
        assert_eq!(of(None, "client_id=a"), Err(TokenError::NoSecret));
    }

    #[test]
    fn other_schemes_say_nothing_about_the_client() {
        for value in ["Bearer x", "Bearer", "Basics YTpi", "", "Négotier x"] {
            assert_eq!(
                of(Some(value), "client_id=a&client_secret=b"),
                Ok(pair("a", "b")),
                "{value}"
            );
            assert_eq!(
                of(Some(value), ""),
                Err(TokenError::Blank("client_id")),
                "{value}"
            );
        }
    }

    #[test]
    fn broken_basic_is_no_client() {
        for value in ["Basic", "Basic !", "Basic YQ==", "BASIC é"] {
            assert_eq!(
                of(Some(value), "client_id=a&client_secret=b"),
                Err(TokenError::InvalidClient),
                "{value}"
            );
        }
    }

    proptest! {
        #[test]
        fn basic_reads_what_a_client_encodes(id in "[!-9;-~]{1,20}", secret in "[ -~]{1,20}") {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let value = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(&id), encode(&secret))));
            prop_assert_eq!(of(Some(&value), ""), Ok(pair(&id, &secret)));
        }
    }
}
