//! Reads filters, and the paths of PATCH that hold one (RFC 7644, figures 1 and 7), by recursive descent. Spaces may be
//! several, or missing at brackets, as Webex's own examples have them.

use serde_json::Value;

use super::{AttributePath, Filter, Operator};

/// How deep groups may nest: nobody writes ten by hand, and the stack bears hundreds.
const DEEPEST: usize = 50;

/// Where and why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at character {at}")]
pub(crate) struct SyntaxError {
    /// From 1.
    at: usize,
    expected: &'static str,
}

/// A path of PATCH: `attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PathText {
    pub(crate) path: AttributePath,
    pub(crate) filter: Option<Filter>,
    /// After the bracket.
    pub(crate) sub: Option<String>,
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
    /// Inside `[…]`, where no other bracket may stand.
    within: bool,
}

/// Whether a byte can stand in a path with its schema.
pub(super) fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'$')
}

impl Filter {
    /// Reads a filter.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut parser = Parser::new(text);
        let filter = parser.or()?;
        parser.end("\"and\", \"or\" or the end")?;
        Ok(filter)
    }
}

impl PathText {
    /// Reads a path of PATCH. The error is absent if it is not the filter that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, Option<SyntaxError>> {
        let mut parser = Parser::new(text.trim());
        let path = parser.path().map_err(|_| None)?;
        let mut read = Self {
            path,
            filter: None,
            sub: None,
        };
        if parser.take('[') {
            read.filter = Some(parser.bracket().map_err(Some)?);
            if parser.take('.') {
                let name = parser.run(|byte| is_path(byte) && byte != b'.' && byte != b':');
                read.sub = Some(name.to_owned()).filter(|name| super::is_name(name));
                if read.sub.is_none() {
                    return Err(None);
                }
            }
        }
        parser.end("the end").map_err(|_| None)?;
        Ok(read)
    }
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            rest: text,
            depth: 0,
            within: false,
        }
    }

    fn or(&mut self) -> Result<Filter, SyntaxError> {
        let mut any = vec![self.and()?];
        while self.keyword("or") {
            any.push(self.and()?);
        }
        Ok(one_or(any, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, SyntaxError> {
        let mut all = vec![self.term()?];
        while self.keyword("and") {
            all.push(self.term()?);
        }
        Ok(one_or(all, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, SyntaxError> {
        if self.take('(') {
            return self.group();
        }
        let before = self.rest;
        if self.keyword("not") {
            if self.take('(') {
                return Ok(Filter::Not(Box::new(self.group()?)));
            }
            self.rest = before;
        }
        let path = self.path()?;
        if self.take('[') {
            return Ok(Filter::Within(path, Box::new(self.bracket()?)));
        }
        self.spaces();
        let at = self.rest;
        let word = self.run(|byte| byte.is_ascii_alphabetic());
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::named(word) else {
            self.rest = at;
            return Err(self.expected("an operator"));
        };
        Ok(Filter::Compare(path, operator, self.value()?))
    }

    /// After an opening parenthesis.
    fn group(&mut self) -> Result<Filter, SyntaxError> {
        self.descend()?;
        let filter = self.or()?;
        self.depth -= 1;
        match self.take(')') {
            true => Ok(filter),
            false => Err(self.expected("\")\"")),
        }
    }

    /// After an opening bracket.
    fn bracket(&mut self) -> Result<Filter, SyntaxError> {
        if self.within {
            return Err(self.expected("no bracket inside brackets"));
        }
        self.descend()?;
        self.within = true;
        let filter = self.or()?;
        self.within = false;
        self.depth -= 1;
        match self.take(']') {
            true => Ok(filter),
            false => Err(self.expected("\"]\"")),
        }
    }

    fn descend(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.expected("fewer groups inside groups"));
        }
        Ok(())
    }

    fn path(&mut self) -> Result<AttributePath, SyntaxError> {
        self.spaces();
        let before = self.rest;
        let text = self.run(is_path);
        AttributePath::parse(text).ok_or_else(|| {
            self.rest = before;
            self.expected("the name of an attribute")
        })
    }

    /// A value as JSON writes it, but no list and no object.
    fn value(&mut self) -> Result<Value, SyntaxError> {
        self.spaces();
        let end = if self.rest.starts_with('"') {
            end_of_string(self.rest)
        } else {
            let end = self.rest.find([' ', '(', ')', '[', ']', '"']);
            Some(end.unwrap_or(self.rest.len()))
        };
        let value = end.and_then(|end| serde_json::from_str::<Value>(&self.rest[..end]).ok());
        let value = value.filter(|value| !value.is_object() && !value.is_array());
        match (end, value) {
            (Some(end), Some(value)) => {
                self.rest = &self.rest[end..];
                Ok(value)
            }
            _ => Err(self.expected("a value: \"text\" in double quotes, a number, true, false or null")),
        }
    }

    /// A word, in any case, that is not the beginning of a longer one.
    fn keyword(&mut self, word: &str) -> bool {
        self.spaces();
        let matches = self
            .rest
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word));
        let after = matches.then(|| &self.rest[word.len()..]);
        match after {
            Some(after) if !after.bytes().next().is_some_and(is_path) => {
                self.rest = after;
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.spaces();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn run(&mut self, belongs: fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !belongs(byte));
        let (run, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        run
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn end(&mut self, expected: &'static str) -> Result<(), SyntaxError> {
        self.spaces();
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(self.expected(expected)),
        }
    }

    fn expected(&self, expected: &'static str) -> SyntaxError {
        let read = &self.text[..self.text.len() - self.rest.len()];
        SyntaxError {
            at: read.chars().count() + 1,
            expected,
        }
    }
}

fn one_or(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.len() {
        1 => parts.remove(0),
        _ => several(parts),
    }
}

/// Just after the closing quote of a text that starts with one.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
