//! The tokens file's content: JSON as the field has it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::TokenSet;
use super::wire::{MalformedTokens, TokenResponse, object};
use crate::clock::Timestamp;
use crate::organization::OrgId;

/// The fields this program owns; every other field of the file is kept as it is.
const KNOWN: [&str; 8] = [
    "access_token",
    "expires_in",
    "refresh_token",
    "refresh_token_expires_in",
    "at",
    "token_type",
    "scope",
    "org_id",
];

impl TokenSet {
    /// Reads the content of a tokens file, of this program or of the Go program.
    pub fn from_json(content: &[u8]) -> Result<Self, MalformedTokens> {
        let mut fields = object(content)?;
        let response = TokenResponse::from_fields(&fields)?;
        let at = fields
            .get("at")
            .and_then(|at| at.as_f64().or_else(|| at.as_str()?.trim().parse().ok()));
        // Whose tokens these are is no guess: a text that names nobody must not open them to everybody.
        let org_id = match fields.get("org_id") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let text = value.as_str().ok_or(MalformedTokens::Organization)?;
                Some(OrgId::parse(text).map_err(|_| MalformedTokens::Organization)?)
            }
        };
        for name in KNOWN {
            fields.shift_remove(name);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "as saturates, and no file is older than UNIX time"
        )]
        Ok(Self {
            access_token: response.access_token,
            expires_in: response.expires_in,
            refresh_token: response
                .refresh_token
                .ok_or(MalformedTokens::Missing("refresh_token"))?,
            refresh_token_expires_in: response.refresh_token_expires_in,
            // Without an issue time the access token may be long expired: 0 makes a refresh the first thing to happen.
            issued_at: Timestamp::from_unix_seconds(at.unwrap_or(0.0) as i64),
            token_type: response.token_type,
            scope: response.scope,
            org_id,
            extra: fields,
        })
    }

    /// Writes the fields in the order in which the Go program has them, then ours, then the unknown ones.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
        put("access_token", self.access_token.expose().into());
        put("expires_in", seconds(self.expires_in));
        put("refresh_token", self.refresh_token.expose().into());
        if let Some(lifetime) = self.refresh_token_expires_in {
            put("refresh_token_expires_in", seconds(lifetime));
        }
        put("at", self.issued_at.unix_seconds().into());
        if let Some(token_type) = &self.token_type {
            put("token_type", token_type.as_str().into());
        }
        if let Some(scope) = &self.scope {
            put("scope", scope.as_str().into());
        }
        if let Some(org_id) = self.org_id {
            put("org_id", org_id.to_string().into());
        }
        for (name, value) in &self.extra {
            put(name, value.clone());
        }
        let mut content =
            serde_json::to_vec_pretty(&Value::Object(fields)).expect("a JSON value is serializable");
        content.push(b'\n');
        content
    }
}

fn seconds(duration: Duration) -> Value {
    duration.as_secs().into()
}
