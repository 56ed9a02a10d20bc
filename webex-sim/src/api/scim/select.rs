//! `attributes` and `excludedAttributes` (RFC 7644, section 3.9): which parts of users an answer shows.

use serde_json::{Map, Value};

use super::filter::AttributePath;
use super::schema::Section;

/// What answers always show (RFC 7643, section 2.2, `returned`; section 3, `schemas`).
const ALWAYS: [&str; 2] = ["schemas", "id"];

/// Which attributes to show.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// These alone; all if absent.
    only: Option<Vec<Name>>,
    without: Vec<Name>,
}

/// A name in one of the lists. Nothing else than the section: all of it.
#[derive(Debug, PartialEq)]
struct Name {
    section: Section,
    attribute: Option<String>,
    sub: Option<String>,
}

impl Selection {
    /// Reads both lists, names separated by commas. Names that mean nothing select nothing.
    pub(crate) fn parse(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        Self {
            only: attributes.map(names),
            without: excluded.map(names).unwrap_or_default(),
        }
    }

    /// The part of a user that is selected.
    pub(crate) fn of(&self, user: Map<String, Value>) -> Map<String, Value> {
        user.into_iter()
            .filter_map(|(key, value)| {
                if ALWAYS.contains(&key.as_str()) {
                    return Some((key, value));
                }
                let value = match (Section::of_urn(&key), value) {
                    (Some(section), Value::Object(fields)) => {
                        let fields: Map<_, _> = fields
                            .into_iter()
                            .filter_map(|(key, value)| {
                                let value = self.attribute(section, &key, value)?;
                                Some((key, value))
                            })
                            .collect();
                        (!fields.is_empty()).then_some(Value::Object(fields))
                    }
                    (_, value) => self.attribute(Section::Core, &key, value),
                };
                value.map(|value| (key, value))
            })
            .collect()
    }

    fn attribute(&self, section: Section, key: &str, value: Value) -> Option<Value> {
        let value = match &self.only {
            None => value,
            Some(only) => {
                let named: Vec<_> = only.iter().filter(|name| name.is(section, key)).collect();
                if named.is_empty() {
                    return None;
                }
                match subs(&named) {
                    None => value,
                    Some(subs) => parts(value, |name| contains(&subs, name))?,
                }
            }
        };
        let named: Vec<_> = self.without.iter().filter(|name| name.is(section, key)).collect();
        if named.is_empty() {
            return Some(value);
        }
        subs(&named).and_then(|subs| parts(value, |name| !contains(&subs, name)))
    }
}

impl Name {
    fn is(&self, section: Section, key: &str) -> bool {
        let attribute = self.attribute.as_deref();
        self.section == section && attribute.is_none_or(|own| own.eq_ignore_ascii_case(key))
    }
}

fn names(list: &str) -> Vec<Name> {
    list.split(',').filter_map(|text| name(text.trim())).collect()
}

/// A name without schema is looked up in all of them: Webex's own example is `userName,department,emails`.
fn name(text: &str) -> Option<Name> {
    if let Some(section) = Section::of_urn(text) {
        return Some(Name {
            section,
            attribute: None,
            sub: None,
        });
    }
    let path = AttributePath::parse(text)?;
    let section = match &path.urn {
        Some(urn) => Section::of_urn(urn)?,
        None => Section::ALL
            .into_iter()
            .find(|section| section.attribute(&path.name).is_some())
            .unwrap_or(Section::Core),
    };
    Some(Name {
        section,
        attribute: Some(path.name),
        sub: path.sub,
    })
}

/// The sub-attributes that are named; none if the whole attribute is.
fn subs<'a>(names: &[&'a Name]) -> Option<Vec<&'a str>> {
    names.iter().map(|name| name.sub.as_deref()).collect()
}

fn contains(subs: &[&str], name: &str) -> bool {
    subs.iter().any(|sub| sub.eq_ignore_ascii_case(name))
}

/// The sub-attributes that are to stay; none if nothing is left.
fn parts(value: Value, stays: impl Fn(&str) -> bool + Copy) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            let fields: Map<_, _> = fields.into_iter().filter(|(name, _)| stays(name)).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        Value::Array(values) => {
            let values: Vec<_> = values
                .into_iter()
                .filter_map(|value| parts(value, stays))
                .collect();
            (!values.is_empty()).then_some(Value::Array(values))
        }
        plain => stays("value").then_some(plain),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::scim::schema::{CISCO, CORE, ENTERPRISE};

    fn selected(attributes: Option<&str>, excluded: Option<&str>) -> Value {
        let user = json!({"schemas": [CORE], "id": "1", "userName": "a@x",
            "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}],
            "name": {"givenName": "A", "familyName": "B"},
            ENTERPRISE: {"department": "d", "manager": {"value": "m", "displayName": "M"}},
            CISCO: {"accountStatus": ["active"]}});
        let user = user.as_object().unwrap().clone();
        let mut user = Selection::parse(attributes, excluded).of(user);
        assert_eq!(user.shift_remove("schemas"), Some(json!([CORE])));
        assert_eq!(user.shift_remove("id"), Some(json!("1")));
        Value::Object(user)
    }

    #[test]
    fn only_what_is_named_is_shown() {
        let department = json!({ENTERPRISE: {"department": "d"}});
        let table = [
            ("userName", json!({"userName": "a@x"})),
            (
                "USERNAME , name.givenname",
                json!({"userName": "a@x", "name": {"givenName": "A"}}),
            ),
            ("emails.type", json!({"emails": [{"type": "work"}]})),
            (
                "emails.type,emails",
                json!({"emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}]}),
            ),
            ("department", department.clone()),
            (&*format!("{ENTERPRISE}:department"), department),
            (
                &*format!("{ENTERPRISE}:manager.value"),
                json!({ENTERPRISE: {"manager": {"value": "m"}}}),
            ),
            (CISCO, json!({CISCO: {"accountStatus": ["active"]}})),
            (&*format!("{CORE}:userName"), json!({"userName": "a@x"})),
            ("shoeSize", json!({})),
            ("urn:x:y,!", json!({})),
        ];
        for (attributes, user) in table {
            assert_eq!(selected(Some(attributes), None), user, "{attributes}");
        }
    }

    #[test]
    fn what_is_excluded_is_not_shown_but_for_schemas_and_id() {
        let without = format!("schemas,id,emails.value,name,{ENTERPRISE},accountStatus");
        assert_eq!(
            selected(None, Some(&without)),
            json!({"userName": "a@x", "emails": [{"type": "work"}]})
        );
        assert_eq!(selected(None, Some(CORE)).as_object().unwrap().len(), 2);
        assert_eq!(
            selected(Some("name,userName"), Some("name.familyName,userName")),
            json!({"name": {"givenName": "A"}})
        );
    }
}
