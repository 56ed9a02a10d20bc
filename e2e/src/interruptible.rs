//! Programs that a Ctrl-C ends, as in a terminal. Whoever starts the suite in the background of a script has it ignore SIGINT,
//! every program inherits that, and a shell cannot take it back (POSIX, 2.12 Signals and Error Handling).

use std::ffi::OsStr;

use tokio::process::Command;

/// The program, with SIGINT as a terminal has it.
pub fn interruptible(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=INT").arg(program);
    command
}
