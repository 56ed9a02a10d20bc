//! What is said to the person at the terminal, as opposed to the log.

use std::io::Write as _;
use std::process::ExitCode;

use super::options::OptionsError;
use crate::StartError;

/// Exit status for options that cannot be followed, as clap's own.
pub(super) const USAGE: u8 = 2;

/// Says something on standard error, where it does not mix with the output of a command.
pub(super) fn say(text: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says what was asked for, on standard output.
pub(super) fn print(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says what went wrong.
pub(super) fn failure(code: u8, text: &str) -> ExitCode {
    say(&format!("webex-sim: {text}"));
    ExitCode::from(code)
}

/// Says which option is wrong.
pub(super) fn bad_options(error: &OptionsError) -> ExitCode {
    failure(USAGE, &error.to_string())
}

/// Says why it did not start; for a port that is taken, what to do.
pub(super) fn not_started(code: u8, error: &StartError) -> ExitCode {
    match error {
        StartError::Bind {
            purpose,
            address,
            source,
        } if source.kind() == std::io::ErrorKind::AddrInUse => {
            let flag = match *purpose {
                "the API" => "--port",
                "the API over TLS" => "--tls-port",
                _ => "--control-port",
            };
            let variable = format!(
                "WEBEX_SIM_{}",
                flag.trim_start_matches('-').replace('-', "_").to_uppercase()
            );
            let text = format!(
                "port {} is taken: another program listens on {address}, where {purpose} should be. Choose another \
                 port with {flag} or {variable} (0 picks a free one).",
                address.port()
            );
            failure(code, &text)
        }
        StartError::Replay(_) => failure(code, &format!("{error} (--replay)")),
        StartError::Bind { .. } | StartError::Settings(_) | StartError::Tls(_) => {
            failure(code, &error.to_string())
        }
    }
}
