//! Whether what was written can be a user.

use serde_json::{Map, Value};

use super::{Attribute, Section, Shape, is_urn};
use crate::api::scim::error::ScimError;

/// A user as it was written, with the names as answers write them. Attributes that cannot be written and schemas that
/// nobody knows are left out, and so is what has no value (RFC 7643, section 2.5); attributes that nobody knows stay as they
/// are.
pub(crate) fn checked(body: Map<String, Value>) -> Result<Map<String, Value>, ScimError> {
    let mut user = Map::new();
    for (key, value) in body {
        match Section::of_urn(&key) {
            Some(Section::Core) => {}
            Some(section) => {
                let fields = match value {
                    Value::Object(fields) => fields,
                    Value::Null => continue,
                    _ => return Err(wrong(&key, "is not an object")),
                };
                let mut own = Map::new();
                for (name, value) in fields {
                    take(section, name, value, &mut own)?;
                }
                if !own.is_empty() {
                    user.insert(section.urn().to_owned(), Value::Object(own));
                }
            }
            None if is_urn(&key) => {}
            None => take(Section::Core, key, value, &mut user)?,
        }
    }
    Ok(user)
}

/// One attribute of a section.
fn take(
    section: Section,
    name: String,
    value: Value,
    fields: &mut Map<String, Value>,
) -> Result<(), ScimError> {
    match section.attribute(&name) {
        Some((attribute, _)) if attribute.is_read_only() => {}
        Some((attribute, key)) => {
            if let Some(value) = attribute.checked(&key, value)? {
                fields.insert(key, value);
            }
        }
        None if value.is_null() => {}
        None => {
            fields.insert(name, value);
        }
    }
    Ok(())
}

impl Attribute {
    /// The value of this attribute; none if it says nothing. `at` is where it stands.
    fn checked(&self, at: &str, value: Value) -> Result<Option<Value>, ScimError> {
        if !self.many {
            return self.one(at, value);
        }
        let written = match value {
            Value::Null => return Ok(None),
            Value::Array(values) => values,
            text @ Value::String(_) if !self.is_complex() => vec![text],
            _ => return Err(wrong(at, "is not a list")),
        };
        let mut values = Vec::with_capacity(written.len());
        for (n, value) in written.into_iter().enumerate() {
            values.extend(self.one(&format!("{at}[{n}]"), value)?);
        }
        if values.iter().filter(|value| value["primary"] == true).count() > 1 {
            return Err(wrong(at, "has more than one primary value"));
        }
        Ok((!values.is_empty()).then_some(Value::Array(values)))
    }

    fn one(&self, at: &str, value: Value) -> Result<Option<Value>, ScimError> {
        match (self.shape, value) {
            (_, Value::Null) => Ok(None),
            (Shape::Any, value)
            | (Shape::Text, value @ Value::String(_))
            | (Shape::Flag, value @ Value::Bool(_)) => Ok(Some(value)),
            (Shape::Choice(choices), Value::String(text)) => {
                let known = choices.iter().find(|choice| choice.eq_ignore_ascii_case(&text));
                let known = known.ok_or_else(|| wrong(at, &format!("is none of {}", choices.join(", "))))?;
                Ok(Some(Value::from(*known)))
            }
            (Shape::Complex(subs), Value::Object(fields)) => complex(at, subs, fields),
            (Shape::Text | Shape::Choice(_), _) => Err(wrong(at, "is not a text")),
            (Shape::Flag, _) => Err(wrong(at, "is neither true nor false")),
            (Shape::Complex(_), _) => Err(wrong(at, "is not an object")),
        }
    }
}

fn complex(
    at: &str,
    subs: &'static [Attribute],
    written: Map<String, Value>,
) -> Result<Option<Value>, ScimError> {
    let mut fields = Map::new();
    for (name, value) in written {
        match super::find(subs, &name) {
            Some(sub) if sub.is_read_only() => {}
            Some(sub) => {
                if let Some(value) = sub.checked(&format!("{at}.{}", sub.name), value)? {
                    fields.insert(sub.name.to_owned(), value);
                }
            }
            None if value.is_null() => {}
            None => {
                fields.insert(name, value);
            }
        }
    }
    if fields.is_empty() {
        return Ok(None);
    }
    match subs
        .iter()
        .find(|sub| sub.is_required() && !fields.contains_key(sub.name))
    {
        Some(missing) => Err(wrong(&format!("{at}.{}", missing.name), "is missing")),
        None => Ok(Some(Value::Object(fields))),
    }
}

fn wrong(at: &str, what: &str) -> ScimError {
    ScimError::Value(format!("{at} {what}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::scim::schema::{CISCO, ENTERPRISE};

    fn check(body: Value) -> Result<Value, String> {
        let Value::Object(body) = body else {
            panic!("{body}")
        };
        checked(body)
            .map(Value::Object)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_written_as_documented_and_unknown_ones_stay() {
        let written = json!({"USERNAME": "a@x", "Name": {"GivenName": "A", "callSign": 1}, "shoeSize": 44,
            ENTERPRISE.to_uppercase(): {"Department": "d"}});
        let read = json!({"userName": "a@x", "name": {"givenName": "A", "callSign": 1}, "shoeSize": 44,
            ENTERPRISE: {"department": "d"}});
        assert_eq!(check(written), Ok(read));
    }

    #[test]
    fn what_cannot_be_written_is_left_out() {
        let written = json!({"id": 1, "meta": "x", "groups": 1, "schemas": [], "password": "x", "urn:x:y": 1,
            "title": null, "emails": [], "name": {"givenName": null}, "phoneNumbers": [null],
            ENTERPRISE: {"manager": {"$ref": "x"}}, CISCO: null});
        assert_eq!(check(written), Ok(json!({})));
    }

    #[test]
    fn a_choice_is_taken_in_any_case_and_plain_lists_as_one_text() {
        let written =
            json!({"userType": "USER", CISCO: {"accountStatus": "Active", "extensionAttribute2": "x"}});
        let read =
            json!({"userType": "user", CISCO: {"accountStatus": ["active"], "extensionAttribute2": ["x"]}});
        assert_eq!(check(written), Ok(read));
    }

    #[test]
    fn a_wrong_value_is_named() {
        let table = [
            (json!({"title": 1}), "title is not a text."),
            (json!({"active": "true"}), "active is neither true nor false."),
            (
                json!({"userType": "cat"}),
                "userType is none of user, room, external_calling, calling_service.",
            ),
            (json!({"userType": 1}), "userType is not a text."),
            (json!({"emails": "a@x"}), "emails is not a list."),
            (json!({"emails": ["a@x"]}), "emails[0] is not an object."),
            (
                json!({"emails": [{"display": "x"}]}),
                "emails[0].value is missing.",
            ),
            (
                json!({"emails": [{"value": "a@x", "type": "shop"}]}),
                "emails[0].type is none of work, home, room, other.",
            ),
            (
                json!({"phoneNumbers": [{"value": "1", "primary": true}, {"value": "2", "primary": true}]}),
                "phoneNumbers has more than one primary value.",
            ),
            (json!({"name": "x"}), "name is not an object."),
            (json!({"name": {"givenName": 1}}), "name.givenName is not a text."),
            (
                json!({ENTERPRISE: 1}),
                &*format!("{ENTERPRISE} is not an object."),
            ),
            (
                json!({CISCO: {"managedOrgs": [{"orgId": "x"}]}}),
                "managedOrgs[0].role is missing.",
            ),
            (
                json!({CISCO: {"accountStatus": 1}}),
                "accountStatus is not a list.",
            ),
        ];
        for (written, text) in table {
            assert_eq!(check(written.clone()), Err(text.to_owned()), "{written}");
        }
    }
}
