//! Folders of a stack, as volumes. Filled through containers that are created and never run, so that owner and mode can
//! be anything, on any engine, without a shell, and although the containers that use them have a read-only root.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType, VolumeCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, RemoveVolumeOptions, UploadToContainerOptionsBuilder,
};
use tar::{Builder, EntryType, Header};

use crate::run::{Run, remove_container};

/// Where a volume is in the container that fills it. Not at the top of what is unpacked there: of that folder the engine
/// keeps owner and mode.
const PARENT: &str = "/opt";
/// See [`PARENT`].
const FOLDER: &str = "tokens";

/// Who owns a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The user that an engine makes folders as, and that the Go program ran as.
    Root,
    /// The user of the gateway's image.
    Gateway,
}

/// Size of a volume that is soon full: enough for tokens, and filled in a moment.
const SMALL: usize = 1 << 20;
/// What fills it.
const BALLAST: &str = "ballast";

/// A volume that ends with its stack.
#[derive(Debug)]
pub(crate) struct Volume {
    name: String,
}

impl Owner {
    fn id(self) -> u64 {
        match self {
            Self::Root => 0,
            Self::Gateway => 65532,
        }
    }
}

impl Volume {
    /// A new, empty volume.
    pub(crate) async fn create(docker: &Docker) -> anyhow::Result<Self> {
        Self::create_with(docker, HashMap::new()).await
    }

    /// A new, empty volume in memory with little room. What is in it is gone when no container runs that has it.
    pub(super) async fn create_small(docker: &Docker) -> anyhow::Result<Self> {
        let options = [
            ("type", "tmpfs".to_owned()),
            ("device", "tmpfs".to_owned()),
            ("o", format!("size={SMALL},mode=0700,uid=65532,gid=65532")),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value));
        Self::create_with(docker, options.into()).await
    }

    async fn create_with(docker: &Docker, options: HashMap<String, String>) -> anyhow::Result<Self> {
        let name = Run::current().unique("volume");
        let labels = Some(Run::current().labels());
        let request = VolumeCreateRequest {
            name: Some(name.clone()),
            labels,
            driver_opts: Some(options),
            ..Default::default()
        };
        docker.create_volume(request).await?;
        Ok(Self { name })
    }

    /// The name that the engine knows.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The volume as a folder of a container. While it is empty it takes owner, mode and files of the folder in the
    /// image.
    pub(super) fn mount(&self, target: &str, is_read_only: bool) -> Mount {
        Mount {
            typ: Some(MountType::VOLUME),
            source: Some(self.name.clone()),
            target: Some(target.to_owned()),
            read_only: Some(is_read_only),
            ..Default::default()
        }
    }

    /// Gives the folder to `owner` and puts files of theirs into it.
    pub(crate) async fn fill(
        &self,
        docker: &Docker,
        image: &str,
        owner: Owner,
        mode: u32,
        files: &[(&str, &[u8])],
    ) -> anyhow::Result<()> {
        let mut archive = Builder::new(Vec::new());
        let mut add = |path: &str, kind, mode, content: &[u8]| {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_uid(owner.id());
            header.set_gid(owner.id());
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, path, content)
        };
        add(FOLDER, EntryType::Directory, 0o755, &[])?;
        for (name, content) in files {
            add(&format!("{FOLDER}/{name}"), EntryType::Regular, mode, content)?;
        }
        let archive = archive.into_inner()?;

        let holder = self.holder(docker, image).await?;
        let options = UploadToContainerOptionsBuilder::new().path(PARENT).build();
        let uploaded = docker
            .upload_to_container(&holder, Some(options), bollard::body_full(archive.into()))
            .await;
        remove_container(docker, &holder).await?;
        Ok(uploaded?)
    }

    /// Leaves no room on a [small](Self::create_small) one that a container has.
    pub(super) async fn stuff(&self, docker: &Docker, image: &str) -> anyhow::Result<()> {
        let ballast = vec![0; 2 * SMALL];
        let files = [(BALLAST, &ballast[..])];
        let stuffed = self.fill(docker, image, Owner::Gateway, 0o600, &files).await;
        match stuffed {
            Ok(()) => anyhow::bail!("the volume is larger than it should be"),
            Err(error) if format!("{error:#}").contains("no space left on device") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Undoes [`stuff`](Self::stuff).
    pub(super) async fn clear_out(&self, docker: &Docker, image: &str) -> anyhow::Result<()> {
        let files = [(BALLAST, &[][..])];
        self.fill(docker, image, Owner::Gateway, 0o600, &files).await
    }

    pub(super) async fn remove(&self, docker: &Docker) -> anyhow::Result<()> {
        Ok(docker
            .remove_volume(&self.name, None::<RemoveVolumeOptions>)
            .await?)
    }

    /// A container that holds the volume and is never started.
    async fn holder(&self, docker: &Docker, image: &str) -> anyhow::Result<String> {
        let run = Run::current();
        let options = CreateContainerOptionsBuilder::new()
            .name(&run.unique("holder"))
            .build();
        let mounts = Some(vec![self.mount(&format!("{PARENT}/{FOLDER}"), false)]);
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            labels: Some(run.labels()),
            host_config: Some(HostConfig {
                mounts,
                ..Default::default()
            }),
            ..Default::default()
        };
        Ok(docker.create_container(Some(options), body).await?.id)
    }
}
