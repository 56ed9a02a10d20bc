//! What a gateway finds when it starts: networks, volumes with what is in them, Webex, and a forward proxy where there is
//! one.

use webex_sim::client::ControlClient;

use super::builder::{Builder, start};
use super::containers::{self, TokensFolder};
use super::forward_proxy::{self, Way};
use super::network::Networks;
use super::predecessor::{self, Issued};
use super::service::{CONTROL_PORT, WEBEX_PORT};
use super::site::{self, Site};
use super::volume::{Owner, Volume};
use super::{START, callback_port, secrets};
use crate::engine;
use crate::eventually::eventually;
use crate::images::{self, Images};

/// A stack before its gateway.
pub(super) struct Ground {
    pub(super) images: &'static Images,
    pub(super) site: Site,
    pub(super) webex: ControlClient,
    /// Those of Webex and, where it has TLS, of nginx, in PEM.
    pub(super) authorities: String,
}

impl Ground {
    /// Starts Webex, and lays down all that gateway and nginx find.
    pub(super) async fn prepare(recipe: &Builder) -> anyhow::Result<Self> {
        let docker = engine::engine().await.map_err(anyhow::Error::msg)?;
        let images = images::images(docker).await.map_err(anyhow::Error::msg)?;
        let mut site = Site {
            turn: site::turn().await,
            docker,
            networks: Networks::create(docker).await?,
            tokens_folder: match recipe.tokens {
                TokensFolder::Small => Volume::create_small(docker).await?,
                TokensFolder::Ample | TokensFolder::ReadOnly => Volume::create(docker).await?,
            },
            configuration: Volume::create(docker).await?,
            more_volumes: Vec::new(),
            secrets: Volume::create(docker).await?,
            given: recipe.given,
            services: Vec::new(),
        };
        let webex = raise_webex(&mut site, images, recipe).await?;
        let authority = webex.ca_pem().await?;
        let certificate = recipe.front.certificate()?;
        containers::configure(&site, images, &authority, recipe.front, certificate.as_ref()).await?;
        if let Way::Behind(policy) | Way::Beside(policy) = recipe.way {
            forward_proxy::raise(&mut site, policy).await?;
        }
        secrets::lay_down(&site, images).await?;
        if let Some(port) = recipe.front.callback_port {
            callback_port::tell_nginx(&site, images, port).await?;
        }
        if let Some((owner, issued)) = recipe.signed_in {
            sign_in(&site, images, &webex, &authority, owner, issued).await?;
        }
        for rule in &recipe.faults {
            webex.add_fault(rule).await?;
        }
        let own = certificate.map(|certificate| certificate.pem);
        Ok(Self {
            images,
            site,
            webex,
            authorities: authority + &own.unwrap_or_default(),
        })
    }
}

/// Starts the simulator where the gateway looks for Webex.
async fn raise_webex(site: &mut Site, images: &Images, recipe: &Builder) -> anyhow::Result<ControlClient> {
    let mut simulator = containers::simulator(images)?;
    if recipe.has_lasting_authority {
        containers::lay_down_authority(site, images).await?;
        simulator = containers::with_lasting_authority(simulator, site);
    }
    site.services.push(start("webex-sim", simulator).await?);
    site.networks.expose(site.docker, site.simulator()).await?;
    let webex = ControlClient::new(site.simulator().origin(CONTROL_PORT).await?);
    eventually("the simulator answers", START, async || {
        Ok(webex.health().await?)
    })
    .await;
    webex.change_settings(&recipe.settings).await?;
    webex.change_settings(&recipe.front.registered()).await?;
    Ok(webex)
}

/// Leaves the tokens file of a program that was there before.
async fn sign_in(
    site: &Site,
    images: &Images,
    webex: &ControlClient,
    authority: &str,
    owner: Owner,
    issued: Issued,
) -> anyhow::Result<()> {
    let hosts = [("webexapis.com", site.simulator().address(WEBEX_PORT).await?)];
    let http = crate::http::outside(&hosts, authority)?;
    let file = predecessor::tokens_file(&http, webex, issued).await?;
    let files = [(".tokens", &file[..])];
    site.tokens_folder
        .fill(site.docker, &images.gateway, owner, 0o600, &files)
        .await?;
    webex.clear_journal().await?;
    Ok(())
}
