//! The parts of a Markdown text: blocks of code, and what stands between them.

/// A part of a document, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Lines that are no code.
    Text(Lines),
    /// Code, fenced or indented.
    Block(Block),
}

/// Some lines, and the number of the first one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) first: usize,
    pub(super) text: String,
}

/// A block of code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The number of its first line.
    pub(super) first: usize,
    /// What a fence says of itself; indented blocks have none.
    info: Option<String>,
    /// The code, without the indentation that all of it has.
    pub(super) text: String,
}

impl Block {
    /// The language of a fence, empty where it names none; indented blocks have none.
    pub(super) fn language(&self) -> Option<&str> {
        let info = self.info.as_deref()?;
        Some(info.split_whitespace().next().unwrap_or_default())
    }
}

/// How deep code is indented.
const CODE: usize = 4;

/// Parts the text. Within lists code is indented deeper, and an item's further paragraphs less deep.
pub(super) fn parse(text: &str) -> Vec<Part> {
    let lines: Vec<&str> = text.lines().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (part, next) = fence(&lines, at)
            .or_else(|| indented(&lines, at))
            .unwrap_or_else(|| plain(&lines, at));
        parts.push(part);
        at = next;
    }
    parts
}

fn fence(lines: &[&str], at: usize) -> Option<(Part, usize)> {
    let info = lines[at].trim_start().strip_prefix("```")?;
    let inside = at + 1;
    let end = (inside..lines.len())
        .find(|&line| lines[line].trim() == "```")
        .unwrap_or(lines.len());
    let block = block(Some(info.trim().to_owned()), &lines[inside..end], inside);
    Some((block, end + 1))
}

fn indented(lines: &[&str], at: usize) -> Option<(Part, usize)> {
    let follows_a_blank = at == 0 || lines[at - 1].trim().is_empty();
    if !follows_a_blank || !is_code(lines[at]) {
        return None;
    }
    let is_inside = |line: &&str| line.trim().is_empty() || is_code(line);
    let mut end = at + lines[at..].iter().take_while(|line| is_inside(line)).count();
    while lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    Some((block(None, &lines[at..end], at), end))
}

/// One line at a time would tear code spans apart; so it goes on until code may begin.
fn plain(lines: &[&str], at: usize) -> (Part, usize) {
    let ends = |&line: &usize| fence(lines, line).is_some() || indented(lines, line).is_some();
    let end = (at + 1..lines.len()).find(ends).unwrap_or(lines.len());
    let part = Part::Text(Lines {
        first: at + 1,
        text: lines[at..end].join("\n"),
    });
    (part, end)
}

fn is_code(line: &str) -> bool {
    !line.trim().is_empty() && depth(line) >= CODE
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn block(info: Option<String>, lines: &[&str], index: usize) -> Part {
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let shared = filled.map(|line| depth(line)).min().unwrap_or(0);
    let lines = lines.iter().map(|line| line.get(shared..).unwrap_or_default());
    Part::Block(Block {
        first: index + 1,
        info,
        text: lines.collect::<Vec<_>>().join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<(usize, Option<String>, String)> {
        let blocks = parse(text).into_iter().filter_map(|part| match part {
            Part::Block(block) => Some((block.first, block.info, block.text)),
            Part::Text(_) => None,
        });
        blocks.collect()
    }

    #[test]
    fn fences_and_indented_blocks_are_code() {
        let text = "Type\n\n    just dev\n\n    just test\n\nand see\n\n```json health\n{\n  1\n}\n```\n";
        assert_eq!(
            blocks(text),
            [
                (3, None, "just dev\n\njust test".to_owned()),
                (10, Some("json health".to_owned()), "{\n  1\n}".to_owned()),
            ]
        );
    }

    #[test]
    fn a_list_indents_its_code_deeper_and_its_text_less() {
        let text = "1. Look:\n\n       just a\n       just b\n\n   `tokens` shows it.\n2. Go\n";
        assert_eq!(blocks(text), [(3, None, "just a\njust b".to_owned())]);
    }

    #[test]
    fn a_line_that_goes_on_is_no_code() {
        assert_eq!(blocks("a list item\n      that goes on\n"), []);
    }

    #[test]
    fn text_keeps_its_place() {
        let parts = parse("a\n\n    b\n\nc\nd\n");
        let texts: Vec<_> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(lines) => Some((lines.first, lines.text.trim())),
                Part::Block(_) => None,
            })
            .collect();
        assert_eq!(texts, [(1, "a"), (4, "c\nd")]);
    }
}
