//! What each container of a stack is: image, command, environment, volumes.

use std::fs;

use anyhow::Context;
use bollard::models::HostConfig;
use testcontainers::core::IntoContainerPort;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::service::{GATEWAY_PORT, NGINX_PORT, WEBEX_PORT};
use super::site::Site;
use super::volume::Owner;
use super::{REDIRECT_URI, TOKENS_FILE};
use crate::images::Images;
use crate::workspace;

/// The integration of the simulator's built-in world.
pub(super) const CLIENT_ID: &str = "C6f1d0a9b47e25c83f9e6b12d4078a5c3e1f92b60d7c48a35e0b19f6274d83ac5";
/// Its secret, which opens nothing anywhere else.
pub(crate) const CLIENT_SECRET: &str = "9a4e1c7f20b85d36e1f4a7092c6b3d58f0e7924b1a6c5d83927f40be61d8c35a";

/// With which rights the gateway's container runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Deployment {
    /// As docker-compose.yml has it: no root at any moment, no capabilities, a read-only file system.
    #[default]
    Hardened,
    /// As the compose blocks of the field have it, which say nothing of rights.
    Field,
}

/// What all three run with, here as in docker-compose.yml.
fn hardened(image: &str, port: u16) -> anyhow::Result<ContainerRequest<GenericImage>> {
    Ok(plain(image, port)?
        .with_readonly_rootfs(true)
        .with_cap_drop("ALL")
        .with_security_opt("no-new-privileges:true"))
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

/// Fills the volume with what nginx and the gateway read.
pub(super) async fn configure(site: &Site, images: &Images, authority: &str) -> anyhow::Result<()> {
    let file = |name: &str| {
        fs::read(workspace::root().join("deploy/nginx").join(name)).with_context(|| name.to_owned())
    };
    let (nginx, webex_gw) = (file("nginx.conf")?, file("webex_gw.conf")?);
    let files = [
        ("nginx.conf", &nginx[..]),
        ("webex_gw.conf", &webex_gw),
        ("ca.pem", authority.as_bytes()),
    ];
    site.configuration
        .fill(site.docker, &images.gateway, Owner::Root, 0o644, &files)
        .await
}

/// The gateway as in the field's compose block, and the authority of the Webex it talks to.
pub(super) fn gateway(
    images: &Images,
    site: &Site,
    deployment: Deployment,
) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let request = match deployment {
        Deployment::Hardened => hardened(&images.gateway, GATEWAY_PORT)?.with_user("65532:65532"),
        Deployment::Field => plain(&images.gateway, GATEWAY_PORT)?,
    };
    let mounts = vec![
        site.tokens_folder.mount("/opt/tokens", false),
        site.configuration.mount("/etc/webex", true),
    ];
    Ok(request
        .with_cmd([
            "/usr/local/go/webex_gw".to_owned(),
            "-port=9001".to_owned(),
            "-trackIDPrefix=WW".to_owned(),
            format!("-tokensFile={TOKENS_FILE}"),
        ])
        .with_env_var("client_id", CLIENT_ID)
        .with_env_var("client_secret", CLIENT_SECRET)
        .with_env_var("redirect_uri", REDIRECT_URI)
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
fn stay_inside(host: &mut HostConfig) {
    host.dns = Some(vec!["127.0.0.1".to_owned()]);
}
