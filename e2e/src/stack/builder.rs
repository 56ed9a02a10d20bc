//! Starting a stack: networks, simulator, gateway, nginx, in this order, because each asks for the one before.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use bollard::Docker;
use bollard::models::HostConfig;
use testcontainers::core::IntoContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};
use webex_sim::client::ControlClient;
use webex_sim::types::SettingsPatch;

use super::network::Networks;
use super::service::{CONTROL_PORT, GATEWAY_PORT, NGINX_PORT, Service, WEBEX_PORT};
use super::site::Site;
use super::volume::{Owner, Volume};
use super::{REDIRECT_URI, START, Stack, TOKENS_FILE, predecessor};
use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images::{self, Images};
use crate::run::Run;
use crate::{engine, workspace};

/// The integration of the simulator's built-in world.
pub(super) const CLIENT_ID: &str = "C6f1d0a9b47e25c83f9e6b12d4078a5c3e1f92b60d7c48a35e0b19f6274d83ac5";
/// Its secret, which opens nothing anywhere else.
pub(super) const CLIENT_SECRET: &str = "9a4e1c7f20b85d36e1f4a7092c6b3d58f0e7924b1a6c5d83927f40be61d8c35a";

/// What a stack is started with.
#[derive(Debug, Default)]
pub struct Builder {
    settings: SettingsPatch,
    environment: Vec<(String, String)>,
    signed_in: Option<(Owner, Duration)>,
}

impl Builder {
    /// How Webex behaves.
    #[must_use]
    pub fn webex(mut self, settings: SettingsPatch) -> Self {
        self.settings = settings;
        self
    }

    /// Sets a variable of the gateway's environment.
    #[must_use]
    pub fn gateway_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts with the tokens file of a program that signed in some time ago, in a folder of the host, both of `owner`.
    #[must_use]
    pub fn signed_in(mut self, owner: Owner, ago: Duration) -> Self {
        self.signed_in = Some((owner, ago));
        self
    }

    /// Starts the stack and waits until all of it answers.
    pub async fn start(self) -> Stack {
        let docker = match engine::engine().await {
            Ok(docker) => docker,
            Err(missing) => panic!("{missing}"),
        };
        let images = match images::images(docker).await {
            Ok(images) => images,
            Err(broken) => panic!("{broken}"),
        };
        match self.assemble(docker, images).await {
            Ok(stack) => stack,
            Err(error) => panic!("the stack does not start: {error:#}"),
        }
    }

    async fn assemble(self, docker: &'static Docker, images: &Images) -> anyhow::Result<Stack> {
        let mut site = Site {
            docker,
            networks: Networks::create(docker).await?,
            tokens_folder: Volume::create(docker).await?,
            configuration: Volume::create(docker).await?,
            services: Vec::new(),
        };
        site.services.push(start("webex-sim", simulator(images)?).await?);
        site.networks.expose(docker, site.simulator()).await?;
        let webex = ControlClient::new(site.simulator().origin(CONTROL_PORT).await);
        eventually("the simulator answers", START, async || {
            Ok(webex.health().await?)
        })
        .await;
        webex.change_settings(&self.settings).await?;
        let authority = webex.ca_pem().await?;
        if let Some((owner, ago)) = self.signed_in {
            let hosts = [("webexapis.com", site.simulator().address(WEBEX_PORT).await)];
            let http = crate::http::outside(&hosts, &authority)?;
            let file = predecessor::tokens_file(&http, &webex, ago).await?;
            let files = [(".tokens", &file[..])];
            site.tokens_folder
                .fill(docker, &images.gateway, owner, 0o600, &files)
                .await?;
            webex.clear_journal().await?;
        }
        configure(&site, images, &authority).await?;

        let request = gateway(images, &site)?;
        let environment = self.environment.iter();
        let request = environment.fold(request, |request, (name, value)| {
            request.with_env_var(name, value)
        });
        site.services.push(start("webex_gw", request).await?);
        site.networks.offer(docker, site.gateway()).await?;
        let gateway = Gateway::at(site.gateway().origin(GATEWAY_PORT).await);
        eventually("the gateway answers", START, async || gateway.is_alive().await).await;

        site.services.push(start("nginx", nginx(images, &site)?).await?);
        let nginx = Gateway::at(site.nginx().origin(NGINX_PORT).await);
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;

        Ok(Stack {
            gateway,
            webex,
            authority,
            site,
        })
    }
}

async fn start(name: &'static str, request: ContainerRequest<GenericImage>) -> anyhow::Result<Service> {
    let request = request
        .with_labels(Run::current().labels())
        .with_container_name(Run::current().unique(name));
    let container = request
        .start()
        .await
        .with_context(|| format!("starting {name}"))?;
    Ok(Service::new(name, container))
}

/// What all three run with, here as in docker-compose.yml.
fn hardened(image: &str, port: u16) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let (name, tag) = image
        .rsplit_once(':')
        .with_context(|| format!("the image {image} has no tag"))?;
    Ok(GenericImage::new(name, tag)
        .with_exposed_port(port.tcp())
        .with_readonly_rootfs(true)
        .with_cap_drop("ALL")
        .with_security_opt("no-new-privileges:true"))
}

fn simulator(images: &Images) -> anyhow::Result<ContainerRequest<GenericImage>> {
    Ok(hardened(&images.simulator, WEBEX_PORT)?
        .with_env_var("WEBEX_SIM_TLS_PORT", WEBEX_PORT.to_string())
        .with_env_var("WEBEX_SIM_REDIRECT_URI", REDIRECT_URI))
}

/// Fills the volume with what nginx and the gateway read.
async fn configure(site: &Site, images: &Images, authority: &str) -> anyhow::Result<()> {
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
fn gateway(images: &Images, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let mounts = vec![
        site.tokens_folder.mount("/opt/tokens", false),
        site.configuration.mount("/etc/webex", true),
    ];
    Ok(hardened(&images.gateway, GATEWAY_PORT)?
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

fn nginx(images: &Images, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
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
