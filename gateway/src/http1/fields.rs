//! Fields of a message (RFC 9112 section 5).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Nonsense;

/// Name and value of a field that was parsed in a buffer which starts at `start`, and of which `head` is a copy: the value shares
/// that. `None` where it is no field.
#[must_use]
pub fn shared(head: &Bytes, start: usize, field: &httparse::Header<'_>) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
    let from = field.value.as_ptr().addr().wrapping_sub(start);
    // An empty value need not stand in the buffer.
    let value = match field.value.len() {
        0 => HeaderValue::from_static(""),
        length => HeaderValue::from_maybe_shared(head.slice(from..from + length)).ok()?,
    };
    Some((name, value))
}

/// Adds a line for each field.
pub fn write_all(output: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        write(output, name, value.as_bytes());
    }
}

/// Adds a line.
pub fn write(output: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    output.extend_from_slice(name.as_str().as_bytes());
    output.extend_from_slice(b": ");
    output.extend_from_slice(value);
    output.extend_from_slice(b"\r\n");
}

/// What the lines of `Content-Length` say; the same more than once is not wrong (RFC 9110 section 8.6).
pub fn length<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Result<Option<u64>, Nonsense> {
    let mut said = None;
    for line in lines {
        for text in line.as_bytes().split(|byte| *byte == b',') {
            let length = number(text.trim_ascii()).ok_or(Nonsense("its length is no number"))?;
            if said.is_some_and(|said| said != length) {
                return Err(Nonsense("its lengths contradict each other"));
            }
            said = Some(length);
        }
    }
    Ok(said)
}

/// Digits and nothing else: Rust's own parser takes a sign.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_digits_and_the_same_each_time() {
        let length = |lines: &[&'static str]| {
            let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_static(line)).collect();
            length(lines.iter())
        };
        assert_eq!(length(&[]), Ok(None));
        for same in [&["7"][..], &["7", "007"], &["7, 7"], &[" 7 "]] {
            assert_eq!(length(same), Ok(Some(7)), "{same:?}");
        }
        for none in [
            &["7", "8"][..],
            &["7, 8"],
            &["+7"],
            &[""],
            &["7,"],
            &["0x7"],
            &["18446744073709551616"],
        ] {
            assert!(length(none).is_err(), "{none:?}");
        }
    }
}
