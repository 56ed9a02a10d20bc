//! What each container of a stack is: image, command, environment, volumes.

use std::fs;

use anyhow::Context;
use bollard::models::{HostConfig, Mount};
use testcontainers::core::IntoContainerPort;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::certificate::{self, Certificate};
use super::front::Front;
use super::secrets;
use super::service::{GATEWAY_PORT, NGINX_PORT, WEBEX_PORT};
use super::site::Site;
use super::volume::{Owner, Volume};
use super::{REDIRECT_URI, TOKENS_FILE};
use crate::images::Images;
use crate::workspace;

/// The integration of the simulator's built-in world.
pub(super) const CLIENT_ID: &str = "C6f1d0a9b47e25c83f9e6b12d4078a5c3e1f92b60d7c48a35e0b19f6274d83ac5";
/// Its secret, which opens nothing anywhere else.
pub const CLIENT_SECRET: &str = "9a4e1c7f20b85d36e1f4a7092c6b3d58f0e7924b1a6c5d83927f40be61d8c35a";

/// Names in the configuration of the [lasting authority](with_lasting_authority).
const AUTHORITY: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority.key";

/// With which rights the gateway's container runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Deployment {
    /// As docker-compose.yml has it: no root at any moment, no capabilities, a read-only file system.
    #[default]
    Hardened,
    /// As the compose blocks of the field have it, which say nothing of rights.
    Field,
}

/// What the folder with the tokens is like for the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TokensFolder {
    /// An ordinary volume.
    #[default]
    Ample,
    /// A volume that is soon full.
    Small,
    /// A volume that the gateway can read and not write.
    ReadOnly,
}

/// What all of them run with, here as in docker-compose.yml.
pub(super) fn harden(request: impl Into<ContainerRequest<GenericImage>>) -> ContainerRequest<GenericImage> {
    request
        .into()
        .with_readonly_rootfs(true)
        .with_cap_drop("ALL")
        .with_security_opt("no-new-privileges:true")
}

fn hardened(image: &str, port: u16) -> anyhow::Result<ContainerRequest<GenericImage>> {
    Ok(harden(plain(image, port)?))
}

fn plain(image: &str, port: u16) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let (name, tag) = image
        .rsplit_once(':')
        .with_context(|| format!("the image {image} has no tag"))?;
    Ok(GenericImage::new(name, tag).with_exposed_port(port.tcp()).into())
}

pub(super) fn simulator(images: &Images) -> anyhow::Result<ContainerRequest<GenericImage>> {
    Ok(hardened(&images.simulator, WEBEX_PORT)?
        .with_env_var("WEBEX_SIM_TLS_PORT", WEBEX_PORT.to_string())
        .with_env_var("WEBEX_SIM_REDIRECT_URI", REDIRECT_URI))
}

/// Puts the authority of `e2e/authority` where [`with_lasting_authority`] finds it.
pub(super) async fn lay_down_authority(site: &Site, images: &Images) -> anyhow::Result<()> {
    let file = |name: &str| {
        fs::read(workspace::root().join("e2e/authority").join(name)).with_context(|| name.to_owned())
    };
    let (certificate, key) = (file("ca.pem")?, file("ca.key")?);
    let files = [(AUTHORITY, &certificate[..]), (AUTHORITY_KEY, &key)];
    site.configuration
        .fill(site.docker, &images.gateway, Owner::Root, 0o644, &files)
        .await
}

/// The simulator with an authority that is the same after a restart.
pub(super) fn with_lasting_authority(
    request: ContainerRequest<GenericImage>,
    site: &Site,
) -> ContainerRequest<GenericImage> {
    let mounts = vec![site.configuration.mount("/etc/webex", true)];
    request
        .with_env_var("WEBEX_SIM_TLS_CA_CERT", format!("/etc/webex/{AUTHORITY}"))
        .with_env_var("WEBEX_SIM_TLS_CA_KEY", format!("/etc/webex/{AUTHORITY_KEY}"))
        .with_host_config_modifier(move |host| host.mounts = Some(mounts.clone()))
}

/// nginx's configuration with a second server, through which applications call the gateway.
fn with_applications(nginx: &[u8]) -> anyhow::Result<Vec<u8>> {
    let nginx = str::from_utf8(nginx)?;
    // A fault holds more requests up at once, each with a connection on both sides of nginx.
    let few = "worker_connections 256;";
    anyhow::ensure!(nginx.contains(few), "nginx.conf has no `{few}`");
    let nginx = nginx.replace(few, "worker_connections 1024;");
    let end = nginx.rfind('}').context("nginx.conf has blocks")?;
    let (blocks, rest) = nginx.split_at(end);
    Ok(format!("{blocks}    include /etc/nginx/applications.conf;\n{rest}").into_bytes())
}

/// Fills the volume with what nginx and the gateway read.
pub(super) async fn configure(
    site: &Site,
    images: &Images,
    authority: &str,
    front: Front,
    certificate: Option<&Certificate>,
) -> anyhow::Result<()> {
    let file = |name: &str| {
        fs::read(workspace::root().join("deploy/nginx").join(name)).with_context(|| name.to_owned())
    };
    let (mut nginx, webex_gw) = (file("nginx.conf")?, file("webex_gw.conf")?);
    if front.has_applications {
        nginx = with_applications(&nginx)?;
    }
    let nginx = match certificate {
        Some(_) => certificate::with_tls(nginx)?,
        None => nginx,
    };
    let applications = fs::read(workspace::root().join("e2e/nginx/applications.conf"))?;
    let mut files = vec![
        ("nginx.conf", &nginx[..]),
        ("webex_gw.conf", &webex_gw),
        ("applications.conf", &applications),
        ("ca.pem", authority.as_bytes()),
    ];
    if let Some(certificate) = certificate {
        files.push((certificate::CHAIN, certificate.pem.as_bytes()));
        files.push((certificate::KEY, certificate.key.as_bytes()));
    }
    site.configuration
        .fill(site.docker, &images.gateway, Owner::Root, 0o644, &files)
        .await
}

/// The folder of the tokens as the field's compose block has it.
pub(super) fn tokens(folder: &Volume, kind: TokensFolder) -> Mount {
    folder.mount("/opt/tokens", kind == TokensFolder::ReadOnly)
}

/// The gateway as in the field's compose block, and the authority of the Webex it talks to.
pub(super) fn gateway(
    images: &Images,
    site: &Site,
    deployment: Deployment,
    tokens: Mount,
) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let request = match deployment {
        Deployment::Hardened => hardened(&images.gateway, GATEWAY_PORT)?.with_user("65532:65532"),
        Deployment::Field => plain(&images.gateway, GATEWAY_PORT)?,
    };
    let mounts = vec![
        tokens,
        site.configuration.mount("/etc/webex", true),
        site.secrets.mount(secrets::FOLDER, true),
    ];
    let environment = site.given.environment().into_iter();
    let request = environment.fold(request, |request, (name, value)| {
        request.with_env_var(name, value)
    });
    Ok(request
        .with_cmd([
            "/usr/local/go/webex_gw".to_owned(),
            "-port=9001".to_owned(),
            "-trackIDPrefix=WW".to_owned(),
            format!("-tokensFile={TOKENS_FILE}"),
        ])
        .with_env_var("SSL_CERT_FILE", "/etc/webex/ca.pem")
        .with_network(&site.networks.webex)
        .with_host_config_modifier(move |host| {
            host.mounts = Some(mounts.clone());
            stay_inside(host);
        }))
}

pub(super) fn nginx(images: &Images, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let mounts = vec![site.configuration.mount("/etc/nginx", true)];
    Ok(hardened(&images.nginx, NGINX_PORT)?
        .with_user("101:101")
        .with_network(&site.networks.applications)
        .with_host_config_modifier(move |host| {
            host.mounts = Some(mounts.clone());
            host.tmpfs = Some([("/tmp".to_owned(), String::new())].into());
            stay_inside(host);
        }))
}

/// While the simulator is away the engine's name server does not know it, and would ask the machine's, which knows
/// the real one. Nobody listens at this address.
pub(super) fn stay_inside(host: &mut HostConfig) {
    host.dns = Some(vec!["127.0.0.1".to_owned()]);
}
