//! Commands in running text and in tables: code spans that begin with a program.

use super::blocks::Lines;

/// What a reader can be told to run. A span with one of these and an argument is a command; alone it is a name.
const PROGRAMS: [&str; 18] = [
    "cargo",
    "chmod",
    "chown",
    "cp",
    "curl",
    "docker",
    "docker-compose",
    "fuser",
    "just",
    "mkdir",
    "mv",
    "nginx",
    "pip",
    "service",
    "ss",
    "webex-sim",
    "webex_gw",
    "/usr/local/go/webex_gw",
];

/// The one program that does something by itself.
const ALONE: &str = "just";

/// The commands, each with its line.
pub(super) fn commands(lines: &Lines) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = lines.text.as_str();
    let mut line = lines.first;
    while let Some((before, after)) = rest.split_once('`') {
        line += newlines(before);
        let Some((span, behind)) = after.split_once('`') else {
            break;
        };
        // A blank line ends a paragraph, and with it a span that is none.
        if span.contains("\n\n") {
            rest = after;
            continue;
        }
        let text = span.split_whitespace().collect::<Vec<_>>().join(" ");
        // In tables a bar would end the cell.
        let text = text.replace("\\|", "|");
        if is_command(&text) {
            found.push((line, text));
        }
        line += newlines(span);
        rest = behind;
    }
    found
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

fn is_command(text: &str) -> bool {
    let is_variable = |word: &&str| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let mut words = text.split(' ').skip_while(is_variable);
    let program = words.next().unwrap_or_default();
    text == ALONE || PROGRAMS.contains(&program) && words.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        commands(&Lines {
            first: 7,
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_span_with_a_program_and_an_argument_is_a_command() {
        assert_eq!(
            found("Run `just dev`\nor `A=1 cargo test\n--workspace`; see `webex_gw` and `tokens`."),
            [
                (7, "just dev".to_owned()),
                (8, "A=1 cargo test --workspace".to_owned())
            ]
        );
    }

    #[test]
    fn bars_of_tables_are_not_part_of_it() {
        assert_eq!(
            found(r"| `webex_gw health [live\|ready]` | asks |"),
            [(7, "webex_gw health [live|ready]".to_owned())]
        );
    }

    #[test]
    fn the_list_of_recipes_is_a_command() {
        assert_eq!(found("`just` lists them"), [(7, "just".to_owned())]);
    }

    #[test]
    fn a_lone_backtick_does_not_swallow_the_rest() {
        assert_eq!(
            found("a ` alone\n\nthen `just dev`"),
            [(9, "just dev".to_owned())]
        );
    }
}
