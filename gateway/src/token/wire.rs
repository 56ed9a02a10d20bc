//! Token JSON as servers and files write it, read tolerantly: what a usable answer needs is two tokens, not good manners.

use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::secret::{AccessToken, MalformedSecret, RefreshToken};

/// The lifetime taken for an access token whose answer tells none that makes sense.
const ASSUMED_LIFETIME: Duration = Duration::from_hours(1);
/// Longer lifetimes are cut to this: nobody issues them, but a bug might, and arithmetic must stay sane.
const LONGEST_LIFETIME: Duration = Duration::from_hours(8760);

/// A successful answer of the token endpoint (RFC 6749 section 5.1, with Webex's `refresh_token_expires_in`).
#[derive(Clone, Debug, PartialEq)]
pub struct TokenResponse {
    /// `access_token`
    pub access_token: AccessToken,
    /// `expires_in`, bounded to between one second and a year; an hour where it is missing or absurd.
    pub expires_in: Duration,
    /// `refresh_token`; a refresh may leave it out.
    pub refresh_token: Option<RefreshToken>,
    /// `refresh_token_expires_in`
    pub refresh_token_expires_in: Option<Duration>,
    /// `token_type`
    pub token_type: Option<String>,
    /// `scope`
    pub scope: Option<String>,
}

/// Why a JSON text holds no tokens. It never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedTokens {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// Not JSON, or cut off.
    #[error("it is not JSON (line {line}, column {column})")]
    Json {
        /// Line of the first error, from 1.
        line: usize,
        /// Column of the first error, from 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A field that must be there is not, or not a text.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A token that could not be sent.
    #[error("its {field} {problem}")]
    Token {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        problem: MalformedSecret,
    },
    /// An `org_id` that is no organisation.
    #[error("its org_id is not the id of an organisation")]
    Organization,
    /// RFC 6749 section 7.1: a client must not use a token type it does not understand.
    #[error("its token_type is not Bearer")]
    TokenType,
}

impl TokenResponse {
    /// Reads the body of a 200 answer.
    pub fn parse(body: &[u8]) -> Result<Self, MalformedTokens> {
        Self::from_fields(&object(body)?)
    }

    /// Reads the fields of an answer or of a tokens file.
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self, MalformedTokens> {
        let access_token = text(fields, "access_token").ok_or(MalformedTokens::Missing("access_token"))?;
        let token_type = text(fields, "token_type");
        if token_type.is_some_and(|name| !name.eq_ignore_ascii_case("bearer")) {
            return Err(MalformedTokens::TokenType);
        }
        Ok(Self {
            access_token: AccessToken::new(access_token).map_err(|problem| MalformedTokens::Token {
                field: "access_token",
                problem,
            })?,
            expires_in: seconds(fields, "expires_in").unwrap_or(ASSUMED_LIFETIME),
            refresh_token: text(fields, "refresh_token")
                .filter(|token| !token.is_empty())
                .map(RefreshToken::new)
                .transpose()
                .map_err(|problem| MalformedTokens::Token {
                    field: "refresh_token",
                    problem,
                })?,
            refresh_token_expires_in: seconds(fields, "refresh_token_expires_in"),
            token_type: token_type.map(str::to_owned),
            scope: text(fields, "scope").map(str::to_owned),
        })
    }
}

/// The JSON object in `body`.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, MalformedTokens> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(MalformedTokens::Empty);
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(MalformedTokens::NotAnObject),
        Err(error) => Err(MalformedTokens::Json {
            line: error.line(),
            column: error.column(),
        }),
    }
}

/// A number of seconds above zero, given as a number or as a text with a number in it.
fn seconds(fields: &Map<String, Value>, name: &str) -> Option<Duration> {
    let number = match fields.get(name)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the guard and by min"
    )]
    match number {
        number if number >= 1.0 => Some(Duration::from_secs(number.min(1e15) as u64).min(LONGEST_LIFETIME)),
        _ => None,
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lifetime(expires_in: &str) -> Duration {
        let body = format!(r#"{{"access_token":"a","expires_in":{expires_in}}}"#);
        TokenResponse::parse(body.as_bytes()).unwrap().expires_in
    }

    #[test]
    fn an_absurd_lifetime_counts_as_an_hour_and_an_endless_one_as_a_year() {
        for absurd in ["0", "-5", "null", "true", "\"soon\"", "0.2", "\"NaN\""] {
            assert_eq!(lifetime(absurd), ASSUMED_LIFETIME, "{absurd}");
        }
        for endless in ["1e12", "31536001", "\"1e400\""] {
            assert_eq!(lifetime(endless), LONGEST_LIFETIME, "{endless}");
        }
        assert_eq!(lifetime("1209599"), Duration::from_secs(1_209_599));
        assert_eq!(lifetime("\" 1209599 \""), Duration::from_secs(1_209_599));
    }

    #[test]
    fn what_is_no_answer_is_named() {
        for (body, problem) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("<html>", "it is not JSON (line 1, column 1)"),
            (r#"{"access_token":"a""#, "it is not JSON (line 1, column 19)"),
            ("[]", "it is not a JSON object"),
            ("{}", "it has no access_token"),
            (r#"{"access_token":7}"#, "it has no access_token"),
            (r#"{"access_token":""}"#, "its access_token is empty"),
            (
                r#"{"access_token":"a\r\nb"}"#,
                "its access_token contains a character that such a value cannot have",
            ),
            (
                r#"{"access_token":"a","token_type":"mac"}"#,
                "its token_type is not Bearer",
            ),
        ] {
            assert_eq!(
                TokenResponse::parse(body.as_bytes()).unwrap_err().to_string(),
                problem,
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = TokenResponse::parse(&body);
        }
    }
}
