//! Reads one setting after the other, and collects what is wrong in words that name the setting and the fix.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use tracing::level_filters::LevelFilter;
use url::Url;

use super::environment::Environment;
use super::{ConfigError, LogConfig, LogFormat, Origin};
use crate::cli::{FLAGS, Flags};
use crate::go;
use crate::net::forward_proxy::ForwardProxies;
use crate::organization::OrgId;
use crate::privileges::RunAs;
use crate::secret::{ClientSecret, GatewayKey, MalformedSecret};

/// Longer prefixes would make a `TrackingID` that Webex cuts.
const LONGEST_PREFIX: usize = 64;

pub(super) struct Reader<'a> {
    flags: &'a Flags,
    environment: &'a dyn Environment,
    problems: Vec<String>,
    /// The settings whose values are defaults because what was written is wrong.
    broken: Vec<&'static str>,
}

/// A value and where it came from.
struct Found {
    value: String,
    source: String,
}

impl<'a> Reader<'a> {
    pub(super) fn new(flags: &'a Flags, environment: &'a dyn Environment) -> Self {
        Self {
            flags,
            environment,
            problems: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// What was wrong, and the settings that stand at their defaults for it.
    pub(super) fn into_problems(self) -> (Vec<String>, Vec<&'static str>) {
        (self.problems, self.broken)
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        match self.problems.is_empty() {
            true => Ok(value),
            false => Err(ConfigError {
                problems: self.problems,
            }),
        }
    }

    pub(super) fn is_set(&self, flag: &str) -> bool {
        self.find(flag).is_some()
    }

    pub(super) fn tokens_file(&mut self) -> PathBuf {
        self.parsed("tokensFile", PathBuf::from(".tokens"), |text| match text {
            "" => Err("is no path; write it as /opt/tokens/.tokens"),
            text => Ok(PathBuf::from(text)),
        })
    }

    pub(super) fn bind(&mut self) -> IpAddr {
        let default = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        self.parsed("bind", default, |text| {
            text.parse()
                .map_err(|_| "is not an IP address such as 0.0.0.0 or 127.0.0.1")
        })
    }

    pub(super) fn port(&mut self, flag: &'static str, default: u16) -> u16 {
        self.parsed(flag, default, |text| {
            text.parse()
                .map_err(|_| "is not a port; use a number from 0 to 65535")
        })
    }

    pub(super) fn switch(&mut self, flag: &'static str) -> bool {
        // The words that Go's strconv.ParseBool takes.
        self.parsed(flag, false, |text| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err("is neither true nor false"),
        })
    }

    pub(super) fn tracking_prefix(&mut self) -> String {
        self.parsed("trackIDPrefix", "WW".to_owned(), |text| {
            let proper = (1..=LONGEST_PREFIX).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic());
            proper
                .then(|| text.to_owned())
                .ok_or("is not a prefix; use 1 to 64 visible ASCII characters")
        })
    }

    pub(super) fn timeout(&mut self, default: Duration) -> Duration {
        self.parsed("timeout", default, |text| match go::parse_duration(text) {
            Ok(timeout) if timeout >= Duration::from_millis(100) => Ok(timeout),
            _ => Err("is not a duration of at least 100ms; write it as 9s, 1m30s or 500ms"),
        })
    }

    pub(super) fn org_id(&mut self) -> Option<OrgId> {
        let problem = "is neither a UUID nor a Webex organization id (Y2lzY29zcGFyazov…)";
        self.parsed("orgID", None, |text| {
            OrgId::parse(text).map(Some).map_err(|_| problem)
        })
    }

    pub(super) fn run_as(&mut self) -> Option<RunAs> {
        let text = self
            .environment
            .text("WEBEX_GW_RUN_AS")
            .filter(|text| !text.is_empty())?;
        RunAs::parse(&text)
            .map_err(|problem| self.problem(&format!("WEBEX_GW_RUN_AS: {text:?} {problem}")))
            .ok()
    }

    pub(super) fn log(&mut self) -> LogConfig {
        LogConfig {
            level: self.parsed("logLevel", LevelFilter::INFO, |text| {
                match text.to_ascii_lowercase().as_str() {
                    "error" => Ok(LevelFilter::ERROR),
                    "warning" | "warn" => Ok(LevelFilter::WARN),
                    "info" => Ok(LevelFilter::INFO),
                    "debug" => Ok(LevelFilter::DEBUG),
                    "trace" => Ok(LevelFilter::TRACE),
                    _ => Err("is not a level; use error, warning, info, debug or trace"),
                }
            }),
            format: self.parsed("logFormat", LogFormat::Text, |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("is not a format; use text or json"),
            }),
        }
    }

    pub(super) fn webex_origin(&mut self) -> Origin {
        let default = Origin {
            scheme: Scheme::HTTPS,
            authority: Authority::from_static("webexapis.com"),
        };
        let problem =
            "is not an origin; write it as https://webexapis.com, without path, query or credentials";
        self.parsed("webexURL", default, |text| origin(text).ok_or(problem))
    }

    pub(super) fn endpoint(&mut self, flag: &'static str, webex: &Origin, path: &str) -> Url {
        let problem = "is not a URL; write it as https://host/path, without credentials and fragment";
        self.parsed(flag, webex.url(path), |text| web_url(text).ok_or(problem))
    }

    pub(super) fn client_id(&mut self) -> String {
        let help = "set it to the Client ID of the integration at developer.webex.com";
        let found = self.secret_setting("client_id", help);
        let proper = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        match found {
            Some(Found { value, .. }) if proper(&value) => value,
            Some(found) => {
                self.problem(&format!("{} is malformed: {help}", found.source));
                String::new()
            }
            None => String::new(),
        }
    }

    pub(super) fn client_secret(&mut self) -> ClientSecret {
        let help = "set it to the Client Secret of the integration at developer.webex.com";
        let found = self.secret_setting("client_secret", help);
        let secret = found.and_then(|found| self.checked(&found, ClientSecret::new));
        secret.unwrap_or_else(|| ClientSecret::new("missing").expect("a word is a secret"))
    }

    pub(super) fn gateway_key(&mut self) -> Option<GatewayKey> {
        let found = self.setting("gateway_key")?;
        self.checked(&found, GatewayKey::new)
    }

    pub(super) fn redirect_uri(&mut self) -> String {
        let example = "https://<this host>/api/v01/webex/auth/code";
        let help = format!("set it to the Redirect URI of the integration, {example}");
        let Some(found) = self.secret_setting("redirect_uri", &help) else {
            return String::new();
        };
        if web_url(&found.value).is_none() {
            self.problem(&format!(
                "{} is not a URL with http or https: {help}",
                found.source
            ));
        }
        found.value
    }

    pub(super) fn proxies(&mut self) -> ForwardProxies {
        ForwardProxies::from_environment(self.environment).unwrap_or_else(|problem| {
            self.problem(&problem.to_string());
            self.broken.push("proxies");
            ForwardProxies::none()
        })
    }

    fn find(&self, flag: &str) -> Option<Found> {
        let (_, variable) = FLAGS
            .iter()
            .find(|(name, _)| *name == flag)
            .expect("the flag is in the list");
        let written = self.flags.value(flag).map(|value| Found {
            value: value.to_owned(),
            source: format!("-{flag}"),
        });
        let set = || self.environment.text(variable).filter(|value| !value.is_empty());
        written.or_else(|| {
            Some(Found {
                value: set()?,
                source: (*variable).to_owned(),
            })
        })
    }

    fn parsed<T>(
        &mut self,
        flag: &'static str,
        default: T,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> T {
        let Some(found) = self.find(flag) else {
            return default;
        };
        parse(&found.value).unwrap_or_else(|problem| {
            // What has an @ may have a password before it.
            let shown = if found.value.contains('@') {
                "…".to_owned()
            } else {
                format!("{:?}", found.value)
            };
            self.problem(&format!("{}: {shown} {problem}", found.source));
            self.broken.push(flag);
            default
        })
    }

    /// A setting that must be there.
    fn secret_setting(&mut self, name: &str, help: &str) -> Option<Found> {
        let before = self.problems.len();
        let found = self.setting(name);
        if found.is_none() && self.problems.len() == before {
            self.problem(&format!("{name} is missing: {help}, as the environment variable {name} or in a file named by {name}_file"));
        }
        found
    }

    /// `name` or `NAME`, or the content of the file that `name_file` or `NAME_FILE` names.
    fn setting(&mut self, name: &str) -> Option<Found> {
        let upper = name.to_ascii_uppercase();
        let set = |variable: &str| self.environment.text(variable).filter(|value| !value.is_empty());
        let direct = [name, &upper]
            .into_iter()
            .find_map(|variable| Some((variable.to_owned(), set(variable)?)));
        let files = [format!("{name}_file"), format!("{upper}_FILE")];
        let file = files
            .into_iter()
            .find_map(|variable| Some((set(&variable)?, variable)));
        match (direct, file) {
            (Some((direct, _)), Some((_, file))) => {
                self.problem(&format!("{direct} and {file} are both set: remove one of them"));
                None
            }
            (Some((source, value)), None) => Some(Found { value, source }),
            (None, Some((path, source))) => match fs::read_to_string(&path) {
                Ok(content) => Some(Found {
                    value: content.trim().to_owned(),
                    source: format!("the file {path} of {source}"),
                }),
                Err(error) => {
                    self.problem(&format!("{source}: cannot read {path}: {error}"));
                    None
                }
            },
            (None, None) => None,
        }
    }

    fn checked<T>(
        &mut self,
        found: &Found,
        check: impl Fn(String) -> Result<T, MalformedSecret>,
    ) -> Option<T> {
        match check(found.value.clone()) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problem(&format!(
                    "{} {problem}: copy it again, without quotes and line breaks",
                    found.source
                ));
                None
            }
        }
    }

    fn problem(&mut self, text: &str) {
        self.problems.push(text.to_owned());
    }
}

fn origin(text: &str) -> Option<Origin> {
    let uri: Uri = text.parse().ok()?;
    let bare = uri.path() == "/" && uri.query().is_none();
    let (scheme, authority) = (uri.scheme()?.clone(), uri.authority()?.clone());
    let known = scheme == Scheme::HTTP || scheme == Scheme::HTTPS;
    (bare
        && known
        && !text.contains('#')
        && !authority.as_str().contains('@')
        && !authority.host().is_empty())
    .then_some(Origin { scheme, authority })
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let proper = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.contains(char::is_whitespace);
    proper.then_some(url)
}
