//! `webex-sim init` and `webex-sim validate`: seed files.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::output;
use crate::Seed;

/// Exit status for a file that cannot be written or read, or is not valid.
const FAILED: u8 = 1;

/// Writes the starter, over another file only with `force`.
pub(super) fn init(file: &Path, force: bool) -> ExitCode {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options
        .open(file)
        .and_then(|mut open| open.write_all(Seed::starter().as_bytes()));
    let shown = file.display();
    match written {
        Ok(()) => {
            output::print(&format!(
                "{shown} is the built-in world; start with it: webex-sim --seed {shown}"
            ));
            ExitCode::SUCCESS
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => output::failure(
            FAILED,
            &format!("{shown} is there already; --force overwrites it"),
        ),
        Err(error) => output::failure(FAILED, &format!("cannot write {shown}: {error}")),
    }
}

/// Says what is in a seed file, or everything that is wrong with it.
pub(super) fn validate(file: &Path) -> ExitCode {
    let shown = file.display();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return output::failure(FAILED, &format!("cannot read {shown}: {error}")),
    };
    match Seed::parse(&text) {
        Ok(seed) => {
            output::print(&format!("{shown} is valid: {}", content(&seed)));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let problems = error.problems();
            for problem in problems {
                let separator = if problem.place.is_some() { ":" } else { ": " };
                output::say(&format!("{shown}{separator}{problem}"));
            }
            let count = counted(problems.len(), "problem", "problems");
            output::failure(FAILED, &format!("{shown} is not valid: {count}"))
        }
    }
}

fn content(seed: &Seed) -> String {
    [
        counted(seed.organizations(), "organisation", "organisations"),
        counted(seed.people(), "person", "people"),
        counted(seed.scopes().split_whitespace().count(), "scope", "scopes"),
        counted(seed.redirect_uris().len(), "redirect URI", "redirect URIs"),
    ]
    .join(", ")
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
