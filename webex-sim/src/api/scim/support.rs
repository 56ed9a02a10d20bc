//! Which filters Webex takes (API reference, "SCIM 2 Users", table of attributes and operators), and what their names lead
//! to in a user.

use serde_json::{Map, Value};

use super::error::ScimError;
use super::filter::{AttributePath, Filter, Found, Operator, holds};
use super::schema::{Resolved, Section};

const EQ: &[Operator] = &[Operator::Equal];
const EQ_SW: &[Operator] = &[Operator::Equal, Operator::StartsWith];
const EQ_SW_EW: &[Operator] = &[Operator::Equal, Operator::StartsWith, Operator::EndsWith];

/// The table; the last row is from the examples above it.
const SUPPORTED: &[(Section, &str, &[Operator])] = &[
    (Section::Core, "id", EQ),
    (Section::Core, "userName", EQ_SW_EW),
    (Section::Core, "name.familyName", EQ_SW_EW),
    (Section::Core, "name.givenName", EQ_SW),
    (Section::Core, "name.middleName", EQ_SW),
    (Section::Core, "name.formatted", EQ_SW),
    (Section::Core, "displayName", EQ_SW_EW),
    (Section::Core, "nickName", EQ_SW_EW),
    (Section::Core, "emails.display", EQ_SW_EW),
    (Section::Core, "emails.value", EQ_SW_EW),
    (Section::Core, "phoneNumbers.value", EQ_SW_EW),
    (Section::Core, "phoneNumbers.display", EQ_SW_EW),
    (Section::Enterprise, "employeeNumber", EQ_SW_EW),
    (Section::Enterprise, "costCenter", EQ_SW_EW),
    (Section::Enterprise, "organization", EQ_SW_EW),
    (Section::Enterprise, "division", EQ_SW_EW),
    (Section::Enterprise, "department", EQ_SW_EW),
    (Section::Enterprise, "manager.value", EQ),
    (Section::Enterprise, "manager.displayName", EQ_SW_EW),
    (Section::Cisco, "meta.organizationId", EQ),
];

/// Lists that may have a filter in brackets, and what it may ask (the documentation's one example is of `phoneNumbers`).
const BRACKETS: [&str; 2] = ["emails", "phoneNumbers"];
const IN_BRACKETS: &[(&str, &[Operator])] = &[
    ("type", EQ),
    ("primary", EQ),
    ("value", EQ_SW_EW),
    ("display", EQ_SW_EW),
];

/// Reads a filter and checks that Webex takes it.
pub(crate) fn supported(text: &str) -> Result<Filter, ScimError> {
    let filter = Filter::parse(text)
        .map_err(|error| ScimError::Filter(format!("The filter cannot be read: {error}.")))?;
    check(&filter)?;
    Ok(filter)
}

/// Whether a user as answers show it fulfils a filter.
pub(crate) fn fulfils(filter: &Filter, user: &Map<String, Value>) -> bool {
    holds(filter, &|path| find(user, path))
}

fn check(filter: &Filter) -> Result<(), ScimError> {
    match filter {
        Filter::Compare(path, operator, value) => {
            let Some(resolved) = Resolved::of(path, &Section::ALL) else {
                return Err(no_filter(path));
            };
            let name = full_name(&resolved);
            let row = SUPPORTED
                .iter()
                .find(|(section, own, _)| *section == resolved.section && *own == name);
            let (_, _, operators) = row.ok_or_else(|| no_filter(path))?;
            admits(path, *operator, operators)?;
            if !value.is_string() {
                return Err(ScimError::Filter(format!("{path} is compared with a text.")));
            }
            Ok(())
        }
        Filter::Present(path) => Err(ScimError::Filter(format!("{path} cannot be filtered by pr."))),
        Filter::Within(path, inner) => {
            let resolved = Resolved::of(path, &[Section::Core]);
            let list =
                resolved.is_some_and(|resolved| resolved.sub.is_none() && BRACKETS.contains(&&*resolved.key));
            if !list {
                return Err(no_filter(path));
            }
            check_inner(path, inner)
        }
        Filter::Not(inner) => check(inner),
        Filter::And(parts) | Filter::Or(parts) => parts.iter().try_for_each(check),
    }
}

fn check_inner(list: &AttributePath, filter: &Filter) -> Result<(), ScimError> {
    match filter {
        Filter::Compare(path, operator, value) => {
            let plain = path.urn.is_none() && path.sub.is_none();
            let row = IN_BRACKETS
                .iter()
                .find(|(name, _)| plain && name.eq_ignore_ascii_case(&path.name));
            let (name, operators) = row.ok_or_else(|| no_filter(&format!("{list}[{path}]")))?;
            admits(&format!("{list}[{path}]"), *operator, operators)?;
            let fits = if *name == "primary" {
                value.is_boolean()
            } else {
                value.is_string()
            };
            match fits {
                true => Ok(()),
                false => Err(ScimError::Filter(format!("{list}[{path}] cannot be {value}."))),
            }
        }
        Filter::Present(path) => Err(ScimError::Filter(format!(
            "{list}[{path}] cannot be filtered by pr."
        ))),
        Filter::Within(path, _) => Err(no_filter(path)),
        Filter::Not(inner) => check_inner(list, inner),
        Filter::And(parts) | Filter::Or(parts) => parts.iter().try_for_each(|part| check_inner(list, part)),
    }
}

fn admits(
    path: &impl std::fmt::Display,
    operator: Operator,
    operators: &[Operator],
) -> Result<(), ScimError> {
    if operators.contains(&operator) {
        return Ok(());
    }
    let names: Vec<_> = operators.iter().map(|operator| operator.name()).collect();
    Err(ScimError::Filter(format!(
        "{path} cannot be filtered by {}; supported: {}.",
        operator.name(),
        names.join(", ")
    )))
}

fn no_filter(path: &impl std::fmt::Display) -> ScimError {
    ScimError::Filter(format!("{path} cannot be filtered by."))
}

/// `emails` alone means `emails.value` (RFC 7644, section 3.4.2.2).
fn full_name(resolved: &Resolved) -> String {
    match resolved.sub {
        Some(sub) => format!("{}.{}", resolved.key, sub.name),
        None if resolved.attribute.many && resolved.attribute.is_complex() => {
            format!("{}.value", resolved.key)
        }
        None => resolved.key.clone(),
    }
}

fn find<'a>(user: &'a Map<String, Value>, path: &AttributePath) -> Found<'a> {
    let Some(resolved) = Resolved::of(path, &Section::ALL) else {
        return Found::default();
    };
    let fields = match resolved.section {
        Section::Core => Some(user),
        section => user.get(section.urn()).and_then(Value::as_object),
    };
    let value = fields.and_then(|fields| fields.get(&resolved.key));
    let values: Vec<_> = match value {
        Some(Value::Array(values)) => values.iter().collect(),
        other => other.into_iter().collect(),
    };
    Found {
        values: match resolved.sub {
            Some(sub) => values
                .into_iter()
                .filter_map(|value| value.get(sub.name))
                .collect(),
            None => values,
        },
        exact: resolved.exact(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::scim::schema::{CISCO, ENTERPRISE};

    fn user() -> Map<String, Value> {
        let user = json!({
            "id": "3426a8e3-d414-4bf0-a493-4f6787632a13",
            "userName": "User1@example.com",
            "name": {"givenName": "Sarah", "familyName": "Henderson"},
            "emails": [{"value": "user1@example.com", "type": "work", "primary": true},
                {"value": "s@home.example.com", "type": "home"}],
            "phoneNumbers": [{"type": "mobile", "value": "14170120"}, {"type": "work", "value": "5"}],
            ENTERPRISE: {"department": "Sales", "manager": {"value": "m", "displayName": "Boss"}},
            CISCO: {"meta": {"organizationId": "0ae8"}},
        });
        user.as_object().unwrap().clone()
    }

    #[test]
    fn what_webex_documents_is_taken_and_applied() {
        let organization = format!(r#"{CISCO}:meta.organizationId eq "0ae8""#);
        let department = format!(r#"{ENTERPRISE}:department eq "sales""#);
        let table = [
            (r#"userName eq "user1@example.com""#, true),
            (r#"userName sw "user1@example""#, true),
            (r#"userName ew "example""#, false),
            (
                r#"phoneNumbers [ type eq "mobile" and value eq "14170120"]"#,
                true,
            ),
            (r#"phoneNumbers[type eq "mobile" and value eq "5"]"#, false),
            (r#"emails[primary eq true and value sw "user1"]"#, true),
            (r#"emails[not (type eq "work") and value sw "user1"]"#, false),
            (r#"emails.value ew "home.example.com""#, true),
            (r#"emails eq "s@home.example.com""#, true),
            (&*organization, true),
            (&*department, true),
            (r#"department sw "SA""#, true),
            (r#"manager.value eq "m""#, true),
            (r#"manager.value eq "M""#, false),
            (r#"manager.displayName ew "ss""#, true),
            (r#"id eq "3426A8E3-D414-4BF0-A493-4F6787632A13""#, false),
            (
                r#"name.familyName ew "son" and not (name.givenName eq "Tom")"#,
                true,
            ),
            (r#"nickName eq "x" or userName sw "u""#, true),
        ];
        for (text, expected) in table {
            let filter = supported(text).unwrap();
            assert_eq!(fulfils(&filter, &user()), expected, "{text}");
        }
    }

    #[test]
    fn what_webex_does_not_support_is_refused() {
        let table = [
            (
                r#"userName co "a""#,
                "userName cannot be filtered by co; supported: eq, sw, ew.",
            ),
            (r#"id sw "3""#, "id cannot be filtered by sw; supported: eq."),
            (
                r#"name.givenName ew "h""#,
                "name.givenName cannot be filtered by ew; supported: eq, sw.",
            ),
            ("userName pr", "userName cannot be filtered by pr."),
            (
                r#"userName ne "a""#,
                "userName cannot be filtered by ne; supported: eq, sw, ew.",
            ),
            (r#"externalId eq "a""#, "externalId cannot be filtered by."),
            ("active eq true", "active cannot be filtered by."),
            (
                r#"meta.lastModified gt "2020""#,
                "meta.lastModified cannot be filtered by.",
            ),
            (r#"shoeSize eq "1""#, "shoeSize cannot be filtered by."),
            ("userName eq 1", "userName is compared with a text."),
            (r#"addresses[type eq "work"]"#, "addresses cannot be filtered by."),
            (
                r#"emails[type sw "w"]"#,
                "emails[type] cannot be filtered by sw; supported: eq.",
            ),
            ("emails[type pr]", "emails[type] cannot be filtered by pr."),
            (r#"emails[size eq "w"]"#, "emails[size] cannot be filtered by."),
            ("emails[type eq 1]", "emails[type] cannot be 1."),
            (
                r#"emails[primary eq "true"]"#,
                r#"emails[primary] cannot be "true"."#,
            ),
            (
                r#"userName sw "a" and not (title eq "x")"#,
                "title cannot be filtered by.",
            ),
            (
                "userName",
                "The filter cannot be read: expected an operator at character 9.",
            ),
        ];
        for (text, error) in table {
            assert_eq!(
                supported(text),
                Err(ScimError::Filter(error.to_owned())),
                "{text}"
            );
        }
    }
}
