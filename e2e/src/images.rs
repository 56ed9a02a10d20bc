//! The images under test and what they stand on.
//!
//! The gateway and the simulator are built from the Dockerfile, once per run, and only when what they are built from
//! has changed. `WEBEX_GW_IMAGE` and `WEBEX_SIM_IMAGE` name finished images to test instead.

mod base;
mod build;
mod context;
mod facts;
mod ignore;
mod stand_in;

use std::fs::File;

use bollard::Docker;
use tokio::sync::OnceCell;

pub use base::Base;
pub use facts::{Entry, Facts, facts};

use crate::workspace;

/// The bar for the gateway's image.
pub const MOST_BYTES: i64 = 12_000_000;

/// The images that a stack is made of.
#[derive(Debug)]
pub struct Images {
    /// The production image of the gateway.
    pub gateway: String,
    /// The image of the simulator.
    pub simulator: String,
    /// nginx as it is in the field.
    pub nginx: String,
}

/// A target of the Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The product.
    Gateway,
    /// The fake Webex.
    Simulator,
}

impl Target {
    /// The name in the Dockerfile.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Simulator => "webex-sim",
        }
    }

    /// The environment variable that names a finished image.
    fn variable(self) -> &'static str {
        match self {
            Self::Gateway => "WEBEX_GW_IMAGE",
            Self::Simulator => "WEBEX_SIM_IMAGE",
        }
    }
}

/// The images, found or made on first use and shared by all tests of the process.
pub async fn images(docker: &Docker) -> Result<&'static Images, &'static str> {
    static IMAGES: OnceCell<Result<Images, String>> = OnceCell::const_new();
    let images = IMAGES.get_or_init(async || make(docker).await.map_err(|error| format!("{error:#}")));
    images.await.as_ref().map_err(String::as_str)
}

async fn make(docker: &Docker) -> anyhow::Result<Images> {
    let _lock = lock().await?;
    Ok(Images {
        gateway: target(docker, Target::Gateway).await?,
        simulator: target(docker, Target::Simulator).await?,
        nginx: base::find(docker, Base::Nginx).await?,
    })
}

async fn target(docker: &Docker, target: Target) -> anyhow::Result<String> {
    match std::env::var(target.variable()) {
        Ok(image) => Ok(image),
        Err(_) => build::current(docker, target).await,
    }
}

/// The name of an image that others make, found or made; once for all tests of the process, and so is its absence.
pub async fn base(docker: &Docker, base: Base) -> anyhow::Result<String> {
    static FOUND: [OnceCell<Result<String, String>>; Base::COUNT] =
        [const { OnceCell::const_new() }; Base::COUNT];
    let found = FOUND[base as usize].get_or_init(async || {
        let found = async {
            let _lock = lock().await?;
            base::find(docker, base).await
        };
        found.await.map_err(|error: anyhow::Error| format!("{error:#}"))
    });
    found.await.clone().map_err(anyhow::Error::msg)
}

/// Two at once (two tests, nextest, two terminals) would do the same work twice on the same processors.
async fn lock() -> anyhow::Result<File> {
    std::fs::create_dir_all(workspace::output())?;
    let lock = File::create(workspace::output().join("images.lock"))?;
    Ok(tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??)
}

/// Removes every image that the suite has made, stand-ins included, and the layers of their builds.
pub async fn remove_all(docker: &Docker) -> anyhow::Result<()> {
    build::remove_all(docker).await
}

/// Whether the engine has the image.
async fn is_present(docker: &Docker, image: &str) -> bool {
    docker.inspect_image(image).await.is_ok()
}
