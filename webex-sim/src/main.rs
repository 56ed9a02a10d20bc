//! The simulator's program; everything is in [`webex_sim::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    webex_sim::cli::main()
}
