//! The gateway: holds the OAuth tokens of one Webex Integration, adds them to every call to Webex, and survives every fault.
//!
//! The modules, from the outside in; each uses only those below it:
//!
//! - [`app`] builds everything and runs it; [`cli`] and [`config`] read what the operator wants; [`telemetry`] writes the log;
//!   [`privileges`] gives up root; [`descriptors`] bounds the connections. The commands beside serving: [`health_command`],
//!   [`tokens_command`], [`authorize_url_command`], [`check`].
//! - [`http`] is the listeners: routes, error answers, access log. [`pages`] is what an administrator sees.
//! - [`authorization`] takes an administrator's authorisation; [`proxy`] forwards requests; [`health`] asks Webex end to end.
//! - [`overview`] is what the gateway shows of itself at `/status` and `/metrics`; [`metrics`] is what everything else counts.
//! - [`token`] is the tokens' life: state machine, keeper, endpoint, file.
//! - [`http1`] is HTTP/1.1 as it is on the wire, for clients and for Webex alike.
//! - [`net`] reaches Webex: names, trust, forward proxies. [`clock`], [`secret`], [`organization`], [`dump`], [`go`] are the
//!   vocabulary.

pub mod app;
pub mod authorization;
pub mod authorize_url_command;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod descriptors;
pub mod dump;
pub mod error;
pub mod go;
pub mod health;
pub mod health_command;
pub mod http;
pub mod http1;
pub mod human;
pub mod metrics;
pub mod net;
pub mod organization;
pub mod overview;
pub mod pages;
pub mod printable;
pub mod privileges;
#[cfg(any(test, fuzzing))]
pub mod properties;
pub mod proxy;
pub mod secret;
pub mod telemetry;
pub mod token;
pub mod tokens_command;
pub mod tracking_id;
pub mod workers;
