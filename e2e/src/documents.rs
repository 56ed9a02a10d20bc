//! README.md and docs/: the commands that they tell a reader to type, and the samples in their fences.

mod blocks;
mod commands;
mod spans;

use std::fs;
use std::path::Path;

use blocks::{Block, Part};

/// A document of the project.
#[derive(Debug)]
pub struct Document {
    /// The path from the root of the checkout, such as `docs/operating/ok.md`.
    pub name: String,
    parts: Vec<Part>,
}

/// A command that a document shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Where it stands, such as `README.md:41`.
    pub place: String,
    /// What is typed, without comments; of several lines where a quotation goes on.
    pub text: String,
}

/// All documents for readers of the project, by name.
#[must_use]
pub fn all(root: &Path) -> Vec<Document> {
    let mut names = vec!["README.md".to_owned()];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(root.join(&folder)).expect("the documents are there");
        for entry in entries.map(|entry| entry.expect("a folder of the checkout can be read")) {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(name);
            } else if Path::new(&name).extension().is_some_and(|kind| kind == "md") {
                names.push(name);
            }
        }
    }
    names.sort();
    names.iter().map(|name| Document::read(root, name)).collect()
}

impl Document {
    /// Reads one.
    #[must_use]
    pub fn read(root: &Path, name: &str) -> Self {
        let text =
            fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("reading {name}: {error}"));
        Self {
            name: name.to_owned(),
            parts: blocks::parse(&text),
        }
    }

    /// The commands, in their order: those in blocks, and those in the text.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        let found = self.parts.iter().flat_map(|part| match part {
            Part::Text(text) => spans::commands(text),
            Part::Block(block) if block.is_shell() => commands::of_block(block),
            Part::Block(_) => Vec::new(),
        });
        let placed = found.map(|(line, text)| Command {
            place: format!("{}:{line}", self.name),
            text,
        });
        placed.collect()
    }

    /// The command as the document has it. A story that tells a reader's way asks for each command, so that it fails
    /// where the document says something else.
    #[must_use]
    pub fn command(&self, text: &str) -> String {
        let found = self.commands().into_iter().find(|command| command.text == text);
        found
            .unwrap_or_else(|| panic!("{} does not say `{text}`", self.name))
            .text
    }

    /// What stands in the fences of a language, in their order.
    #[must_use]
    pub fn fences(&self, language: &str) -> Vec<&str> {
        let blocks = self.parts.iter().filter_map(|part| match part {
            Part::Block(block) => Some(block),
            Part::Text(_) => None,
        });
        blocks
            .filter(|block| block.language() == Some(language))
            .map(|block| block.text.as_str())
            .collect()
    }
}

impl Block {
    /// Whether it shows what is typed. Indented blocks do; what is shown otherwise stands in a fence with its language.
    fn is_shell(&self) -> bool {
        matches!(self.language(), None | Some("sh" | "bash" | "shell" | "console"))
    }
}
