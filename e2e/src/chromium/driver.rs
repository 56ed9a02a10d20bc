//! chromedriver, which starts the browser and does what it is told over HTTP.
//!
//! Neither survives the test. The test holds one end of a pipe and the suite's own tool the other: when the pipe
//! breaks, because the test is over, has panicked or was killed, the tool kills chromedriver and the browser, which
//! share a process group, waits until the last of them is gone, and removes their home. The tool has a group of its
//! own, where Ctrl-C does not reach it.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncBufReadExt;
use tokio::process::{Child, Command as AsyncCommand};

use super::quiet::hear_of_no_network_changes;
use crate::run::{PREFIX, Run, tool};
use crate::workspace;

/// On Debian in the package chromium-driver.
const PROGRAM: &str = "chromedriver";

/// What it says once it listens; the port follows.
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
    /// Holds the other end of the pipe that keeps chromedriver alive.
    _leash: Child,
}

/// The folders of one browser.
struct Home {
    /// See [`Driver::home`].
    folder: PathBuf,
    /// For sockets: their paths are short, and those of a checkout may not be.
    temporary: PathBuf,
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

// === impl Driver ===

impl Driver {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let tool = tool().context("the webex-e2e binary, which ends browsers, is not built")?;
        let name = Run::current().unique("chromium");
        let mut leash = AsyncCommand::new(tool)
            .args(["chromedriver", &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let output = leash.stdout.take().expect("the output is a pipe");
        let mut lines = tokio::io::BufReader::new(output).lines();
        let port = tokio::time::timeout(START, lines.next_line())
            .await
            .context("chromedriver does not listen")??
            .context("chromedriver has ended")?;
        Ok(Self {
            origin: format!("http://127.0.0.1:{port}"),
            home: Home::named(&name).folder,
            _leash: leash,
        })
    }
}

/// Runs chromedriver until the input ends, and writes its port to the output. What the tool does.
pub fn leash(name: &str) -> anyhow::Result<()> {
    let home = Home::named(name);
    home.make()?;
    hear_of_no_network_changes()?;
    let mut driver = Command::new(PROGRAM)
        .arg("--port=0")
        .env("HOME", &home.folder)
        .env("TMPDIR", &home.temporary)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {PROGRAM}"))?;
    let output = driver.stdout.take().expect("the output is a pipe");
    // The browser writes there too, so that its end is the end of both.
    let listener = std::thread::spawn(move || listen(output));
    let broken = io::copy(&mut io::stdin(), &mut io::sink());
    killpg(Pid::from_raw(driver.id().cast_signed()), Signal::SIGKILL)?;
    driver.wait()?;
    let heard = listener.join().expect("listening does not panic");
    home.remove()?;
    broken?;
    Ok(heard?)
}

/// Passes the port on and everything else over.
fn listen(output: impl Read) -> io::Result<()> {
    let mut lines = BufReader::new(output).lines();
    let mut port = None;
    while port.is_none()
        && let Some(line) = lines.next().transpose()?
    {
        let told = line.split_once(LISTENS);
        port = told.map(|(_, port)| port.trim_end_matches('.').to_owned());
    }
    if let Some(port) = port {
        // Whoever asked may be gone.
        let _ = writeln!(io::stdout(), "{port}");
    }
    lines.try_for_each(|line| line.map(drop))
}

// === impl Home ===

impl Home {
    fn named(name: &str) -> Self {
        let unique = name.rsplit('-').next().unwrap_or(name);
        Self {
            folder: workspace::output().join("chromium").join(name),
            temporary: std::env::temp_dir().join(format!("{PREFIX}{unique}")),
        }
    }

    fn make(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        fs::create_dir_all(&self.temporary)
    }

    fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        fs::remove_dir_all(&self.temporary)
    }
}
