//! What happens to a stack that nobody wants: processes die, disks fill up.

use webex_sim::client::ControlClient;

use super::service::{CONTROL_PORT, GATEWAY_PORT, NGINX_PORT};
use super::{START, Stack};
use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images;

impl Stack {
    /// `kill -9` of the gateway.
    pub async fn kill_gateway(&self) {
        self.site
            .gateway()
            .kill(self.site.docker)
            .await
            .expect("a container can be killed");
    }

    /// Starts the gateway that was [killed](Self::kill_gateway) and waits until it answers, on another port.
    pub async fn start_gateway(&mut self) {
        self.site.gateway().start().await.expect("the gateway starts");
        self.gateway_is_back().await;
    }

    /// Waits until a gateway that has been started again answers, on another port.
    pub(super) async fn gateway_is_back(&mut self) {
        let origin = self.site.gateway().origin(GATEWAY_PORT).await;
        self.gateway = Gateway::at(origin.expect("the gateway's port is published again"));
        eventually("the gateway is up again", START, async || {
            self.gateway.is_alive().await
        })
        .await;
    }

    /// `kill -9` of the simulator, which forgets everything.
    pub async fn kill_webex(&self) {
        self.site
            .simulator()
            .kill(self.site.docker)
            .await
            .expect("a container can be killed");
    }

    /// Starts the simulator that was [killed](Self::kill_webex) with the state of an earlier moment. It is not on the
    /// network before it has that: until then it would refuse every token.
    pub async fn revive_webex(&mut self, state: String) {
        self.cut_off_webex().await;
        self.site.simulator().start().await.expect("the simulator starts");
        let origin = self.site.simulator().origin(CONTROL_PORT).await;
        self.webex = ControlClient::new(origin.expect("the control port is published again"));
        eventually("the simulator is up again", START, async || {
            Ok(self.webex.health().await?)
        })
        .await;
        self.webex
            .import_state(state)
            .await
            .expect("it takes its own state");
        self.reconnect_webex().await;
    }

    /// nginx, as applications behind it and browsers see it.
    pub async fn nginx(&self) -> Gateway {
        let origin = self.site.nginx().origin(NGINX_PORT).await;
        Gateway::at(origin.expect("nginx's port is published"))
    }

    /// Stops and starts nginx, and waits until it answers, on another port.
    pub async fn restart_nginx(&self) -> Gateway {
        let nginx = self.site.nginx();
        nginx.restart(self.site.docker).await.expect("nginx restarts");
        let nginx = self.nginx().await;
        eventually("nginx is up again", START, async || {
            nginx.get("/nginx-health").await
        })
        .await;
        nginx
    }

    /// Leaves no room in a [small](super::Builder::small_tokens_folder) folder of tokens.
    pub async fn fill_tokens_folder(&self) {
        let folder = &self.site.tokens_folder;
        folder
            .stuff(self.site.docker, &self.gateway_image().await)
            .await
            .expect("a small volume can be filled up");
    }

    /// Undoes [`fill_tokens_folder`](Self::fill_tokens_folder).
    pub async fn clear_tokens_folder(&self) {
        let folder = &self.site.tokens_folder;
        folder
            .clear_out(self.site.docker, &self.gateway_image().await)
            .await
            .expect("what fills a volume can be taken away");
    }

    /// What the gateway has printed until now.
    pub async fn gateway_log(&self) -> String {
        let log = self.site.gateway().logs(self.site.docker).await;
        log.expect("a log can be read")
    }

    /// The same, once a text is in it: what has been printed has still to come through the engine.
    pub async fn gateway_log_with(&self, text: &str) -> String {
        eventually(&format!("the gateway says {text:?}"), START, async || {
            let log = self.site.gateway().logs(self.site.docker).await?;
            anyhow::ensure!(log.contains(text), "{log}");
            Ok(log)
        })
        .await
    }

    /// What the simulator has printed until now, in all its lives.
    pub async fn webex_log(&self) -> String {
        let log = self.site.simulator().logs(self.site.docker).await;
        log.expect("a log can be read")
    }

    async fn gateway_image(&self) -> String {
        let images = images::images(self.site.docker).await;
        images.expect("the stack runs on them").gateway.clone()
    }
}
