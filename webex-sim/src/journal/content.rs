//! Bodies in the journal: cut where they are long, and free of secrets.

use serde_json::Value;

use super::redact;
use crate::control::types::Content;

/// Bytes of a body that are kept. The longest answer of the API, a list of a thousand people, fits.
const KEPT: usize = 1024 * 1024;

/// What the journal keeps of a body; nothing if it is empty.
pub(super) fn content(media_type: &str, body: &[u8]) -> Option<Content> {
    if body.is_empty() {
        return None;
    }
    let kept = &body[..body.len().min(KEPT)];
    let is_form = media_type.to_ascii_lowercase().contains("x-www-form-urlencoded");
    let text = match text_of(kept) {
        Some(text) => Some(redacted(is_form, text)),
        // A form is one also with bytes in it that are no text.
        None if is_form => Some(redacted(is_form, &String::from_utf8_lossy(kept))),
        None => None,
    };
    Some(Content {
        media_type: media_type.to_owned(),
        size: body.len(),
        binary: text.is_none(),
        cut: kept.len() < body.len() || text.is_none(),
        text: text.unwrap_or_default(),
    })
}

/// The bytes as text, without the part of a character at a cut.
fn text_of(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// A text that holds no secret stays as it is, to the byte.
fn redacted(is_form: bool, text: &str) -> String {
    if is_form {
        return redact::query(text);
    }
    if !redact::names_a_secret(text) {
        return redact::tokens(text);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            redact_value(&mut value);
            value.to_string()
        }
        Err(_) => redact::tokens(text),
    }
}

fn redact_value(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) => *text = redact::field(name, text),
                    value => redact_value(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact_value),
        Value::String(text) => *text = redact::tokens(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::secret::fingerprint;

    fn text(media_type: &str, body: &str) -> String {
        content(media_type, body.as_bytes()).unwrap().text
    }

    #[test]
    fn a_body_without_secrets_stays_as_it_is() {
        let body = "{ \"displayName\" : \"Casey\" }\n";
        assert_eq!(text("application/json", body), body);
        assert_eq!(content("application/json", b""), None);
    }

    #[test]
    fn secrets_in_json_become_fingerprints_wherever_they_stand() {
        let body = r#"{"a":[{"access_token":"abc","expires_in":1}],"password":"hunter2"}"#;
        let expected = format!(
            r#"{{"a":[{{"access_token":"{}","expires_in":1}}],"password":"{}"}}"#,
            fingerprint("abc"),
            fingerprint("hunter2")
        );
        assert_eq!(text("application/json", body), expected);
    }

    #[test]
    fn a_form_is_read_as_one() {
        let expected = format!("grant_type=refresh_token&refresh_token={}", fingerprint("abc"));
        assert_eq!(
            text(
                "application/x-www-form-urlencoded",
                "grant_type=refresh_token&refresh_token=abc"
            ),
            expected
        );
    }

    #[test]
    fn what_is_no_text_is_not_kept_and_what_is_long_is_cut() {
        let binary = content("image/png", &[0xff, 0xfe]).unwrap();
        assert_eq!(
            (binary.text.as_str(), binary.binary, binary.cut),
            ("", true, true)
        );
        let long = content("text/plain", "ä".repeat(KEPT).as_bytes()).unwrap();
        assert_eq!((long.size, long.text.len(), long.cut), (2 * KEPT, KEPT, true));
        let odd = format!("a{}", "ä".repeat(KEPT));
        assert!(!content("text/plain", odd.as_bytes()).unwrap().binary);
    }

    #[test]
    fn bytes_that_are_no_text_hide_no_secret() {
        let form = [b"refresh_token=the-refresh-token&x=".as_slice(), &[0xff]].concat();
        let shown = content("application/x-www-form-urlencoded", &form).unwrap().text;
        assert!(!shown.contains("the-refresh-token"), "{shown}");
        let json = [br#"{"access_token":"the-access-token"}"#.as_slice(), &[0xff]].concat();
        assert_eq!(content("application/json", &json).unwrap().text, "");
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_any_json(secret in "[a-z]{8,20}", other in "\\PC{0,20}") {
            let body = serde_json::json!({"x": [other], "refresh_token": secret}).to_string();
            prop_assume!(!other.contains(&secret));
            prop_assert!(!text("application/json", &body).contains(&secret));
        }
    }
}
