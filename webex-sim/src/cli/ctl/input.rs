//! Arguments: addresses, JSON, files and standard input.

use std::io;

use serde_json::{Map, Value};
use url::Url;

use super::report::Failure;

/// Where a simulator's control listener is unless somebody has moved it.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:8081";

/// What stands for standard input.
const STDIN: &str = "-";

/// The address of a control listener. An empty one stands for none: compose files give that for a variable that is not
/// set.
pub(super) fn url(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(DEFAULT_URL.to_owned());
    }
    let fits = |url: Url| url.scheme() == "http" && url.has_host() && url.query().is_none();
    if Url::parse(text).is_ok_and(fits) {
        Ok(text.to_owned())
    } else {
        Err(format!("accepted: http://HOST:PORT, such as {DEFAULT_URL}"))
    }
}

/// A setting as it was written: JSON, or a text.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    name: String,
    value: Value,
}

/// `NAME=VALUE`.
pub(super) fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Assignment {
            name: name.to_owned(),
            value: json_or_text(value),
        }),
        _ => Err("accepted: NAME=VALUE, such as access_token_lifetime_s=60".to_owned()),
    }
}

/// Settings as an object; the last of a name counts.
pub(super) fn object(assignments: Vec<Assignment>) -> Value {
    let fields: Map<_, _> = assignments.into_iter().map(|own| (own.name, own.value)).collect();
    Value::Object(fields)
}

/// JSON, and what is none is a text.
pub(super) fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// JSON from the argument itself, from `@FILE`, or from standard input.
pub(super) fn json(argument: &str) -> Result<Value, Failure> {
    match argument.strip_prefix('@') {
        Some(file) => json_of(file),
        None if argument == STDIN => json_of(STDIN),
        None => parsed(argument, "the argument"),
    }
}

/// JSON from a file or from standard input.
pub(super) fn json_of(file: &str) -> Result<Value, Failure> {
    parsed(&text_of(file)?, shown(file))
}

/// The text of a file or of standard input.
pub(super) fn text_of(file: &str) -> Result<String, Failure> {
    let text = match file {
        STDIN => io::read_to_string(io::stdin()),
        file => std::fs::read_to_string(file),
    };
    text.map_err(|error| Failure::Input(format!("cannot read {}: {error}", shown(file))))
}

/// A secret: the argument, or the first line of standard input.
pub(super) fn secret(argument: &str) -> Result<String, Failure> {
    if argument != STDIN {
        return Ok(argument.to_owned());
    }
    let text = text_of(STDIN)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn shown(file: &str) -> &str {
    if file == STDIN { "standard input" } else { file }
}

fn parsed(text: &str, place: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Input(format!("{place} is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_address_is_one_of_plain_http() {
        for good in ["http://127.0.0.1:8081", "http://sim:1/", "http://[::1]:8081"] {
            assert_eq!(url(good).unwrap(), good);
        }
        assert_eq!(url("").unwrap(), DEFAULT_URL);
        for bad in [
            "localhost:8081",
            "https://sim",
            "sim",
            "http://",
            "http://sim?x=1",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_is_json_or_else_a_text() {
        let all = ["a=1", "b=strict", "c={\"d\":[true]}", "e=", "f=x=y", "a=2"];
        let all = all.map(|text| assignment(text).unwrap());
        let expected = json!({"a": 2, "b": "strict", "c": {"d": [true]}, "e": "", "f": "x=y"});
        assert_eq!(object(all.to_vec()), expected);
        for bad in ["", "a", "=1"] {
            assert!(assignment(bad).is_err(), "{bad}");
        }
    }
}
