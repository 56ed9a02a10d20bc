//! The way to Webex, step by step: proxy, name, connection, tunnel, TLS, answer, clock.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::check::report::Line;
use crate::clock::Timestamp;
use crate::human::span;

/// A clock that is off by more makes the end of tokens wrong by as much; networks and the whole seconds of `Date` explain less.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// Whether a forward proxy stands between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyChoice {
    /// None is set for this destination.
    None,
    /// This one is used: host and port.
    Used(String),
    /// One is set, but `NO_PROXY` names the destination.
    Excepted,
}

/// Why TLS was not agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsProblem {
    /// Signed by nobody who is trusted.
    UnknownIssuer,
    /// Expired or not valid yet, by the clock of this machine.
    WrongTime(&'static str),
    /// The certificate is for other names.
    WrongName,
    /// What answers does not speak TLS.
    NotTls,
    /// Something else.
    Other(String),
}

/// An answer to a request without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Whether it carries the `TrackingID` that every answer of Webex has.
    pub tracked: bool,
    /// Whether a forward proxy passed it on in clear text, and may have made it.
    pub proxied: bool,
    /// Whether it should be Webex's API that answers; of a token endpoint less is known.
    pub api: bool,
}

/// Which way is taken.
#[must_use]
pub fn proxy_choice(host: &str, choice: &ProxyChoice) -> Line {
    let what = format!("forward proxy for {host}");
    match choice {
        ProxyChoice::None => Line::ok(what, "none is set: connections go straight"),
        ProxyChoice::Used(proxy) => Line::ok(what, format!("{proxy} is used")),
        ProxyChoice::Excepted => Line::warning(
            what,
            "one is set, but NO_PROXY names this host: connections go straight",
            "if the proxy is the only way out, take the host, or the domain it belongs to, out of NO_PROXY",
        ),
    }
}

/// Whom to trust: `source` is where the authorities come from.
#[must_use]
pub fn authorities(source: &str, loaded: &Result<(), String>) -> Line {
    let what = "certificate authorities";
    match loaded {
        Ok(()) => Line::ok(what, source),
        Err(problem) => Line::failed(
            what,
            problem,
            "install ca-certificates, or name a readable PEM file with SSL_CERT_FILE",
        ),
    }
}

/// The addresses of a name.
#[must_use]
pub fn names(host: &str, found: &Result<Vec<IpAddr>, String>) -> Line {
    let what = format!("DNS of {host}");
    match found {
        Ok(addresses) if !addresses.is_empty() => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            Line::ok(what, addresses.join(", "))
        }
        Ok(_) => names(host, &Err("the name has no address".to_owned())),
        Err(problem) => Line::failed(
            what,
            problem,
            "check the name, and the servers in /etc/resolv.conf; where only a proxy can resolve it, set HTTPS_PROXY",
        ),
    }
}

/// The connection itself.
#[must_use]
pub fn connected(host: &str, port: u16, proxy: bool, made: &Result<SocketAddr, String>) -> Line {
    let what = format!("TCP to {host}:{port}");
    match (made, proxy) {
        (Ok(address), _) => Line::ok(what, format!("connected to {address}")),
        (Err(problem), true) => Line::failed(
            what,
            problem,
            "check the host and the port of the proxy variable, and that the proxy runs",
        ),
        (Err(problem), false) => Line::failed(
            what,
            problem,
            "open the firewall for this connection, or set HTTPS_PROXY if a proxy is the only way out",
        ),
    }
}

/// What a proxy says to `CONNECT`.
#[must_use]
pub fn tunnel(destination: &str, answered: &Result<u16, String>) -> Line {
    let what = format!("proxy tunnel to {destination}");
    match answered {
        Ok(200..300) => Line::ok(what, "the proxy lets it through"),
        Ok(status) => {
            let (found, fix) = refused_by_proxy(*status);
            Line::failed(what, found, fix)
        }
        Err(problem) => Line::failed(
            what,
            problem,
            "check that the address in the proxy variable is that of an HTTP proxy, with http:// before it",
        ),
    }
}

fn refused_by_proxy(status: u16) -> (String, &'static str) {
    match status {
        407 => (
            "the proxy asks for credentials, or does not accept those it got (407)".to_owned(),
            "write them into the proxy variable as http://user:password@host:port, special characters percent-encoded",
        ),
        403 => (
            "the proxy does not allow this destination (403)".to_owned(),
            "have the host put on the proxy's allow-list",
        ),
        502..=504 => (
            format!("the proxy cannot reach the destination ({status})"),
            "check DNS and firewall of the proxy",
        ),
        _ => (
            format!("the proxy answered {status}"),
            "check that it is an HTTP proxy that allows CONNECT to this port",
        ),
    }
}

/// TLS, with the version that was agreed on. `source` is where the authorities come from.
#[must_use]
pub fn secured(host: &str, source: &str, agreed: &Result<String, TlsProblem>) -> Line {
    let what = format!("TLS with {host}");
    let (found, fix) = match agreed {
        Ok(version) => return Line::ok(what, version),
        Err(TlsProblem::UnknownIssuer) => (
            format!("the certificate is signed by an authority that is not trusted ({source})"),
            "if a proxy or firewall opens TLS on the way, put its authority into a PEM file and name that with SSL_CERT_FILE"
                .to_owned(),
        ),
        Err(TlsProblem::WrongTime(problem)) => (
            format!("the certificate {problem}, by the clock of this machine"),
            "set the clock of this machine; if it is right, the server has to renew its certificate".to_owned(),
        ),
        Err(TlsProblem::WrongName) => (
            format!("the certificate is not for {host}"),
            "check the host in -webexURL and -tokenURL, and what DNS or a firewall puts in its place".to_owned(),
        ),
        Err(TlsProblem::NotTls) => (
            "what answers does not speak TLS".to_owned(),
            "check scheme and port of -webexURL and -tokenURL, and what stands on the way".to_owned(),
        ),
        Err(TlsProblem::Other(problem)) => (
            problem.clone(),
            "check what stands on the way to Webex, such as a firewall that inspects TLS".to_owned(),
        ),
    };
    Line::failed(what, found, fix)
}

/// A request without a token: 401 and 404 are what Webex answers.
#[must_use]
pub fn answer(url: &str, answered: &Result<Answered, String>) -> Line {
    let what = format!("GET {url}");
    let answered = match answered {
        Ok(answered) => *answered,
        Err(problem) => {
            let fix = "check what stands on the way to Webex, and status.webex.com";
            return Line::failed(what, problem, fix);
        }
    };
    let status = answered.status;
    match status {
        403 | 407 if answered.proxied && !answered.tracked => {
            let (found, fix) = refused_by_proxy(status);
            Line::failed(what, found, fix)
        }
        500..=u16::MAX => Line::failed(what, format!("answered {status}"), "look at status.webex.com"),
        300..=399 => Line::failed(
            what,
            format!("answered {status}: redirects are never followed"),
            "set -webexURL and -tokenURL to the final addresses",
        ),
        _ if answered.api && !answered.tracked => Line::warning(
            what,
            format!("answered {status}, but without the TrackingID that Webex sends"),
            "check that -webexURL is Webex, and that no page of a firewall stands in its place",
        ),
        401 | 404 if answered.api => Line::ok(
            what,
            format!("Webex answers ({status}, as it should without a token)"),
        ),
        _ => Line::ok(
            what,
            format!("answers ({status} to a request without credentials)"),
        ),
    }
}

/// The clock of this machine against that of the server.
#[must_use]
pub fn clock(server: Option<Timestamp>, now: Timestamp) -> Line {
    let what = "clock";
    let Some(server) = server else {
        return Line::skipped(what, "the answer tells no time");
    };
    let (behind, ahead) = (server.since(now), now.since(server));
    let (off, side) = match behind > ahead {
        true => (behind, "behind"),
        false => (ahead, "ahead of"),
    };
    match off > CLOCK_TOLERANCE {
        true => Line::warning(
            what,
            format!("this machine is {} {side} Webex", span(off)),
            "set the clock (NTP): the end of tokens is judged by it",
        ),
        false => Line::ok(what, "agrees with that of Webex"),
    }
}
