//! HAProxy: threads on all cores and connections shared among requests, as it comes; reuse as far as it goes.

use std::fs;

use askama::Template;
use tokio::process::Command;

use super::Job;
use crate::origin::TOKEN;
use crate::scenario::Upstream;

#[derive(Template)]
#[template(path = "haproxy.cfg", escape = "none")]
struct Configuration<'a> {
    listen: u16,
    origin: u16,
    /// The protocol to agree on, where there is TLS.
    alpn: Option<&'static str>,
    token: &'a str,
    authorities: &'a str,
}

pub(super) fn command(job: &Job<'_>) -> anyhow::Result<Command> {
    let configuration = Configuration {
        listen: job.listen,
        origin: job.origin,
        alpn: alpn(job.upstream),
        token: TOKEN,
        authorities: job.authorities,
    };
    let path = job.folder.join("haproxy.cfg");
    fs::write(&path, configuration.render()? + "\n")?;
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(path);
    Ok(command)
}

fn alpn(upstream: Upstream) -> Option<&'static str> {
    match upstream {
        Upstream::Plain => None,
        Upstream::TlsH1 => Some("http/1.1"),
        Upstream::TlsH2 => Some("h2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(upstream: Upstream) -> String {
        let configuration = Configuration {
            listen: 9001,
            origin: 8000,
            alpn: alpn(upstream),
            token: "token",
            authorities: "/run/bench/authority.pem",
        };
        configuration.render().unwrap()
    }

    #[test]
    fn it_speaks_what_the_origin_speaks() {
        insta::assert_snapshot!("haproxy_plain", configuration(Upstream::Plain));
        let server = |upstream| configuration(upstream).lines().last().unwrap().to_owned();
        assert!(server(Upstream::TlsH1).ends_with("verifyhost localhost sni str(localhost) alpn http/1.1"));
        assert!(server(Upstream::TlsH2).ends_with("alpn h2"));
    }
}
