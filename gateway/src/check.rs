//! `webex_gw check`: every problem of configuration, files, ports, names, proxies, TLS and Webex in one report, each with its fix.
//!
//! The probing ([`local`], [`network`]) only finds out; what a finding means is decided apart from it ([`verdict`]). Nothing is
//! refreshed, stored or redeemed, and no step waits longer than a few seconds.

pub mod local;
pub mod network;
pub mod report;
pub mod verdict;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::environment::Environment;
use crate::config::{Config, Partial};
use crate::net::own_address;
use crate::net::resolver::Resolver;
use crate::tokens_command::Held;
use report::{Line, Report};

/// Told what is looked at next, for a person who waits.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// What a start as root will do before it gives root up.
#[derive(Debug, Default)]
pub struct Handover {
    /// It gives the tokens folder to the user of the gateway.
    pub folder: bool,
    /// What is in the tokens file, which it gives to that user, too.
    pub file: Option<local::Read>,
}

/// Checks everything that the configuration says, as the gateway will see it after `handover`.
pub async fn run(
    partial: Partial,
    environment: &dyn Environment,
    handover: Handover,
    clock: Arc<dyn Clock>,
    progress: Progress,
) -> Report {
    let config = &partial.config;
    let resolver = Resolver::from_system().ok();
    let calls_itself = own_address::leads_back(&config.webex, config.listen, resolver.as_ref()).await;
    let mut lines = verdict::configuration(&partial, calls_itself);
    let broken = |settings: &[&str]| settings.iter().any(|setting| partial.broken.contains(setting));
    let held = if broken(&["tokensFile"]) {
        lines.push(Line::skipped("tokens", "-tokensFile is not set properly"));
        None
    } else {
        progress("the tokens file");
        local::tokens(config, handover, clock.now().wall, &mut lines)
    };
    let ports = async {
        if broken(&["port", "bind", "callbackPort"]) {
            return vec![Line::skipped("port", "the ports are not set properly")];
        }
        local::ports(config, &progress).await
    };
    let ways = async {
        if broken(&["webexURL", "tokenURL", "proxies"]) {
            return vec![Line::skipped(
                "Webex",
                "its address or a proxy is not set properly",
            )];
        }
        network_lines(config, environment, held.as_ref(), &clock, &progress).await
    };
    let (ports, ways) = tokio::join!(ports, ways);
    lines.extend(ports);
    lines.extend(ways);
    lines.push(Line::skipped(
        "client_id, client_secret",
        "Webex documents no way to try them without a code or a refresh token; they are tried when an administrator logs in",
    ));
    Report { lines }
}

async fn network_lines(
    config: &Config,
    environment: &dyn Environment,
    held: Option<&Held>,
    clock: &Arc<dyn Clock>,
    progress: &Progress,
) -> Vec<Line> {
    let outfit = network::Outfit::new(config, environment, clock, progress);
    let api = outfit.webex(config, held);
    let endpoint = async {
        match network::same_origin(&config.webex, &config.token_url) {
            true => vec![verdict::token_endpoint_beside(&config.token_url)],
            false => outfit.token_endpoint(config).await,
        }
    };
    let (mut lines, endpoint) = tokio::join!(api, endpoint);
    lines.extend(endpoint);
    lines
}
