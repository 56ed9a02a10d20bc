//! nginx, gateway and simulator, connected as in production: the simulator answers as `https://webexapis.com`, nginx
//! stands before the callback, applications call the gateway directly. Each test has a stack of its own.
//!
//! A stack cleans up after itself when it is dropped, see [`site`].

mod builder;
mod containers;
mod evidence;
mod network;
mod predecessor;
mod service;
mod site;
mod volume;

use std::time::Duration;

use webex_sim::client::ControlClient;

pub use builder::{Builder, Refusal};
pub(crate) use containers::CLIENT_SECRET;
pub use service::Service;
pub use volume::Owner;

use crate::browser::{Browser, Page};
use crate::eventually::eventually;
use crate::gateway::Gateway;
use site::Site;

/// The host name under which nginx is reached from outside.
pub const PUBLIC_HOST: &str = "apio.example.com";

/// What the integration has registered at Webex.
pub const REDIRECT_URI: &str = "http://apio.example.com/api/v01/webex/auth/code";

/// Where the field's compose file puts the tokens.
pub const TOKENS_FILE: &str = "/opt/tokens/.tokens";

/// A container that is not ready by then, on a busy machine with two processors, is broken.
pub const START: Duration = Duration::from_secs(30);

/// The administrator who signs in, one of the simulator's built-in world.
pub const ADMINISTRATOR: &str = "avery.quinn@acme.example.com";
/// Her password there.
pub const ADMINISTRATOR_PASSWORD: &str = "avery-at-acme";

/// Gateway, simulator and nginx, with what a test does to them.
pub struct Stack {
    /// Calls the gateway as its consumer does.
    pub gateway: Gateway,
    /// Acts behind the scenes at Webex.
    pub webex: ControlClient,
    authority: String,
    site: Site,
}

impl Stack {
    /// A stack with a gateway that nobody has authorised yet.
    pub async fn start() -> Self {
        Builder::default().start().await
    }

    /// A stack whose administrator has signed in.
    pub async fn authorised() -> Self {
        let stack = Self::start().await;
        stack.authorise().await;
        stack
    }

    /// A stack that differs from the usual one.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A stack whose administrator signed in an hour ago, so that the gateway thinks of its tokens as seasoned: it does
    /// not answer a 401 to a brand-new one with a refresh.
    pub async fn seasoned() -> Self {
        Builder::default()
            .signed_in(Owner::Gateway, Duration::from_hours(1))
            .start()
            .await
    }

    /// The address that Webex's portal shows for an integration, with the portal's own fixed `state`.
    #[must_use]
    pub fn portal_url() -> String {
        predecessor::portal_url().into()
    }

    /// The browser of somebody outside: knows nginx and Webex, and nothing of the networks behind.
    pub async fn browser(&self) -> Browser {
        self.try_browser()
            .await
            .expect("nginx and Webex can be reached from outside")
    }

    async fn try_browser(&self) -> anyhow::Result<Browser> {
        let nginx = self.site.nginx().address(service::NGINX_PORT).await?;
        let webex = self.site.simulator().address(service::WEBEX_PORT).await?;
        Browser::outside(&[(PUBLIC_HOST, nginx), ("webexapis.com", webex)], &self.authority)
    }

    /// Signs in as the administrator would, with the consent given by script, and returns the last page.
    pub async fn authorise(&self) -> Page {
        self.webex
            .accept_as(ADMINISTRATOR)
            .await
            .expect("the simulator knows the administrator");
        let login = format!("http://{PUBLIC_HOST}/api/v01/webex/auth/login");
        let page = self
            .browser()
            .await
            .open(&login)
            .await
            .expect("the login can be followed");
        assert_eq!(page.status, 200, "{}", page.html);
        page
    }

    /// The tokens file as it is in the volume.
    pub async fn tokens(&self) -> anyhow::Result<serde_json::Value> {
        self.site.tokens().await
    }

    /// Stops and starts the gateway's container, and waits until the gateway answers again.
    pub async fn restart_gateway(&mut self) {
        self.site
            .gateway()
            .restart(self.site.docker)
            .await
            .expect("the gateway's container restarts");
        let origin = self.site.gateway().origin(service::GATEWAY_PORT).await;
        self.gateway = Gateway::at(origin.expect("the gateway's port is published again"));
        eventually("the gateway is up again", START, async || {
            self.gateway.is_alive().await
        })
        .await;
    }

    /// Takes the simulator off the network that the gateway reaches it on: its name is unknown and its address is dead.
    pub async fn cut_off_webex(&self) {
        self.site
            .networks
            .cut_off(self.site.docker, self.site.simulator())
            .await
            .expect("a network can be left");
    }

    /// Undoes [`cut_off_webex`](Self::cut_off_webex).
    pub async fn reconnect_webex(&self) {
        self.site
            .networks
            .expose(self.site.docker, self.site.simulator())
            .await
            .expect("a network can be joined");
    }

    /// The number of the user as whom the gateway's process runs now.
    pub async fn gateway_user(&self) -> anyhow::Result<String> {
        self.site.gateway().user_of_pid_1(self.site.docker).await
    }

    /// The container of the gateway.
    #[must_use]
    pub fn gateway_container(&self) -> &Service {
        self.site.gateway()
    }

    /// The container of the simulator.
    #[must_use]
    pub fn webex_container(&self) -> &Service {
        self.site.simulator()
    }

    /// The container of nginx.
    #[must_use]
    pub fn nginx_container(&self) -> &Service {
        self.site.nginx()
    }
}
