//! `webex-sim ctl`: the control API from a shell, by the typed client.

mod clock;
mod faults;
mod input;
mod journal;
mod login;
mod people;
mod replay;
mod report;
mod settings;
mod snapshots;
mod state;
mod time;
mod tokens;
mod tools;
mod violations;
mod worlds;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::output;
use crate::client::ControlClient;
use report::{Outcome, Report};

/// Heading of the options that every command has.
const GLOBAL: &str = "Options of all commands";

/// Control a running simulator
///
/// Ends with 0; 1 if the simulator refused, something is not there or was not reached; 2 for a wrong command line; 3 if
/// there is no simulator.
#[derive(Debug, Parser)]
#[command(name = "ctl", bin_name = "webex-sim ctl")]
struct Ctl {
    /// Where the control listener is
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "WEBEX_SIM_CONTROL_URL",
        hide_env_values = true,
        default_value = input::DEFAULT_URL,
        value_parser = input::url
    )]
    url: String,
    /// Act on this world instead of the first one
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "NAME")]
    world: Option<String>,
    /// Print the answer as JSON, as the control API gives it
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whether the simulator is well, and its version
    Health,
    /// Everything as at the start, but for the snapshots
    Reset,
    /// Show, move, stop or start the simulated time
    Clock(clock::Clock),
    /// Answers to coming authorize requests, instead of the sign-in page
    #[command(subcommand)]
    Login(login::Login),
    /// List and end tokens
    Tokens(tokens::Tokens),
    /// What happens to people: a new password, the end
    #[command(subcommand)]
    People(people::People),
    /// What happens to subscribers of BroadWorks
    #[command(subcommand)]
    Subscriber(people::Subscriber),
    /// Rules by which requests fail
    Faults(faults::Faults),
    /// The requests that came in
    Journal(Box<journal::Journal>),
    /// Recorded answers that are given again
    Replay(replay::Replay),
    /// Which operations of Webex were answered with which status
    Coverage(tools::Coverage),
    /// What clients did that they should not do
    Violations(violations::Violations),
    /// Show and change settings
    Settings(settings::Settings),
    /// Worlds beside the first one
    Worlds(worlds::Worlds),
    /// Moments to go back to
    Snapshots(snapshots::Snapshots),
    /// Everything in the world as one document
    #[command(subcommand)]
    State(state::State),
    /// The certificate authority of the TLS listener, PEM
    Ca,
    /// The OpenAPI document of the control API
    Openapi,
}

/// Runs what the arguments say; what it returns is the exit status.
pub(super) async fn run(arguments: Vec<OsString>) -> ExitCode {
    let arguments = std::iter::once(OsString::from("ctl")).chain(arguments);
    let ctl = match Ctl::try_parse_from(arguments) {
        Ok(ctl) => ctl,
        Err(error) => {
            // Nobody is left to be told when the output is gone.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(output::USAGE));
        }
    };
    let root = ControlClient::new(ctl.url.as_str());
    let control = match &ctl.world {
        Some(name) => root.world(name),
        None => root,
    };
    match ctl.command.run(&control).await {
        Ok(report) => report.show(ctl.json),
        Err(failure) => failure.show(&ctl.url),
    }
}

impl Command {
    async fn run(self, control: &ControlClient) -> Outcome {
        match self {
            Self::Health => tools::health(control).await,
            Self::Reset => tools::reset(control).await,
            Self::Clock(clock) => clock.run(control).await,
            Self::Login(login) => login.run(control).await,
            Self::Tokens(tokens) => tokens.run(control).await,
            Self::People(people) => people.run(control).await,
            Self::Subscriber(subscriber) => subscriber.run(control).await,
            Self::Faults(faults) => faults.run(control).await,
            Self::Journal(journal) => journal.run(control).await,
            Self::Replay(replay) => replay.run(control).await,
            Self::Coverage(coverage) => coverage.run(control).await,
            Self::Violations(violations) => violations.run(control).await,
            Self::Settings(settings) => settings.run(control).await,
            Self::Worlds(worlds) => worlds.run(control).await,
            Self::Snapshots(snapshots) => snapshots.run(control).await,
            Self::State(state) => state.run(control).await,
            Self::Ca => Ok(Report::verbatim(&control.ca_pem().await?)),
            Self::Openapi => Ok(Report::document(&control.openapi().await?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Ctl::command().debug_assert();
    }
}
