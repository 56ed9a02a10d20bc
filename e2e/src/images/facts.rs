//! What an image is, as the engine sees it: for tests of the images themselves.

use anyhow::Context;
use bollard::Docker;
use bollard::models::{ContainerCreateBody, ImageConfig};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures_util::TryStreamExt;
use tar::EntryType;

use crate::run::{Run, remove_container};

/// An image, inside and out.
#[derive(Debug)]
pub struct Facts {
    /// What it declares: user, command, health check and so on.
    pub config: ImageConfig,
    /// Bytes on disk.
    pub size: i64,
    /// The files that are in it, with their sizes, sorted by path.
    pub files: Vec<(String, u64)>,
}

/// What the engine adds to every container.
const ADDED: [&str; 6] = [
    ".dockerenv",
    "dev/",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
];

/// Looks into an image.
pub async fn facts(docker: &Docker, image: &str) -> anyhow::Result<Facts> {
    let inspected = docker.inspect_image(image).await?;
    let config = inspected.config.context("an image has a configuration")?;
    let size = inspected.size.context("an image has a size")?;

    let run = Run::current();
    let options = CreateContainerOptionsBuilder::new()
        .name(&run.unique("facts"))
        .build();
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        labels: Some(run.labels()),
        ..Default::default()
    };
    let container = docker.create_container(Some(options), body).await?.id;
    let archive = docker.export_container(&container).try_collect::<Vec<_>>().await;
    remove_container(docker, &container).await?;

    Ok(Facts {
        config,
        size,
        files: files(&archive?.concat())?,
    })
}

fn files(archive: &[u8]) -> anyhow::Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let is_folder = entry.header().entry_type() == EntryType::Directory;
        if !is_folder && !ADDED.iter().any(|added| path.starts_with(added)) {
            files.push((path, entry.size()));
        }
    }
    files.sort();
    Ok(files)
}
