//! Applies filters to JSON. A list fulfils a comparison if one of its values does (RFC 7644, section 3.4.2.2).

use std::cmp::Ordering;

use serde_json::Value;

use super::{AttributePath, Filter, Operator};

/// What a path leads to.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// Each value of a list by itself.
    pub(crate) values: Vec<&'a Value>,
    /// Whether upper and lower case differ.
    pub(crate) exact: bool,
}

/// Whether a filter is fulfilled; `find` says what a path leads to.
pub(crate) fn holds<'a>(filter: &Filter, find: &dyn Fn(&AttributePath) -> Found<'a>) -> bool {
    match filter {
        Filter::Compare(path, operator, wanted) => compares(&find(path), *operator, wanted),
        Filter::Present(path) => find(path).values.into_iter().any(is_present),
        Filter::Within(path, inner) => find(path)
            .values
            .into_iter()
            .any(|element| matches_element(inner, element)),
        Filter::Not(inner) => !holds(inner, find),
        Filter::And(all) => all.iter().all(|part| holds(part, find)),
        Filter::Or(any) => any.iter().any(|part| holds(part, find)),
    }
}

/// Whether one value of a list fulfils the filter in the brackets. A plain value is its own `value`.
pub(crate) fn matches_element(filter: &Filter, element: &Value) -> bool {
    holds(filter, &|path| {
        let value = match element {
            Value::Object(fields) => fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(&path.name))
                .map(|(_, value)| value),
            plain => Some(plain).filter(|_| path.name.eq_ignore_ascii_case("value")),
        };
        Found {
            values: value.filter(|_| path.sub.is_none()).into_iter().collect(),
            exact: false,
        }
    })
}

fn compares(found: &Found<'_>, operator: Operator, wanted: &Value) -> bool {
    if wanted.is_null() {
        let present = found.values.iter().any(|value| is_present(value));
        return match operator {
            Operator::Equal => !present,
            Operator::NotEqual => present,
            _ => false,
        };
    }
    found
        .values
        .iter()
        .map(|value| value.get("value").unwrap_or(value))
        .any(|value| compare(value, operator, wanted, found.exact))
}

fn compare(value: &Value, operator: Operator, wanted: &Value, exact: bool) -> bool {
    match (value, wanted) {
        (Value::String(value), Value::String(wanted)) if exact => texts(value, operator, wanted),
        (Value::String(value), Value::String(wanted)) => {
            texts(&value.to_lowercase(), operator, &wanted.to_lowercase())
        }
        (Value::Number(value), Value::Number(wanted)) => {
            let order = value
                .as_f64()
                .zip(wanted.as_f64())
                .and_then(|(value, wanted)| value.partial_cmp(&wanted));
            order.is_some_and(|order| ordered(order, operator))
        }
        (Value::Bool(value), Value::Bool(wanted)) => match operator {
            Operator::Equal => value == wanted,
            Operator::NotEqual => value != wanted,
            _ => false,
        },
        _ => operator == Operator::NotEqual,
    }
}

fn texts(value: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Contains => value.contains(wanted),
        Operator::StartsWith => value.starts_with(wanted),
        Operator::EndsWith => value.ends_with(wanted),
        _ => ordered(value.cmp(wanted), operator),
    }
}

fn ordered(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

/// Not empty: `pr` (RFC 7644, table 3).
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_operator_does_what_it_says() {
        let element = json!({"type": "Work", "n": 5, "flag": true, "empty": "", "inner": {"value": "x"}});
        let table = [
            (r#"type eq "work""#, true),
            (r#"TYPE eq "work""#, true),
            (r#"type eq "wor""#, false),
            (r#"type ne "home""#, true),
            (r#"type ne "WORK""#, false),
            (r#"type co "OR""#, true),
            (r#"type co "x""#, false),
            (r#"type sw "wo""#, true),
            (r#"type sw "or""#, false),
            (r#"type ew "rk""#, true),
            (r#"type ew "r""#, false),
            (r#"type gt "a""#, true),
            (r#"type lt "a""#, false),
            (r#"type ge "work""#, true),
            (r#"type le "work""#, true),
            ("n eq 5", true),
            ("n eq 5.0", true),
            ("n gt 4", true),
            ("n ge 6", false),
            ("n lt 6", true),
            ("n le 4", false),
            ("n ne 4", true),
            ("n co 5", false),
            ("flag eq true", true),
            ("flag ne true", false),
            ("flag gt false", false),
            (r#"n eq "5""#, false),
            (r#"n ne "5""#, true),
            ("type pr", true),
            ("empty pr", false),
            ("absent pr", false),
            ("absent eq null", true),
            ("type eq null", false),
            ("type ne null", true),
            ("type gt null", false),
            (r#"absent ne "x""#, false),
            (r#"inner eq "x""#, true),
            (r#"not (type eq "home")"#, true),
            (r#"type eq "home" or n eq 5 and flag eq true"#, true),
            (r#"(type eq "home" or n eq 5) and flag eq false"#, false),
            (r#"type.value eq "work""#, false),
        ];
        for (filter, expected) in table {
            let read = Filter::parse(filter).unwrap();
            assert_eq!(matches_element(&read, &element), expected, "{filter}");
        }
    }

    #[test]
    fn a_plain_value_is_its_own_value() {
        let filter = Filter::parse(r#"value eq "a""#).unwrap();
        assert!(matches_element(&filter, &json!("A")));
        assert!(!matches_element(&filter, &json!("b")));
    }

    #[test]
    fn upper_and_lower_case_differ_where_the_attribute_says_so() {
        let (value, filter) = (json!("ab"), Filter::parse(r#"id eq "AB""#).unwrap());
        let found = |exact| Found {
            values: vec![&value],
            exact,
        };
        assert!(holds(&filter, &|_| found(false)));
        assert!(!holds(&filter, &|_| found(true)));
    }

    #[test]
    fn brackets_want_everything_of_one_value() {
        let phones = [
            json!({"type": "mobile", "value": "1"}),
            json!({"type": "work", "value": "2"}),
        ];
        let holds = |text: &str| {
            let filter = Filter::parse(text).unwrap();
            holds(&filter, &|_| Found {
                values: phones.iter().collect(),
                exact: false,
            })
        };
        assert!(holds(r#"phoneNumbers[type eq "mobile" and value eq "1"]"#));
        assert!(!holds(r#"phoneNumbers[type eq "mobile" and value eq "2"]"#));
    }
}
