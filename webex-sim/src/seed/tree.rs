//! The text of a seed as a tree whose every node knows its line and column. JSON is YAML, so one parser reads both.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use serde_json::Value;

use super::problem::{Place, Problem};

/// Deepest nesting: a seed needs seven levels. The parser's own memory grows with it.
const DEEPEST: usize = 64;

/// Most nodes, those behind aliases included: a seed for 100,000 people has two million. Aliases of aliases could ask for any
/// number of them.
const MOST_NODES: usize = 5_000_000;

/// A value and where it stands; it stands nowhere if it came as JSON.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Option<Place>,
    pub(super) content: Content,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Null,
    Flag(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A field of a map.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Of the name.
    pub(super) place: Option<Place>,
    pub(super) node: Node,
}

/// Builds the tree from the parser's events.
#[derive(Default)]
struct Builder {
    /// Lists and maps that have not ended, the innermost last.
    open: Vec<Open>,
    /// Nodes that an alias can repeat, with the number of nodes in them.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
}

struct Open {
    place: Place,
    anchor: usize,
    /// [`Builder::nodes`] at its start.
    nodes: usize,
    content: Content,
    /// Of a map: the name whose value comes next.
    name: Option<(String, Place)>,
    /// Of a map: the names so far.
    names: HashSet<String>,
}

/// Reads YAML or JSON.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    match parse_yaml(text) {
        Ok(node) => Ok(node),
        // What JSON allows and YAML does not, such as tabs: then there are no places.
        Err(problem) => serde_json::from_str::<Value>(text)
            .map(Node::from)
            .map_err(|_| problem),
    }
}

fn parse_yaml(text: &str) -> Result<Node, Problem> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| wrong(place(error.marker()), error.info()))?;
        builder.event(event, span)?;
    }
    builder.root.ok_or_else(|| Problem {
        place: None,
        path: String::new(),
        reason: "is empty".to_owned(),
        accepted: "a seed, see docs/simulator.md; {} is a world without people".to_owned(),
    })
}

// === impl Builder ===

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let at = place(&span.start);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(wrong(at, "there is a second document; one is accepted"))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                let content = scalar(text, style, tag.as_deref());
                self.count(1, at)?;
                self.complete(
                    Node {
                        place: Some(at),
                        content,
                    },
                    anchor,
                    1,
                )
            }
            Event::SequenceStart(anchor, _) => self.begin(Content::List(Vec::new()), anchor, at),
            Event::MappingStart(anchor, _) => self.begin(Content::Map(Vec::new()), anchor, at),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Err(wrong(at, "something ends that has not begun"));
                };
                let node = Node {
                    place: Some(open.place),
                    content: open.content,
                };
                self.complete(node, open.anchor, self.nodes - open.nodes)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err(wrong(at, "an alias repeats what has not ended"));
                };
                let (mut node, size) = (node.clone(), *size);
                node.place = Some(at);
                self.count(size, at)?;
                self.complete(node, 0, size)
            }
        }
    }

    fn begin(&mut self, content: Content, anchor: usize, place: Place) -> Result<(), Problem> {
        if self.open.len() == DEEPEST {
            return Err(wrong(place, "is nested too deeply"));
        }
        self.open.push(Open {
            place,
            anchor,
            nodes: self.nodes,
            content,
            name: None,
            names: HashSet::new(),
        });
        self.count(1, place)
    }

    fn count(&mut self, nodes: usize, place: Place) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(wrong(place, "there is too much of it"));
        }
        Ok(())
    }

    /// Puts a node where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Problem> {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.content, open.name.take()) {
            (Content::Map(members), Some((name, place))) => members.push(Member {
                name,
                place: Some(place),
                node,
            }),
            (Content::Map(_), None) => {
                let place = node.place.unwrap_or(open.place);
                let (Content::Text(name) | Content::Number(name)) = node.content else {
                    return Err(wrong(place, "the name of a field is no text"));
                };
                if !open.names.insert(name.clone()) {
                    return Err(wrong(place, &format!("the field {name:?} is there twice")));
                }
                open.name = Some((name, place));
            }
            (Content::List(nodes), _) => nodes.push(node),
            _ => unreachable!("only lists and maps are opened"),
        }
        Ok(())
    }
}

/// A scalar by the core schema of YAML 1.2, section 10.3.2.
fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Content {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Content::Text(text.into_owned());
    }
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Flag(true),
        "false" | "False" | "FALSE" => Content::Flag(false),
        number if is_number(number) => Content::Number(text.into_owned()),
        _ => Content::Text(text.into_owned()),
    }
}

/// Whether YAML takes it for a number; `inf` and `nan`, which Rust reads as well, are texts.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && (text.parse::<f64>().is_ok() || digits.starts_with("0x") || digits.starts_with("0o"))
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

fn wrong(place: Place, reason: &str) -> Problem {
    Problem {
        place: Some(place),
        path: String::new(),
        reason: format!("is no YAML or JSON: {reason}"),
        accepted: "a seed, see docs/simulator.md".to_owned(),
    }
}

// === impl Node ===

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(flag) => Content::Flag(flag),
            Value::Number(number) => Content::Number(number.to_string()),
            Value::String(text) => Content::Text(text),
            Value::Array(list) => Content::List(list.into_iter().map(Self::from).collect()),
            Value::Object(map) => Content::Map(
                map.into_iter()
                    .map(|(name, value)| Member {
                        name,
                        place: None,
                        node: Self::from(value),
                    })
                    .collect(),
            ),
        };
        Self { place: None, content }
    }
}

impl Node {
    /// The same as JSON; a number that JSON cannot hold is a text there.
    pub(super) fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Flag(flag) => Value::Bool(*flag),
            Content::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| text.clone().into()),
            Content::Text(text) => text.clone().into(),
            Content::List(nodes) => nodes.iter().map(Self::to_json).collect(),
            Content::Map(members) => {
                let fields = members
                    .iter()
                    .map(|member| (member.name.clone(), member.node.to_json()));
                Value::Object(fields.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json_of(text: &str) -> Value {
        parse(text).unwrap().to_json()
    }

    #[test]
    fn plain_scalars_have_the_types_of_yaml() {
        let text = "[a, 1, -2.5, true, ~, 0x1f, nan, .inf, '1', \"\\u00e4\", !!str 7, 2024-03-04]";
        assert_eq!(
            json_of(text),
            json!([
                "a",
                1,
                -2.5,
                true,
                null,
                "0x1f",
                "nan",
                ".inf",
                "1",
                "ä",
                "7",
                "2024-03-04"
            ])
        );
    }

    #[test]
    fn json_is_read_also_where_it_is_no_yaml() {
        let text = "{\n\t\"a\": [1,\t\"\\ud83d\\ude00\"]\n}";
        assert_eq!(json_of(text), json!({"a": [1, "😀"]}));
    }

    #[test]
    fn places_are_lines_and_columns_from_1() {
        let node = parse("a:\n  - b: c\n").unwrap();
        let Content::Map(members) = &node.content else {
            panic!("{node:?}")
        };
        let Content::List(list) = &members[0].node.content else {
            panic!("{node:?}")
        };
        assert_eq!(members[0].place, Some(Place { line: 1, column: 1 }));
        assert_eq!(list[0].place, Some(Place { line: 2, column: 5 }));
    }

    #[test]
    fn aliases_are_followed_within_reason() {
        assert_eq!(
            json_of("a: &x [1]\nb: *x\nc: *x"),
            json!({"a": [1], "b": [1], "c": [1]})
        );
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..12 {
            let before = format!("*a{},", n - 1).repeat(10);
            writeln!(bomb, "a{n}: &a{n} [{before}]").unwrap();
        }
        assert!(parse(&bomb).unwrap_err().reason.contains("too much"));
    }

    #[test]
    fn what_cannot_be_a_tree_is_refused_with_its_place() {
        for (text, expected) in [
            (
                "a: 1\nb: 2\na: 3\n",
                "3:1: the seed is no YAML or JSON: the field \"a\" is there twice",
            ),
            ("[a]: 1", "the name of a field is no text"),
            ("a: 1\n---\nb: 2", "second document"),
            ("a: [1", "1:"),
            ("a: *b", "1:"),
            ("a: \"b", "1:"),
            ("a: &x [*x]", "1:8: "),
            (&"[".repeat(100), "nested too deeply"),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_tree_or_a_problem(text in "[ -~\n\t]{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn yaml_like_text_is_a_tree_or_a_problem(text in "([a-c]|[0-9]|: |- |\n|  |&a |\\*a|[\\[\\]{},'\"#|>!?%~])*") {
            let _ = parse(&text);
        }
    }
}
