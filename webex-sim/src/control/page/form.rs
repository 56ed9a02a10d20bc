//! What the page's forms send, as bodies of the control API: the fields and their checks are those of its handlers.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use crate::control::types::Rotation;

/// The fields of a form. Of several with one name the last counts.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Takes a field out; nothing if it is absent.
    pub(super) fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// All fields as they are.
    pub(super) fn body(self) -> Bytes {
        object(self.0)
    }

    /// All fields that are not empty, and `first`.
    pub(super) fn filled(self, first: &[(&str, &str)]) -> Bytes {
        let first = first
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        object(first.chain(self.0.into_iter().filter(|(_, value)| !value.is_empty())))
    }

    /// The settings that are filled in.
    pub(super) fn settings(mut self) -> Bytes {
        let rotation = self.take("rotation");
        self.0.retain(|_, value| !value.is_empty());
        let mut settings = map(self.0);
        if !rotation.is_empty() {
            let grace = rotation.strip_prefix("grace:").map(number);
            let rotation = grace.map_or(json!(rotation), |seconds| json!({"grace": {"seconds": seconds}}));
            settings.insert("rotation".into(), rotation);
        }
        bytes(settings)
    }

    /// A fault rule.
    pub(super) fn fault(mut self) -> Bytes {
        let mut section = |names: &[&str]| {
            let fields = names.iter().map(|name| ((*name).to_owned(), self.take(name)));
            map(fields.filter(|(_, value)| !value.is_empty()))
        };
        let matching = section(&["operation", "path", "person", "when"]);
        let mut action = section(&["status", "wire", "retry_after"]);
        let mut rule = section(&["id", "times"]);
        let delay = self.take("delay_ms");
        if let Some(seconds) = action.get_mut("retry_after") {
            *seconds = number(seconds.as_str().unwrap_or_default());
        }
        if let Some(bytes) = action
            .get("wire")
            .and_then(|wire| wire.as_str()?.strip_prefix("truncate:"))
        {
            let wire = json!({"truncate": {"bytes": number(bytes)}});
            action.insert("wire".into(), wire);
        }
        if !delay.is_empty() {
            action.insert("delay".into(), json!({"fixed": {"ms": number(&delay)}}));
        }
        rule.insert("match".into(), Value::Object(matching));
        rule.insert("action".into(), Value::Object(action));
        rule.extend(map(self.0));
        bytes(rule)
    }
}

/// How the form says a rotation.
pub(super) fn rotation(rotation: Rotation) -> String {
    match rotation {
        Rotation::None => "none".to_owned(),
        Rotation::Strict => "strict".to_owned(),
        Rotation::Grace { seconds } => format!("grace:{seconds}"),
    }
}

/// A whole number; what is none stays a text, for the handler to refuse or to take.
fn number(text: &str) -> Value {
    text.parse::<u64>()
        .map_or_else(|_| json!(text), |number| json!(number))
}

fn map(fields: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields.map(|(name, value)| (name, Value::String(value))).collect()
}

fn object(fields: impl IntoIterator<Item = (String, String)>) -> Bytes {
    bytes(map(fields))
}

fn bytes(fields: Map<String, Value>) -> Bytes {
    Value::Object(fields).to_string().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(form: &str) -> String {
        String::from_utf8(Form::parse(form.as_bytes()).fault().to_vec()).unwrap()
    }

    #[test]
    fn the_fields_of_a_fault_go_where_the_rule_has_them() {
        assert_eq!(
            fault("operation=getMe&status=503&retry_after=5&times=1&wire=&delay_ms=&path="),
            r#"{"times":"1","match":{"operation":"getMe"},"action":{"status":"503","retry_after":5}}"#
        );
        assert_eq!(
            fault("wire=truncate%3A20&delay_ms=200&when=after"),
            r#"{"match":{"when":"after"},"action":{"wire":{"truncate":{"bytes":20}},"delay":{"fixed":{"ms":200}}}}"#
        );
    }

    #[test]
    fn what_is_no_number_reaches_the_handler_as_it_was_typed() {
        assert!(fault("delay_ms=soon").contains(r#"{"ms":"soon"}"#));
        assert!(fault("status=500&retry_after=rand(30)").contains(r#""retry_after":"rand(30)""#));
        assert!(fault("nonsense=1").contains(r#""nonsense":"1""#));
    }

    #[test]
    fn a_rotation_with_grace_is_an_object() {
        let settings = Form::parse(b"rotation=grace:30&rate_limit_requests=").settings();
        assert_eq!(settings, r#"{"rotation":{"grace":{"seconds":30}}}"#);
        assert_eq!(rotation(Rotation::Grace { seconds: 30 }), "grace:30");
        let settings = Form::parse(b"rotation=strict").settings();
        assert_eq!(settings, r#"{"rotation":"strict"}"#);
    }

    proptest! {
        #[test]
        fn any_bytes_become_json_objects(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            for body in [
                Form::parse(&bytes).body(),
                Form::parse(&bytes).filled(&[("action", "accept")]),
                Form::parse(&bytes).settings(),
                Form::parse(&bytes).fault(),
            ] {
                prop_assert!(serde_json::from_slice::<Value>(&body).unwrap().is_object());
            }
        }
    }
}
