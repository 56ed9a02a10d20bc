//! A second gateway beside the first.

use testcontainers::ImageExt;
use webex_sim::types::SettingsPatch;

use super::builder::start;
use super::containers::{self, Deployment, TokensFolder};
use super::service::{GATEWAY_PORT, Service, WEBEX_PORT};
use super::volume::Volume;
use super::{ADMINISTRATOR, START, Stack};
use crate::browser::{Browser, Page};
use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images;

/// The name of the second gateway's container.
const OTHER: &str = "webex_gw-2";
/// Under which the second gateway is reached from outside. No nginx is before it.
const OTHER_HOST: &str = "apio-2.example.com";

/// Which tokens a second gateway has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// The tokens file of the first, in the same volume.
    Shared,
    /// Its own, in a volume of its own. Nobody has authorised it yet; [`Stack::authorise_another`] does.
    Own,
}

impl Stack {
    /// Starts a second gateway for the same integration, with the environment of the first.
    pub async fn another_gateway(&mut self, tokens: Tokens) -> Gateway {
        let started = match tokens {
            Tokens::Shared => self.run(OTHER, &self.site.tokens_folder, &[]).await,
            Tokens::Own => self.run_on_its_own().await,
        };
        let service = started.expect("a second gateway starts");
        let origin = service.origin(GATEWAY_PORT).await;
        self.site.services.push(service);
        let gateway = Gateway::at(origin.expect("its port is published"));
        eventually("the second gateway answers", START, async || {
            gateway.is_alive().await
        })
        .await;
        gateway
    }

    /// What [`authorise`](Self::authorise) does, for a second gateway with tokens of its own.
    pub async fn authorise_another(&self) -> Page {
        self.webex
            .accept_as(ADMINISTRATOR)
            .await
            .expect("the simulator knows the administrator");
        let mut browser = self
            .browser_for_another()
            .await
            .expect("the second gateway and Webex can be reached from outside");
        let login = format!("http://{OTHER_HOST}/api/v01/webex/auth/login");
        let page = browser.open(&login).await.expect("the login can be followed");
        assert_eq!(page.status, 200, "{}", page.html);
        page
    }

    /// The container of the second gateway.
    #[must_use]
    pub fn another_container(&self) -> &Service {
        self.site.service(OTHER).expect("a second gateway was started")
    }

    async fn run_on_its_own(&mut self) -> anyhow::Result<Service> {
        let callback = format!("http://{OTHER_HOST}/api/v01/webex/auth/code");
        let mut registered = self.webex.settings().await?.redirect_uris;
        registered.push(callback.clone());
        let settings = SettingsPatch {
            redirect_uris: Some(registered),
            ..SettingsPatch::default()
        };
        self.webex.change_settings(&settings).await?;
        // The site has it before anybody uses it, so that it ends with the site whatever happens.
        let folder = Volume::create(self.site.docker).await?;
        self.site.more_volumes.push(folder);
        let folder = self.site.more_volumes.last().expect("just pushed");
        self.run(OTHER, folder, &[("redirect_uri", &callback)]).await
    }

    async fn run(
        &self,
        name: &'static str,
        tokens_folder: &Volume,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Service> {
        let images = images::images(self.site.docker)
            .await
            .map_err(anyhow::Error::msg)?;
        let tokens = containers::tokens(tokens_folder, TokensFolder::Ample);
        let request = containers::gateway(images, &self.site, Deployment::Hardened, tokens)?;
        let request = self.recipe.with_environment(request);
        let variables = environment.iter();
        let request = variables.fold(request, |request, (name, value)| {
            request.with_env_var(*name, *value)
        });
        start(name, request).await
    }

    async fn browser_for_another(&self) -> anyhow::Result<Browser> {
        let gateway = self.another_container().address(GATEWAY_PORT).await?;
        let webex = self.site.simulator().address(WEBEX_PORT).await?;
        Browser::outside(
            &[(OTHER_HOST, gateway), ("webexapis.com", webex)],
            &self.authorities,
        )
    }
}
