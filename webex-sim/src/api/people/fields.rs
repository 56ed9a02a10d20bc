//! Reads the fields of a body one by one and keeps what is wrong with each. A null is as good as an absent field.

use serde_json::{Map, Value};

use crate::api::error::{ApiError, Problem};

/// The fields of an object, and what was wrong with those that have been read.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    values: &'a Map<String, Value>,
    /// What stands before names in descriptions, such as `phoneNumbers[0].`.
    prefix: String,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(values: &'a Map<String, Value>) -> Self {
        Self {
            values,
            prefix: String::new(),
            problems: Vec::new(),
        }
    }

    /// All that was wrong.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(ApiError::Invalid(self.problems)),
        }
    }

    /// Notes a problem.
    pub(super) fn wrong(&mut self, name: &str, what: &str) {
        let description = format!("'{}{name}' {what}", self.prefix);
        self.problems.push(Problem {
            description,
            code: None,
            field: None,
        });
    }

    /// A text that says something; a blank one is as good as none.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.blank_or_text(name).filter(|text| !text.trim().is_empty())
    }

    /// A text, which may be empty.
    pub(super) fn blank_or_text(&mut self, name: &str) -> Option<String> {
        self.read(name, "must be a string.", |value| {
            value.as_str().map(str::to_owned)
        })
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        self.read(name, "must be a list of strings.", |value| {
            let texts = value.as_array()?.iter();
            texts.map(|text| text.as_str().map(str::to_owned)).collect()
        })
    }

    /// A boolean, also as a text, which is how the API reference has it in places.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "must be true or false.", |value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_bool(),
        })
    }

    /// A list of objects, each read by itself.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let objects: Vec<_> = self.read(name, "must be a list of objects.", |value| {
            value.as_array()?.iter().map(Value::as_object).collect()
        })?;
        let mut found = Vec::with_capacity(objects.len());
        for (n, values) in objects.into_iter().enumerate() {
            let mut fields = Fields {
                prefix: format!("{}{name}[{n}].", self.prefix),
                ..Fields::new(values)
            };
            found.extend(read(&mut fields));
            self.problems.append(&mut fields.problems);
        }
        Some(found)
    }

    fn read<T>(&mut self, name: &str, what: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        let found = read(value);
        if found.is_none() {
            self.wrong(name, what);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn descriptions(fields: Fields<'_>) -> Vec<String> {
        match fields.finish() {
            Err(ApiError::Invalid(problems)) => {
                problems.into_iter().map(|problem| problem.description).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_wrong_type_is_told_with_its_place() {
        let body = json!({"a": 1, "b": [1], "c": "maybe", "d": {}, "e": [{"f": 2}], "g": [3]});
        let mut fields = Fields::new(body.as_object().unwrap());
        assert_eq!(
            (fields.text("a"), fields.texts("b"), fields.flag("c")),
            (None, None, None)
        );
        assert!(fields.objects("d", |_| Some(())).is_none());
        assert_eq!(fields.objects("e", |inner| inner.text("f")), Some(vec![]));
        assert!(fields.objects("g", |_| Some(())).is_none());
        assert_eq!(
            descriptions(fields),
            [
                "'a' must be a string.",
                "'b' must be a list of strings.",
                "'c' must be true or false.",
                "'d' must be a list of objects.",
                "'e[0].f' must be a string.",
                "'g' must be a list of objects.",
            ]
        );
    }

    #[test]
    fn null_and_blank_are_absent_and_booleans_may_be_texts() {
        let body = json!({"a": null, "b": " ", "c": "false", "d": true});
        let mut fields = Fields::new(body.as_object().unwrap());
        assert_eq!((fields.text("a"), fields.text("b")), (None, None));
        assert_eq!(fields.blank_or_text("b").as_deref(), Some(" "));
        assert_eq!((fields.flag("c"), fields.flag("d")), (Some(false), Some(true)));
        assert!(fields.finish().is_ok());
    }
}
