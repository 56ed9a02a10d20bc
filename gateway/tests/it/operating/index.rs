//! The way from a symptom to its page.

use std::collections::BTreeSet;

use webex_gateway::cli::Cli;
use webex_gateway::token::lifecycle::AuthState;

use super::PAGES;
use crate::docs::{document, files_of};

/// What stands in backticks at the beginning of the rows of a table.
fn first_cells(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_page_has_its_test_and_its_place_in_the_index() {
    let index = document("docs/operating.md");
    let pages: BTreeSet<_> = PAGES
        .iter()
        .map(|name| format!("docs/operating/{name}.md"))
        .collect();
    assert_eq!(
        files_of("docs/operating"),
        pages,
        "a page without a test, or a test without a page"
    );
    for name in PAGES {
        assert!(
            index.contains(&format!("](operating/{name}.md)")),
            "{name} is not in the index"
        );
    }
}

#[test]
fn every_state_every_error_and_every_alert_leads_to_a_page() {
    let index = document("docs/operating.md");
    let cells = first_cells(&index);
    let states = AuthState::ALL.iter().map(|state| state.as_str().to_owned());
    let rules = document("deploy/prometheus/webex_gw.rules.yml");
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let configuration = document("docs/configuration.md");
    let errors = configuration.lines().filter_map(|line| line.strip_prefix("| 50"));
    let errors = errors.flat_map(|row| {
        row.split('|')
            .nth(1)
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
    });
    for symptom in states.chain(alerts.chain(errors).map(str::to_owned)) {
        assert!(cells.contains(&symptom), "{symptom} is not in the index");
    }
}

#[test]
fn the_commands_of_the_pages_are_understood() {
    let mut found = 0;
    let pages = PAGES.iter().map(|name| format!("docs/operating/{name}.md"));
    for name in pages.chain(["docs/operating.md", "docs/migrating.md"].map(str::to_owned)) {
        for line in document(&name).lines() {
            for command in line.split("/usr/local/go/").skip(1) {
                let words = command
                    .split(['`', '|'])
                    .next()
                    .unwrap_or_default()
                    .split_whitespace();
                let words = words.take_while(|word| *word != "…").map(Into::into);
                assert!(Cli::parse_go_style(words).is_ok(), "{name}: {command}");
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}
