//! Starting a stack: networks, simulator, gateway, nginx, in this order, because each asks for the one before.

use std::time::Duration;

use anyhow::Context;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};
use webex_sim::client::ControlClient;
use webex_sim::types::SettingsPatch;

use super::containers::Deployment;
use super::network::Networks;
use super::service::{CONTROL_PORT, GATEWAY_PORT, NGINX_PORT, Service, WEBEX_PORT};
use super::site::Site;
use super::volume::{Owner, Volume};
use super::{START, Stack, containers, predecessor, site};
use crate::engine;
use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images::{self, Images};
use crate::run::Run;

/// What a stack is started with.
#[derive(Debug, Default)]
pub struct Builder {
    settings: SettingsPatch,
    environment: Vec<(String, String)>,
    signed_in: Option<(Owner, Duration)>,
    deployment: Deployment,
}

/// A gateway that did not want to start.
#[derive(Debug)]
pub struct Refusal {
    /// The exit code of its container.
    pub code: i64,
    /// What it said.
    pub log: String,
}

/// A stack before its gateway.
struct Ground {
    images: &'static Images,
    site: Site,
    webex: ControlClient,
    authority: String,
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

    /// Runs the gateway's container as the field's compose block does, without a word on rights.
    #[must_use]
    pub fn as_in_the_field(mut self) -> Self {
        self.deployment = Deployment::Field;
        self
    }

    /// Starts the stack and waits until all of it answers.
    pub async fn start(self) -> Stack {
        match self.assemble().await {
            Ok(stack) => stack,
            Err(error) => panic!("the stack does not start: {error:#}"),
        }
    }

    /// Starts the gateway, which is expected to give up, and returns what it says and its exit code.
    pub async fn refused(self) -> Refusal {
        match self.watch_the_gateway_end().await {
            Ok(refusal) => refusal,
            Err(error) => panic!("the gateway does not end: {error:#}"),
        }
    }

    async fn assemble(self) -> anyhow::Result<Stack> {
        let Ground {
            images,
            mut site,
            webex,
            authority,
        } = self.prepare().await?;
        site.services
            .push(start("webex_gw", self.gateway(images, &site)?).await?);
        site.networks.offer(site.docker, site.gateway()).await?;
        let gateway = Gateway::at(site.gateway().origin(GATEWAY_PORT).await?);
        eventually("the gateway answers", START, async || gateway.is_alive().await).await;

        site.services
            .push(start("nginx", containers::nginx(images, &site)?).await?);
        let nginx = Gateway::at(site.nginx().origin(NGINX_PORT).await?);
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;

        Ok(Stack {
            gateway,
            webex,
            authority,
            site,
        })
    }

    async fn watch_the_gateway_end(self) -> anyhow::Result<Refusal> {
        let Ground { images, mut site, .. } = self.prepare().await?;
        site.services
            .push(start("webex_gw", self.gateway(images, &site)?).await?);
        let code = eventually("the gateway ends", START, async || {
            site.gateway().exit_code().await
        })
        .await;
        Ok(Refusal {
            code,
            log: site.gateway().logs(site.docker).await?,
        })
    }

    /// Everything that is there before the gateway.
    async fn prepare(&self) -> anyhow::Result<Ground> {
        let docker = engine::engine().await.map_err(anyhow::Error::msg)?;
        let images = images::images(docker).await.map_err(anyhow::Error::msg)?;
        let mut site = Site {
            turn: site::turn().await,
            docker,
            networks: Networks::create(docker).await?,
            tokens_folder: Volume::create(docker).await?,
            configuration: Volume::create(docker).await?,
            services: Vec::new(),
        };
        site.services
            .push(start("webex-sim", containers::simulator(images)?).await?);
        site.networks.expose(docker, site.simulator()).await?;
        let webex = ControlClient::new(site.simulator().origin(CONTROL_PORT).await?);
        eventually("the simulator answers", START, async || {
            Ok(webex.health().await?)
        })
        .await;
        webex.change_settings(&self.settings).await?;
        let authority = webex.ca_pem().await?;
        containers::configure(&site, images, &authority).await?;
        if let Some((owner, ago)) = self.signed_in {
            let hosts = [("webexapis.com", site.simulator().address(WEBEX_PORT).await?)];
            let http = crate::http::outside(&hosts, &authority)?;
            let file = predecessor::tokens_file(&http, &webex, ago).await?;
            let files = [(".tokens", &file[..])];
            site.tokens_folder
                .fill(docker, &images.gateway, owner, 0o600, &files)
                .await?;
            webex.clear_journal().await?;
        }
        Ok(Ground {
            images,
            site,
            webex,
            authority,
        })
    }

    fn gateway(&self, images: &Images, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
        let request = containers::gateway(images, site, self.deployment)?;
        let environment = self.environment.iter();
        Ok(environment.fold(request, |request, (name, value)| {
            request.with_env_var(name, value)
        }))
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
