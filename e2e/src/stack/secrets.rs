//! What nobody may see, and how the gateway gets it.

use super::containers::{CLIENT_ID, CLIENT_SECRET};
use super::site::Site;
use super::volume::Owner;
use super::{ADMINISTRATOR_PASSWORD, REDIRECT_URI, forward_proxy};
use crate::images::Images;
use crate::leaks::Secret;

/// The key that applications have to show where the gateway asks for one.
pub const GATEWAY_KEY: &str = "5d0e8c1b7fa94263b1c9e07d52a86f34";

/// Where an engine puts what a compose file declares as secrets.
pub(super) const FOLDER: &str = "/run/secrets";

/// How the gateway is told who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Given {
    /// In its environment, as in the field.
    #[default]
    InEnvironment,
    /// In files that its environment names, a gateway key among them.
    InFiles,
}

/// Every setting that can be a secret, with its value.
const SETTINGS: [(&str, &str); 4] = [
    ("client_id", CLIENT_ID),
    ("client_secret", CLIENT_SECRET),
    ("redirect_uri", REDIRECT_URI),
    ("gateway_key", GATEWAY_KEY),
];

impl Given {
    /// The gateway's environment.
    pub(super) fn environment(self) -> Vec<(String, String)> {
        let settings = SETTINGS.into_iter();
        match self {
            Self::InEnvironment => settings
                .filter(|(name, _)| *name != "gateway_key")
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            Self::InFiles => settings
                .map(|(name, _)| (format!("{name}_file"), format!("{FOLDER}/{name}")))
                .collect(),
        }
    }

    /// The files that are there for it, each with the line end that an editor leaves.
    fn files(self) -> Vec<(&'static str, String)> {
        match self {
            Self::InEnvironment => Vec::new(),
            Self::InFiles => SETTINGS.map(|(name, value)| (name, format!("{value}\n"))).into(),
        }
    }
}

/// Fills the volume that the gateway reads them from.
pub(super) async fn lay_down(site: &Site, images: &Images) -> anyhow::Result<()> {
    let files = site.given.files();
    if files.is_empty() {
        return Ok(());
    }
    let files: Vec<_> = files
        .iter()
        .map(|(name, content)| (*name, content.as_bytes()))
        .collect();
    site.secrets
        .fill(site.docker, &images.gateway, Owner::Gateway, 0o400, &files)
        .await
}

/// The secrets that every stack and every Compose project has.
pub(crate) fn known() -> Vec<Secret> {
    let known = [
        ("the client secret", CLIENT_SECRET),
        ("the administrator's password", ADMINISTRATOR_PASSWORD),
        ("the gateway key", GATEWAY_KEY),
    ];
    known
        .map(|(name, value)| Secret {
            name,
            value: value.to_owned(),
        })
        .into()
}

/// All secrets of a stack as it is now.
pub(super) async fn of(site: &Site) -> Vec<Secret> {
    let mut secrets = known();
    secrets.extend(forward_proxy::secrets());
    if let Ok(tokens) = site.tokens().await {
        for name in ["access_token", "refresh_token"] {
            secrets.extend(tokens[name].as_str().map(|value| Secret {
                name,
                value: value.to_owned(),
            }));
        }
    }
    secrets
}
