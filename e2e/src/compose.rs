//! Compose projects: docker-compose.yml, brought up as its reader would, on ports of its own; and [the one of the
//! field](field), in which another gateway was before.

mod bounds;
pub mod field;
mod project;

use bollard::Docker;

use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images::{self, Base};
use crate::said::Said;
use crate::stack::START;
use crate::terminal::{Differences, Terminal};
use crate::{engine, ports};
use project::{CONTROL_PORT, Client, Project};

/// The services of docker-compose.yml.
pub const SERVICES: [&str; 3] = ["webex-sim", "webex_gw", "nginx"];

/// docker-compose.yml, up, and a terminal beside it.
#[derive(Debug)]
pub struct Compose {
    terminal: Terminal,
    project: Project,
    docker: &'static Docker,
    nginx: u16,
    gateway: u16,
    control: u16,
}

impl Compose {
    /// Builds and starts everything with the command of a document, and waits until all of it answers; or returns
    /// `None` where Compose is not installed.
    pub async fn up(command: &str) -> Option<Self> {
        let client = project::client()?;
        let mut compose = Self::prepare(client)
            .await
            .expect("the images that others make are there");
        compose.start(command).await;
        Some(compose)
    }

    /// Starts what has been taken down.
    pub async fn start(&mut self, command: &str) {
        // The images are in the layer cache by now, unless this test is the first.
        let said = self.types(&format!("{command} --detach")).await;
        assert_eq!(said.code, 0, "the project does not come up:\n{}", said.text);
        // Compose waits for the health of what nginx depends on, not for nginx.
        let nginx = Gateway::at(self.nginx());
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;
    }

    /// Types a command of a document, in which the usual ports and the project are meant.
    pub async fn types(&mut self, command: &str) -> Said {
        self.terminal.types(command).await
    }

    /// Where nginx is, from outside.
    #[must_use]
    pub fn nginx(&self) -> String {
        format!("http://localhost:{}", self.nginx)
    }

    /// Where the gateway is, for applications.
    #[must_use]
    pub fn gateway(&self) -> String {
        format!("http://localhost:{}", self.gateway)
    }

    /// Where the simulator's page is.
    #[must_use]
    pub fn control(&self) -> String {
        format!("http://localhost:{}", self.control)
    }

    /// An address of a document, as it is here.
    #[must_use]
    pub fn address(&self, documented: &str) -> String {
        self.differences().typed(documented)
    }

    /// What the health check of a service says, such as `healthy`.
    pub async fn health(&self, service: &str) -> anyhow::Result<String> {
        self.project.health(self.docker, service).await
    }

    /// What a service may do beyond what the product needs, one sentence each.
    pub async fn excesses(&self, service: &str) -> anyhow::Result<Vec<String>> {
        let container = self.project.inspect(self.docker, service).await?;
        Ok(bounds::excesses(&container))
    }

    /// Restarts one service.
    pub fn restart(&self, service: &str) {
        self.project
            .run(&["restart", service])
            .expect("the service restarts");
    }

    async fn prepare(client: Client) -> anyhow::Result<Self> {
        let docker = engine::engine().await.map_err(anyhow::Error::msg)?;
        // Building first, through the engine's API, tells in detail what goes wrong, and fills the layer cache.
        images::images(docker).await.map_err(anyhow::Error::msg)?;
        let ports: [u16; 4] = [ports::free()?, ports::free()?, ports::free()?, ports::free()?];
        let [nginx, gateway, simulator, control] = ports;
        let environment = vec![
            ("NGINX_PORT", nginx.to_string()),
            ("GATEWAY_PORT", gateway.to_string()),
            ("SIM_PORT", simulator.to_string()),
            (CONTROL_PORT, control.to_string()),
            (Base::Rust.variable(), images::base(docker, Base::Rust).await?),
            (Base::Nginx.variable(), images::base(docker, Base::Nginx).await?),
            // The builder whose layers the suite has made already.
            ("DOCKER_BUILDKIT", "0".to_owned()),
            ("COMPOSE_BAKE", "false".to_owned()),
        ];
        let mut project = Project::new(client);
        project.environment = environment;
        let differences = usual_ports_replaced(project.differences(), [nginx, gateway, simulator, control]);
        Ok(Self {
            terminal: Terminal::open(differences)?,
            project,
            docker,
            nginx,
            gateway,
            control,
        })
    }

    fn differences(&self) -> &Differences {
        self.terminal.differences()
    }
}

/// The ports that docker-compose.yml and the documents name, replaced by those of nginx, gateway, simulator and control.
fn usual_ports_replaced(differences: Differences, ports: [u16; 4]) -> Differences {
    [8088, 9001, 8080, 8081]
        .iter()
        .zip(ports)
        .fold(differences, |differences, (usual, here)| {
            differences.replace(&format!("localhost:{usual}"), format!("localhost:{here}"))
        })
}

/// Reads a compose file as Compose does where no variable is set, and returns what it makes of it; `None` where Compose
/// is not installed.
#[must_use]
pub fn read(file: &str) -> Option<anyhow::Result<String>> {
    Some(project::read(project::client()?, file))
}
