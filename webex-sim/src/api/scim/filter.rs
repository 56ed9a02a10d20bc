//! Filters (RFC 7644, section 3.4.2.2): what they say and how they are written. Reading them is the matter of `parse`,
//! applying them that of `matching`. Pure.

mod matching;
mod parse;

use std::fmt;

use serde_json::Value;

pub(crate) use matching::{Found, holds, matches_element};
pub(crate) use parse::PathText;

/// What has to be true of a user, or of one value of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Compare(AttributePath, Operator, Value),
    /// `pr`.
    Present(AttributePath),
    /// `emails[type eq "work"]`: one value of the list fulfils all of it.
    Within(AttributePath, Box<Filter>),
    Not(Box<Filter>),
    /// Two or more.
    And(Vec<Filter>),
    /// Two or more.
    Or(Vec<Filter>),
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// `urn:…:User:name.givenName`, with or without schema and sub-attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributePath {
    pub(crate) urn: Option<String>,
    pub(crate) name: String,
    pub(crate) sub: Option<String>,
}

// === impl Operator ===

impl Operator {
    const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// As a filter writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    /// The operator of this name, in any case.
    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name().eq_ignore_ascii_case(name))
    }
}

// === impl AttributePath ===

impl AttributePath {
    /// Reads a path; none if it is not one (RFC 7644, section 3.4.2.2, `attrPath`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (urn, local) = match text.rsplit_once(':') {
            Some((urn, local)) => (Some(urn), local),
            None => (None, text),
        };
        let (name, sub) = match local.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (local, None),
        };
        let names = is_name(name) && sub.is_none_or(is_name);
        let schema = urn.is_none_or(|urn| super::schema::is_urn(urn) && urn.bytes().all(parse::is_path));
        (names && schema).then(|| Self {
            urn: urn.map(str::to_owned),
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }
}

/// `ATTRNAME`, and `$ref`.
fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '$');
    starts
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$'))
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(path, operator, value) => write!(f, "{path} {} {value}", operator.name()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Within(path, filter) => write!(f, "{path}[{filter}]"),
            Self::Not(filter) => write!(f, "not ({filter})"),
            Self::And(all) => joined(f, all, " and ", |part| matches!(part, Self::And(_) | Self::Or(_))),
            Self::Or(any) => joined(f, any, " or ", |part| matches!(part, Self::Or(_))),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Filter],
    between: &str,
    grouped: fn(&Filter) -> bool,
) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            f.write_str(between)?;
        }
        if grouped(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}
