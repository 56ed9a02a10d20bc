//! Every command that README.md and docs/ tell a reader to type is proven: typed here, told by a story, or a recipe or
//! a line of `.ci/run`. The [registry](registry) says how.

mod guide;
mod operator;
mod proof;
mod recipes;
mod registry;

use std::collections::BTreeSet;

use e2e::documents::{self, Command};
use e2e::workspace;

use proof::{Place, Proof};

fn commands() -> Vec<Command> {
    let documents = documents::all(workspace::root());
    documents.iter().flat_map(documents::Document::commands).collect()
}

#[test]
fn every_command_has_a_proof() {
    let without: Vec<String> = commands()
        .into_iter()
        .filter(|command| registry::proof_of(&command.text).is_none())
        .map(|command| format!("{}: {}", command.place, command.text))
        .collect();
    assert!(
        without.is_empty(),
        "nobody knows whether these commands work. Add each to a table in e2e/tests/e2e/documents/registry/, with what \
         proves it (`Proof` says what there is):\n{}",
        without.join("\n")
    );
}

#[test]
fn every_proof_has_its_command() {
    let commands: BTreeSet<String> = commands().into_iter().map(|command| command.text).collect();
    let mut known = BTreeSet::new();
    for (command, _) in registry::entries() {
        assert!(known.insert(*command), "`{command}` has two entries");
        assert!(
            commands.contains(*command),
            "no document says `{command}` any more: remove it from e2e/tests/e2e/documents/registry/"
        );
    }
}

#[test]
fn what_proves_a_command_is_there() {
    let problems: Vec<String> = registry::entries()
        .filter_map(|(command, proof)| Some(format!("`{command}`: {}", problem(command, proof).err()?)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn problem(command: &str, proof: &Proof) -> Result<(), String> {
    match proof {
        Proof::Typed(Place::Guide, _) | Proof::TypedAs(Place::Guide, ..) | Proof::Serves(_) => {
            guide::document()
                .commands()
                .iter()
                .any(|shown| shown.text == command)
                .then_some(())
                .ok_or_else(|| "it is not in the guide that is walked".to_owned())
        }
        Proof::Typed(Place::Operator, _) | Proof::TypedAs(Place::Operator, ..) => Ok(()),
        Proof::Story(file) => recipes::mentions(&format!("e2e/tests/e2e/{file}"), &format!("{command:?}")),
        Proof::Recipe => recipes::is_called(command),
        Proof::Part(path) => recipes::is_part(command, path),
        Proof::Ci => recipes::mentions(".ci/run", command),
        Proof::Not(reason) => {
            let is_a_reason = reason.split(' ').count() > 3;
            is_a_reason.then_some(()).ok_or_else(|| "say why".to_owned())
        }
    }
}
