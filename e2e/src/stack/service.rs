//! One container of a stack.

use std::net::SocketAddr;

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::{
    KillContainerOptionsBuilder, LogsOptionsBuilder, RestartContainerOptionsBuilder, TopOptionsBuilder,
};
use futures_util::TryStreamExt;
use testcontainers::core::IntoContainerPort;
use testcontainers::{ContainerAsync, GenericImage};

use crate::eventually::eventually;

/// The port that nginx listens on, set in `deploy/nginx/nginx.conf`.
pub const NGINX_PORT: u16 = 8088;
/// The port of the field's compose block.
pub const GATEWAY_PORT: u16 = 9001;
/// The port of `https://webexapis.com`.
pub(super) const WEBEX_PORT: u16 = 443;
/// The port of the simulator's control API.
pub(super) const CONTROL_PORT: u16 = 8081;

/// Docker gives a container 10 s before it kills it; the gateway promises to need less than 9.
const GRACE_SECONDS: i32 = 10;

/// At the end of a stack nobody waits for what runs: this is for lines of a log that are not written yet.
const LAST_WORDS_SECONDS: i32 = 1;

/// A container that runs until its stack ends.
pub struct Service {
    name: String,
    pub(super) container: ContainerAsync<GenericImage>,
}

impl Service {
    pub(super) fn new(name: &str, container: ContainerAsync<GenericImage>) -> Self {
        Self {
            name: name.to_owned(),
            container,
        }
    }

    /// What it is in the stack.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine's id of the container.
    #[must_use]
    pub fn id(&self) -> &str {
        self.container.id()
    }

    /// Where a port of the container is reached from here. Changes when the container restarts.
    pub async fn address(&self, port: u16) -> anyhow::Result<SocketAddr> {
        let host = self.container.get_host().await?;
        let port = self.container.get_host_port_ipv4(port.tcp()).await?;
        let mut found = tokio::net::lookup_host((host.to_string(), port)).await?;
        // Published on IPv4; `localhost` may come as IPv6 first.
        found
            .find(SocketAddr::is_ipv4)
            .with_context(|| format!("{host} has no IPv4 address"))
    }

    /// The same as the start of a URL.
    pub(super) async fn origin(&self, port: u16) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.address(port).await?))
    }

    /// Freezes the container: connections stay open and nothing answers.
    pub async fn pause(&self) -> anyhow::Result<()> {
        Ok(self.container.pause().await?)
    }

    /// Undoes [`pause`](Self::pause).
    pub async fn unpause(&self) -> anyhow::Result<()> {
        Ok(self.container.unpause().await?)
    }

    /// Stops the container politely and starts it again.
    pub async fn restart(&self, docker: &Docker) -> anyhow::Result<()> {
        let options = RestartContainerOptionsBuilder::new().t(GRACE_SECONDS).build();
        Ok(docker.restart_container(self.id(), Some(options)).await?)
    }

    /// Sends SIGTERM, as `docker stop` does, and returns the exit code.
    pub async fn stop(&self) -> anyhow::Result<i64> {
        self.container.stop_with_timeout(Some(GRACE_SECONDS)).await?;
        self.exit_code().await
    }

    /// Ends the container, if it has not ended yet, so that its log is whole: the engine has read everything by then.
    pub(super) async fn halt(&self) -> anyhow::Result<()> {
        Ok(self.container.stop_with_timeout(Some(LAST_WORDS_SECONDS)).await?)
    }

    /// Undoes [`stop`](Self::stop) and [`kill`](Self::kill).
    pub async fn start(&self) -> anyhow::Result<()> {
        Ok(self.container.start().await?)
    }

    /// Leaves its name to the one that takes its place.
    pub(super) fn retire(&mut self, name: String) {
        self.name = name;
    }

    /// Sends SIGKILL and waits until nothing of the container runs.
    pub(super) async fn kill(&self, docker: &Docker) -> anyhow::Result<()> {
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        docker.kill_container(self.id(), Some(options)).await?;
        eventually("a killed container ends", super::START, async || {
            self.exit_code().await
        })
        .await;
        Ok(())
    }

    /// What the container ended with.
    pub(super) async fn exit_code(&self) -> anyhow::Result<i64> {
        self.container
            .exit_code()
            .await?
            .context("the container has not ended")
    }

    /// The number of the user as whom the container's first process runs now.
    pub async fn user_of_pid_1(&self, docker: &Docker) -> anyhow::Result<String> {
        let options = TopOptionsBuilder::new().ps_args("-o uid,pid").build();
        let processes = docker.top_processes(self.id(), Some(options)).await?;
        let first = processes.processes.and_then(|rows| rows.into_iter().next());
        first
            .and_then(|row| row.into_iter().next())
            .context("the container has no process")
    }

    /// A file of the container, from the image or from a volume.
    pub async fn read_file(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.container
            .copy_file_from(path, &mut content)
            .await
            .with_context(|| format!("reading {path}"))?;
        Ok(content)
    }

    /// Everything that the container has printed.
    pub async fn logs(&self, docker: &Docker) -> anyhow::Result<String> {
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .build();
        let lines: Vec<_> = docker.logs(self.id(), Some(options)).try_collect().await?;
        Ok(lines.iter().map(ToString::to_string).collect())
    }

    /// Removes the container, running or not.
    pub(super) async fn remove(&self, docker: &Docker) -> anyhow::Result<()> {
        crate::run::remove_container(docker, self.id()).await
    }
}
