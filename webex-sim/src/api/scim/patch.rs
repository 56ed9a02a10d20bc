//! PATCH (RFC 7644, section 3.5.2; API reference, "Update a user with PATCH"): changes a user as JSON. Pure.

mod apply;
mod target;

use serde_json::{Map, Value};

use super::error::ScimError;
use target::Target;

/// Schema of the message.
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Add,
    Replace,
    Remove,
}

/// One operation.
#[derive(Debug)]
struct Operation {
    action: Action,
    target: Option<Target>,
    value: Option<Value>,
}

/// Applies a PATCH message to a user. The operations build on one another; if one fails, none has happened.
pub(crate) fn patched(
    user: &Map<String, Value>,
    message: &Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    has_schema(message, PATCH_OP)?;
    let Some(Value::Array(operations)) = member(message, "Operations") else {
        return Err(ScimError::Syntax("Operations is not a list.".to_owned()));
    };
    if operations.is_empty() {
        return Err(ScimError::Syntax("Operations is empty.".to_owned()));
    }
    let mut user = user.clone();
    for (n, operation) in operations.iter().enumerate() {
        Operation::read(operation)
            .and_then(|operation| operation.apply(&mut user))
            .map_err(|error| error.at(&format!("Operations[{n}]")))?;
    }
    Ok(user)
}

/// Whether a message says that it is of this kind.
pub(crate) fn has_schema(message: &Map<String, Value>, schema: &str) -> Result<(), ScimError> {
    let schemas = member(message, "schemas").and_then(Value::as_array);
    let says = |own: &Value| own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(schema));
    match schemas.is_some_and(|schemas| schemas.iter().any(says)) {
        true => Ok(()),
        false => Err(ScimError::Syntax(format!("schemas does not contain {schema}."))),
    }
}

/// A member of a message, whatever the case of its name.
pub(crate) fn member<'a>(message: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let exact = message.get(name);
    exact.or_else(|| {
        message
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

impl Operation {
    fn read(value: &Value) -> Result<Self, ScimError> {
        let Value::Object(fields) = value else {
            return Err(ScimError::Syntax("The operation is not an object.".to_owned()));
        };
        let action = member(fields, "op")
            .and_then(Value::as_str)
            .and_then(Action::named)
            .ok_or_else(|| ScimError::Syntax("op is none of add, replace, remove.".to_owned()))?;
        let target = match member(fields, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) => Some(Target::parse(path)?),
            Some(_) => return Err(ScimError::Path("path is not a text.".to_owned())),
        };
        let value = member(fields, "value").cloned();
        if value.is_none() && action != Action::Remove {
            return Err(ScimError::Value("value is missing.".to_owned()));
        }
        Ok(Self {
            action,
            target,
            value,
        })
    }
}

impl Action {
    /// In any case: some clients write `Add`.
    fn named(text: &str) -> Option<Self> {
        let all = [
            ("add", Self::Add),
            ("replace", Self::Replace),
            ("remove", Self::Remove),
        ];
        let found = all.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, action)| *action)
    }
}

#[cfg(test)]
pub(crate) mod tests;
