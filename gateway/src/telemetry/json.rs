//! The JSON format: one object a line with `time`, `level`, `msg`, and the event's fields.

use serde_json::{Map, Value};
use tracing::Event;

use super::fields::{Fields, level_name};
use crate::clock::wall_clock;
use crate::printable::printable_json;

/// Adds the line of `event`, without its end.
pub(super) fn write(line: &mut String, event: &Event<'_>) {
    let fields = Fields::of(event);
    let mut object = Map::new();
    object.insert("time".to_owned(), wall_clock().to_string().into());
    object.insert("level".to_owned(), level_name(*event.metadata().level()).into());
    object.insert("msg".to_owned(), fields.message.into());
    for (name, value) in fields.others {
        object.insert(name.to_owned(), value);
    }
    line.push_str(&printable_json(&Value::Object(object).to_string()));
}
