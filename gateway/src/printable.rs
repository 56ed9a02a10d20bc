//! Text from files and servers, as a terminal may show it: what is in it must neither move the cursor nor turn the writing round.

use std::fmt::Write as _;

/// `text` with what cannot be seen as escapes, such as `\n` and `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut shown, c| {
            match is_unprintable(c) {
                true => shown.extend(c.escape_default()),
                false => shown.push(c),
            }
            shown
        })
}

/// JSON that is written already; its line ends, which stand between its parts, stay. Of what cannot be seen JSON itself only
/// escapes the controls of ASCII (RFC 8259 section 7).
#[must_use]
pub fn printable_json(json: &str) -> String {
    json.chars()
        .fold(String::with_capacity(json.len()), |mut shown, c| {
            match is_unprintable(c) && c != '\n' {
                true => write!(shown, "\\u{:04x}", u32::from(c)).expect("a String takes any text"),
                false => shown.push(c),
            }
            shown
        })
}

/// Controls (C0, DEL, C1), separators of lines, and what has no width or turns the direction of writing; all of these have at
/// most four hex digits.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_as_an_escape() {
        assert_eq!(
            printable("a\u{1b}[31m\r\n\u{9b}2J\u{7f}\u{202e}b"),
            "a\\u{1b}[31m\\r\\n\\u{9b}2J\\u{7f}\\u{202e}b"
        );
        let plain = "/opt/tökens/\"x\" 'y' \\z … e\u{301}";
        assert_eq!(printable(plain), plain);
    }

    #[test]
    fn json_stays_json() {
        let value = serde_json::json!({ "a\u{9b}": ["\u{7f}\u{202e}\u{1b}", "…"] });
        let text = printable_json(&format!("{value:#}"));
        assert!(!text.contains(|c| is_unprintable(c) && c != '\n'), "{text:?}");
        assert!(text.contains('…') && text.contains('\n'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
