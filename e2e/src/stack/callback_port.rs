//! A gateway whose callback has a port of its own, and the nginx before it.

use std::fs;

use anyhow::Context;
use testcontainers::core::IntoContainerPort;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::service::GATEWAY_PORT;
use super::site::Site;
use super::volume::Owner;
use crate::images::Images;
use crate::workspace;

/// On this machine; the engine chooses one.
const ANY_PORT: u16 = 0;

/// Sets the port, and publishes both.
pub(super) fn set(request: ContainerRequest<GenericImage>, port: u16) -> ContainerRequest<GenericImage> {
    request
        .with_env_var("WEBEX_GW_CALLBACK_PORT", port.to_string())
        .with_mapped_port(ANY_PORT, GATEWAY_PORT.tcp())
        .with_mapped_port(ANY_PORT, port.tcp())
}

/// The documented block with another port and nothing else changed.
pub(super) async fn tell_nginx(site: &Site, images: &Images, port: u16) -> anyhow::Result<()> {
    let path = workspace::root().join("deploy/nginx/webex_gw.conf");
    let documented = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let block = documented.replace(&format!("webex_gw:{GATEWAY_PORT}/"), &format!("webex_gw:{port}/"));
    anyhow::ensure!(
        block != documented,
        "the documented block names the gateway's port"
    );
    site.configuration
        .fill(
            site.docker,
            &images.gateway,
            Owner::Root,
            0o644,
            &[("webex_gw.conf", block.as_bytes())],
        )
        .await
}
