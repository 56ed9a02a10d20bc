//! Fields of a body, and what is wrong with them: 1001 for one that is missing, 1002 for one that is too short or too
//! long ("Webex for BroadWorks", API error codes). The numbers for other mistakes are not public; they have none here.

use serde_json::{Map, Value};

use crate::api::error::{ApiError, Problem};

/// A mandatory parameter is missing.
const NULL_PARAMETER: u16 = 1001;

/// A parameter is too short or too long.
const INVALID_SIZE: u16 = 1002;

/// The fields of an object, and what is wrong with them so far.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    values: &'a Map<String, Value>,
    /// What stands before names in errors, for objects inside objects.
    prefix: &'static str,
    problems: Vec<Problem>,
}

/// What a text has to be like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// In characters.
    pub(super) longest: usize,
    pub(super) is_good: fn(&str) -> bool,
    /// What would be good, in words.
    pub(super) expected: &'static str,
}

/// A field of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// It is not there, or wrong.
    Keep,
    /// The empty text.
    Remove,
    Set(&'a str),
}

impl<'a> Fields<'a> {
    pub(super) fn new(values: &'a Map<String, Value>) -> Self {
        Self {
            values,
            prefix: "",
            problems: Vec::new(),
        }
    }

    /// A text that has to be there. If it is wrong the empty text stands for it, and nobody gets to see it.
    pub(super) fn mandatory(&mut self, name: &str, rule: Rule) -> &'a str {
        let is_absent = self.values.get(name).is_none_or(Value::is_null);
        if is_absent {
            self.problem(name, Some(NULL_PARAMETER), "must not be null");
        }
        self.filled(name, rule).unwrap_or_default()
    }

    /// A text that may be absent, but not empty.
    pub(super) fn filled(&mut self, name: &str, rule: Rule) -> Option<&'a str> {
        match self.change(name, rule) {
            Change::Set(text) => Some(text),
            Change::Remove => {
                let size = format!("must have 1 to {} characters", rule.longest);
                self.problem(name, Some(INVALID_SIZE), &size);
                None
            }
            Change::Keep => None,
        }
    }

    /// A text that may be absent, which is the same as empty.
    pub(super) fn optional(&mut self, name: &str, rule: Rule) -> Option<&'a str> {
        match self.change(name, rule) {
            Change::Set(text) => Some(text),
            Change::Remove | Change::Keep => None,
        }
    }

    /// A text that may be absent, or empty to take away what is there.
    pub(super) fn change(&mut self, name: &str, rule: Rule) -> Change<'a> {
        let text = match self.values.get(name) {
            None | Some(Value::Null) => return Change::Keep,
            Some(Value::String(text)) if text.is_empty() => return Change::Remove,
            Some(Value::String(text)) => text,
            Some(_) => {
                self.problem(name, None, "must be a string");
                return Change::Keep;
            }
        };
        if text.chars().count() > rule.longest {
            let size = format!("must have at most {} characters", rule.longest);
            self.problem(name, Some(INVALID_SIZE), &size);
            Change::Keep
        } else if (rule.is_good)(text) {
            Change::Set(text)
        } else {
            self.problem(name, None, &format!("must be {}", rule.expected));
            Change::Keep
        }
    }

    /// What is in an object inside this one.
    pub(super) fn inside(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a>)) {
        match self.values.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(values)) => {
                let mut inner = Fields {
                    prefix: name,
                    ..Fields::new(values)
                };
                read(&mut inner);
                self.problems.extend(inner.problems);
            }
            Some(_) => self.problem(name, None, "must be an object"),
        }
    }

    /// Whether a flag that has to be there is true.
    pub(super) fn mandatory_flag(&mut self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => return *flag,
            None | Some(Value::Null) => self.problem(name, Some(NULL_PARAMETER), "must not be null"),
            Some(_) => self.problem(name, None, "must be true or false"),
        }
        false
    }

    pub(super) fn problem(&mut self, name: &str, code: Option<u16>, what: &str) {
        let field = if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        };
        self.problems.push(Problem {
            description: format!("{field} {what}."),
            code,
            field: Some(field),
        });
    }

    /// What was read, if nothing is wrong.
    pub(super) fn finish<T>(self, read: T) -> Result<T, ApiError> {
        match self.problems.is_empty() {
            true => Ok(read),
            false => Err(ApiError::Invalid(self.problems)),
        }
    }
}
