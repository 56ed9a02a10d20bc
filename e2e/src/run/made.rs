//! What runs have made at the engine: found by its marks, and removed.

use std::collections::HashMap;

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RemoveVolumeOptions,
};

use super::{LABEL, PREFIX};

/// The label that Compose puts on everything it makes.
pub(crate) const PROJECT_LABEL: &str = "com.docker.compose.project";

/// The label of the Dockerfile's first stage, and so of the containers in which the classic builder runs its commands. It
/// removes them itself, also when whoever asked for the build goes away; an engine that was killed does not.
const STAGE_LABEL: &str = "webex-gw.stage";

/// What the containers of all builds count as, because none of them knows its run. Nobody holds a lock of that name, so
/// that they go when the newest of them is old.
const BUILDS: &str = "builds";

/// One thing at the engine, in the order in which they have to go: each holds on to those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Container,
    Network,
    Volume,
    /// A name of an image; Compose gives those that it builds one of their own.
    Image,
}

/// Something that a run made.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) run: String,
    kind: Kind,
    /// By which the engine removes it.
    key: String,
    /// By which a person knows it.
    name: String,
    /// UNIX time, known of containers alone.
    pub(super) created: Option<i64>,
}

/// What is left of a run, one sentence each.
pub async fn left_behind(docker: &Docker, run: &str) -> anyhow::Result<Vec<String>> {
    Ok(of_run(docker, run)
        .await?
        .iter()
        .map(ToString::to_string)
        .collect())
}

/// Removes one container with its nameless volumes, running or not.
pub(crate) async fn remove_container(docker: &Docker, id: &str) -> anyhow::Result<()> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match docker.remove_container(id, Some(options)).await {
        // Somebody else removes it at this moment.
        Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(()),
        removed => gone(removed),
    }
}

/// Everything of one run.
pub(super) async fn of_run(docker: &Docker, run: &str) -> anyhow::Result<Vec<Thing>> {
    let mut made = all(docker).await?;
    made.retain(|thing| thing.run == run);
    Ok(made)
}

/// Everything that carries the mark of any run.
pub(super) async fn all(docker: &Docker) -> anyhow::Result<Vec<Thing>> {
    let mut made = containers(docker).await?;
    made.extend(networks(docker).await?);
    made.extend(volumes(docker).await?);
    made.extend(images(docker).await?);
    Ok(made)
}

/// Attempts to remove everything before it reports the first failure.
pub(super) async fn remove(docker: &Docker, mut things: Vec<Thing>) -> anyhow::Result<()> {
    things.sort_by_key(|thing| thing.kind);
    let mut failures = Vec::new();
    for thing in things {
        let removed = thing.remove(docker).await;
        failures.extend(removed.err().map(|failure| failure.context(thing.to_string())));
    }
    failures.into_iter().next().map_or(Ok(()), Err)
}

async fn containers(docker: &Docker) -> anyhow::Result<Vec<Thing>> {
    let options = ListContainersOptionsBuilder::new().all(true).build();
    let found = docker.list_containers(Some(options)).await?;
    let things = found.into_iter().filter_map(|found| {
        let labels = found.labels.unwrap_or_default();
        let build = || labels.contains_key(STAGE_LABEL).then(|| BUILDS.to_owned());
        let key = found.id?;
        Some(Thing {
            run: run_of(&labels).or_else(build)?,
            kind: Kind::Container,
            name: found
                .names
                .and_then(|names| names.into_iter().next())
                .unwrap_or_else(|| key.clone()),
            key,
            created: found.created,
        })
    });
    Ok(things.collect())
}

async fn networks(docker: &Docker) -> anyhow::Result<Vec<Thing>> {
    let options = ListNetworksOptionsBuilder::new().build();
    let found = docker.list_networks(Some(options)).await?;
    let things = found.into_iter().filter_map(|found| {
        Some(Thing {
            run: run_of(&found.labels.unwrap_or_default())?,
            kind: Kind::Network,
            key: found.id?,
            name: found.name.unwrap_or_default(),
            created: None,
        })
    });
    Ok(things.collect())
}

async fn volumes(docker: &Docker) -> anyhow::Result<Vec<Thing>> {
    let options = ListVolumesOptionsBuilder::new().build();
    let found = docker.list_volumes(Some(options)).await?.volumes;
    let things = found.unwrap_or_default().into_iter().filter_map(|found| {
        Some(Thing {
            run: run_of(&found.labels)?,
            kind: Kind::Volume,
            key: found.name.clone(),
            name: found.name,
            created: None,
        })
    });
    Ok(things.collect())
}

async fn images(docker: &Docker) -> anyhow::Result<Vec<Thing>> {
    let named = format!("{PREFIX}*");
    let filters = HashMap::from([("reference", vec![named.as_str()])]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let found = docker.list_images(Some(options)).await?;
    let things = found
        .into_iter()
        .flat_map(|found| found.repo_tags)
        .filter_map(|tag| {
            Some(Thing {
                run: run_in(&tag)?,
                kind: Kind::Image,
                key: tag.clone(),
                name: tag,
                created: None,
            })
        });
    Ok(things.collect())
}

/// The run that has marked something.
pub(crate) fn run_of(labels: &HashMap<String, String>) -> Option<String> {
    let project = || run_in(labels.get(PROJECT_LABEL)?);
    labels.get(LABEL).cloned().or_else(project)
}

/// The run in a name that [`Run::unique`](super::Run::unique) has made.
fn run_in(name: &str) -> Option<String> {
    Some(name.strip_prefix(PREFIX)?.split('-').next()?.to_owned())
}

/// A second removal of the same thing is not a failure.
fn gone<T>(removed: Result<T, Error>) -> anyhow::Result<()> {
    match removed {
        Err(Error::DockerResponseServerError { status_code: 404, .. }) | Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

// === impl Thing ===

impl Thing {
    async fn remove(&self, docker: &Docker) -> anyhow::Result<()> {
        match self.kind {
            Kind::Container => remove_container(docker, &self.key).await,
            Kind::Network => gone(docker.remove_network(&self.key).await),
            Kind::Volume => gone(docker.remove_volume(&self.key, None::<RemoveVolumeOptions>).await),
            Kind::Image => {
                // The layers below are those of the suite's own images.
                let options = RemoveImageOptionsBuilder::new().noprune(true).build();
                gone(docker.remove_image(&self.key, Some(options), None).await)
            }
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            Kind::Container => "container",
            Kind::Network => "network",
            Kind::Volume => "volume",
            Kind::Image => "image",
        };
        write!(f, "{kind} {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_from_its_label_or_from_the_name_of_a_project() {
        let labels = |name: &str, value: &str| HashMap::from([(name.to_owned(), value.to_owned())]);
        assert_eq!(run_of(&labels(LABEL, "1a2b3c4d")).as_deref(), Some("1a2b3c4d"));
        let project = labels(PROJECT_LABEL, "webex-e2e-1a2b3c4d-compose-5e6f70");
        assert_eq!(run_of(&project).as_deref(), Some("1a2b3c4d"));
        assert_eq!(run_of(&labels(PROJECT_LABEL, "somebody-elses")), None);
    }

    #[test]
    fn images_of_compose_belong_to_a_run_and_the_suites_own_to_all() {
        for tag in [
            "webex-e2e-1a2b3c4d-compose-5e6f70-webex_gw:latest",
            "webex-e2e-1a2b3c4d-compose-5e6f70_webex_gw:latest",
        ] {
            assert_eq!(run_in(tag).as_deref(), Some("1a2b3c4d"), "{tag}");
        }
        assert_eq!(run_in("webex-e2e/gateway:0123456789ab"), None);
    }
}
