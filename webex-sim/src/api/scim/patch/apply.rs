//! What an operation does to a user.

use serde_json::{Map, Value, json};

use super::target::{Place, Target};
use super::{Action, Operation};
use crate::api::scim::error::ScimError;
use crate::api::scim::filter::{Filter, Operator, matches_element};
use crate::api::scim::schema::{Attribute, Section, is_urn};

impl Operation {
    pub(super) fn apply(self, user: &mut Map<String, Value>) -> Result<(), ScimError> {
        let value = self.value.unwrap_or_default();
        match (self.action, self.target) {
            (Action::Remove, None) => Err(ScimError::NoTarget("remove needs a path.".to_owned())),
            (action, None) => all(user, action, value),
            (Action::Remove, Some(Target::Extension(section))) => {
                user.shift_remove(section.urn());
                Ok(())
            }
            (action, Some(Target::Extension(section))) => extension(user, section, action, value),
            (action, Some(Target::Attribute(place))) => place.apply(user, action, value),
        }
    }
}

/// Without path: an object of attributes.
fn all(user: &mut Map<String, Value>, action: Action, value: Value) -> Result<(), ScimError> {
    let Value::Object(attributes) = value else {
        return Err(ScimError::Value(
            "Without a path the value is an object of attributes.".to_owned(),
        ));
    };
    for (name, value) in attributes {
        match Section::of_urn(&name) {
            Some(Section::Core) => {}
            Some(section) => extension(user, section, action, value)?,
            // Names that are paths, as some provisioning clients send them: `name.givenName`, `urn:…:User:department`.
            None if is_urn(&name) || name.contains('.') => match Target::parse(&name) {
                Ok(Target::Attribute(place)) => place.apply(user, action, value)?,
                Ok(Target::Extension(section)) => extension(user, section, action, value)?,
                Err(_) if is_urn(&name) => {}
                Err(error) => return Err(error),
            },
            None => named(user, Section::Core, name, action, value)?,
        }
    }
    Ok(())
}

fn extension(
    user: &mut Map<String, Value>,
    section: Section,
    action: Action,
    value: Value,
) -> Result<(), ScimError> {
    let Value::Object(attributes) = value else {
        return Err(ScimError::Value(format!(
            "The value of {} is not an object.",
            section.urn()
        )));
    };
    for (name, value) in attributes {
        with_fields(user, section, |fields| {
            named(fields, section, name, action, value)
        })?;
    }
    Ok(())
}

/// An attribute of an object of attributes: what is read-only is ignored there, what is unknown is kept.
fn named(
    fields: &mut Map<String, Value>,
    section: Section,
    name: String,
    action: Action,
    value: Value,
) -> Result<(), ScimError> {
    match section.attribute(&name) {
        Some((attribute, _)) if attribute.is_read_only() => Ok(()),
        Some((attribute, key)) => put(fields, &key, attribute, action, value),
        None if value.is_null() => {
            fields.shift_remove(&name);
            Ok(())
        }
        None => {
            fields.insert(name, value);
            Ok(())
        }
    }
}

impl Place {
    fn apply(&self, user: &mut Map<String, Value>, action: Action, value: Value) -> Result<(), ScimError> {
        with_fields(user, self.section, |fields| {
            let (key, attribute) = (&self.key, self.attribute);
            match (&self.filter, self.sub) {
                (None, None) if action == Action::Remove => remove(fields, key, attribute),
                (None, None) => put(fields, key, attribute, action, value),
                (None, Some(sub)) if !attribute.many => {
                    let object = fields.entry(key).or_insert_with(|| json!({}));
                    set_sub(object, sub, action, value);
                    drop_if_empty(fields, key);
                    Ok(())
                }
                (filter, sub) => self.some(fields, filter.as_ref(), sub, action, &value),
            }
        })
    }

    /// Some values of a list, or one sub-attribute of all.
    fn some(
        &self,
        fields: &mut Map<String, Value>,
        filter: Option<&Filter>,
        sub: Option<&'static Attribute>,
        action: Action,
        value: &Value,
    ) -> Result<(), ScimError> {
        let list = fields.entry(&self.key).or_insert_with(|| json!([]));
        let Value::Array(values) = list else {
            return Err(ScimError::NoTarget(format!("{} is not a list.", self.key)));
        };
        let matches = |value: &Value| filter.is_none_or(|filter| matches_element(filter, value));
        let mut chosen: Vec<usize> = (0..values.len()).filter(|&n| matches(&values[n])).collect();
        if action == Action::Remove {
            match sub {
                Some(sub) => chosen
                    .iter()
                    .for_each(|&n| set_sub(&mut values[n], sub, action, Value::Null)),
                None => values.retain(|value| !matches(value)),
            }
            values.retain(|value| !value.as_object().is_some_and(Map::is_empty));
            drop_if_empty(fields, &self.key);
            return Ok(());
        }
        if chosen.is_empty() {
            let new = filter.filter(|_| action == Action::Add && self.attribute.is_complex());
            let new = new.and_then(described).ok_or_else(|| {
                ScimError::NoTarget(format!("No value of {} is what the path wants.", self.key))
            })?;
            values.push(Value::Object(new));
            chosen.push(values.len() - 1);
        }
        for &n in &chosen {
            match (sub, action, value) {
                (Some(sub), _, _) => set_sub(&mut values[n], sub, action, value.clone()),
                (None, Action::Add, Value::Object(parts)) if values[n].is_object() => {
                    merge(&mut values[n], parts.clone());
                }
                (None, _, _) => values[n] = value.clone(),
            }
        }
        only_primary(values, &chosen);
        Ok(())
    }
}

/// Adds or replaces a whole attribute.
fn put(
    fields: &mut Map<String, Value>,
    key: &str,
    attribute: &'static Attribute,
    action: Action,
    value: Value,
) -> Result<(), ScimError> {
    if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
        return match action {
            Action::Add => Ok(()),
            Action::Replace | Action::Remove => remove(fields, key, attribute),
        };
    }
    if attribute.many {
        let new = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        let values = match fields.get_mut(key) {
            Some(Value::Array(values)) if action == Action::Add => values,
            _ => {
                fields.insert(key.to_owned(), Value::Array(new));
                return Ok(());
            }
        };
        let before = values.len();
        for value in new {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let added: Vec<_> = (before..values.len()).collect();
        only_primary(values, &added);
        return Ok(());
    }
    match (value, fields.get_mut(key)) {
        (Value::Object(parts), Some(object)) if attribute.is_complex() => {
            merge(object, parts);
            drop_if_empty(fields, key);
        }
        (value, _) => {
            fields.insert(key.to_owned(), value);
        }
    }
    Ok(())
}

fn remove(
    fields: &mut Map<String, Value>,
    key: &str,
    attribute: &'static Attribute,
) -> Result<(), ScimError> {
    if attribute.is_required() {
        return Err(ScimError::Mutability(format!("{key} cannot be removed.")));
    }
    fields.shift_remove(key);
    Ok(())
}

/// Sets a sub-attribute, or takes it away.
fn set_sub(object: &mut Value, sub: &'static Attribute, action: Action, value: Value) {
    let Value::Object(fields) = object else { return };
    if action == Action::Remove || value.is_null() {
        fields.shift_remove(sub.name);
    } else {
        fields.insert(sub.name.to_owned(), value);
    }
}

/// Sub-attributes that are not named stay (RFC 7644, section 3.5.2.3).
fn merge(object: &mut Value, parts: Map<String, Value>) {
    let Value::Object(fields) = object else {
        *object = Value::Object(parts);
        return;
    };
    for (name, value) in parts {
        let own = fields.keys().find(|own| own.eq_ignore_ascii_case(&name)).cloned();
        let name = own.unwrap_or(name);
        if value.is_null() {
            fields.shift_remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
}

/// Where one of the values that were changed is primary now, the others are not any more (RFC 7644, section 3.5.2).
fn only_primary(values: &mut [Value], changed: &[usize]) {
    let is_primary = |value: &Value| value.get("primary") == Some(&Value::Bool(true));
    if !changed.iter().any(|&n| is_primary(&values[n])) {
        return;
    }
    for (n, value) in values.iter_mut().enumerate() {
        if !changed.contains(&n) && is_primary(value) {
            value["primary"] = Value::Bool(false);
        }
    }
}

/// What a value must be to fulfil a filter that only says what is equal to what.
fn described(filter: &Filter) -> Option<Map<String, Value>> {
    match filter {
        Filter::Compare(path, Operator::Equal, value) if path.urn.is_none() && path.sub.is_none() => {
            Some(Map::from_iter([(path.name.clone(), value.clone())]))
        }
        Filter::And(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(described).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// Acts on the fields of a section; an extension that has none afterwards is gone.
fn with_fields(
    user: &mut Map<String, Value>,
    section: Section,
    act: impl FnOnce(&mut Map<String, Value>) -> Result<(), ScimError>,
) -> Result<(), ScimError> {
    if section == Section::Core {
        return act(user);
    }
    let fields = user.entry(section.urn()).or_insert_with(|| json!({}));
    let fields = fields
        .as_object_mut()
        .expect("extensions of a shown user are objects");
    act(fields)?;
    drop_if_empty(user, section.urn());
    Ok(())
}

fn drop_if_empty(fields: &mut Map<String, Value>, key: &str) {
    let empty = fields.get(key).is_some_and(|value| match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    });
    if empty {
        fields.shift_remove(key);
    }
}
