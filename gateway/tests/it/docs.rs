//! What the documents say is what the program does.

use std::collections::BTreeSet;
use std::path::Path;

use webex_gateway::cli::{Cli, FLAGS};
use webex_gateway::config::Config;
use webex_gateway::config::environment::Variables;

pub(crate) fn document(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join(name)).unwrap()
}

/// The files in a folder of the repository, by their paths from its root.
pub(crate) fn files_of(folder: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entries = std::fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().is_file());
    files
        .map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy()))
        .collect()
}

/// The command lines of the gateway in a compose file or a document.
fn command_lines(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("command: "));
    lines
        .filter(|line| line.contains("webex_gw"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_flag_stands_in_the_configuration_guide_with_its_variable() {
    let guide = document("docs/configuration.md");
    for (flag, variable) in FLAGS {
        let row = guide
            .lines()
            .find(|line| line.starts_with(&format!("| `-{flag}` |")));
        assert!(
            row.is_some_and(|row| row.contains(&format!("`{variable}`"))),
            "-{flag}: {row:?}"
        );
    }
    let rows = guide.lines().filter(|line| line.starts_with("| `-")).count();
    assert_eq!(rows, FLAGS.len(), "the guide names a flag that does not exist");
}

#[test]
fn every_error_code_stands_in_the_configuration_guide() {
    let guide = document("docs/configuration.md");
    for code in [
        "bad_request",
        "target_refused",
        "too_large",
        "key_required",
        "not_authorised",
        "token_refresh_failed",
        "upstream_unreachable",
        "upstream_broken",
        "upstream_timeout",
        "internal",
    ] {
        assert!(guide.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn the_compose_blocks_of_the_documents_are_understood() {
    let mut found = 0;
    for name in ["README.md", "docker-compose.yml"] {
        for line in command_lines(&document(name)) {
            found += 1;
            let flags = Cli::parse_go_style(line.split_whitespace().map(Into::into))
                .unwrap()
                .flags;
            let variables = [
                ("client_id", "C1"),
                ("client_secret", "s"),
                ("redirect_uri", "https://apio.example.com/x"),
            ];
            let config = Config::read(&flags, &Variables::from(&variables)).unwrap();
            assert_eq!(config.tokens_file, Path::new("/opt/tokens/.tokens"), "{name}");
        }
    }
    assert_eq!(found, 2);
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut names = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    names.extend(files_of("docs"));
    names.extend(files_of("docs/operating"));
    for name in names
        .iter()
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"))
    {
        let text = document(name);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            let external = target.contains("://") || file.is_empty();
            let there = root.join(name).parent().unwrap().join(file).exists();
            assert!(external || there, "{name} links to {target}");
        }
    }
}
