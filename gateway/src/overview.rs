//! What the gateway shows of itself: all of it is held here or in the keeper, so that it is shown at once in every state.

pub mod report;
pub mod words;

use std::path::PathBuf;
use std::sync::Arc;

use http::Uri;

use crate::clock::Now;
use crate::config::Config;
use crate::metrics::exposition::Scene;
use crate::token::keeper::Keeper;
use report::Report;

/// What does not change while the gateway runs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// When it started.
    pub started: Now,
    /// `-tokensFile`
    pub tokens_file: PathBuf,
    /// `-webexURL`
    pub webex_url: String,
    /// The forward proxy on the way there, without its credentials.
    pub proxy: Option<String>,
    /// Where an administrator logs in.
    pub login_url: String,
}

/// Shows the state. Clones show the same gateway.
#[derive(Clone, Debug)]
pub struct Overview {
    facts: Arc<Facts>,
    keeper: Keeper,
}

impl Facts {
    /// What `config` says, from `now` on.
    #[must_use]
    pub fn of(config: &Config, now: Now) -> Self {
        let destination = config.webex.to_string().parse::<Uri>();
        let proxy = destination
            .ok()
            .and_then(|destination| config.proxies.proxy_for(&destination));
        Self {
            started: now,
            tokens_file: config.tokens_file.clone(),
            webex_url: config.webex.to_string(),
            proxy: proxy.and_then(|proxy| address(&proxy.uri)),
            login_url: config.login_url(),
        }
    }
}

impl Overview {
    /// Shows what `keeper` holds and counts.
    #[must_use]
    pub fn new(facts: Facts, keeper: Keeper) -> Self {
        Self {
            facts: Arc::new(facts),
            keeper,
        }
    }

    /// What `/status` shows.
    #[must_use]
    pub fn report(&self) -> Report {
        let next = self.keeper.next_refresh_in();
        let last = self.keeper.metrics().last_refresh();
        Report::of(
            &self.facts,
            &self.keeper.snapshot(),
            last,
            next,
            self.keeper.now(),
        )
    }

    /// What `/metrics` shows.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.keeper.metrics().page(Scene {
            snapshot: &self.keeper.snapshot(),
            started: self.facts.started.wall,
            now: self.keeper.now(),
        })
    }
}

/// Put together from parts, so that no user and password can come along.
fn address(uri: &Uri) -> Option<String> {
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", uri.scheme_str()?, uri.host()?))
}
