//! Reads the maps of a seed field by field, and notes everything that is wrong on the way instead of stopping at the first.

use std::cell::RefCell;

use super::problem::{Place, Problem};
use super::tree::{Content, Member, Node};
use crate::secret::Secret;

/// A name this close to a known one was meant to be it: one letter in three may differ.
const LETTERS_PER_MISTAKE: usize = 3;

/// Everything found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

/// A map whose fields are read one after the other.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Such as `people[2]`; empty for the whole.
    path: String,
    pub(super) place: Option<Place>,
    members: &'a [Member],
    /// Names that were asked for.
    known: Vec<&'static str>,
    problems: &'a Problems,
}

/// Something read, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) place: Option<Place>,
}

// === impl Problems ===

impl Problems {
    /// Notes one.
    pub(super) fn add(
        &self,
        place: Option<Place>,
        path: impl Into<String>,
        reason: impl Into<String>,
        accepted: impl Into<String>,
    ) {
        self.0.borrow_mut().push(Problem {
            place,
            path: path.into(),
            reason: reason.into(),
            accepted: accepted.into(),
        });
    }

    /// All of them, in the order of the text.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut all = self.0.into_inner();
        all.sort_by_key(|problem| problem.place);
        all
    }
}

// === impl Section ===

impl<'a> Section<'a> {
    /// The map that `node` should be; nothing is an empty one.
    pub(super) fn of(node: &'a Node, path: String, problems: &'a Problems) -> Option<Self> {
        let members: &[Member] = match &node.content {
            Content::Map(members) => members,
            Content::Null => &[],
            other => {
                problems.add(node.place, path, reason(other), "a map of fields");
                return None;
            }
        };
        Some(Self {
            path,
            place: node.place,
            members,
            known: Vec::new(),
            problems,
        })
    }

    /// How a field of this map is called from outside.
    pub(super) fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The value of a field; nothing counts as absent.
    pub(super) fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        self.known.push(name);
        let member = self.members.iter().find(|member| member.name == name)?;
        (!matches!(member.node.content, Content::Null)).then_some(&member.node)
    }

    /// A text that is not blank.
    pub(super) fn text(&mut self, name: &'static str) -> Option<Found<&'a str>> {
        let node = self.node(name)?;
        let text = self.text_of(node, &self.at(name))?;
        if text.trim().is_empty() {
            self.problems.add(node.place, self.at(name), "is blank", "a text");
            return None;
        }
        Some(Found {
            value: text,
            place: node.place,
        })
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, name: &'static str) -> Option<Found<&'a str>> {
        let before = self.problems.0.borrow().len();
        let text = self.text(name);
        if text.is_none() && self.problems.0.borrow().len() == before {
            self.problems
                .add(self.place, self.at(name), "is missing", "a text");
        }
        text
    }

    /// A text for later use.
    pub(super) fn owned(&mut self, name: &'static str) -> Option<String> {
        self.text(name).map(|text| text.value.to_owned())
    }

    /// A text that is not repeated if it is none.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<Secret> {
        let node = self.node(name)?;
        if let Content::Text(text) = &node.content {
            return Some(Secret::new(text));
        }
        let accepted = "a text; in quotes if it looks like something else";
        self.problems
            .add(node.place, self.at(name), "is no text", accepted);
        None
    }

    /// A text that `read` understands.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        accepted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Found<T>> {
        let text = self.text(name)?;
        let value = read(text.value);
        if value.is_none() {
            let reason = format!("is {:?}", text.value);
            self.problems.add(text.place, self.at(name), reason, accepted);
        }
        value.map(|value| Found {
            value,
            place: text.place,
        })
    }

    /// True or false.
    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let node = self.node(name)?;
        match &node.content {
            Content::Flag(flag) => Some(*flag),
            other => {
                self.problems
                    .add(node.place, self.at(name), reason(other), "true or false");
                None
            }
        }
    }

    /// A whole number from 0 to `most`.
    pub(super) fn number(&mut self, name: &'static str, most: usize) -> Option<usize> {
        let node = self.node(name)?;
        let number = match &node.content {
            Content::Number(text) => text.parse().ok().filter(|number| *number <= most),
            _ => None,
        };
        if number.is_none() {
            let accepted = format!("a whole number from 0 to {most}");
            self.problems
                .add(node.place, self.at(name), reason(&node.content), accepted);
        }
        number
    }

    /// A list, each with its path; absent is empty.
    pub(super) fn list(&mut self, name: &'static str) -> Vec<(String, &'a Node)> {
        let Some(node) = self.node(name) else {
            return Vec::new();
        };
        let path = self.at(name);
        let Content::List(nodes) = &node.content else {
            self.problems
                .add(node.place, path, reason(&node.content), "a list");
            return Vec::new();
        };
        let named = nodes
            .iter()
            .enumerate()
            .map(|(n, node)| (format!("{path}[{n}]"), node));
        named.collect()
    }

    /// A list of texts; absent if it is not there.
    pub(super) fn texts(&mut self, name: &'static str) -> Option<Vec<Found<&'a str>>> {
        self.node(name)?;
        let nodes = self.list(name);
        let texts = nodes.into_iter().filter_map(|(path, node)| {
            let value = self.text_of(node, &path)?;
            Some(Found {
                value,
                place: node.place,
            })
        });
        Some(texts.collect())
    }

    /// A list of maps.
    pub(super) fn sections(&mut self, name: &'static str) -> Vec<Self> {
        let problems = self.problems;
        let nodes = self.list(name);
        let sections = nodes
            .into_iter()
            .filter_map(|(path, node)| Section::of(node, path, problems));
        sections.collect()
    }

    /// A map.
    pub(super) fn section(&mut self, name: &'static str) -> Option<Self> {
        let node = self.node(name)?;
        Section::of(node, self.at(name), self.problems)
    }

    /// Notes what is wrong with a field of this map.
    pub(super) fn wrong(
        &self,
        name: &str,
        place: Option<Place>,
        reason: impl Into<String>,
        accepted: impl Into<String>,
    ) {
        self.problems
            .add(place.or(self.place), self.at(name), reason, accepted);
    }

    /// Notes the fields that nobody has asked for.
    pub(super) fn finish(self) {
        for member in self.members {
            if !self.known.contains(&member.name.as_str()) {
                let accepted = nearest(&member.name, &self.known);
                let path = self.at(&member.name);
                self.problems.add(member.place, path, "is unknown", accepted);
            }
        }
    }

    fn text_of(&self, node: &'a Node, path: &str) -> Option<&'a str> {
        match &node.content {
            Content::Text(text) => Some(text),
            other => {
                let accepted = "a text; in quotes if it looks like something else";
                self.problems.add(node.place, path, reason(other), accepted);
                None
            }
        }
    }
}

/// The known name that was probably meant, or all of them.
pub(super) fn nearest(name: &str, known: &[&str]) -> String {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let distance = |known: &str| strsim::damerau_levenshtein(&plain(name), &plain(known));
    let best = known.iter().min_by_key(|known| distance(known));
    match best {
        Some(best) if distance(best) <= best.len().div_ceil(LETTERS_PER_MISTAKE) => {
            format!("{best}, which is the nearest known name")
        }
        _ => known.join(", "),
    }
}

/// What a value is instead of what it should be.
pub(super) fn reason(content: &Content) -> String {
    match content {
        Content::Null => "is nothing".to_owned(),
        Content::Flag(flag) => format!("is {flag}"),
        Content::Number(number) => format!("is the number {number}"),
        Content::Text(text) => format!("is {text:?}"),
        Content::List(_) => "is a list".to_owned(),
        Content::Map(_) => "is a map".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told_where_there_is_one() {
        let known = ["email", "displayName", "roles"];
        assert_eq!(
            nearest("dispalyname", &known),
            "displayName, which is the nearest known name"
        );
        assert_eq!(
            nearest("display_name", &known),
            "displayName, which is the nearest known name"
        );
        assert_eq!(nearest("mail", &known), "email, which is the nearest known name");
        assert_eq!(nearest("colour", &known), "email, displayName, roles");
        assert_eq!(nearest("x", &[]), "");
    }
}
