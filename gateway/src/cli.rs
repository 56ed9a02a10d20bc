//! The command line, in the style of Go's `flag` package: `-port=9001`, `-port 9001` and `--port=9001` are the same.

use std::ffi::OsString;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

/// Hold the OAuth tokens of one Webex Integration and add them to every call to Webex
///
/// Without a command the gateway serves. Flags may be written with one dash or two, before or after the command; each can
/// also be set by the environment variable named beside it.
#[derive(Clone, Debug, Parser)]
#[command(name = "webex_gw", version, max_term_width = 100, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do; without it: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags as they were written.
    #[command(flatten)]
    pub flags: Flags,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Ask a running gateway how it is; exit 0 if well, 1 if not
    Health {
        /// live: the process answers; ready: it holds a usable token; webex: Webex answers through it
        #[arg(value_enum, default_value_t = Question::Webex)]
        question: Question,
    },
    /// Show what is in the tokens file, without its secrets
    ///
    /// Reads the file alone: it needs no other setting, changes nothing, and works while the gateway runs.
    Tokens {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Print the address at which an administrator authorises this gateway
    AuthorizeUrl {
        /// The address of Webex itself, as the developer portal shows it, instead of the gateway's login page
        #[arg(long)]
        portal: bool,
    },
    /// Check configuration, tokens, ports, names, proxies, TLS and Webex in one report; exit 0 if nothing failed
    ///
    /// Takes the same flags and variables as serving. It changes nothing, spends no token, and works while the gateway runs.
    Check,
}

/// What `health` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Question {
    /// `/livez`
    Live,
    /// `/readyz`
    Ready,
    /// `/health`
    Webex,
}

macro_rules! flags {
    ($($field:ident = $long:literal, $env:literal, $value:literal, $help:literal;)*) => {
        /// The flags, unchecked: checking names the flag or the variable a value came from.
        #[derive(Args, Clone, Debug, Default)]
        pub struct Flags {
            $(
            /// As its help says.
            #[arg(long = $long, value_name = $value, help = concat!($help, " [env: ", $env, "]"), global = true,
                  overrides_with = stringify!($field))]
            pub $field: Option<String>,)*
            /// A switch: alone it means true.
            #[arg(long = "requireState", help = REQUIRE_STATE_HELP, value_name = "BOOL", global = true, num_args = 0..=1, require_equals = true,
                  default_missing_value = "true", overrides_with = "require_state")]
            pub require_state: Option<String>,
        }

        impl Flags {
            /// What was written for the flag with this name.
            #[must_use]
            pub fn value(&self, flag: &str) -> Option<&str> {
                match flag {
                    $($long => self.$field.as_deref(),)*
                    "requireState" => self.require_state.as_deref(),
                    _ => None,
                }
            }
        }

        /// Every flag that takes a value, with its variable.
        pub const FLAGS: &[(&str, &str)] = &[$(($long, $env),)* ("requireState", "WEBEX_GW_REQUIRE_STATE")];
    };
}

flags! {
    port = "port", "WEBEX_GW_PORT", "PORT",
        "Listen port [default: 9001]";
    bind = "bind", "WEBEX_GW_BIND", "ADDRESS",
        "Listen address [default: 0.0.0.0]";
    callback_port = "callbackPort", "WEBEX_GW_CALLBACK_PORT", "PORT",
        "Serve /api/v01/webex/ on this port only [default: same as -port]";
    track_id_prefix = "trackIDPrefix", "WEBEX_GW_TRACK_ID_PREFIX", "TEXT",
        "Prefix of the TrackingID sent to Webex, <prefix>_<uuid> [default: WW]";
    tokens_file = "tokensFile", "WEBEX_GW_TOKENS_FILE", "PATH",
        "Where the tokens live [default: .tokens]";
    webex_url = "webexURL", "WEBEX_GW_WEBEX_URL", "URL",
        "Origin of the API and of both OAuth endpoints [default: <https://webexapis.com>]";
    authorize_url = "authorizeURL", "WEBEX_GW_AUTHORIZE_URL", "URL",
        "Where an administrator logs in [default: /v1/authorize under -webexURL]";
    token_url = "tokenURL", "WEBEX_GW_TOKEN_URL", "URL",
        "Where tokens are issued [default: /v1/access_token under -webexURL]";
    timeout = "timeout", "WEBEX_GW_TIMEOUT", "DURATION",
        "Budget of one request until the head of its answer, refresh and retry included [default: 9s]";
    org_id = "orgID", "WEBEX_GW_ORG_ID", "ID",
        "The Webex organisation this gateway may act for, as UUID or Webex id [default: the first authorisation decides]";
    log_level = "logLevel", "WEBEX_GW_LOG_LEVEL", "LEVEL",
        "error, warning, info, debug or trace [default: info]";
    log_format = "logFormat", "WEBEX_GW_LOG_FORMAT", "FORMAT",
        "text or json [default: text]";
}

const REQUIRE_STATE_HELP: &str = "Accept only authorisations that were started at /api/v01/webex/auth/login of this \
    gateway [env: WEBEX_GW_REQUIRE_STATE]";

const AFTER_HELP: &str = "\
Environment:
  client_id, client_secret, redirect_uri   the Webex Integration (upper case works too)
  client_id_file, client_secret_file, …    the same from files, such as Docker secrets
  gateway_key                              if set, proxied requests must carry it as X-Gateway-Key
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY        forward proxies (lower case works too)
  SSL_CERT_FILE                            certificate authorities to trust, as a PEM file

Example:
  client_id=C… client_secret=… redirect_uri=https://apio.example.com/api/v01/webex/auth/code \\
    webex_gw -port=9001 -trackIDPrefix=WW -tokensFile=/opt/tokens/.tokens";

impl Cli {
    /// Reads the arguments, the program's name first. An error is one for the user, `--help` and `--version` included.
    pub fn parse_go_style(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(args.into_iter().map(double_dash))?;
        Self::from_arg_matches(&matches)
    }
}

/// `-port=1` becomes `--port=1`; `-h`, `-V`, `-` and values stay.
fn double_dash(argument: OsString) -> OsString {
    match argument.to_str().and_then(|text| text.strip_prefix('-')) {
        Some(name) if name.len() > 1 && name.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            OsString::from(format!("--{name}"))
        }
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::parse_go_style(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn one_dash_two_dashes_an_equals_sign_and_a_space_are_the_same() {
        for line in [
            "webex_gw -port=9001",
            "webex_gw -port 9001",
            "webex_gw --port=9001",
            "webex_gw --port 9001",
        ] {
            assert_eq!(parse(line).unwrap().flags.port.as_deref(), Some("9001"), "{line}");
        }
    }

    #[test]
    fn the_last_of_several_values_counts_as_in_go() {
        assert_eq!(
            parse("webex_gw -port=1 -port=2").unwrap().flags.port.as_deref(),
            Some("2")
        );
    }

    #[test]
    fn a_switch_may_stand_alone_or_have_a_value() {
        assert_eq!(
            parse("webex_gw -requireState -port 1")
                .unwrap()
                .flags
                .require_state
                .as_deref(),
            Some("true")
        );
        assert_eq!(
            parse("webex_gw -requireState=false")
                .unwrap()
                .flags
                .require_state
                .as_deref(),
            Some("false")
        );
    }

    #[test]
    fn flags_may_stand_before_and_after_the_command() {
        for line in [
            "webex_gw -port 5 health live",
            "webex_gw health -port 5 live",
            "webex_gw health live -port 5",
        ] {
            let cli = parse(line).unwrap();
            assert_eq!(
                cli.command,
                Some(Command::Health {
                    question: Question::Live
                }),
                "{line}"
            );
            assert_eq!(cli.flags.port.as_deref(), Some("5"), "{line}");
        }
        assert_eq!(
            parse("webex_gw health").unwrap().command,
            Some(Command::Health {
                question: Question::Webex
            })
        );
    }

    #[test]
    fn the_line_of_the_fields_compose_file_is_understood() {
        let flags = parse("webex_gw -port=9001 -trackIDPrefix=WW -tokensFile=/opt/tokens/.tokens")
            .unwrap()
            .flags;
        assert_eq!(flags.track_id_prefix.as_deref(), Some("WW"));
        assert_eq!(flags.tokens_file.as_deref(), Some("/opt/tokens/.tokens"));
    }

    #[test]
    fn an_unknown_flag_is_named_with_the_nearest_one() {
        let error = parse("webex_gw -prot=9001").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains("'--prot'") && text.contains("--port"), "{text}");
    }

    #[test]
    fn the_help_is_complete() {
        let mut command = Cli::command().term_width(100);
        insta::assert_snapshot!("help", command.render_help().to_string());
    }
}
