//! A secret is a type: it prints as a fingerprint, compares in constant time, and gives up its text only to
//! [`Secret::expose`].

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Hex digits of a fingerprint: enough to tell the secrets of one run apart, far too few to search for the secret.
const FINGERPRINT_DIGITS: usize = 12;

/// A token, code, client secret or password.
#[derive(Clone)]
pub struct Secret(String);

/// The first digits of the SHA-256 of `secret`: what the journal, the logs and the control API show instead of it.
#[must_use]
pub fn fingerprint(secret: &str) -> String {
    let mut digits = hex(&Sha256::digest(secret.as_bytes()));
    digits.truncate(FINGERPRINT_DIGITS);
    digits
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

// === impl Secret ===

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// See [`fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }

    /// Whether `candidate` is the secret, in constant time for candidates of the same length.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Secret {}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.fingerprint())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// How a secret is serialised, with `#[serde(with = "exported")]`: as its fingerprint, unless the state is being exported
/// ([`exported::in_full`]). So nothing that holds a secret shows it by being turned into JSON.
pub(crate) mod exported {
    use std::cell::Cell;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Secret;

    thread_local! {
        /// Whether the code that runs on this thread exports a state.
        static IN_FULL: Cell<bool> = const { Cell::new(false) };
    }

    /// Ends the export also where it panics.
    struct End;

    impl Drop for End {
        fn drop(&mut self) {
            IN_FULL.set(false);
        }
    }

    /// Secrets that `export` serialises are written in full.
    pub(crate) fn in_full<T>(export: impl FnOnce() -> T) -> T {
        IN_FULL.set(true);
        let _end = End;
        export()
    }

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        if IN_FULL.get() {
            serializer.serialize_str(secret.expose())
        } else {
            serializer.serialize_str(&secret.fingerprint())
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        Secret::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_export_writes_secrets_in_full() {
        #[derive(serde::Serialize)]
        struct Holder(#[serde(with = "exported")] Secret);
        let holder = Holder(Secret::new("abc"));
        let written = || serde_json::to_string(&holder).unwrap();
        assert_eq!(written(), r#""ba7816bf8f01""#);
        assert_eq!(exported::in_full(written), r#""abc""#);
        assert_eq!(written(), r#""ba7816bf8f01""#);
    }

    #[test]
    fn neither_debug_nor_display_shows_the_secret() {
        let secret = Secret::new("correct horse");
        for shown in [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{:#?}", Some(&secret)),
        ] {
            assert!(!shown.contains("correct") && !shown.contains("horse"), "{shown}");
        }
    }

    #[test]
    fn fingerprints_are_the_start_of_sha256() {
        assert_eq!(fingerprint("abc"), "ba7816bf8f01");
    }

    #[test]
    fn equality_is_of_the_text() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
