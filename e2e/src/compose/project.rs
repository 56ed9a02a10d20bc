//! A Compose project with a name of its own, and its end.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::Context;
use bollard::Docker;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{InspectContainerOptions, ListContainersOptionsBuilder};

use crate::missing::Need;
use crate::progress::say;
use crate::run::{PROJECT_LABEL, Run};
use crate::stack::secrets;
use crate::terminal::Differences;
use crate::{engine, evidence, leaks, workspace};

/// The program comes with the engine as `docker compose`, or alone.
const CLIENTS: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];

/// The variable that says where the simulator is steered, in all compose files of the suite.
pub(super) const CONTROL_PORT: &str = "SIM_CONTROL_PORT";

/// At the end nobody waits for what runs: this is for lines of a log that are not written yet.
const LAST_WORDS_SECONDS: &str = "1";

/// The program, by the words that call it.
pub(super) type Client = &'static [&'static str];

/// A project. Goes down when it is dropped; see [`stack`](crate::stack) for what is checked then.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) client: Client,
    pub(super) name: String,
    /// The files of the project. Those below target/ were made for it.
    pub(super) files: Vec<PathBuf>,
    pub(super) environment: Vec<(&'static str, String)>,
    /// Volumes that were made for the project, and end with it.
    pub(super) volumes: Vec<String>,
}

/// Finds Compose, or says that there is none: an engine can be used without.
pub(super) fn client() -> Option<Client> {
    let client = CLIENTS.into_iter().find(|client| responds(client));
    if client.is_none() {
        Need::Compose.is_missing("neither `docker compose` nor `docker-compose` is installed");
    }
    client
}

/// What Compose makes of a file, in which no variable is set.
pub(super) fn read(client: Client, file: &str) -> anyhow::Result<String> {
    let mut child = Command::new(client[0])
        .args(&client[1..])
        .args(["--file", "-", "config"])
        .current_dir(workspace::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("it was asked for")?;
    input.write_all(file.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    let text = text(&output);
    anyhow::ensure!(
        output.status.success(),
        "Compose cannot read this: {text}\n{file}"
    );
    Ok(text)
}

impl Project {
    /// A project of docker-compose.yml, as far as nothing else is said.
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            name: Run::current().unique("compose"),
            files: vec![workspace::root().join("docker-compose.yml")],
            environment: Vec::new(),
            volumes: Vec::new(),
        }
    }

    /// Calls Compose.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = self.command(arguments);
        // It goes on where the suite is killed, and makes more that somebody has to remove.
        command.stdin(Run::current().hold()?);
        let output = command.output().context("starting Compose")?;
        let text = text(&output);
        anyhow::ensure!(
            output.status.success(),
            "{} {arguments:?} failed:\n{text}",
            self.client.join(" ")
        );
        Ok(text)
    }

    /// The engine's id of the container of a service.
    pub(super) fn container(&self, service: &str) -> anyhow::Result<String> {
        let output = self.command(&["ps", "-q", service]).output()?;
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        anyhow::ensure!(!id.is_empty(), "{service} has no container");
        Ok(id)
    }

    /// What the engine knows of the container of a service.
    pub(super) async fn inspect(
        &self,
        docker: &Docker,
        service: &str,
    ) -> anyhow::Result<ContainerInspectResponse> {
        let container = self.container(service)?;
        let found = docker.inspect_container(&container, None::<InspectContainerOptions>);
        Ok(found.await?)
    }

    /// What the health check of a service says, such as `healthy`.
    pub(super) async fn health(&self, docker: &Docker, service: &str) -> anyhow::Result<String> {
        let found = self.inspect(docker, service).await?;
        let health = found
            .state
            .and_then(|state| state.health)
            .and_then(|health| health.status);
        Ok(health.context("it has no health check")?.to_string())
    }

    /// A terminal in which `docker compose` means this project.
    pub(super) fn differences(&self) -> Differences {
        let command = self.command(&[]);
        let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
        let words = [self.client[0].to_owned()].into_iter().chain(words);
        let called = words.collect::<Vec<_>>().join(" ");
        let environment = self.environment.iter();
        let differences = environment.fold(Differences::default(), |differences, (name, value)| {
            differences.variable(name, value.clone())
        });
        differences.replace("docker compose", called)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.client[0]);
        command
            .args(&self.client[1..])
            .args(["--project-name", &self.name, "--project-directory"])
            .arg(workspace::root());
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What tells of how the project ends, but for the logs: the journal, and the state of each container by its name.
    async fn circumstances(&self) -> anyhow::Result<(String, Vec<(String, String)>)> {
        let journal = evidence::journal(self.control()).await;
        let docker = engine::engine().await.map_err(anyhow::Error::msg)?;
        let mut states = Vec::new();
        for (name, id) in self.containers(docker).await? {
            states.push((name, evidence::state(docker, &id).await));
        }
        Ok((journal, states))
    }

    /// Everything that the project has printed: what a container that runs has printed may still be on its way to the engine.
    fn end(&self) -> anyhow::Result<String> {
        self.run(&["stop", "--timeout", LAST_WORDS_SECONDS])?;
        self.run(&["logs", "--no-color"])
    }

    /// Keeps what a test that has failed leaves.
    fn keep(&self, log: &str, journal: &str, states: &[(String, String)]) -> anyhow::Result<()> {
        let folder = evidence::folder()?;
        fs::write(folder.join("compose.log"), log)?;
        fs::write(folder.join("journal.json"), journal)?;
        for (name, state) in states {
            fs::write(folder.join(format!("{name}.state")), state)?;
        }
        say(&format!(
            "logs, states and journal of {} are in {}",
            self.name,
            folder.display()
        ));
        Ok(())
    }

    /// Where the simulator is steered.
    fn control(&self) -> anyhow::Result<String> {
        let mut environment = self.environment.iter();
        let (_, port) = environment
            .find(|(name, _)| *name == CONTROL_PORT)
            .context("nobody knows the control port")?;
        Ok(format!("http://127.0.0.1:{port}"))
    }

    /// The containers, ended ones too, by the names of their services.
    async fn containers(&self, docker: &Docker) -> anyhow::Result<Vec<(String, String)>> {
        let label = format!("{PROJECT_LABEL}={}", self.name);
        let filters = HashMap::from([("label", vec![label.as_str()])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters);
        let found = docker.list_containers(Some(options.build())).await?;
        let containers = found.into_iter().filter_map(|container| {
            let name = container.names?.into_iter().next()?;
            let name = name.trim_start_matches('/').trim_start_matches(&self.name);
            let name = name.trim_start_matches(['-', '_']);
            Some((name.to_owned(), container.id?))
        });
        Ok(containers.collect())
    }

    /// Removes everything. What stays is removed when the run ends.
    fn remove(&self) {
        if let Err(error) = self.run(&["down", "--volumes", "--rmi", "local"]) {
            say(&format!("{} is removed later: {error:#}", self.name));
        }
        let made = self
            .files
            .iter()
            .filter(|file| file.starts_with(workspace::output()));
        for file in made {
            let _ = fs::remove_file(file);
        }
        if !self.volumes.is_empty() {
            let _ = Command::new("docker")
                .args(["volume", "rm"])
                .args(&self.volumes)
                .output();
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::current();
        let circumstances = tokio::task::block_in_place(|| runtime.block_on(self.circumstances()));
        let (log, unread) = match self.end() {
            Ok(log) => (log, None),
            Err(error) => (String::new(), Some(format!("the logs cannot be read: {error:#}"))),
        };
        let mut leaks = leaks::find_in_log(&log, &secrets::known());
        // Nobody can vouch for what nobody has read.
        leaks.extend(unread);
        let has_failed = std::thread::panicking();
        if has_failed || !leaks.is_empty() {
            let kept = circumstances.and_then(|(journal, states)| self.keep(&log, &journal, &states));
            if let Err(error) = kept {
                say(&format!("the logs of {} could not be kept: {error:#}", self.name));
            }
        }
        self.remove();
        assert!(leaks.is_empty() || has_failed, "the logs: {}", leaks.join("; "));
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
