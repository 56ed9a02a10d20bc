//! `webex-sim exec -- COMMAND`: the simulator and a program that is to use it, started and ended together.

mod announce;
mod environment;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use tokio::process::{Child, Command};

use super::options::Options;
use super::signals::{self, Forwarded};
use super::{output, serve};

/// Exit statuses of programs that run others: it could not start itself, the command cannot be executed, there is none.
const OWN_FAILURE: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Where the gateway's documentation has its redirect URI on a developer's machine.
const REDIRECT_URI: &str = "http://localhost:9001/api/v01/webex/auth/code";

/// Serves and runs `command`; the exit status is the command's.
pub(super) async fn run(options: &Options, command: &[OsString]) -> ExitCode {
    let (program, arguments) = command.split_first().expect("clap asks for a command");
    // Before the command exists, so that no signal can end this process and leave the command behind.
    let Ok(mut forwarded) = Forwarded::listen() else {
        return output::failure(OWN_FAILURE, "cannot listen for signals");
    };
    let running = match serve::start(options, OWN_FAILURE).await {
        Ok(running) => running,
        Err(code) => return code,
    };
    let redirect_uri = {
        let mut registered = options.redirect_uris().chain(running.seed().redirect_uris());
        registered
            .next()
            .cloned()
            .unwrap_or_else(|| REDIRECT_URI.to_owned())
    };
    let redirect_uri = redirect_uri.as_str();
    let environment = environment::variables(&running, redirect_uri, |name| std::env::var(name).ok());
    let mut child = match Command::new(program).args(arguments).envs(environment).spawn() {
        Ok(child) => child,
        Err(error) => {
            let code = if error.kind() == ErrorKind::NotFound {
                NOT_FOUND
            } else {
                NOT_EXECUTABLE
            };
            return output::failure(
                code,
                &format!("cannot start {}: {error}", program.to_string_lossy()),
            );
        }
    };
    let status = tokio::select! {
        status = attend(&mut child, &mut forwarded) => status,
        () = announce::when_ready(&running, redirect_uri) => unreachable!("announcing goes on until the command ends"),
    };
    running.stop().await;
    match status {
        Ok(status) => ExitCode::from(exit_code(status)),
        Err(error) => output::failure(OWN_FAILURE, &format!("lost sight of the command: {error}")),
    }
}

/// Waits for the command to end, and passes signals on to it.
async fn attend(child: &mut Child, forwarded: &mut Forwarded) -> std::io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = forwarded.next() => {
                if let Some(pid) = child.id() {
                    signals::send(pid, signal);
                }
            }
        }
    }
}

/// The status a shell would report.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(OWN_FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_counts_from_128() {
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
    }
}
