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
    /// Files and folders with their owners and modes, sorted by path.
    pub entries: Vec<Entry>,
}

/// A file or a folder of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// From the root on, without a slash at the end.
    pub path: String,
    /// Not a file, nor anything else than a folder.
    pub is_folder: bool,
    /// Number of the user.
    pub owner: u64,
    /// Rights, with the bits for the change of user and group.
    pub mode: u32,
}

/// The bits that let a program run as its owner or group.
const SET_ID: u32 = 0o6000;
/// The bit that lets everybody write.
const WRITABLE: u32 = 0o002;

/// What the engine adds to every container.
const ADDED: [&str; 8] = [
    ".dockerenv",
    "dev/",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
    "proc/",
    "sys/",
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
    let archive = archive?.concat();

    Ok(Facts {
        config,
        size,
        files: files(&archive)?,
        entries: entries(&archive)?,
    })
}

fn entries(archive: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in tar::Archive::new(archive).entries()? {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if !ADDED.iter().any(|added| path.starts_with(added)) {
            entries.push(Entry {
                path: path.trim_end_matches('/').to_owned(),
                is_folder: entry.header().entry_type() == EntryType::Directory,
                owner: entry.header().uid()?,
                mode: entry.header().mode()?,
            });
        }
    }
    entries.sort();
    Ok(entries)
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

// === impl Entry ===

impl Entry {
    /// Whether whoever runs it becomes somebody else.
    #[must_use]
    pub fn is_set_id(&self) -> bool {
        !self.is_folder && self.mode & SET_ID != 0
    }

    /// Whether everybody may change it.
    #[must_use]
    pub fn is_writable_by_all(&self) -> bool {
        self.mode & WRITABLE != 0
    }
}
