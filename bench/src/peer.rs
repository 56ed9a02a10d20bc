//! Who is compared, and how each is started for the same job.

mod gateway;
mod go;
mod haproxy;
mod nginx;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::time::Instant;

use crate::http;
use crate::origin::{self, Origin};
use crate::process::Process;
use crate::ready;
use crate::scenario::Upstream;

/// One of those that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Peer {
    /// The load goes to the origin itself.
    Direct,
    Gateway,
    Nginx,
    /// A second nginx, the same in everything: what it differs by is noise.
    Twin,
    Haproxy,
    Go,
}

/// What a peer is told.
struct Job<'a> {
    /// The port to listen at.
    listen: u16,
    upstream: Upstream,
    /// The origin's port.
    origin: u16,
    /// The certificate authorities to trust.
    authorities: &'a str,
    /// For configuration and whatever else.
    folder: &'a Path,
    /// Where access lines go.
    log: &'a Path,
}

/// Programs that are built, not installed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    /// `webex_gw`.
    pub(crate) gateway: PathBuf,
    /// The program of `peers/go`.
    pub(crate) go: Option<PathBuf>,
}

/// A peer that runs, or the origin where nothing is between.
pub(crate) struct Running {
    pub(crate) peer: Peer,
    pub(crate) port: u16,
    /// `https` where the load goes to the origin's TLS itself.
    pub(crate) scheme: &'static str,
    /// From its start to its first good answer.
    pub(crate) took: Duration,
    process: Option<Process>,
    log: Option<PathBuf>,
}

impl Peer {
    /// The order of a round and of tables.
    pub(crate) const ALL: [Self; 6] = [
        Self::Direct,
        Self::Gateway,
        Self::Nginx,
        Self::Twin,
        Self::Haproxy,
        Self::Go,
    ];

    /// As tables have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Gateway => "gateway",
            Self::Nginx => "nginx",
            Self::Twin => "nginx twin",
            Self::Haproxy => "HAProxy",
            Self::Go => "Go",
        }
    }

    /// The program that has to be installed, and the Debian package that has it.
    pub(crate) fn needs(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Direct | Self::Gateway => None,
            Self::Nginx | Self::Twin => Some(("nginx", "nginx-light")),
            Self::Haproxy => Some(("haproxy", "haproxy")),
            Self::Go => Some(("go", "golang-go")),
        }
    }

    /// Whether it can: nginx speaks no HTTP/2 to its upstream, wrk none at all.
    pub(crate) fn can(self, upstream: Upstream) -> bool {
        upstream != Upstream::TlsH2 || !matches!(self, Self::Direct | Self::Nginx | Self::Twin)
    }

    /// Starts it for the job, in a folder of its own, and waits until it answers.
    pub(crate) async fn start(
        self,
        built: &Built,
        origin: &Origin,
        upstream: Upstream,
        folder: &Path,
    ) -> anyhow::Result<Running> {
        if self == Self::Direct {
            return Ok(Running {
                peer: self,
                port: origin.port(upstream),
                scheme: if upstream.is_tls() { "https" } else { "http" },
                took: Duration::ZERO,
                process: None,
                log: None,
            });
        }
        fs::create_dir_all(folder)?;
        let log = folder.join("access.log");
        let listen = http::free_port()?;
        let job = Job {
            listen,
            upstream,
            origin: origin.port(upstream),
            authorities: origin::text(&origin.certificates.authority)?,
            folder,
            log: &log,
        };
        let command = self.command(built, &job)?;
        let begun = Instant::now();
        let mut process = Process::start("output", command, folder)?;
        ready::answers(&mut process, listen, "")
            .await
            .with_context(|| format!("{} does not do its job ({})", self.name(), upstream.title()))?;
        let took = begun.elapsed();
        let log = if log.exists() {
            log
        } else {
            process.output().to_owned()
        };
        Ok(Running {
            peer: self,
            port: listen,
            scheme: "http",
            took,
            process: Some(process),
            log: Some(log),
        })
    }

    fn command(self, built: &Built, job: &Job<'_>) -> anyhow::Result<Command> {
        match self {
            Self::Direct => anyhow::bail!("nothing is started where nothing is between"),
            Self::Gateway => gateway::command(&built.gateway, job),
            Self::Nginx | Self::Twin => nginx::command(job),
            Self::Haproxy => haproxy::command(job),
            Self::Go => {
                let program = built.go.as_deref().context("the Go program has not been built")?;
                Ok(go::command(program, job))
            }
        }
    }
}

impl Running {
    /// `None` where nothing is between.
    pub(crate) fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// Access lines of one run, or they would fill the disk.
    pub(crate) fn empty_log(&self) -> anyhow::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let file = File::options().write(true).open(log);
        file.and_then(|file| file.set_len(0))
            .with_context(|| format!("emptying {}", log.display()))
    }

    /// Lines since it was emptied.
    pub(crate) fn logged(&self) -> anyhow::Result<Option<usize>> {
        let Some(log) = &self.log else { return Ok(None) };
        let text = fs::read(log).with_context(|| format!("reading {}", log.display()))?;
        Ok(Some(text.split(|byte| *byte == b'\n').count() - 1))
    }
}

pub(crate) use go::build as build_go;
