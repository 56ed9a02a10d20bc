//! What a finding means and what mends it. Everything here is a function of values.

mod identity;
mod way;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use url::Url;

pub use identity::{Holder, identity};
pub use way::{
    Answered, ProxyChoice, TlsProblem, answer, authorities, clock, connected, names, proxy_choice, secured,
    tunnel,
};

use super::report::Line;
use crate::config::{Config, Partial};
use crate::http::callback::CODE_PATH;
use crate::human::moment;
use crate::tokens_command::{Flaw, Held};

/// A refresh token that Webex prolongs with each refresh never comes this near to its 90 days.
const HORIZON: Duration = Duration::from_hours(30 * 24);

/// Who has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortUse {
    /// Nobody.
    Free,
    /// A gateway in this state.
    Gateway(String),
    /// Something that is no gateway.
    Other,
    /// Something that cannot be asked.
    Unknown,
    /// The system does not give it.
    Refused(String),
}

/// The settings: what is wrong, or what stands. `calls_itself` is whether `-webexURL` leads back to the gateway.
#[must_use]
pub fn configuration(partial: &Partial, calls_itself: bool) -> Vec<Line> {
    let what = "configuration";
    let mut lines: Vec<_> = partial
        .problems
        .iter()
        .map(|problem| match problem.split_once(": ") {
            Some((setting, rest)) => match rest.split_once("; ") {
                Some((problem, fix)) => Line::failed(what, format!("{setting}: {problem}"), fix),
                None => Line::failed(what, setting, rest),
            },
            None => Line::failed(what, problem, "docs/configuration.md names every setting"),
        })
        .collect();
    let config = &partial.config;
    if calls_itself {
        lines.push(Line::failed(
            what,
            "-webexURL is the address of this gateway itself",
            "set it to https://webexapis.com",
        ));
    }
    if lines.is_empty() {
        let found = format!("complete, for the integration {}", config.client_id);
        lines.push(Line::ok(what, found));
    }
    if let Ok(redirect) = Url::parse(&config.redirect_uri) {
        lines.push(redirect_uri(&redirect));
    }
    lines
}

fn redirect_uri(redirect: &Url) -> Line {
    let what = "redirect_uri";
    let host = redirect.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if redirect.path() != CODE_PATH {
        let found = format!(
            "its path is {}, where this gateway does not answer",
            redirect.path()
        );
        let fix = format!(
            "register a redirect URI with the path {CODE_PATH} and set it here, unless a proxy rewrites the path"
        );
        return Line::warning(what, found, fix);
    }
    match redirect.scheme() {
        "http" if !local => Line::warning(
            what,
            format!("{redirect} is not https: the code comes over the network in clear text"),
            "put TLS in front of the gateway, and register and set the https address",
        ),
        _ => Line::ok(
            what,
            format!("{redirect}; it has to be registered with the integration, character by character"),
        ),
    }
}

/// Whether tokens could be stored.
#[must_use]
pub fn tokens_folder(path: &Path, probe: &Result<(), String>, hands_over: bool) -> Line {
    let what = "tokens folder";
    match (probe, hands_over) {
        (Ok(()), _) => Line::ok(what, format!("tokens can be stored at {}", path.display())),
        (Err(_), true) => Line::ok(
            what,
            "it belongs to root, and the gateway takes it over when it is started as root",
        ),
        (Err(problem), false) => Line::failed(
            what,
            problem,
            "create the folder and make it writable for the user of the gateway",
        ),
    }
}

/// What the file holds, and for how long.
#[must_use]
pub fn tokens_file(path: &Path, read: &Result<Option<Held>, Flaw>, config: &Config) -> Vec<Line> {
    let what = "tokens file";
    let held = match read {
        Ok(Some(held)) => held,
        Ok(None) => {
            let found = format!("there is none at {} yet: nobody has authorised", path.display());
            let fix = format!("a Partner Full Admin logs in at {}", config.login_url());
            return vec![Line::warning(what, found, fix)];
        }
        Err(flaw) => return vec![Line::failed(what, &flaw.problem, &flaw.fix)],
    };
    let flaws = held.flaws();
    let mut lines: Vec<_> = flaws
        .into_iter()
        .map(|flaw| Line::warning(what, flaw.problem, flaw.fix))
        .collect();
    if lines.is_empty() {
        let found = format!(
            "readable for the gateway alone, with all scopes: {}",
            path.display()
        );
        lines.push(Line::ok(what, found));
    }
    lines.push(access_token(held));
    lines.push(refresh_token(held, config));
    lines.push(organization(held, config));
    lines
}

fn access_token(held: &Held) -> Line {
    let end = moment(held.tokens.expires_at(), held.now);
    match held.expired() {
        false => Line::ok("access token", format!("valid until {end}")),
        true => Line::warning(
            "access token",
            format!("expired {end}"),
            "none is needed if the gateway runs: it refreshes the token with the next request",
        ),
    }
}

fn refresh_token(held: &Held, config: &Config) -> Line {
    let (what, login) = ("refresh token", config.login_url());
    let Some(end) = held.tokens.refresh_token_expires_at() else {
        return Line::ok(what, "Webex has not told when it ends");
    };
    let shown = moment(end, held.now);
    if end <= held.now {
        let fix = format!("a Partner Full Admin logs in again at {login}");
        return Line::failed(what, format!("expired {shown}"), fix);
    }
    match end.since(held.now) < HORIZON {
        true => Line::warning(
            what,
            format!("valid until {shown}, and Webex does not prolong it"),
            format!("a Partner Full Admin logs in again at {login} before that"),
        ),
        false => Line::ok(what, format!("valid until {shown}")),
    }
}

fn organization(held: &Held, config: &Config) -> Line {
    let what = "organisation";
    match (held.organization(), config.org_id) {
        (Some(found), Some(expected)) if found != expected => Line::failed(
            what,
            format!("the tokens are of {found}, and -orgID is {expected}"),
            "correct -orgID, or log in as an administrator of that organisation",
        ),
        (Some(found), _) => Line::ok(what, format!("the tokens are of {found}")),
        (None, _) => Line::warning(
            what,
            "the file does not say whose tokens it holds",
            "set -orgID, or let the gateway ask Webex at its start",
        ),
    }
}

/// The token endpoint is on the server of the API, to which the way has been looked at.
#[must_use]
pub fn token_endpoint_beside(url: &Url) -> Line {
    Line::skipped(
        "token endpoint",
        format!("{url} is on the same server; nothing is asked of it that could cost a token"),
    )
}

/// Whether a listener could be opened.
#[must_use]
pub fn port(flag: &str, listen: SocketAddr, used: &PortUse) -> Line {
    let what = format!("port {}", listen.port());
    match used {
        PortUse::Free => Line::ok(what, format!("{listen} is free")),
        PortUse::Gateway(state) => Line::ok(what, format!("a gateway answers there already, state {state}")),
        PortUse::Unknown => Line::warning(
            what,
            format!("{listen} is taken, by a running gateway or by another program"),
            format!("if no gateway runs, end the other program or choose another port with {flag}"),
        ),
        PortUse::Other => Line::failed(
            what,
            format!("{listen} is taken by a program that is no gateway"),
            format!("end it, or choose another port with {flag}"),
        ),
        PortUse::Refused(problem) => Line::failed(
            what,
            format!("the system does not give {listen}: {problem}"),
            format!("use an address of this machine with -bind and a port from 1024 on with {flag}"),
        ),
    }
}

#[cfg(test)]
mod tests;
