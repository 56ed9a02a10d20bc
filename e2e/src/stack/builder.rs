//! Starting a stack: the [ground], gateway, nginx, in this order, because each asks for the one before.
//!
//! [ground]: super::ground

use std::time::Duration;

use anyhow::Context;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};
use webex_sim::types::{FaultRule, SettingsPatch};

use super::containers::{self, Deployment, TokensFolder};
use super::forward_proxy::{Policy, Way};
use super::front::Front;
use super::ground::Ground;
use super::network;
use super::predecessor::Issued;
use super::secrets::Given;
use super::service::{GATEWAY_PORT, NGINX_PORT, Service};
use super::site::Site;
use super::volume::Owner;
use super::{START, Stack};
use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images::Images;
use crate::run::Run;

/// What a stack is started with.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) settings: SettingsPatch,
    pub(super) faults: Vec<FaultRule>,
    environment: Vec<(String, String)>,
    pub(super) signed_in: Option<(Owner, Issued)>,
    deployment: Deployment,
    pub(super) way: Way,
    pub(super) tokens: TokensFolder,
    pub(super) has_lasting_authority: bool,
    pub(super) given: Given,
    pub(super) front: Front,
}

/// A gateway that did not want to start.
#[derive(Debug)]
pub struct Refusal {
    /// The exit code of its container.
    pub code: i64,
    /// What it said.
    pub log: String,
}

impl Builder {
    /// How Webex behaves.
    #[must_use]
    pub fn webex(mut self, settings: SettingsPatch) -> Self {
        self.settings = settings;
        self
    }

    /// Which requests fail at Webex, from the gateway's start on.
    #[must_use]
    pub fn faults(mut self, rules: impl IntoIterator<Item = FaultRule>) -> Self {
        self.faults.extend(rules);
        self
    }

    /// Sets a variable of the gateway's environment.
    #[must_use]
    pub fn gateway_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets variables of the gateway's environment again.
    pub(super) fn set_gateway_env(&mut self, environment: &[(&str, &str)]) {
        for (name, value) in environment {
            self.environment.retain(|(set, _)| set != name);
            self.environment.push(((*name).to_owned(), (*value).to_owned()));
        }
    }

    /// Starts with the tokens file of a program that signed in some time ago, in a folder of the host, both of `owner`.
    #[must_use]
    pub fn signed_in(mut self, owner: Owner, ago: Duration) -> Self {
        self.signed_in = Some((owner, Issued::Ago(ago)));
        self
    }

    /// Starts with the tokens file of a program whose clock was ahead of this machine's, in a folder of the gateway's user.
    #[must_use]
    pub fn signed_in_by_a_clock_ahead(mut self, by: Duration) -> Self {
        self.signed_in = Some((Owner::Gateway, Issued::Ahead(by)));
        self
    }

    /// Runs the gateway's container as the field's compose block does, without a word on rights.
    #[must_use]
    pub fn as_in_the_field(mut self) -> Self {
        self.deployment = Deployment::Field;
        self
    }

    /// Puts a forward proxy between the gateway and Webex: the gateway does not find Webex by itself.
    #[must_use]
    pub fn behind_a_proxy(mut self, policy: Policy) -> Self {
        self.way = Way::Behind(policy);
        self
    }

    /// Puts a forward proxy beside the straight way to Webex.
    #[must_use]
    pub fn beside_a_proxy(mut self, policy: Policy) -> Self {
        self.way = Way::Beside(policy);
        self
    }

    /// Gives the tokens a volume that [can be filled up](Stack::fill_tokens_folder). It is empty whenever the gateway starts.
    #[must_use]
    pub fn small_tokens_folder(mut self) -> Self {
        self.tokens = TokensFolder::Small;
        self
    }

    /// Mounts the folder with the tokens read-only.
    #[must_use]
    pub fn read_only_tokens_folder(mut self) -> Self {
        self.tokens = TokensFolder::ReadOnly;
        self
    }

    /// Gives Webex an authority that [survives](Stack::revive_webex) it.
    #[must_use]
    pub fn lasting_authority(mut self) -> Self {
        self.has_lasting_authority = true;
        self
    }

    /// Lets applications call the gateway [through nginx](Stack::nginx), too.
    #[must_use]
    pub fn applications_at_nginx(mut self) -> Self {
        self.front.has_applications = true;
        self
    }

    /// Gives the gateway its secrets in files, and a gateway key with them.
    #[must_use]
    pub fn secrets_in_files(mut self) -> Self {
        self.given = Given::InFiles;
        self
    }

    /// Gives the callback a port of its own, which nginx knows and nobody else uses.
    #[must_use]
    pub fn callback_port(mut self, port: u16) -> Self {
        self.front.callback_port = Some(port);
        self
    }

    /// Gives nginx TLS, as it has it in the field. Its certificate is made for the stack.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.front.has_tls = true;
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
            authorities,
        } = Ground::prepare(&self).await?;
        let gateway = self.raise_gateway(images, &mut site).await?;

        site.services
            .push(start("nginx", containers::nginx(images, &site)?).await?);
        let nginx = Gateway::at(site.nginx().origin(NGINX_PORT).await?);
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;

        Ok(Stack {
            gateway,
            webex,
            authorities,
            has_tls: self.front.has_tls,
            recipe: self,
            site,
        })
    }

    /// Starts a gateway and waits until it answers.
    pub(super) async fn raise_gateway(&self, images: &Images, site: &mut Site) -> anyhow::Result<Gateway> {
        site.services
            .push(start("webex_gw", self.gateway(images, site)?).await?);
        site.networks.offer(site.docker, site.gateway()).await?;
        if let (Way::Beside(_), Some(enclosed)) = (self.way, &site.networks.enclosed) {
            network::join(site.docker, enclosed, site.gateway(), "webex_gw").await?;
        }
        let gateway = Gateway::at(site.gateway().origin(GATEWAY_PORT).await?);
        eventually("the gateway answers", START, async || gateway.is_alive().await).await;
        Ok(gateway)
    }

    async fn watch_the_gateway_end(self) -> anyhow::Result<Refusal> {
        let Ground { images, mut site, .. } = Ground::prepare(&self).await?;
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

    fn gateway(&self, images: &Images, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
        let tokens = containers::tokens(&site.tokens_folder, self.tokens);
        let mut request = containers::gateway(images, site, self.deployment, tokens)?;
        if let (Way::Behind(_), Some(enclosed)) = (self.way, &site.networks.enclosed) {
            request = request.with_network(enclosed);
        }
        Ok(self.with_environment(self.front.tell(request)))
    }

    /// A gateway with the variables that the scenario has set.
    pub(super) fn with_environment(
        &self,
        request: ContainerRequest<GenericImage>,
    ) -> ContainerRequest<GenericImage> {
        let environment = self.environment.iter();
        environment.fold(request, |request, (name, value)| {
            request.with_env_var(name, value)
        })
    }
}

/// Starts a container as one of this run's.
pub(super) async fn start(
    name: &'static str,
    request: ContainerRequest<GenericImage>,
) -> anyhow::Result<Service> {
    let request = request
        .with_labels(Run::current().labels())
        .with_container_name(Run::current().unique(name));
    let container = request
        .start()
        .await
        .with_context(|| format!("starting {name}"))?;
    Ok(Service::new(name, container))
}
