//! Starting a stack: networks, simulator, gateway, nginx, in this order, because each asks for the one before.

use std::time::Duration;

use anyhow::Context;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};
use webex_sim::client::ControlClient;
use webex_sim::types::{FaultRule, SettingsPatch};

use super::certificate::Certificate;
use super::containers::{Deployment, TokensFolder};
use super::forward_proxy::{self, Policy, Way};
use super::network::{self, Networks};
use super::predecessor::Issued;
use super::secrets::Given;
use super::service::{CONTROL_PORT, GATEWAY_PORT, NGINX_PORT, Service, WEBEX_PORT};
use super::site::Site;
use super::volume::{Owner, Volume};
use super::{
    REDIRECT_URI, START, Stack, TLS_REDIRECT_URI, callback_port, containers, predecessor, secrets, site,
};
use crate::engine;
use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images::{self, Images};
use crate::run::Run;

/// What a stack is started with.
#[derive(Debug, Default)]
pub struct Builder {
    settings: SettingsPatch,
    faults: Vec<FaultRule>,
    environment: Vec<(String, String)>,
    signed_in: Option<(Owner, Issued)>,
    deployment: Deployment,
    way: Way,
    tokens: TokensFolder,
    has_lasting_authority: bool,
    has_applications_at_nginx: bool,
    given: Given,
    callback_port: Option<u16>,
    has_tls: bool,
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
    authorities: String,
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
        self.has_applications_at_nginx = true;
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
        self.callback_port = Some(port);
        self
    }

    /// Gives nginx TLS, as it has it in the field. Its certificate is made for the stack.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.has_tls = true;
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
        } = self.prepare().await?;
        let gateway = self.raise_gateway(images, &mut site).await?;

        site.services
            .push(start("nginx", containers::nginx(images, &site)?).await?);
        let nginx = Gateway::at(site.nginx().origin(NGINX_PORT).await?);
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;

        Ok(Stack {
            gateway,
            webex,
            authorities,
            has_tls: self.has_tls,
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
            tokens_folder: match self.tokens {
                TokensFolder::Small => Volume::create_small(docker).await?,
                TokensFolder::Ample | TokensFolder::ReadOnly => Volume::create(docker).await?,
            },
            configuration: Volume::create(docker).await?,
            more_volumes: Vec::new(),
            secrets: Volume::create(docker).await?,
            given: self.given,
            services: Vec::new(),
        };
        let mut simulator = containers::simulator(images)?;
        if self.has_lasting_authority {
            containers::lay_down_authority(&site, images).await?;
            simulator = containers::with_lasting_authority(simulator, &site);
        }
        site.services.push(start("webex-sim", simulator).await?);
        site.networks.expose(docker, site.simulator()).await?;
        let webex = ControlClient::new(site.simulator().origin(CONTROL_PORT).await?);
        eventually("the simulator answers", START, async || {
            Ok(webex.health().await?)
        })
        .await;
        webex.change_settings(&self.settings).await?;
        if self.has_tls {
            let redirect_uris = Some(vec![REDIRECT_URI.to_owned(), TLS_REDIRECT_URI.to_owned()]);
            let registered = SettingsPatch {
                redirect_uris,
                ..SettingsPatch::default()
            };
            webex.change_settings(&registered).await?;
        }
        let authority = webex.ca_pem().await?;
        let certificate = self.has_tls.then(Certificate::new).transpose()?;
        let for_applications = self.has_applications_at_nginx;
        containers::configure(&site, images, &authority, for_applications, certificate.as_ref()).await?;
        if let Way::Behind(policy) | Way::Beside(policy) = self.way {
            forward_proxy::raise(&mut site, policy).await?;
        }
        secrets::lay_down(&site, images).await?;
        if let Some(port) = self.callback_port {
            callback_port::tell_nginx(&site, images, port).await?;
        }
        if let Some((owner, issued)) = self.signed_in {
            let hosts = [("webexapis.com", site.simulator().address(WEBEX_PORT).await?)];
            let http = crate::http::outside(&hosts, &authority)?;
            let file = predecessor::tokens_file(&http, &webex, issued).await?;
            let files = [(".tokens", &file[..])];
            site.tokens_folder
                .fill(docker, &images.gateway, owner, 0o600, &files)
                .await?;
            webex.clear_journal().await?;
        }
        for rule in &self.faults {
            webex.add_fault(rule).await?;
        }
        let own = certificate.map(|certificate| certificate.pem);
        Ok(Ground {
            images,
            site,
            webex,
            authorities: authority + &own.unwrap_or_default(),
        })
    }

    fn gateway(&self, images: &Images, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
        let tokens = containers::tokens(&site.tokens_folder, self.tokens);
        let mut request = containers::gateway(images, site, self.deployment, tokens)?;
        if let (Way::Behind(_), Some(enclosed)) = (self.way, &site.networks.enclosed) {
            request = request.with_network(enclosed);
        }
        if let Some(port) = self.callback_port {
            request = callback_port::set(request, port);
        }
        if self.has_tls {
            request = request.with_env_var("redirect_uri", TLS_REDIRECT_URI);
        }
        Ok(self.with_environment(request))
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
