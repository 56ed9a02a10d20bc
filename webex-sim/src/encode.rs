//! Percent-encoding.

use std::fmt::Write as _;

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%XX`. Fit for a path segment and for a value in a
/// query; a space becomes `%20`, as in Webex's redirects.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
            encoded
        })
}
