//! Reads JSON objects and queries field by field, so that a mistake is answered with the field, the reason and what
//! would have been accepted, instead of a parser's words.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::control::types::Rejection;

/// The fields of a request that have not been read yet.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    values: Map<String, Value>,
    /// Names asked for, to list when an unknown one is left over.
    known: Vec<&'static str>,
}

impl Fields {
    /// A JSON object; no body is an empty one.
    pub(crate) fn json(body: &[u8]) -> Result<Self, Rejection> {
        let accepted = "a JSON object";
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::new(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => Ok(Self::new(values)),
            Ok(_) => Err(rejection("body", "is JSON, but no object", accepted)),
            Err(error) => Err(rejection("body", &format!("is not JSON: {error}"), accepted)),
        }
    }

    /// A query; all values are texts.
    pub(crate) fn query(query: &str) -> Result<Self, Rejection> {
        let mut values = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if values
                .insert(name.to_string(), Value::String(value.into_owned()))
                .is_some()
            {
                return Err(rejection(&name, "is there twice", "each parameter once"));
            }
        }
        Ok(Self::new(values))
    }

    /// The members of an object.
    pub(crate) fn new(values: Map<String, Value>) -> Self {
        Self {
            values,
            known: Vec::new(),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Rejection> {
        self.take(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A whole number, as a number or, in a query, as text.
    pub(crate) fn number<T: TryFrom<u64>>(
        &mut self,
        name: &'static str,
        accepted: &str,
    ) -> Result<Option<T>, Rejection> {
        self.take(name, accepted, |value| {
            let number = match value {
                Value::String(text) => text.parse().ok(),
                other => other.as_u64(),
            };
            T::try_from(number?).ok()
        })
    }

    /// Any number.
    pub(crate) fn float(&mut self, name: &'static str, accepted: &str) -> Result<Option<f64>, Rejection> {
        self.take(name, accepted, Value::as_f64)
    }

    /// An object with fields of its own; see [`within`].
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Option<Self>, Rejection> {
        self.take(name, "a JSON object", |value| {
            value.as_object().cloned().map(Self::new)
        })
    }

    /// Any JSON but null.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.values.shift_remove(name).filter(|value| !value.is_null())
    }

    /// All fields, whatever their names: each a text, or null.
    pub(crate) fn texts_or_nothing(self) -> Result<BTreeMap<String, Option<String>>, Rejection> {
        let fields = self.values.into_iter().map(|(name, value)| match value {
            Value::Null => Ok((name, None)),
            Value::String(text) => Ok((name, Some(text))),
            other => Err(rejection(&name, &format!("is {other}"), "a text, or null")),
        });
        fields.collect()
    }

    /// True or false, also as text.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Rejection> {
        self.take(name, "true or false", |value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_bool(),
        })
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, Rejection> {
        self.take(name, "a list of texts", |value| {
            value
                .as_array()?
                .iter()
                .map(|text| text.as_str().map(str::to_owned))
                .collect()
        })
    }

    /// An object, as it is.
    pub(crate) fn map(&mut self, name: &'static str) -> Result<Option<Map<String, Value>>, Rejection> {
        self.take(name, "an object", |value| value.as_object().cloned())
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Rejection> {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.take(name, &words.join(", "), |value| {
            let text = value.as_str()?;
            choices
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, choice)| *choice)
        })
    }

    /// Anything that has a JSON form of its own.
    pub(crate) fn parsed<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        accepted: &str,
    ) -> Result<Option<T>, Rejection> {
        self.take(name, accepted, |value| T::deserialize(value).ok())
    }

    /// Refuses what nobody has asked for.
    pub(crate) fn finish(self) -> Result<(), Rejection> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) if self.known.is_empty() => Err(rejection(name, "is unknown", "no fields")),
            Some(name) => Err(rejection(name, "is unknown", &self.known.join(", "))),
        }
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        accepted: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Rejection> {
        self.known.push(name);
        match self.values.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(&value).map(Some).ok_or_else(|| {
                // What holds a secret must not be repeated, whatever it is.
                let reason = match name {
                    "password" | "client_secret" => "is no text".to_owned(),
                    "seed" => "is no object".to_owned(),
                    _ => format!("is {value}"),
                };
                rejection(name, &reason, accepted)
            }),
        }
    }
}

/// A field that must be there.
pub(crate) fn required<T>(field: &str, value: Option<T>, accepted: &str) -> Result<T, Rejection> {
    value.ok_or_else(|| rejection(field, "is missing", accepted))
}

/// Puts the name of the object before the name of a field in it.
pub(crate) fn within(object: &str) -> impl Fn(Rejection) -> Rejection {
    move |rejection| Rejection {
        field: format!("{object}.{}", rejection.field),
        ..rejection
    }
}

/// What is wrong with a field.
pub(crate) fn rejection(field: &str, reason: &str, accepted: &str) -> Rejection {
    Rejection {
        field: field.to_owned(),
        reason: reason.to_owned(),
        accepted: accepted.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wrong_type_is_explained() {
        let mut fields = Fields::json(br#"{"advance_seconds":-1}"#).unwrap();
        let error = fields
            .number::<u64>("advance_seconds", "whole seconds")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "advance_seconds is -1; accepted: whole seconds"
        );
    }

    #[test]
    fn an_unknown_field_is_refused_with_those_that_are_known() {
        let mut fields = Fields::json(br#"{"freez":true}"#).unwrap();
        fields.flag("freeze").unwrap();
        assert_eq!(
            fields.finish().unwrap_err().to_string(),
            "freez is unknown; accepted: freeze"
        );
    }

    #[test]
    fn no_body_is_no_fields() {
        assert!(Fields::json(b" \n").unwrap().finish().is_ok());
        assert_eq!(Fields::json(b"[]").unwrap_err().field, "body");
    }

    #[test]
    fn a_query_gives_numbers_and_flags_as_text() {
        let mut fields = Fields::query("count=3&frozen=true").unwrap();
        assert_eq!(fields.number::<usize>("count", "").unwrap(), Some(3));
        assert_eq!(fields.flag("frozen").unwrap(), Some(true));
        assert_eq!(Fields::query("a=1&a=2").unwrap_err().field, "a");
    }

    proptest! {
        #[test]
        fn any_bytes_are_fields_or_a_rejection(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(mut fields) = Fields::json(&bytes) {
                let _ = (fields.text("a"), fields.number::<u16>("b", ""), fields.flag("c"), fields.texts("d"));
                let _ = fields.finish();
            }
        }
    }
}
