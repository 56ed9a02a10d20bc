//! The JSON format: one object a line with `time`, `level`, `msg`, and the event's fields.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{Fields, level_name};
use crate::clock::wall_clock;
use crate::printable::printable_json;

pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let fields = Fields::of(event);
        let mut object = Map::new();
        object.insert("time".to_owned(), wall_clock().to_string().into());
        object.insert("level".to_owned(), level_name(*event.metadata().level()).into());
        object.insert("msg".to_owned(), fields.message.into());
        for (name, value) in fields.others {
            object.insert(name.to_owned(), value);
        }
        writeln!(line, "{}", printable_json(&Value::Object(object).to_string()))
    }
}
