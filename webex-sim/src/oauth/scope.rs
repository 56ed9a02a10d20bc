//! Scopes: a list without repetitions that keeps its order (RFC 6749, section 3.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Scopes that need not be enabled on an integration: `OpenID` Connect's, and the one the developer portal adds to
/// every authorize URL it generates ("Login with Webex", scopes).
const ALWAYS_ALLOWED: [&str; 6] = ["openid", "email", "profile", "address", "phone", "spark:kms"];

/// Some scopes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ScopeSet(Vec<String>);

/// A character that RFC 6749 does not allow in a scope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a scope contains a character that RFC 6749 does not allow")]
pub(crate) struct InvalidScope;

impl ScopeSet {
    /// Reads scopes separated by spaces. Where they come from a query, `+` has become a space before.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut scopes: Vec<String> = Vec::new();
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            if !scope
                .bytes()
                .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            {
                return Err(InvalidScope);
            }
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Ok(Self(scopes))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether an integration with these scopes may be asked for `requested`.
    pub(crate) fn allows(&self, requested: &Self) -> bool {
        requested
            .iter()
            .all(|scope| self.contains(scope) || ALWAYS_ALLOWED.contains(&scope))
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl From<ScopeSet> for String {
    fn from(scopes: ScopeSet) -> Self {
        scopes.to_string()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn repetitions_and_extra_spaces_vanish() {
        assert_eq!(ScopeSet::parse(" b  a b ").unwrap().to_string(), "b a");
        assert!(ScopeSet::parse("  ").unwrap().is_empty());
    }

    #[test]
    fn openid_scopes_and_kms_need_not_be_enabled() {
        let own = ScopeSet::parse("spark:people_read").unwrap();
        assert!(own.allows(&ScopeSet::parse("openid email spark:kms spark:people_read").unwrap()));
        assert!(!own.allows(&ScopeSet::parse("spark:all").unwrap()));
    }

    #[test]
    fn quotes_backslashes_and_controls_are_no_scope_characters() {
        for text in ["a\"b", "a\\b", "a\tb", "ä"] {
            assert_eq!(ScopeSet::parse(text), Err(InvalidScope), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "[ -~]{0,60}") {
            if let Ok(scopes) = ScopeSet::parse(&text) {
                prop_assert_eq!(ScopeSet::parse(&scopes.to_string()), Ok(scopes));
            }
        }
    }
}
