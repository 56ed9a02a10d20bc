//! What the Go program makes of a tokens file.

use anyhow::Context;
use serde_json::{Map, Value};

/// The seven fields that it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// `access_token`
    pub access_token: String,
    /// `expires_in`, in seconds
    pub expires_in: i64,
    /// `refresh_token`
    pub refresh_token: String,
    /// `refresh_token_expires_in`, in seconds
    pub refresh_token_expires_in: i64,
    /// `at`, in seconds since 1970
    pub at: i64,
    /// `token_type`
    pub token_type: String,
    /// `scope`
    pub scope: String,
}

impl Held {
    /// Reads a file as Go's `encoding/json` reads it into a struct: a value of another type is an error, whole numbers
    /// have neither point nor exponent, and names that nobody knows are passed over. A missing field would be empty
    /// there; here it is an error, because the program could not go on with it.
    pub fn read(file: &str) -> anyhow::Result<Self> {
        let fields: Map<String, Value> = serde_json::from_str(file).context("the file is no JSON object")?;
        let value = |name: &str| fields.get(name).with_context(|| format!("{name} is missing"));
        let text = |name| {
            let text = value(name)?.as_str().map(str::to_owned);
            text.with_context(|| format!("{name} is no text"))
        };
        let number = |name| {
            value(name)?
                .as_i64()
                .with_context(|| format!("{name} is no whole number"))
        };
        Ok(Self {
            access_token: text("access_token")?,
            expires_in: number("expires_in")?,
            refresh_token: text("refresh_token")?,
            refresh_token_expires_in: number("refresh_token_expires_in")?,
            at: number("at")?,
            token_type: text("token_type")?,
            scope: text("scope")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../../fixtures/tokens/go.json");

    #[test]
    fn its_own_file_is_read() {
        let held = Held::read(FILE).unwrap();
        assert_eq!((held.expires_in, held.at), (1_209_599, 1_769_606_789));
        assert_eq!(held.token_type, "Bearer");
    }

    #[test]
    fn further_fields_are_passed_over() {
        let file = FILE.replacen('{', r#"{"org_id": "5f2a61c0", "more": {"of": []},"#, 1);
        assert_eq!(Held::read(&file).unwrap(), Held::read(FILE).unwrap());
    }

    #[test]
    fn other_types_and_missing_fields_are_not() {
        for (from, to, says) in [
            ("1209599", r#""1209599""#, "expires_in is no whole number"),
            ("1769606789", "1769606789.5", "at is no whole number"),
            (r#""Bearer""#, "null", "token_type is no text"),
            (r#""scope""#, r#""scopes""#, "scope is missing"),
        ] {
            let error = Held::read(&FILE.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.to_string(), says);
        }
    }
}
