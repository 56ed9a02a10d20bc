//! An installation of the field: the compose file and the tokens file that the Go program leaves, nginx with the
//! documented block, and a Webex that answers as `https://webexapis.com`. The new gateway comes into it by its image.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use bollard::Docker;
use webex_sim::client::ControlClient;

use super::project::{self, CONTROL_PORT, Client, Project};
use crate::eventually::eventually;
use crate::gateway::{Answer, Gateway};
use crate::images::{self, Base};
use crate::run::Run;
use crate::said::Said;
use crate::stack::volume::{Owner, Volume};
use crate::stack::{Predecessor, REDIRECT_URI, START};
use crate::terminal::Terminal;
use crate::{engine, ports, workspace};

/// The compose file of the field, from the root of the checkout.
const SAMPLE: &str = "fixtures/field/docker-compose.yml";

/// What is registered there; the Go program of the suite has another one.
const SAMPLE_REDIRECT_URI: &str = "https://apio.example.com/api/v01/webex/auth/code";

/// What a test adds to it.
const AROUND: &str = "e2e/src/compose/around.yml";

/// Where the field's tokens file is on its host.
pub const TOKENS_FILE: &str = "/opt/webex_gw/.tokens";

/// The installation.
#[derive(Debug)]
pub struct Field {
    /// Acts behind the scenes at Webex.
    pub webex: ControlClient,
    /// The program that was there before, and may come back.
    pub predecessor: Predecessor,
    host: String,
    ports: Ports,
    terminal: Terminal,
    project: Project,
    /// The compose file with the new image.
    compose_file: String,
}

#[derive(Debug)]
struct Ports {
    gateway: u16,
    nginx: u16,
    webex: u16,
    control: u16,
}

impl Field {
    /// An installation whose Go program has signed in some time ago and has just been stopped. Its folder and its tokens
    /// file belong to root; the file has `mode`. nginx gets the block as the documents show it. `None` where Compose is
    /// not installed.
    pub async fn left_by_the_predecessor(ago: Duration, mode: u32, nginx_block: &str) -> Option<Self> {
        let client = project::client()?;
        let field = Self::prepare(client, ago, mode, nginx_block).await;
        Some(field.unwrap_or_else(|error| panic!("the field cannot be prepared: {error:#}")))
    }

    /// The compose file as the field has it.
    #[must_use]
    pub fn sample() -> String {
        fs::read_to_string(workspace::root().join(SAMPLE)).expect("the sample is there")
    }

    /// The same with the new image, as it is used here.
    #[must_use]
    pub fn compose_file(&self) -> &str {
        &self.compose_file
    }

    /// Types a command of a document at the field's machine, where applications are and `docker compose` is called.
    pub async fn types(&mut self, command: &str) -> Said {
        self.terminal.types(command).await
    }

    /// Runs a command on the host as one of its users.
    pub fn host(&self, user: &str, command: &str) -> anyhow::Result<String> {
        let output = self.in_host(user, command).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "`{command}` as {user}: {error}");
        Ok(text)
    }

    /// Writes a file of the host in place, as root.
    pub fn write(&self, path: &str, content: &str) -> anyhow::Result<()> {
        let mut shell = self
            .in_host("0", &format!("cat > {path}"))
            .stdin(Stdio::piped())
            .spawn()?;
        shell
            .stdin
            .take()
            .context("it was asked for")?
            .write_all(content.as_bytes())?;
        anyhow::ensure!(shell.wait()?.success(), "{path} cannot be written");
        Ok(())
    }

    /// The gateway, for applications.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        Gateway::at(format!("http://127.0.0.1:{}", self.ports.gateway))
    }

    /// Waits until the gateway answers.
    pub async fn gateway_is_up(&self) {
        let gateway = self.gateway();
        eventually("the gateway answers", START, async || gateway.is_alive().await).await;
    }

    /// Starts nginx, which looks its upstream up once, and returns it as it is seen from outside.
    pub async fn nginx(&self) -> Gateway {
        self.project.run(&["up", "-d", "nginx"]).expect("nginx starts");
        let nginx = Gateway::at(format!("http://127.0.0.1:{}", self.ports.nginx));
        eventually("nginx answers", START, async || nginx.get("/nginx-health").await).await;
        nginx
    }

    /// Somebody accepts at Webex with the address of its portal, and nginx brings what comes of it to the gateway.
    pub async fn authorises(&self, administrator: &str) -> anyhow::Result<Answer> {
        let accepted = self
            .predecessor
            .accepts(&self.webex, administrator, SAMPLE_REDIRECT_URI);
        let path = format!("/api/v01/webex/auth/code{}", accepted.await?);
        Gateway::at(format!("http://127.0.0.1:{}", self.ports.nginx))
            .get(&path)
            .await
    }

    /// Everything that the gateway has logged.
    pub fn gateway_log(&self) -> anyhow::Result<String> {
        let container = self.project.container("webex_gw")?;
        let output = Command::new("docker").args(["logs", &container]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn in_host(&self, user: &str, command: &str) -> Command {
        let mut docker = Command::new("docker");
        docker.args(["exec", "-i", "--user", user, &self.host, "sh", "-c", command]);
        docker
    }

    async fn prepare(client: Client, ago: Duration, mode: u32, nginx_block: &str) -> anyhow::Result<Self> {
        let docker = engine::engine().await.map_err(anyhow::Error::msg)?;
        let images = images::images(docker).await.map_err(anyhow::Error::msg)?;
        let ports = Ports {
            gateway: ports::free()?,
            nginx: ports::free()?,
            webex: ports::free()?,
            control: ports::free()?,
        };
        let mut project = Project::new(client);
        let (tokens, configuration) = (Volume::create(docker).await?, Volume::create(docker).await?);
        project.volumes = vec![tokens.name().to_owned(), configuration.name().to_owned()];
        project.environment = vec![
            ("GATEWAY_PORT", ports.gateway.to_string()),
            ("NGINX_PORT", ports.nginx.to_string()),
            ("SIM_TLS_PORT", ports.webex.to_string()),
            (CONTROL_PORT, ports.control.to_string()),
            ("WEBEX_SIM_IMAGE", images.simulator.clone()),
            (Base::Nginx.variable(), images.nginx.clone()),
            ("REDIRECT_URIS", format!("{REDIRECT_URI} {SAMPLE_REDIRECT_URI}")),
            ("TOKENS_VOLUME", tokens.name().to_owned()),
            ("CONFIGURATION_VOLUME", configuration.name().to_owned()),
        ];
        let compose_file = with_image(&Self::sample(), &images.gateway)?;
        let file = Run::current().folder()?.join(format!("{}.yml", project.name));
        fs::write(&file, &compose_file)?;
        project.files = vec![file, workspace::root().join(AROUND)];

        project.run(&["up", "-d", "webex-sim", "host"])?;
        let webex = ControlClient::new(format!("http://127.0.0.1:{}", ports.control));
        eventually("the simulator answers", START, async || {
            Ok(webex.health().await?)
        })
        .await;
        let authority = webex.ca_pem().await?;
        configure(docker, &images.gateway, &configuration, &authority, nginx_block).await?;
        let predecessor = Predecessor::at(ports.webex, &authority)?;
        let file = predecessor.signs_in(&webex, ago).await?;
        let files = [(".tokens", &file[..])];
        tokens
            .fill(docker, &images.gateway, Owner::Root, mode, &files)
            .await?;
        webex.clear_journal().await?;

        let differences = project
            .differences()
            .replace("webex_gw:9001", format!("127.0.0.1:{}", ports.gateway));
        Ok(Self {
            webex,
            predecessor,
            host: project.container("host")?,
            ports,
            terminal: Terminal::open(differences)?,
            project,
            compose_file,
        })
    }
}

/// nginx with the block of the documents, and the authority of Webex.
async fn configure(
    docker: &Docker,
    image: &str,
    volume: &Volume,
    authority: &str,
    nginx_block: &str,
) -> anyhow::Result<()> {
    let nginx = fs::read(workspace::root().join("deploy/nginx/nginx.conf"))?;
    let files = [
        ("nginx.conf", &nginx[..]),
        ("webex_gw.conf", nginx_block.as_bytes()),
        ("ca.pem", authority.as_bytes()),
    ];
    volume.fill(docker, image, Owner::Root, 0o644, &files).await
}

/// The compose file with another image.
fn with_image(sample: &str, image: &str) -> anyhow::Result<String> {
    let (before, rest) = sample
        .split_once("    image: ")
        .context("the sample names an image")?;
    let (_, behind) = rest.split_once('\n').context("the sample goes on")?;
    Ok(format!("{before}    image: {image}\n{behind}"))
}
