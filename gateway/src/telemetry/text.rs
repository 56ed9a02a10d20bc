//! The text format: logrus's `time="…" level=… msg="…" key=value`, and gin's layout for access lines.

use std::fmt::{self, Write as _};

use tracing::Event;
use tracing::field::{Field, Visit};

use super::fields::level_name;
use super::stamp;
use crate::http::access_log;
use crate::printable::is_unprintable;

/// Adds the fields of an event as they come, the message first.
struct Pairs<'l>(&'l mut String);

/// Adds the fields of an access line as they come: in the order of gin's layout.
struct Gin<'l>(&'l mut String);

/// Adds the line of `event`, without its end.
pub(super) fn write(line: &mut String, event: &Event<'_>) {
    if event.metadata().target() == access_log::TARGET {
        line.push_str("[GIN] ");
        stamp::write(line, "%Y/%m/%d - %H:%M:%S");
        event.record(&mut Gin(line));
    } else {
        line.push_str("time=\"");
        stamp::write(line, "%Y-%m-%dT%H:%M:%SZ");
        line.push_str("\" level=");
        line.push_str(level_name(*event.metadata().level()));
        event.record(&mut Pairs(line));
    }
}

impl Pairs<'_> {
    /// Begins a pair; its value starts where this says.
    fn begin(&mut self, field: &Field) -> usize {
        self.0.push(' ');
        self.0.push_str(match field.name() {
            "message" => "msg",
            name => name,
        });
        self.0.push('=');
        self.0.len()
    }
}

impl Visit for Pairs<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let start = self.begin(field);
        self.0.push_str(value);
        quote_where_needed(self.0, start);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let start = self.begin(field);
        push(self.0, value);
        quote_where_needed(self.0, start);
    }
}

impl Visit for Gin<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "duration" | "client" | "method" => {
                self.0.push_str(" | ");
                self.0.push_str(value);
            }
            "path" => {
                self.0.push(' ');
                let start = self.0.len();
                self.0.push_str(value);
                quote(self.0, start);
            }
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        // Three digits (RFC 9110 section 15), without the formatter.
        if field.name() == "status" {
            self.0.push_str(" | ");
            for place in [100, 10, 1] {
                let digit = u32::try_from(value / place % 10).unwrap_or_default();
                self.0.push(char::from_digit(digit, 10).unwrap_or('?'));
            }
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

fn push(line: &mut String, value: &dyn fmt::Debug) {
    write!(line, "{value:?}").expect("a String takes any text");
}

/// As logrus does it: what follows `start` is quoted unless every character is harmless.
fn quote_where_needed(line: &mut String, start: usize) {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._/@^+".contains(byte);
    let text = &line.as_bytes()[start..];
    if text.is_empty() || !text.iter().all(harmless) {
        quote(line, start);
    }
}

/// As Go's `%q` does it: what follows `start` is one line, whatever is inside.
fn quote(line: &mut String, start: usize) {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') & !matches!(byte, b'"' | b'\\');
    // All of it is looked at, so that many bytes are looked at at once.
    let text = line.as_bytes()[start..].iter();
    if text.fold(true, |all, byte| all & plain(byte)) {
        line.insert(start, '"');
        line.push('"');
        return;
    }
    let text = line.split_off(start);
    line.push('"');
    for c in text.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if is_unprintable(c) => push(line, &format_args!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    line.push('"');
}
