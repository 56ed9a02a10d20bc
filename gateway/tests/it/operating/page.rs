//! A page about one state: its sections, and the examples in it.

/// The sections of every page, in this order.
const SECTIONS: [&str; 8] = [
    "What it means",
    "`/health`",
    "`/status`",
    "Log lines",
    "Metrics",
    "What callers get",
    "What to do",
    "What not to do",
];

/// What a page says.
pub(super) struct Page {
    sections: Vec<String>,
    pub(super) blocks: Vec<Block>,
}

/// An example. Its fence names the language, the kind, and the moment where the page shows several: ```` ```json health ended ````.
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) moment: String,
    /// The text right above it.
    pub(super) intro: String,
    pub(super) text: String,
    /// Where the fence stands.
    pub(super) line: usize,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let (mut sections, mut blocks, mut intro, mut over) = (Vec::new(), Vec::new(), String::new(), false);
        let mut lines = text.lines().zip(1..);
        while let Some((line, number)) = lines.next() {
            if let Some(title) = line.strip_prefix("## ") {
                sections.push(title.to_owned());
            }
            let Some(info) = line.trim_start().strip_prefix("```") else {
                if over && !line.is_empty() {
                    intro.clear();
                }
                intro = format!("{intro} {line}");
                over = line.is_empty() || line.starts_with('#');
                continue;
            };
            let body: Vec<_> = lines
                .by_ref()
                .map(|(line, _)| line)
                .take_while(|line| *line != "```")
                .collect();
            let words: Vec<_> = info.split(' ').collect();
            let word = |index: usize| words.get(index).copied().unwrap_or_default().to_owned();
            blocks.push(Block {
                kind: word(1),
                moment: word(2),
                intro: std::mem::take(&mut intro).trim().to_owned(),
                text: body.join("\n"),
                line: number,
            });
        }
        Self { sections, blocks }
    }

    pub(super) fn missing_sections(&self) -> Vec<String> {
        match self.sections == SECTIONS {
            true => Vec::new(),
            false => vec![format!(
                "the sections are {:?} instead of {SECTIONS:?}",
                self.sections
            )],
        }
    }
}

#[test]
fn a_block_is_read_with_its_kind_its_moment_and_what_introduces_it() {
    let page = Page::read(
        "## One\n\nSomething else.\n\nWith a dead\ngrant 503:\n\n```json health dead\n{\n}\n```\n\n```text\nx\n```\n",
    );
    let [first, second] = page.blocks.as_slice() else {
        panic!("two blocks");
    };
    assert_eq!(
        (first.kind.as_str(), first.moment.as_str(), first.line),
        ("health", "dead", 8)
    );
    assert_eq!(
        (first.intro.as_str(), first.text.as_str()),
        ("With a dead grant 503:", "{\n}")
    );
    assert_eq!(
        (second.kind.as_str(), second.intro.as_str(), second.text.as_str()),
        ("", "", "x")
    );
    assert_eq!(page.sections, ["One"]);
    assert_eq!(page.missing_sections().len(), 1);
}
