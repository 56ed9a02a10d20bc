//! Flags and the variables that stand in for them.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::control::types::SettingsPatch;
use crate::{Builder, Seed, Simulator, TlsFiles};

/// How much the log says.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How the log says it.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

/// Options of all commands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of all commands")]
pub(super) struct Options {
    /// Port of the API; 0 picks a free one
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_PORT",
        hide_env_values = true,
        default_value_t = 8080
    )]
    pub(super) port: u16,
    /// Port of the API over TLS
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_TLS_PORT",
        hide_env_values = true,
        default_value_t = 8443
    )]
    pub(super) tls_port: u16,
    /// Port of the control API
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_CONTROL_PORT",
        hide_env_values = true,
        default_value_t = 8081
    )]
    pub(super) control_port: u16,
    /// Address to listen on
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_BIND",
        hide_env_values = true,
        default_value = "127.0.0.1",
        value_name = "ADDRESS"
    )]
    pub(super) bind: IpAddr,
    /// Redirect URI to register besides those of the seed; may be repeated
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_REDIRECT_URI",
        hide_env_values = true,
        value_name = "URI",
        value_delimiter = ' '
    )]
    pub(super) redirect_uri: Vec<String>,
    /// World to start with, YAML or JSON, instead of the built-in one
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_SEED",
        hide_env_values = true,
        value_name = "FILE"
    )]
    seed: Option<PathBuf>,
    /// HTTP Archive (HAR) whose answers are given again instead of simulated ones
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_REPLAY",
        hide_env_values = true,
        value_name = "FILE"
    )]
    replay: Option<PathBuf>,
    /// Client id of the integration, instead of the seed's
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_CLIENT_ID",
        hide_env_values = true,
        value_name = "ID"
    )]
    client_id: Option<String>,
    /// Client secret of the integration, instead of the seed's
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        hide_env_values = true
    )]
    client_secret: Option<String>,
    /// Life of access tokens in seconds [default: 1209599, as Webex]
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_ACCESS_TOKEN_LIFETIME",
        hide_env_values = true,
        value_name = "SECONDS"
    )]
    access_token_lifetime: Option<u64>,
    /// Life of refresh tokens in seconds [default: 7775999, as Webex]
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_REFRESH_TOKEN_LIFETIME",
        hide_env_values = true,
        value_name = "SECONDS"
    )]
    refresh_token_lifetime: Option<u64>,
    /// Name or address the certificate is for; may be repeated
    #[arg(long = "tls-name", global = true, env = "WEBEX_SIM_TLS_NAME", hide_env_values = true, value_name = "NAME", value_delimiter = ' ',
          default_values = ["localhost", "127.0.0.1", "webexapis.com", "webex-sim"])]
    tls_names: Vec<String>,
    /// Certificate authority to sign with, PEM, instead of a new one
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_TLS_CA_CERT",
        hide_env_values = true,
        value_name = "FILE"
    )]
    tls_ca_cert: Option<PathBuf>,
    /// Key of that authority, PEM
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_TLS_CA_KEY",
        hide_env_values = true,
        value_name = "FILE"
    )]
    tls_ca_key: Option<PathBuf>,
    /// Where to write the certificate authority that clients have to trust, PEM
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_TLS_CA_OUT",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(super) tls_ca_out: Option<PathBuf>,
    /// How much the log says
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_LOG_LEVEL",
        hide_env_values = true,
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub(super) log_level: LogLevel,
    /// How the log says it
    #[arg(
        long,
        global = true,
        env = "WEBEX_SIM_LOG_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(super) log_format: LogFormat,
}

/// Options that cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum OptionsError {
    #[error("cannot read {path}, which {flag} names: {source}")]
    File {
        path: PathBuf,
        flag: &'static str,
        source: std::io::Error,
    },
    #[error("{path}: {source}")]
    Seed { path: PathBuf, source: crate::SeedError },
    #[error("--tls-ca-cert and --tls-ca-key belong together; one of them is missing")]
    HalfAuthority,
}

impl Options {
    /// The redirect URIs to register. An empty one stands for none: compose files give that for a variable that is not set.
    pub(super) fn redirect_uris(&self) -> impl Iterator<Item = &String> {
        self.redirect_uri.iter().filter(|uri| !uri.is_empty())
    }

    /// The simulator these options describe.
    pub(super) fn builder(&self) -> Result<Builder, OptionsError> {
        let mut seed = Seed::default();
        if let Some(path) = &self.seed {
            let text = read(path, "--seed")?;
            seed = Seed::parse(&text).map_err(|source| OptionsError::Seed {
                path: path.clone(),
                source,
            })?;
        }
        let id = self
            .client_id
            .clone()
            .unwrap_or_else(|| seed.client_id().to_owned());
        let secret = self
            .client_secret
            .clone()
            .unwrap_or_else(|| seed.client_secret().expose().to_owned());
        let settings = SettingsPatch {
            access_token_lifetime_s: self.access_token_lifetime,
            refresh_token_lifetime_s: self.refresh_token_lifetime,
            ..SettingsPatch::default()
        };
        let mut builder = Simulator::builder()
            .seed(seed)
            .credentials(id, secret)
            .settings(settings)
            .bind(self.bind)
            .port(self.port)
            .tls_port(self.tls_port)
            .control_port(self.control_port)
            .tls_names(&self.tls_names);
        if let Some(path) = &self.replay {
            builder = builder.replay(read(path, "--replay")?);
        }
        for uri in self.redirect_uris() {
            builder = builder.redirect_uri(uri);
        }
        match (&self.tls_ca_cert, &self.tls_ca_key) {
            (None, None) => Ok(builder),
            (Some(certificate), Some(key)) => Ok(builder.tls_files(TlsFiles {
                certificate: read(certificate, "--tls-ca-cert")?,
                key: read(key, "--tls-ca-key")?,
            })),
            _ => Err(OptionsError::HalfAuthority),
        }
    }
}

fn read(path: &Path, flag: &'static str) -> Result<String, OptionsError> {
    std::fs::read_to_string(path).map_err(|source| OptionsError::File {
        path: path.to_owned(),
        flag,
        source,
    })
}
