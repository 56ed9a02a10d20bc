//! Signals: those that end the program, and those passed on to a command.

use std::fs::File;
use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgrp, tcgetpgrp};
use tokio::signal::unix::{self, SignalKind};

/// The signals a command gets passed on.
pub(super) struct Forwarded {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
}

/// Starts to listen for SIGTERM and SIGINT; the future is ready when one of them comes, with its name.
pub(super) fn end() -> io::Result<impl Future<Output = &'static str>> {
    let mut terminate = unix::signal(SignalKind::terminate())?;
    let mut interrupt = unix::signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

impl Forwarded {
    /// Starts to listen. From now on these signals do not end this process.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hangup: unix::signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal that the command has not got already.
    pub(super) async fn next(&mut self) -> Signal {
        loop {
            let signal = tokio::select! {
                _ = self.interrupt.recv() => Signal::SIGINT,
                _ = self.terminate.recv() => Signal::SIGTERM,
                _ = self.hangup.recv() => Signal::SIGHUP,
            };
            // Ctrl-C goes to every process of the terminal's foreground group. Passed on, it would arrive twice, and
            // the second one makes many programs give up their orderly end.
            if signal != Signal::SIGINT || !in_foreground() {
                return signal;
            }
        }
    }
}

/// Sends a signal to a child. It may have ended meanwhile; then there is nobody to tell.
pub(super) fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Whether this process is in the foreground group of a terminal.
fn in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}
