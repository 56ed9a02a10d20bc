//! The command line: a thin shell around the library.

#[cfg(feature = "client")]
mod ctl;
mod exec;
mod health;
mod log;
mod options;
mod output;
mod seeds;
mod serve;
mod signals;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use options::Options;

/// A fake Webex: OAuth, API, and a control API to steer it
///
/// Good enough to develop a gateway without a Webex account, and to test it end to end. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "webex-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT (the same as no command)
    Serve,
    /// Serve, and run a command whose environment points it here
    #[command(long_about = EXEC_HELP)]
    Exec {
        /// The command and its arguments, after --
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Control a running simulator: see webex-sim ctl --help
    // It has a command line of its own, without the options of a server.
    #[cfg(feature = "client")]
    #[command(disable_help_flag = true)]
    Ctl {
        /// The command and its options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        arguments: Vec<OsString>,
    },
    /// Ask the simulator on --control-port whether it is well: exit 0 or 1
    Health,
    /// Write a commented seed file to start from: the built-in world
    Init {
        /// Where to write it
        #[arg(default_value = "webex-sim.yaml", value_name = "FILE")]
        file: PathBuf,
        /// Overwrite a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Check a seed file: exit 0, or 1 with everything that is wrong with it
    Validate {
        /// YAML or JSON
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Not a doc comment, because names of variables would need backticks there.
const EXEC_HELP: &str = "Serve, and run a command whose environment points it here

Sets client_id, client_secret, redirect_uri, WEBEX_GW_WEBEX_URL, WEBEX_SIM_URL and WEBEX_SIM_CONTROL_URL, starts \
COMMAND in the same terminal, passes signals on, and ends with its exit status: 128 and the signal's number if one \
ended it, 127 if there is no such command, 125 if the simulator itself could not start.";

/// Runs the program; what it returns is the exit status.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log::init(&cli.options);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failure(1, &format!("cannot start: {error}")),
    };
    let code = runtime.block_on(async {
        match cli.command {
            None | Some(Command::Serve) => serve::run(&cli.options).await,
            Some(Command::Exec { command }) => exec::run(&cli.options, &command).await,
            #[cfg(feature = "client")]
            Some(Command::Ctl { arguments }) => ctl::run(arguments).await,
            Some(Command::Health) => health::run(&cli.options).await,
            Some(Command::Init { file, force }) => seeds::init(&file, force),
            Some(Command::Validate { file }) => seeds::validate(&file),
        }
    });
    // Nothing that still runs may hold the process.
    runtime.shutdown_background();
    code
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
