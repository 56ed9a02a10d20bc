//! nginx, as its documentation advises for keep-alive upstreams.

use std::fs;

use askama::Template;
use tokio::process::Command;

use super::Job;
use crate::origin::{self, TOKEN, text};

#[derive(Template)]
#[template(path = "nginx.conf", escape = "none")]
struct Configuration<'a> {
    root: bool,
    folder: &'a str,
    log: &'a str,
    listen: u16,
    origin: u16,
    tls: bool,
    token: &'a str,
    authorities: &'a str,
}

pub(super) fn command(job: &Job<'_>) -> anyhow::Result<Command> {
    let configuration = Configuration {
        root: origin::is_root(),
        folder: text(job.folder)?,
        log: text(job.log)?,
        listen: job.listen,
        origin: job.origin,
        tls: job.upstream.is_tls(),
        token: TOKEN,
        authorities: job.authorities,
    };
    let path = job.folder.join("nginx.conf");
    fs::write(&path, configuration.render()?)?;
    Ok(origin::nginx(job.folder, &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(tls: bool) -> Configuration<'static> {
        Configuration {
            root: false,
            folder: "/run/bench/nginx",
            log: "/run/bench/nginx/access.log",
            listen: 9001,
            origin: 8000,
            tls,
            token: "token",
            authorities: "/run/bench/authority.pem",
        }
    }

    #[test]
    fn it_verifies_the_origin_where_that_has_a_certificate() {
        insta::assert_snapshot!("nginx_plain", configuration(false).render().unwrap());
        insta::assert_snapshot!("nginx_tls", configuration(true).render().unwrap());
    }
}
