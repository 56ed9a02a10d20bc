//! chromedriver, which starts the browser and does what it is told over HTTP. Neither survives the test, nor does their
//! home: both are on a [`leash`](crate::leash).

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::port::Port;
use crate::leash::{Leash, Leashed};
use crate::run::Run;

/// On Debian in the package chromium-driver.
const PROGRAM: &str = "chromedriver";

/// What it says once it listens.
const LISTENS: &str = "started successfully on port ";

/// A program that does not listen by then, on a busy machine, is broken.
const START: Duration = Duration::from_mins(1);

/// A chromedriver that runs until this is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    /// Where it takes commands.
    pub(super) origin: String,
    /// The folder of everything that the browser keeps for its user. It goes when all of its processes have gone.
    pub(super) home: PathBuf,
    _program: Leashed,
    // Given back when the program has gone.
    _port: Port,
}

/// Whether there is one to start.
pub(super) fn is_installed() -> bool {
    let version = Command::new(PROGRAM)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

impl Driver {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let run = Run::current();
        let home = run.unique_folder("chromium")?;
        // For sockets.
        let temporary = run.short_folder()?;
        let leash = Leash::new().deaf().removes(&home).removes(&temporary);
        let port = Port::claim()?;
        let number = format!("--port={}", port.number);
        let mut program = leash.start(&[PROGRAM, &number], &home, |command| {
            command
                .env("HOME", &home)
                .env("TMPDIR", &temporary)
                .env_remove("XDG_CONFIG_HOME")
                .env_remove("XDG_CACHE_HOME")
                .env_remove("DBUS_SESSION_BUS_ADDRESS")
        })?;
        let said = program.says(LISTENS, START).await;
        said.map_err(|why| anyhow::anyhow!("chromedriver does not listen: {why}"))?;
        Ok(Self {
            origin: format!("http://127.0.0.1:{}", port.number),
            home,
            _program: program,
            _port: port,
        })
    }
}
