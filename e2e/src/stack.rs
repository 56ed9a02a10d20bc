//! nginx, gateway and simulator, connected as in production: the simulator answers as `https://webexapis.com`, nginx
//! stands before the callback, applications call the gateway directly. Each test has a stack of its own.
//!
//! A stack cleans up after itself when it is dropped, see [`site`].

mod accidents;
mod another;
mod application;
mod builder;
mod callback_port;
mod certificate;
mod containers;
mod evidence;
mod exec;
pub mod forward_proxy;
mod front;
mod ground;
mod network;
mod predecessor;
mod recreate;
mod remount;
mod rights;
pub(crate) mod secrets;
mod service;
mod site;
pub(crate) mod volume;

use std::time::Duration;

use webex_sim::client::ControlClient;

pub use another::Tokens;
pub use application::Ended;
pub use builder::{Builder, Refusal};
pub use containers::CLIENT_SECRET;
use forward_proxy::ForwardProxy;
pub use predecessor::{Held, Predecessor};
pub use rights::{Capabilities, Rights};
pub use secrets::GATEWAY_KEY;
pub use service::{GATEWAY_PORT, NGINX_PORT, Service};
pub use volume::Owner;

use crate::browser::{Browser, Page};
use crate::chromium::{Outside, Place};
use crate::gateway::Gateway;
use crate::leaks;
use site::Site;

/// The host name under which nginx is reached from outside.
pub const PUBLIC_HOST: &str = "apio.example.com";

/// What the integration has registered at Webex.
pub const REDIRECT_URI: &str = "http://apio.example.com/api/v01/webex/auth/code";

/// The same where nginx has TLS, which is how it is in the field.
pub const TLS_REDIRECT_URI: &str = "https://apio.example.com/api/v01/webex/auth/code";

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
    recipe: Builder,
    /// Those of Webex and, where it has TLS, of nginx, in PEM.
    authorities: String,
    has_tls: bool,
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
        predecessor::portal_url(REDIRECT_URI).into()
    }

    /// The address that the portal shows for this stack, whether nginx has TLS or not.
    #[must_use]
    pub fn own_portal_url(&self) -> String {
        let redirect_uri = if self.has_tls {
            TLS_REDIRECT_URI
        } else {
            REDIRECT_URI
        };
        predecessor::portal_url(redirect_uri).into()
    }

    /// A path of nginx, as it is addressed from outside.
    #[must_use]
    pub fn public_url(&self, path: &str) -> String {
        let scheme = if self.has_tls { "https" } else { "http" };
        format!("{scheme}://{PUBLIC_HOST}{path}")
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
        Browser::outside(
            &[(PUBLIC_HOST, nginx), ("webexapis.com", webex)],
            &self.authorities,
        )
    }

    /// What a real browser outside has to know. It may be one of the operator's, who reaches the gateway too.
    pub(crate) async fn outside(&self) -> anyhow::Result<Outside> {
        let place = |host, port, address, is_secure| Place {
            host,
            port,
            address,
            is_secure,
        };
        let nginx = self.site.nginx().address(service::NGINX_PORT).await?;
        let webex = self.site.simulator().address(service::WEBEX_PORT).await?;
        let gateway = self.site.gateway().address(service::GATEWAY_PORT).await?;
        let places = vec![
            place(
                PUBLIC_HOST,
                if self.has_tls { 443 } else { 80 },
                nginx,
                self.has_tls,
            ),
            place("webexapis.com", 443, webex, true),
            place("webex_gw", service::GATEWAY_PORT, gateway, false),
        ];
        Outside::of(places, &self.authorities).await
    }

    /// Signs in as the administrator would, with the consent given by script, and returns the last page.
    pub async fn authorise(&self) -> Page {
        self.webex
            .accept_as(ADMINISTRATOR)
            .await
            .expect("the simulator knows the administrator");
        let login = self.public_url("/api/v01/webex/auth/login");
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
        self.gateway_is_back().await;
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

    /// Which rights the gateway's process has now.
    pub async fn gateway_rights(&self) -> anyhow::Result<Rights> {
        self.site.gateway().rights_of_pid_1(self.site.docker).await
    }

    /// What `docker inspect` shows of each container, by its name in the stack.
    pub async fn inspections(&self) -> anyhow::Result<Vec<(String, String)>> {
        self.site.inspections().await
    }

    /// Which secrets of this stack are in a text, one sentence each.
    pub async fn leaks_in(&self, text: &str) -> Vec<String> {
        leaks::find(text, &secrets::of(&self.site).await)
    }

    /// The container of the gateway.
    #[must_use]
    pub fn gateway_container(&self) -> &Service {
        self.site.gateway()
    }

    /// The forward proxy of a stack that has one.
    #[must_use]
    pub fn proxy(&self) -> ForwardProxy<'_> {
        ForwardProxy::of(&self.site)
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
