//! The samples in the documents and in deploy/ are what their programs read, and say the same where they show the same.

use e2e::compose::{self, field::Field};
use e2e::documents;
use e2e::documents::Document;
use e2e::workspace;

/// A line of a compose file without what differs from one installation to the next.
fn lines(block: &str) -> Vec<&str> {
    let lines = block.lines().map(str::trim);
    let own = ["image: ", "client_id: ", "client_secret: "];
    let kept = lines.map(|line| {
        own.iter()
            .find(|name| line.starts_with(**name))
            .copied()
            .unwrap_or(line)
    });
    kept.filter(|line| *line != "services:").collect()
}

#[test]
fn the_compose_block_is_that_of_the_field() {
    let readme = Document::read(workspace::root(), "README.md");
    let block = readme.fences("yaml")[0];
    let sample = Field::sample();
    assert_eq!(lines(block), lines(&sample));

    for file in [format!("services:\n{}", indented(block)), sample] {
        if let Some(outcome) = compose::read(&file) {
            let read = outcome.unwrap();
            assert!(read.contains("/usr/local/go/webex_gw"), "{read}");
        }
    }
}

/// Documents show a block without the indentation that it has in its file.
fn indented(block: &str) -> String {
    let lines = block.lines().map(|line| format!("  {line}\n"));
    lines.collect()
}

#[test]
fn the_nginx_block_is_that_of_deploy() {
    let readme = Document::read(workspace::root(), "README.md");
    let file = std::fs::read_to_string(workspace::root().join("deploy/nginx/webex_gw.conf")).unwrap();
    let without_comments: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(readme.fences("nginx"), [without_comments.join("\n")]);
}

#[test]
fn every_sample_in_json_is_json() {
    for document in documents::all(workspace::root()) {
        for sample in document.fences("json") {
            let read: Result<serde_json::Value, _> = serde_json::from_str(sample);
            assert!(read.is_ok(), "{}: {sample}", document.name);
        }
    }
}
