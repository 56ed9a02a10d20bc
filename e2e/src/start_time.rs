//! How long a program takes from its start to its first answer.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use crate::ports;

/// Odd, so that one of them is the median, and enough for a busy machine to be idle in most of them.
const RUNS: usize = 15;

/// A program that has not answered by then is broken.
const PATIENCE: Duration = Duration::from_secs(5);

/// A program to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `webex_gw`, until `/livez` answers.
    Gateway,
    /// `webex-sim`, until the API answers.
    Simulator,
}

impl Program {
    /// The most that the median may be.
    #[must_use]
    pub fn bar(self) -> Duration {
        match self {
            Self::Gateway => Duration::from_millis(20),
            Self::Simulator => Duration::from_millis(10),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Gateway => "/livez",
            Self::Simulator => "/",
        }
    }

    fn command(self, binary: &Path, port: u16, folder: &Path) -> anyhow::Result<Command> {
        let mut command = Command::new(binary);
        command.env_clear().current_dir(folder);
        let port = port.to_string();
        match self {
            Self::Gateway => command
                .arg(format!("-port={port}"))
                .args(["-bind=127.0.0.1", "-tokensFile=.tokens"])
                .envs([
                    (
                        "client_id",
                        "C6f1d0a9b47e25c83f9e6b12d4078a5c3e1f92b60d7c48a35e0b19f6274d83ac5",
                    ),
                    ("client_secret", "none"),
                    ("redirect_uri", "http://localhost/api/v01/webex/auth/code"),
                ]),
            Self::Simulator => {
                let (tls, control) = (ports::free()?.to_string(), ports::free()?.to_string());
                command.args(["--port", &port, "--tls-port", &tls, "--control-port", &control])
            }
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command)
    }
}

/// A process that ends with its measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The median of several starts of `binary`.
pub fn median(program: Program, binary: &Path) -> anyhow::Result<Duration> {
    let mut times = (0..RUNS)
        .map(|_| once(program, binary))
        .collect::<anyhow::Result<Vec<_>>>()?;
    times.sort_unstable();
    Ok(times[RUNS / 2])
}

fn once(program: Program, binary: &Path) -> anyhow::Result<Duration> {
    let folder = std::env::temp_dir().join(format!("webex-e2e-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder)?;
    let port = ports::free()?;
    let mut command = program.command(binary, port, &folder)?;

    let start = Instant::now();
    let running = Running(
        command
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?,
    );
    while !answers(port, program.path()) {
        anyhow::ensure!(start.elapsed() < PATIENCE, "{} does not answer", binary.display());
        std::thread::yield_now();
    }
    let took = start.elapsed();

    drop(running);
    std::fs::remove_dir_all(folder)?;
    Ok(took)
}

fn answers(port: u16, path: &str) -> bool {
    let Ok(mut connection) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut status = [0; 12];
    connection.write_all(request.as_bytes()).is_ok()
        && connection.read_exact(&mut status).is_ok()
        && status.starts_with(b"HTTP/1.1 ")
}
