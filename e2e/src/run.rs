//! This run of the suite: its name on everything that it makes, and the removal of what runs leave behind.
//!
//! Every container, network and volume carries the run's label. A run lives as long as its process holds a lock on a
//! file; the kernel releases it however the process ends. A second process, the reaper, waits for that and removes
//! what is left, so that Ctrl-C, `kill -9` and an exit in the middle of a test leave nothing. What even the reaper
//! could not remove (the machine went down) the next run finds and removes.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};

use crate::progress::say;
use crate::workspace;

/// The label that names the run which made something.
pub const LABEL: &str = "webex-e2e.run";

/// Prefix of every name that the suite gives. Compose projects have no other mark: their label is their name.
pub const PREFIX: &str = "webex-e2e-";

/// The label that Compose puts on everything it makes.
const PROJECT_LABEL: &str = "com.docker.compose.project";

/// A run without a lock file here belongs to another checkout, which may be at work: its things are left alone for
/// longer than any suite takes.
const FOREIGN_AGE: Duration = Duration::from_hours(2);

/// One run of the suite.
#[derive(Debug)]
pub struct Run {
    id: String,
    /// Held, never read: its lock says that the run is alive.
    _lock: File,
}

impl Run {
    /// This process's run, begun on first use.
    pub fn current() -> &'static Self {
        static RUN: OnceLock<Run> = OnceLock::new();
        RUN.get_or_init(|| Self::begin().expect("target/e2e is writable"))
    }

    /// The name of the run, eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A name for a container, network, volume or Compose project that no other test and no other run has.
    #[must_use]
    pub fn unique(&self, what: &str) -> String {
        let unique = &uuid::Uuid::new_v4().simple().to_string()[..6];
        format!("{PREFIX}{}-{what}-{unique}", self.id)
    }

    /// The labels of everything that the run makes.
    #[must_use]
    pub fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.id.clone())])
    }

    fn begin() -> anyhow::Result<Self> {
        let id = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        fs::create_dir_all(locks())?;
        let file = File::create(lock_of(&id))?;
        file.try_lock().context("the lock file of a new run is free")?;
        start_reaper(&id);
        Ok(Self { id, _lock: file })
    }
}

/// Waits until the run is over, then removes what it left. What the reaper does.
pub async fn reap(docker: &Docker, id: &str) -> anyhow::Result<()> {
    let path = lock_of(id);
    match File::open(&path) {
        // Blocks for as long as the run lives, which is all that this process is for.
        Ok(file) => file.lock()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    remove(docker, id).await?;
    fs::remove_file(path)?;
    Ok(())
}

/// Removes what dead runs left behind.
pub async fn sweep(docker: &Docker) -> anyhow::Result<()> {
    for (id, newest) in runs(docker).await? {
        if is_over(&id, newest)? {
            say(&format!("removing what run {id} left behind"));
            remove(docker, &id).await?;
        }
    }
    Ok(())
}

/// Removes what every run made, alive or not.
pub async fn sweep_all(docker: &Docker) -> anyhow::Result<()> {
    for (id, _) in runs(docker).await? {
        say(&format!("removing run {id}"));
        remove(docker, &id).await?;
    }
    Ok(())
}

/// Removes one run's containers, then its networks and volumes, which containers hold on to. Attempts everything
/// before it reports the first failure.
async fn remove(docker: &Docker, id: &str) -> anyhow::Result<()> {
    let mut failures = Vec::new();
    let made = Made::find(docker).await?;
    for container in made.containers.iter().filter(|made| made.run == id) {
        failures.extend(remove_container(docker, &container.name).await.err());
    }
    for network in made.networks.iter().filter(|made| made.run == id) {
        failures.extend(docker.remove_network(&network.name).await.err().map(Into::into));
    }
    for volume in made.volumes.iter().filter(|made| made.run == id) {
        let removed = docker
            .remove_volume(&volume.name, None::<RemoveVolumeOptions>)
            .await;
        failures.extend(removed.err().map(Into::into));
    }
    match failures.into_iter().next() {
        Some(failure) => Err(failure.context(format!("run {id} could not be removed completely"))),
        None => Ok(()),
    }
}

/// Removes one container with its nameless volumes, running or not.
pub(crate) async fn remove_container(docker: &Docker, id: &str) -> anyhow::Result<()> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match docker.remove_container(id, Some(options)).await {
        Err(error) if !is_gone(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Something that a run made.
struct Thing {
    run: String,
    name: String,
}

/// Everything that carries a run's label.
struct Made {
    containers: Vec<Thing>,
    networks: Vec<Thing>,
    volumes: Vec<Thing>,
    /// The runs with the time of their newest container, in seconds; a run without any has none.
    newest: HashMap<String, i64>,
}

impl Made {
    async fn find(docker: &Docker) -> anyhow::Result<Self> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let mut newest = HashMap::new();
        let mut containers = Vec::new();
        for found in docker.list_containers(Some(options)).await? {
            let labels = found.labels.unwrap_or_default();
            if let (Some(run), Some(name)) = (run_of(&labels), found.id) {
                let created = newest.entry(run.clone()).or_insert(0);
                *created = found.created.unwrap_or(0).max(*created);
                containers.push(Thing { run, name });
            }
        }
        let options = ListNetworksOptionsBuilder::new().build();
        let networks = docker
            .list_networks(Some(options))
            .await?
            .into_iter()
            .filter_map(|found| {
                Some(Thing {
                    run: run_of(&found.labels.unwrap_or_default())?,
                    name: found.id?,
                })
            });
        let options = ListVolumesOptionsBuilder::new().build();
        let volumes = docker
            .list_volumes(Some(options))
            .await?
            .volumes
            .unwrap_or_default();
        let volumes = volumes.into_iter().filter_map(|found| {
            Some(Thing {
                run: run_of(&found.labels)?,
                name: found.name,
            })
        });
        Ok(Self {
            containers,
            networks: networks.collect(),
            volumes: volumes.collect(),
            newest,
        })
    }
}

/// The runs that left something, with the age of the newest thing where it is known.
async fn runs(docker: &Docker) -> anyhow::Result<Vec<(String, Option<i64>)>> {
    let made = Made::find(docker).await?;
    let things = made.containers.iter().chain(&made.networks).chain(&made.volumes);
    let ids: BTreeSet<String> = things.map(|thing| thing.run.clone()).collect();
    Ok(ids
        .into_iter()
        .map(|id| (id.clone(), made.newest.get(&id).copied()))
        .collect())
}

fn run_of(labels: &HashMap<String, String>) -> Option<String> {
    let project = || labels.get(PROJECT_LABEL)?.strip_prefix(PREFIX)?.split('-').next();
    labels
        .get(LABEL)
        .map(String::as_str)
        .or_else(project)
        .map(str::to_owned)
}

/// Whether nobody is at work on the run any more.
fn is_over(id: &str, newest: Option<i64>) -> anyhow::Result<bool> {
    match File::open(lock_of(id)) {
        Ok(file) => match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error.into()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(newest.is_some_and(|created| age(created) > FOREIGN_AGE))
        }
        Err(error) => Err(error.into()),
    }
}

/// How long ago the engine made something, by its UNIX time.
#[expect(
    clippy::disallowed_methods,
    reason = "compared with the engine's own clock, which is the real one"
)]
pub(crate) fn age(created: i64) -> Duration {
    let now = std::time::SystemTime::now();
    let since_epoch = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since_epoch.saturating_sub(Duration::from_secs(created.unsigned_abs()))
}

/// A second removal of the same thing is not a failure, nor is one that is under way.
fn is_gone(error: &bollard::errors::Error) -> bool {
    matches!(
        error,
        bollard::errors::Error::DockerResponseServerError {
            status_code: 404 | 409,
            ..
        }
    )
}

fn locks() -> PathBuf {
    workspace::output().join("runs")
}

fn lock_of(id: &str) -> PathBuf {
    locks().join(format!("{id}.lock"))
}

/// Starts the reaper in a process group of its own, where Ctrl-C does not reach it.
fn start_reaper(id: &str) {
    let Some(program) = tool() else {
        say("the webex-e2e binary is not built: an interrupted run is only cleaned up by the next one");
        return;
    };
    let reaper = Command::new(program)
        .args(["reap", id])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = reaper {
        say(&format!(
            "no reaper, an interrupted run is only cleaned up by the next one: {error}"
        ));
    }
}

/// The crate's own binary: cargo names it to tests, and puts it beside the folder of the test binaries.
fn tool() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_BIN_EXE_webex-e2e").map(PathBuf::from);
    let current = std::env::current_exe().ok()?;
    let beside = current
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder: &Path| folder.join("webex-e2e"));
    named.into_iter().chain(beside).find(|path| path.is_file())
}
