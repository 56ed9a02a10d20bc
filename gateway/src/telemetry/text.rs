//! The text format: logrus's `time="…" level=… msg="…" key=value`, and gin's layout for access lines.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::level_name;
use super::stamp;
use crate::http::access_log;
use crate::printable::is_unprintable;

/// Longer messages are rare.
const USUAL_TEXT: usize = 128;

pub(super) struct Text;

/// Writes the fields of an event as they come, the message first.
struct Pairs<'w, W> {
    line: &'w mut W,
    outcome: fmt::Result,
}

/// Writes the fields of an access line as they come: in the order of gin's layout.
struct Gin<'w, W> {
    line: &'w mut W,
    outcome: fmt::Result,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let outcome = Ok(());
        if event.metadata().target() == access_log::TARGET {
            line.write_str("[GIN] ")?;
            stamp::write(&mut line, "%Y/%m/%d - %H:%M:%S")?;
            let line = &mut line;
            let mut fields = Gin { line, outcome };
            event.record(&mut fields);
            fields.outcome?;
        } else {
            line.write_str("time=\"")?;
            stamp::write(&mut line, "%Y-%m-%dT%H:%M:%SZ")?;
            write!(line, "\" level={}", level_name(*event.metadata().level()))?;
            let line = &mut line;
            let mut fields = Pairs { line, outcome };
            event.record(&mut fields);
            fields.outcome?;
        }
        writeln!(line)
    }
}

impl<W: Write> Pairs<'_, W> {
    fn pair(&mut self, field: &Field, text: &str) {
        let name = match field.name() {
            "message" => "msg",
            name => name,
        };
        let outcome = write!(self.line, " {name}=").and_then(|()| write_value(self.line, text));
        self.outcome = self.outcome.and(outcome);
    }
}

impl<W: Write> Visit for Pairs<'_, W> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.pair(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::with_capacity(USUAL_TEXT);
        let outcome = write!(text, "{value:?}");
        self.pair(field, &text);
        self.outcome = self.outcome.and(outcome);
    }
}

impl<W: Write> Visit for Gin<'_, W> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let outcome = match field.name() {
            "status" | "duration" | "client" | "method" => write!(self.line, " | {value}"),
            "path" => self
                .line
                .write_char(' ')
                .and_then(|()| write_quoted(self.line, value)),
            _ => Ok(()),
        };
        self.outcome = self.outcome.and(outcome);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.outcome = self.outcome.and(write!(self.line, " | {value}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if matches!(field.name(), "duration" | "client") {
            self.outcome = self.outcome.and(write!(self.line, " | {value:?}"));
        }
    }
}

/// As logrus does it: quoted unless every character is harmless.
fn write_value(line: &mut impl Write, text: &str) -> fmt::Result {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/@^+".contains(&byte);
    match !text.is_empty() && text.bytes().all(harmless) {
        true => line.write_str(text),
        false => write_quoted(line, text),
    }
}

fn is_special(c: char) -> bool {
    match c {
        ' '..='~' => matches!(c, '"' | '\\'),
        _ => is_unprintable(c),
    }
}

/// As Go's `%q` does it: one line, whatever is inside.
fn write_quoted(line: &mut impl Write, text: &str) -> fmt::Result {
    line.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        let (plain, special) = rest.split_at(at);
        line.write_str(plain)?;
        let mut chars = special.chars();
        match chars.next() {
            Some('"') => line.write_str("\\\"")?,
            Some('\\') => line.write_str("\\\\")?,
            Some('\n') => line.write_str("\\n")?,
            Some('\r') => line.write_str("\\r")?,
            Some('\t') => line.write_str("\\t")?,
            Some(c) => write!(line, "\\u{:04x}", u32::from(c))?,
            None => {}
        }
        rest = chars.as_str();
    }
    line.write_str(rest)?;
    line.write_char('"')
}
