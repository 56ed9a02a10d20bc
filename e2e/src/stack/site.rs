//! The containers, networks and volumes of a stack, from the first one on: a stack that fails to start ends like any
//! other. At the end, every log is searched for secrets, so that no scenario can forget to; when the test has failed,
//! logs and journal are kept; then everything is removed.

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::InspectContainerOptions;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::TOKENS_FILE;
use super::evidence::Evidence;
use super::network::Networks;
use super::secrets::Given;
use super::service::Service;
use super::volume::Volume;
use crate::progress::say;

/// What a stack has made at the engine.
pub(super) struct Site {
    pub(super) docker: &'static Docker,
    pub(super) networks: Networks,
    /// The folder with the tokens file.
    pub(super) tokens_folder: Volume,
    /// nginx's configuration and the authority of the Webex that the gateway talks to.
    pub(super) configuration: Volume,
    /// What a scenario has added.
    pub(super) more_volumes: Vec<Volume>,
    /// What the gateway reads its secrets from where they are in files.
    pub(super) secrets: Volume,
    /// Whether they are.
    pub(super) given: Given,
    /// In the order in which they were started.
    pub(super) services: Vec<Service>,
    /// One of the [`MOST_AT_ONCE`].
    #[expect(dead_code, reason = "it is held, not read")]
    pub(super) turn: SemaphorePermit<'static>,
}

/// The engine has address ranges for about thirty networks, and a stack takes two.
const MOST_AT_ONCE: usize = 4;

static TURNS: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// Waits until there is room for one more stack.
pub(super) async fn turn() -> SemaphorePermit<'static> {
    TURNS.acquire().await.expect("the semaphore is never closed")
}

impl Site {
    pub(super) fn simulator(&self) -> &Service {
        self.service("webex-sim").expect("a stack has a simulator")
    }

    pub(super) fn gateway(&self) -> &Service {
        self.service("webex_gw").expect("a stack has a gateway")
    }

    pub(super) fn nginx(&self) -> &Service {
        self.service("nginx").expect("a stack has nginx")
    }

    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name() == name)
    }

    /// Frees the name of a service for another one. Each that is retired has a name, and a log, of its own.
    pub(super) fn retire(&mut self, name: &str) {
        let former = format!("{name}-before");
        let services = self.services.iter();
        let before = services.filter(|service| service.name().starts_with(&former));
        let former = format!("{former}-{}", before.count() + 1);
        let found = self.services.iter_mut().find(|service| service.name() == name);
        found.expect("there is such a service").retire(former);
    }

    /// The tokens file as it is in the volume.
    pub(super) async fn tokens(&self) -> anyhow::Result<serde_json::Value> {
        let gateway = self.service("webex_gw").context("there is no gateway")?;
        serde_json::from_slice(&gateway.read_file(TOKENS_FILE).await?).context("the tokens file is JSON")
    }

    /// What the engine knows of each container and shows to whoever may ask it.
    pub(super) async fn inspections(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut inspections = Vec::new();
        for service in &self.services {
            let found = self
                .docker
                .inspect_container(service.id(), None::<InspectContainerOptions>)
                .await?;
            inspections.push((service.name().to_owned(), serde_json::to_string_pretty(&found)?));
        }
        Ok(inspections)
    }

    /// Stops all containers at once, and says which could not be stopped.
    pub(super) async fn halt(&self) -> Vec<String> {
        let stopped = self.services.iter().map(async |service| {
            let stopped = service.halt().await;
            stopped
                .err()
                .map(|error| format!("{} cannot be stopped: {error:#}", service.name()))
        });
        let stopped = futures_util::future::join_all(stopped).await;
        stopped.into_iter().flatten().collect()
    }

    async fn end(&self, has_failed: bool) -> Vec<String> {
        Evidence::forget();
        let evidence = Evidence::gather(self).await;
        let leaks = evidence.leaks();
        if (has_failed || !leaks.is_empty())
            && let Err(error) = evidence.keep()
        {
            say(&format!("logs and journal could not be kept: {error:#}"));
        }
        // A failure here is not the scenario's; what stays is removed when the run ends.
        if let Err(error) = self.remove().await {
            say(&format!("a stack is removed later: {error:#}"));
        }
        leaks
    }

    async fn remove(&self) -> anyhow::Result<()> {
        for service in &self.services {
            service.remove(self.docker).await?;
        }
        self.networks.remove(self.docker).await?;
        self.tokens_folder.remove(self.docker).await?;
        for volume in &self.more_volumes {
            volume.remove(self.docker).await?;
        }
        self.secrets.remove(self.docker).await?;
        self.configuration.remove(self.docker).await
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let has_failed = std::thread::panicking();
        let runtime = tokio::runtime::Handle::current();
        let leaks = tokio::task::block_in_place(|| runtime.block_on(self.end(has_failed)));
        assert!(
            leaks.is_empty() || has_failed,
            "secrets in logs: {}",
            leaks.join("; ")
        );
    }
}
