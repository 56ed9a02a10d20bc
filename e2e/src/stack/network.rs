//! The two networks of a stack. On the one towards Webex are the gateway and the simulator, on the one towards the
//! applications the gateway and nginx, so that nothing but the gateway can reach Webex. Some stacks have a third one that
//! leads nowhere, for the gateway and one neighbour: a forward proxy, or an application.
//!
//! testcontainers starts a container on a network but gives it no name there. So a container starts on a network where
//! nobody asks for it, and joins the one where it needs a name before anybody there starts.

use bollard::Docker;
use bollard::models::{
    EndpointSettings, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest,
};

use super::service::Service;
use crate::run::Run;

/// The networks of one stack, by the names that the engine knows.
#[derive(Debug)]
pub(super) struct Networks {
    /// Gateway and simulator. First in the alphabet: the engine publishes a container's ports on the first one.
    pub(super) webex: String,
    /// nginx and gateway.
    pub(super) applications: String,
    /// The gateway and its neighbour, and no way out; where there is one.
    pub(super) enclosed: Option<String>,
}

impl Networks {
    pub(super) async fn create(docker: &Docker) -> anyhow::Result<Self> {
        let run = Run::current();
        let networks = Self {
            webex: run.unique("net-a"),
            applications: run.unique("net-b"),
            enclosed: None,
        };
        for name in [&networks.webex, &networks.applications] {
            create(docker, name, false).await?;
        }
        Ok(networks)
    }

    /// The network without a way out, made on first use.
    pub(super) async fn enclose(&mut self, docker: &Docker) -> anyhow::Result<String> {
        if let Some(name) = &self.enclosed {
            return Ok(name.clone());
        }
        let name = Run::current().unique("net-c");
        create(docker, &name, true).await?;
        self.enclosed = Some(name.clone());
        Ok(name)
    }

    /// Makes the simulator Webex.
    pub(super) async fn expose(&self, docker: &Docker, simulator: &Service) -> anyhow::Result<()> {
        join(docker, &self.webex, simulator, "webexapis.com").await
    }

    /// Takes Webex away.
    pub(super) async fn cut_off(&self, docker: &Docker, simulator: &Service) -> anyhow::Result<()> {
        let request = NetworkDisconnectRequest {
            container: simulator.id().to_owned(),
            force: None,
        };
        Ok(docker.disconnect_network(&self.webex, request).await?)
    }

    /// Gives the gateway the name that nginx knows.
    pub(super) async fn offer(&self, docker: &Docker, gateway: &Service) -> anyhow::Result<()> {
        join(docker, &self.applications, gateway, "webex_gw").await
    }

    pub(super) async fn remove(&self, docker: &Docker) -> anyhow::Result<()> {
        for name in [&self.webex, &self.applications]
            .into_iter()
            .chain(&self.enclosed)
        {
            docker.remove_network(name).await?;
        }
        Ok(())
    }
}

async fn create(docker: &Docker, name: &str, is_enclosed: bool) -> anyhow::Result<()> {
    let network = NetworkCreateRequest {
        name: name.to_owned(),
        labels: Some(Run::current().labels()),
        internal: Some(is_enclosed),
        ..Default::default()
    };
    docker.create_network(network).await?;
    Ok(())
}

/// Connects a container to a network, on which it has a name.
pub(super) async fn join(
    docker: &Docker,
    network: &str,
    service: &Service,
    name: &str,
) -> anyhow::Result<()> {
    let endpoint = EndpointSettings {
        aliases: Some(vec![name.to_owned()]),
        ..Default::default()
    };
    let request = NetworkConnectRequest {
        container: service.id().to_owned(),
        endpoint_config: Some(endpoint),
    };
    Ok(docker.connect_network(network, request).await?)
}
