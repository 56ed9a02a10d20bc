//! The commands in a block of shell: a line each, or more where a quotation or a backslash goes on.

use super::blocks::Block;

/// The commands, each with its line.
pub(super) fn of_block(block: &Block) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in block.text.lines().enumerate() {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let (first, text) = match open.take() {
            Some((first, before)) => (first, format!("{before}\n{line}")),
            None => (block.first + index, line.to_owned()),
        };
        match scan(&text) {
            Scan::Open => open = Some((first, text)),
            Scan::Whole { end } => found.push((first, text[..end].trim().to_owned())),
        }
    }
    // A quotation that never ends is an apostrophe in what is no command, or a mistake; both are for the reader to see.
    found.extend(open);
    found.retain(|(_, text)| !text.is_empty());
    found
}

/// What the start of a command is.
enum Scan {
    /// A quotation goes on, or the line ends with a backslash.
    Open,
    /// All of it, up to a comment.
    Whole { end: usize },
}

fn scan(text: &str) -> Scan {
    let mut quote = None;
    let mut before = ' ';
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            _ if is_escaped => is_escaped = false,
            (None | Some('"'), '\\') => is_escaped = true,
            (None, '\'' | '"') => quote = Some(character),
            (None, '#') if before.is_whitespace() => return Scan::Whole { end: at },
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        before = character;
    }
    if quote.is_some() || is_escaped {
        Scan::Open
    } else {
        Scan::Whole { end: text.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Part, parse};
    use super::*;

    fn commands(shell: &str) -> Vec<(usize, String)> {
        match parse(&format!("```sh\n{shell}\n```")).remove(0) {
            Part::Block(block) => of_block(&block),
            Part::Text(text) => panic!("{text:?}"),
        }
    }

    fn command(line: usize, text: &str) -> (usize, String) {
        (line, text.to_owned())
    }

    #[test]
    fn a_line_is_a_command() {
        assert_eq!(
            commands("just a\n\njust b"),
            [command(2, "just a"), command(4, "just b")]
        );
    }

    #[test]
    fn comments_are_none() {
        assert_eq!(
            commands("# why\njust a   # what it does: don't ask\ncurl http://h/#x"),
            [command(3, "just a"), command(4, "curl http://h/#x")]
        );
    }

    #[test]
    fn a_quotation_and_a_backslash_go_on() {
        assert_eq!(
            commands("curl -d '{\n  1}' a\njust \\\n  b"),
            [command(2, "curl -d '{\n  1}' a"), command(4, "just \\\n  b")]
        );
    }

    #[test]
    fn a_prompt_is_not_typed() {
        assert_eq!(commands("$ just a"), [command(2, "just a")]);
    }
}
