//! The suite's test programs, built by cargo and named by it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use crate::workspace;

/// A program with tests in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Builds the tests of this crate.
pub(super) fn test_programs() -> anyhow::Result<Vec<Program>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_about_this_program(name)) {
        command.env_remove(name);
    }
    let output = command
        .args([
            "test",
            "--package",
            "e2e",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(workspace::root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "cargo ended with {}", output.status);
    let programs = programs(&String::from_utf8(output.stdout)?)?;
    anyhow::ensure!(!programs.is_empty(), "cargo names no test program");
    Ok(programs)
}

/// What `cargo run` says of the program that it starts. Build scripts of dependencies would take it for a change, and all
/// that stands on them would be compiled anew, here and the next time by hand.
fn is_about_this_program(variable: &OsStr) -> bool {
    let variable = variable.to_string_lossy();
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

/// Reads cargo's messages, one JSON object a line.
fn programs(messages: &str) -> anyhow::Result<Vec<Program>> {
    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("cargo writes JSON")?;
        let is_test = message["profile"]["test"] == true;
        if let (true, Some(path)) = (is_test, message["executable"].as_str()) {
            let path = PathBuf::from(path);
            let name = path.file_name().context("a program has a name")?;
            programs.push(Program {
                name: name.to_string_lossy().into_owned(),
                path,
            });
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_that_cargo_makes_the_programs_with_tests_count() {
        let messages = r#"{"reason":"compiler-artifact","profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","profile":{"test":false},"executable":"/t/webex-e2e"}
{"reason":"compiler-artifact","profile":{"test":true},"executable":"/t/deps/e2e-1a2b"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            programs(messages).unwrap(),
            [Program {
                name: "e2e-1a2b".to_owned(),
                path: "/t/deps/e2e-1a2b".into()
            }]
        );
    }
}
