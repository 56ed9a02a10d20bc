//! docs/simulator.md, typed from its beginning to its end in one terminal, beside one simulator.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use std::time::Duration;

use e2e::documents::Document;
use e2e::terminal::{Differences, Terminal};
use e2e::{ports, workspace};

use super::proof::{Place, Proof};
use super::registry;

/// Until the simulator is compiled, on a busy machine with two processors, where nothing has been compiled before.
const BUILD: Duration = Duration::from_mins(20);

/// Until a program answers, or ends.
const SOON: Duration = Duration::from_secs(30);

/// Any ports: the usual ones are taken by the guide's own simulator.
const OTHER_PORTS: &str = "env WEBEX_SIM_PORT=0 WEBEX_SIM_TLS_PORT=0 WEBEX_SIM_CONTROL_PORT=0";

pub(super) fn document() -> Document {
    Document::read(workspace::root(), "docs/simulator.md")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulators_guide_can_be_followed() {
    let guide = document();
    let mut terminal = Terminal::open(usual_ports().unwrap()).unwrap();
    let mut simulator = terminal.starts(&guide.command("cargo run -p webex-sim")).unwrap();
    simulator.says("is ready", BUILD).await;

    // Where a page says nothing about a refusal, there should be none.
    terminal
        .types("curl() { command curl --fail-with-body \"$@\"; }")
        .await;
    let mut problems = Vec::new();
    for command in guide.commands() {
        let proof = registry::proof_of(&command.text).unwrap_or_else(|| panic!("{command:?} has no proof"));
        let outcome = match proof {
            Proof::Serves(says) => {
                serve(&terminal, &command.text, says).await;
                Ok(())
            }
            _ => proof.try_at(Place::Guide, &command.text, &mut terminal).await,
        };
        problems.extend(
            outcome
                .err()
                .map(|problem| format!("{}: {problem}", command.place)),
        );
    }
    assert!(
        problems.is_empty(),
        "{}\n\nthe simulator says:\n{}",
        problems.join("\n\n"),
        simulator.said()
    );

    let status = simulator.end("INT", SOON).await.unwrap();
    assert!(status.success(), "{status}");
}

/// Starts another simulator than the guide's, and ends it.
async fn serve(terminal: &Terminal, command: &str, says: &str) {
    let mut program = terminal.starts(&format!("{OTHER_PORTS} {command}")).unwrap();
    program.says(says, SOON).await;
    let status = program.end("TERM", SOON).await.unwrap();
    assert!(status.success(), "`{command}`: {status}");
}

/// The ports of the guide, where they are here; and what `cargo` has built, as if it were installed.
fn usual_ports() -> anyhow::Result<Differences> {
    let [port, tls, control] = [ports::free()?, ports::free()?, ports::free()?];
    let path = std::env::var("PATH").unwrap_or_default();
    let differences = [(8080, port), (8443, tls), (8081, control)].iter().fold(
        Differences::default(),
        |differences, (usual, here)| {
            differences.replace(&format!("localhost:{usual}"), format!("localhost:{here}"))
        },
    );
    Ok(differences
        .variable("WEBEX_SIM_PORT", port.to_string())
        .variable("WEBEX_SIM_TLS_PORT", tls.to_string())
        .variable("WEBEX_SIM_CONTROL_PORT", control.to_string())
        .variable("WEBEX_SIM_CONTROL_URL", format!("http://localhost:{control}"))
        .variable("PATH", format!("{}:{path}", workspace::binaries().display())))
}
