//! What the documents tell an operator to look at, typed beside the containers of a gateway that works.

use std::collections::BTreeSet;

use e2e::stack::Stack;
use e2e::terminal::{self, Differences, Terminal};

use super::proof::Place;
use super::{commands, registry};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_looks_at_a_gateway_that_works() {
    if !terminal::has("docker") {
        return;
    }
    let stack = Stack::authorised().await;
    let containers = Differences::default()
        .replace(
            "exec webex_gw",
            format!("exec {}", stack.gateway_container().id()),
        )
        .replace(
            "logs webex_gw",
            format!("logs {}", stack.gateway_container().id()),
        )
        .replace("exec webex-sim", format!("exec {}", stack.webex_container().id()));
    let mut terminal = Terminal::open(containers).unwrap();

    let before = stack.tokens().await.unwrap();
    // Most pages have the same ones.
    let mut typed = BTreeSet::new();
    let mut problems = Vec::new();
    for command in commands()
        .into_iter()
        .filter(|command| typed.insert(command.text.clone()))
    {
        let proof = registry::proof_of(&command.text).unwrap_or_else(|| panic!("{command:?} has no proof"));
        let outcome = proof.try_at(Place::Operator, &command.text, &mut terminal).await;
        problems.extend(
            outcome
                .err()
                .map(|problem| format!("{}: {problem}", command.place)),
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert_eq!(stack.tokens().await.unwrap(), before, "looking changes nothing");
}
