//! What stands for Webex: an nginx with three listeners, one for each kind of upstream.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Context as _;
use askama::Template;
use tokio::process::Command;

use crate::certificates::Certificates;
use crate::http;
use crate::process::Process;
use crate::ready;
use crate::scenario::{LARGE, Upstream};

/// The token that every peer adds; the origin refuses any other.
pub(crate) const TOKEN: &str =
    "MjAyNi1iZW5jaG1hcmstYWNjZXNzLXRva2Vu_PF84_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";
/// What a direct request has to carry itself.
pub(crate) const TRACKING_ID: &str = "WW_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a12";
/// Of the body at `/huge`.
pub(crate) const HUGE: u64 = 1024 * 1024 * 1024;

/// An origin that runs.
pub(crate) struct Origin {
    ports: Ports,
    pub(crate) certificates: Certificates,
    _process: Process,
}

#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    tls_h1: u16,
    tls_h2: u16,
}

#[derive(Template)]
#[template(path = "origin.conf", escape = "none")]
struct Configuration<'a> {
    root: bool,
    folder: &'a str,
    certificate: &'a str,
    key: &'a str,
    token: &'a str,
    small: &'a str,
    plain: u16,
    tls_h1: u16,
    tls_h2: u16,
}

/// About what `GET /v1/people/me` comes down to.
const SMALL: &str = r#"{"id":"Y2lzY29zcGFyazovL3VzL1BFT1BMRS81ZjJhNjFjMA","emails":["avery.quinn@acme.example.com"],"displayName":"Avery Quinn","orgId":"Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi81ZjJhNjFjMA","created":"2026-01-12T08:09:44.000Z","status":"active","type":"person"}"#;

impl Origin {
    /// Starts it in a folder of its own, and waits until it answers.
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let files = folder.join("files");
        fs::create_dir_all(&files)?;
        fs::write(files.join("large"), "x".repeat(LARGE))?;
        // A hole: it takes no room on the disk.
        File::create(files.join("huge"))?.set_len(HUGE)?;
        let certificates = Certificates::make(folder)?;
        let ports = Ports {
            plain: http::free_port()?,
            tls_h1: http::free_port()?,
            tls_h2: http::free_port()?,
        };
        let configuration = Configuration {
            root: is_root(),
            folder: text(folder)?,
            certificate: text(&certificates.certificate)?,
            key: text(&certificates.key)?,
            token: TOKEN,
            small: SMALL,
            plain: ports.plain,
            tls_h1: ports.tls_h1,
            tls_h2: ports.tls_h2,
        };
        let path = folder.join("origin.conf");
        fs::write(&path, configuration.render()?)?;
        let mut process = Process::start("origin", nginx(folder, &path), folder)?;
        ready::answers(&mut process, ports.plain, &direct_fields()).await?;
        Ok(Self {
            ports,
            certificates,
            _process: process,
        })
    }

    pub(crate) fn port(&self, upstream: Upstream) -> u16 {
        match upstream {
            Upstream::Plain => self.ports.plain,
            Upstream::TlsH1 => self.ports.tls_h1,
            Upstream::TlsH2 => self.ports.tls_h2,
        }
    }
}

/// nginx with a configuration, and with its files in the folder.
pub(crate) fn nginx(folder: &Path, configuration: &Path) -> Command {
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(configuration);
    // Otherwise it looks for the log of the system's nginx first.
    command.arg("-e").arg("stderr");
    command
}

/// Started by root, nginx would become a user who may not enter the folder.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Header lines of a request that no peer has improved.
pub(crate) fn direct_fields() -> String {
    format!("Authorization: Bearer {TOKEN}\r\nTrackingID: {TRACKING_ID}\r\n")
}

/// A path as configurations have it.
pub(crate) fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .filter(|text| !text.contains(char::is_whitespace))
        .with_context(|| {
            format!(
                "{}: set TMPDIR to a folder without spaces in its path",
                path.display()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_three_listeners() {
        let configuration = Configuration {
            root: true,
            folder: "/run/bench",
            certificate: "/run/bench/origin.pem",
            key: "/run/bench/origin.key",
            token: "token",
            small: "{}",
            plain: 8000,
            tls_h1: 8001,
            tls_h2: 8002,
        };
        insta::assert_snapshot!("origin", configuration.render().unwrap());
    }

    #[test]
    fn the_small_body_can_stand_in_a_configuration() {
        assert!(
            !SMALL.contains(['\'', '$']) && (230..=280).contains(&SMALL.len()),
            "{}",
            SMALL.len()
        );
    }
}
