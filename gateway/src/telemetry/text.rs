//! The text format: logrus's `time="…" level=… msg="…" key=value`, and gin's layout for access lines.

use std::fmt::{self, Write as _};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{self, Fields, level_name};
use crate::clock::wall_clock;
use crate::http::access_log;
use crate::printable::is_unprintable;

pub(super) struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (now, fields) = (wall_clock(), Fields::of(event));
        if event.metadata().target() == access_log::TARGET {
            return writeln!(
                line,
                "[GIN] {} | {} | {} | {} | {} {}",
                now.format("%Y/%m/%d - %H:%M:%S"),
                fields.get("status"),
                fields.get("duration"),
                fields.get("client"),
                fields.get("method"),
                quoted(&fields.get("path"))
            );
        }
        write!(
            line,
            "time=\"{now}\" level={} msg={}",
            level_name(*event.metadata().level()),
            value(&fields.message)
        )?;
        for (name, field) in &fields.others {
            write!(line, " {name}={}", value(&fields::text(field)))?;
        }
        writeln!(line)
    }
}

/// As logrus does it: quoted unless every character is harmless.
fn value(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._/@^+".contains(c);
    match !text.is_empty() && text.chars().all(harmless) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// As Go's `%q` does it: one line, whatever is inside.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_unprintable(c) => {
                write!(quoted, "\\u{:04x}", u32::from(c)).expect("a String takes any text");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
