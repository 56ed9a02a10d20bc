//! The project's docker-compose.yml, brought up as its reader would, on ports of its own.

use std::fs;

use std::process::{Command, Output};

use anyhow::Context;

use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::images::{self, Base};
use crate::leaks::{self, Secret};
use crate::progress::say;
use crate::run::Run;
use crate::stack::{ADMINISTRATOR_PASSWORD, CLIENT_SECRET, START};
use crate::{engine, ports, workspace};

/// The program comes with the engine as `docker compose`, or alone.
const CLIENTS: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];

/// A project that is up. Goes down when it is dropped; see [`stack`](crate::stack) for what is checked then.
#[derive(Debug)]
pub struct Compose {
    client: &'static [&'static str],
    project: String,
    environment: Vec<(&'static str, String)>,
    nginx: u16,
    gateway: u16,
}

impl Compose {
    /// Builds and starts everything and waits until all of it is healthy, or returns `None` where Compose is not
    /// installed: an engine can be used without.
    pub async fn up() -> Option<Self> {
        let client = CLIENTS.into_iter().find(|client| responds(client));
        let Some(client) = client else {
            assert!(
                std::env::var_os("WEBEX_E2E_REQUIRE_COMPOSE").is_none(),
                "neither `docker compose` nor `docker-compose` is installed, and WEBEX_E2E_REQUIRE_COMPOSE asks for it"
            );
            say(
                "neither `docker compose` nor `docker-compose` is installed: docker-compose.yml is not tested",
            );
            return None;
        };
        let compose = Self::prepare(client)
            .await
            .expect("the images that others make are there");
        // The images are in the layer cache by now, unless this test is the first.
        compose
            .run(&["up", "--build", "--detach"])
            .expect("the project comes up");
        // Compose waits for the health of what nginx depends on, not for nginx.
        let nginx = Gateway::at(compose.nginx());
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;
        Some(compose)
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

    /// Restarts one service.
    pub fn restart(&self, service: &str) {
        self.run(&["restart", service]).expect("the service restarts");
    }

    async fn prepare(client: &'static [&'static str]) -> anyhow::Result<Self> {
        let docker = engine::engine().await.map_err(anyhow::Error::msg)?;
        // Building first, through the engine's API, tells in detail what goes wrong, and fills the layer cache.
        images::images(docker).await.map_err(anyhow::Error::msg)?;
        let ports: [u16; 4] = [ports::free()?, ports::free()?, ports::free()?, ports::free()?];
        let environment = vec![
            ("NGINX_PORT", ports[0].to_string()),
            ("GATEWAY_PORT", ports[1].to_string()),
            ("SIM_PORT", ports[2].to_string()),
            ("SIM_CONTROL_PORT", ports[3].to_string()),
            (Base::Rust.variable(), images::base(docker, Base::Rust).await?),
            (Base::Nginx.variable(), images::base(docker, Base::Nginx).await?),
            // The builder whose layers the suite has made already.
            ("DOCKER_BUILDKIT", "0".to_owned()),
            ("COMPOSE_BAKE", "false".to_owned()),
        ];
        let project = Run::current().unique("compose");
        Ok(Self {
            client,
            project,
            environment,
            nginx: ports[0],
            gateway: ports[1],
        })
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().context("starting Compose")?;
        let text = text(&output);
        anyhow::ensure!(
            output.status.success(),
            "{} {arguments:?} failed:\n{text}",
            self.client.join(" ")
        );
        Ok(text)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.client[0]);
        command
            .args(&self.client[1..])
            .args(["--project-name", &self.project])
            .args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(workspace::root());
        command
    }

    /// Keeps the logs of a test that has failed.
    fn keep(&self, log: &str) -> std::io::Result<()> {
        let folder = workspace::output_of_test();
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("compose.log"), log)?;
        say(&format!(
            "the logs of {} are in {}",
            self.project,
            folder.display()
        ));
        Ok(())
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        let log = self
            .run(&["logs", "--no-color"])
            .unwrap_or_else(|error| format!("no log: {error:#}"));
        let secrets = [
            Secret {
                name: "the client secret",
                value: CLIENT_SECRET.to_owned(),
            },
            Secret {
                name: "the administrator's password",
                value: ADMINISTRATOR_PASSWORD.to_owned(),
            },
        ];
        let leaks = leaks::find(&log, &secrets);
        let has_failed = std::thread::panicking();
        if (has_failed || !leaks.is_empty())
            && let Err(error) = self.keep(&log)
        {
            say(&format!(
                "the logs of {} could not be kept: {error}",
                self.project
            ));
        }
        if let Err(error) = self.run(&["down", "--volumes", "--rmi", "local"]) {
            say(&format!("{} is removed later: {error:#}", self.project));
        }
        assert!(
            leaks.is_empty() || has_failed,
            "secrets in logs: {}",
            leaks.join("; ")
        );
    }
}

fn responds(client: &[&str]) -> bool {
    let output = Command::new(client[0]).args(&client[1..]).arg("version").output();
    output.is_ok_and(|output| output.status.success())
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{out}{err}")
}
