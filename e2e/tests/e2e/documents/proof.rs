//! What proves a command.

use e2e::Said;
use e2e::terminal::Terminal;

/// How a command is proven to do what its document says.
#[derive(Debug)]
pub(super) enum Proof {
    /// It is typed, ends with 0, and says each of these.
    Typed(Place, &'static [&'static str]),
    /// The document leaves something open, or something has to happen first: these are typed one after the other, each
    /// ends with 0, and together they say each of those.
    TypedAs(Place, &'static [&'static str], &'static [&'static str]),
    /// It is started beside the guide's simulator, on ports of its own, says this, and ends with 0 on SIGTERM.
    Serves(&'static str),
    /// A scenario in this file of the suite takes it from its document and types it.
    Story(&'static str),
    /// A recipe that `.ci/run` calls.
    Recipe,
    /// A recipe for a part of what `.ci/run` tests; its last word finds what is in this file.
    Part(&'static str),
    /// `.ci/run` has it, as it is.
    Ci,
    /// It is not run, for this reason.
    Not(&'static str),
}

/// Where a command is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside the simulator of the guide, in the order of docs/simulator.md.
    Guide,
    /// At a machine with the containers of a gateway that works.
    Operator,
}

impl Proof {
    /// Types the command if that is its proof. The error is what went wrong.
    pub(super) async fn try_at(
        &self,
        place: Place,
        command: &str,
        terminal: &mut Terminal,
    ) -> Result<(), String> {
        let own = [command];
        let (typed, expected) = match self {
            Self::Typed(at, expected) if *at == place => (&own[..], *expected),
            Self::TypedAs(at, typed, expected) if *at == place => (*typed, *expected),
            _ => return Ok(()),
        };
        let mut text = String::new();
        for command in typed {
            let said = terminal.types(command).await;
            expect_success(command, &said)?;
            text.push_str(&said.text);
            text.push('\n');
        }
        for part in expected {
            if !text.contains(part) {
                return Err(format!("`{command}` does not say {part:?}:\n{text}"));
            }
        }
        Ok(())
    }
}

fn expect_success(command: &str, said: &Said) -> Result<(), String> {
    match said.code {
        0 => Ok(()),
        status => Err(format!("`{command}` ends with {status}:\n{}", said.text)),
    }
}
