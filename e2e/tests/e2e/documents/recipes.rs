//! Recipes of the justfile, and what `.ci/run` calls of them.

use std::fs;

use e2e::workspace;

/// Whether a file of the checkout has a text.
pub(super) fn mentions(file: &str, text: &str) -> Result<(), String> {
    read(file)
        .contains(text)
        .then_some(())
        .ok_or_else(|| format!("{file} does not have {text}"))
}

/// Whether the command is a recipe with the arguments that it takes, and `.ci/run` calls it.
pub(super) fn is_called(command: &str) -> Result<(), String> {
    let name = recipe(command)?;
    let ci = read(".ci/run");
    let mut calls = ci.lines().filter_map(|line| line.trim().strip_prefix("just "));
    calls
        .any(|recipes| recipes.split(' ').any(|called| called == name))
        .then_some(())
        .ok_or_else(|| format!(".ci/run does not call {name}"))
}

/// Whether the command is a recipe for tests, with a filter that finds this file of the workspace.
pub(super) fn is_part(command: &str, path: &str) -> Result<(), String> {
    recipe(command)?;
    let filter = command.split(' ').next_back().unwrap_or_default();
    let exists = workspace::root().join(path).exists();
    // Where there is no filter, all that is in the target is meant.
    let is_found = path.contains(filter) || filter == "--lib";
    match (exists, is_found) {
        (false, _) => Err(format!("there is no {path}")),
        (_, false) => Err(format!("{filter} does not find {path}")),
        _ => Ok(()),
    }
}

/// The name of the recipe that a command calls.
fn recipe(command: &str) -> Result<&str, String> {
    let mut words = command.strip_prefix("just ").ok_or("it is no recipe")?.split(' ');
    let name = words.next().unwrap_or_default();
    let justfile = read("justfile");
    // What a recipe needs before it stands behind its head.
    let heads = justfile.lines().filter_map(|line| line.split_once(':'));
    let heads = heads.filter_map(|(head, rest)| (!rest.starts_with('=')).then_some(head));
    let mut heads = heads.map(|head| head.split(' ').collect::<Vec<_>>());
    let head = heads
        .find(|head| head[0] == name)
        .ok_or_else(|| format!("the justfile has no recipe {name}"))?;
    let arguments = words.count();
    let takes_any = head.iter().any(|parameter| parameter.starts_with('*'));
    if arguments < head.len() || takes_any {
        Ok(name)
    } else {
        Err(format!("{name} does not take {arguments} arguments"))
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(workspace::root().join(file)).unwrap_or_else(|error| panic!("reading {file}: {error}"))
}

#[test]
fn a_recipe_is_known_with_its_arguments() {
    assert_eq!(recipe("just explore"), Ok("explore"));
    assert_eq!(recipe("just fuzz SECONDS=600"), Ok("fuzz"));
    assert_eq!(recipe("just test-sim --test it operations"), Ok("test-sim"));
    assert_eq!(recipe("just bench --quick"), Ok("bench"));
    assert_eq!(recipe("just bar-start"), Ok("bar-start"));
    assert!(recipe("just explore more").is_err());
    assert!(recipe("just missing").is_err());
    assert!(is_called("just e2e-clean").is_err(), "CI does not call it");
}
