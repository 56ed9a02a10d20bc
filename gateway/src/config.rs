//! The configuration: flags over `WEBEX_GW_…` variables over defaults, checked as a whole before anything is opened.

pub mod environment;
mod read;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::uri::{Authority, Scheme};
use tracing::level_filters::LevelFilter;
use url::Url;

use crate::authorization::Integration;
use crate::cli::Flags;
use crate::net::forward_proxy::ForwardProxies;
use crate::organization::OrgId;
use crate::privileges::RunAs;
use crate::secret::{ClientSecret, GatewayKey};
use environment::Environment;
use read::Reader;

/// The port of the field.
const DEFAULT_PORT: u16 = 9001;
/// Below the 10 s after which APIO Core gives up.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(9);

/// Everything the gateway was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// `-bind` and `-port`
    pub listen: SocketAddr,
    /// `-callbackPort`, where it differs from the port
    pub callback_listen: Option<SocketAddr>,
    /// `-trackIDPrefix`
    pub tracking_prefix: String,
    /// `-tokensFile`
    pub tokens_file: PathBuf,
    /// `-webexURL`
    pub webex: Origin,
    /// `-authorizeURL`
    pub authorize_url: Url,
    /// `-tokenURL`
    pub token_url: Url,
    /// `-timeout`
    pub timeout: Duration,
    /// `-orgID`
    pub org_id: Option<OrgId>,
    /// `-requireState`
    pub require_state: bool,
    /// `client_id`
    pub client_id: String,
    /// `client_secret`
    pub client_secret: ClientSecret,
    /// `redirect_uri`, character by character as registered
    pub redirect_uri: String,
    /// `gateway_key`
    pub gateway_key: Option<GatewayKey>,
    /// `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`
    pub proxies: ForwardProxies,
    /// `WEBEX_GW_RUN_AS`: whom to become, where the process starts as root
    pub run_as: Option<RunAs>,
    /// `-logLevel` and `-logFormat`
    pub log: LogConfig,
}

/// Scheme, host and port of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`
    pub scheme: Scheme,
    /// Host and, unless it is the scheme's own, port.
    pub authority: Authority,
}

/// How to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The least important level that is shown.
    pub level: LevelFilter,
    /// How it is shown.
    pub format: LogFormat,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// As the Go program wrote it.
    Text,
    /// One JSON object a line.
    Json,
}

/// A configuration of which a part may be wrong.
#[derive(Clone, Debug)]
pub struct Partial {
    /// What could be read; the rest stands at its default.
    pub config: Config,
    /// What is wrong, a line each.
    pub problems: Vec<String>,
    /// The settings that stand at their default because what was written is wrong.
    pub broken: Vec<&'static str>,
}

/// Everything that is wrong with a configuration, a line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl Config {
    /// Checks everything and tells all that is wrong at once.
    pub fn read(flags: &Flags, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let mut read = Reader::new(flags, environment);
        let config = Self::read_from(&mut read);
        read.finish(config)
    }

    /// The same for a report on everything: what is wrong stands at its default, so that the rest can be looked at.
    #[must_use]
    pub fn read_anyway(flags: &Flags, environment: &dyn Environment) -> Partial {
        let mut read = Reader::new(flags, environment);
        let config = Self::read_from(&mut read);
        let (problems, broken) = read.into_problems();
        Partial {
            config,
            problems,
            broken,
        }
    }

    fn read_from(read: &mut Reader<'_>) -> Self {
        let bind = read.bind();
        let port = read.port("port", DEFAULT_PORT);
        let callback_port = read.port("callbackPort", port);
        let webex = read.webex_origin();
        Self {
            listen: SocketAddr::new(bind, port),
            // Two times 0 are two different free ports.
            callback_listen: (callback_port != port || (read.is_set("callbackPort") && port == 0))
                .then(|| SocketAddr::new(bind, callback_port)),
            tracking_prefix: read.tracking_prefix(),
            tokens_file: read.tokens_file(),
            authorize_url: read.endpoint("authorizeURL", &webex, "/v1/authorize"),
            token_url: read.endpoint("tokenURL", &webex, "/v1/access_token"),
            webex,
            timeout: read.timeout(DEFAULT_TIMEOUT),
            org_id: read.org_id(),
            require_state: read.switch("requireState"),
            client_id: read.client_id(),
            client_secret: read.client_secret(),
            redirect_uri: read.redirect_uri(),
            gateway_key: read.gateway_key(),
            proxies: read.proxies(),
            run_as: read.run_as(),
            log: read.log(),
        }
    }

    /// Where a running gateway with these settings listens, and how long its requests to Webex may take, for the `health`
    /// command; it needs nothing else.
    pub fn read_health(
        flags: &Flags,
        environment: &dyn Environment,
    ) -> Result<(SocketAddr, Duration), ConfigError> {
        let mut read = Reader::new(flags, environment);
        let (bind, port) = (read.bind(), read.port("port", DEFAULT_PORT));
        let timeout = read.timeout(DEFAULT_TIMEOUT);
        read.finish((SocketAddr::new(bind, port), timeout))
    }

    /// Where the tokens live, for the `tokens` command; it needs nothing else.
    pub fn read_tokens_file(flags: &Flags, environment: &dyn Environment) -> Result<PathBuf, ConfigError> {
        let mut read = Reader::new(flags, environment);
        let path = read.tokens_file();
        read.finish(path)
    }

    /// What an administrator's address is made of, for the `authorize-url` command.
    pub fn read_integration(
        flags: &Flags,
        environment: &dyn Environment,
    ) -> Result<Integration, ConfigError> {
        let mut read = Reader::new(flags, environment);
        let webex = read.webex_origin();
        let integration = Integration {
            client_id: read.client_id(),
            redirect_uri: read.redirect_uri(),
            authorize_url: read.endpoint("authorizeURL", &webex, "/v1/authorize"),
            org_id: read.org_id(),
            require_state: read.switch("requireState"),
        };
        read.finish(integration)
    }

    /// The login page of this gateway, as an administrator reaches it.
    #[must_use]
    pub fn login_url(&self) -> String {
        login_url(&self.redirect_uri)
    }
}

/// The login page of the gateway with this redirect URI.
#[must_use]
pub fn login_url(redirect_uri: &str) -> String {
    let public = Url::parse(redirect_uri).ok();
    let origin = public
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    format!("{origin}{}", crate::http::callback::LOGIN_PATH)
}

impl Origin {
    /// `people/me` or another path under this origin.
    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{self}{path}")).expect("an origin with an absolute path is a URL")
    }

    /// The port, also where it is the scheme's own.
    pub(crate) fn port(&self) -> u16 {
        let default = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        self.authority.port_u16().unwrap_or(default)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

#[cfg(test)]
mod tests;
