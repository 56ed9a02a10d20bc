//! The mark of a world in the codes and tokens that it issues, so that a request finds its world without a table of tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Characters of a token that hold the two UUIDs, in base64, and where the second one starts in them.
const UNIQUE: usize = 64;
const SECOND: usize = 36;

/// The first eight hex digits of the second UUID in a token's unique part: the same in every process for the same name, so
/// that tokens survive an export and an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tag(u32);

impl Tag {
    /// The tag of the world of this name.
    pub(crate) fn of(name: &str) -> Self {
        let digest = Sha256::digest(name.as_bytes());
        Self(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }

    /// The tag in a code or token; absent in what no simulator has issued.
    pub(crate) fn in_token(token: &str) -> Option<Self> {
        let unique = STANDARD.decode(token.get(..UNIQUE)?).ok()?;
        let digits = std::str::from_utf8(unique.get(SECOND..SECOND + 8)?).ok()?;
        u32::from_str_radix(digits, 16).ok().map(Self)
    }

    /// As a token carries it.
    pub(crate) fn digits(self) -> String {
        format!("{:08x}", self.0)
    }
}
