//! The images that others make: the compiler that builds ours, nginx, and what scenarios put beside the product. Their
//! official names are read from the files that users run, so that the suite tests with what these name; those of
//! scenarios alone from the page that tells of them.

use std::fs;

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use super::{is_present, stand_in};
use crate::progress::say;
use crate::workspace;

/// An image that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Compiles the binaries.
    Rust,
    /// Stands before the gateway.
    Nginx,
    /// Stands between the gateway and Webex.
    Squid,
    /// Runs an application that calls the gateway.
    Python,
}

impl Base {
    /// How many there are.
    pub(super) const COUNT: usize = 4;

    /// The variable that names another image, here and where its official name is.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Rust => "RUST_IMAGE",
            Self::Nginx => "NGINX_IMAGE",
            Self::Squid => "SQUID_IMAGE",
            Self::Python => "PYTHON_IMAGE",
        }
    }

    /// The name that users get by default.
    fn official(self) -> anyhow::Result<String> {
        let (file, before) = match self {
            Self::Rust => ("Dockerfile", "ARG RUST_IMAGE="),
            Self::Nginx => ("docker-compose.yml", "${NGINX_IMAGE:-"),
            Self::Squid => ("docs/testing.md", "`SQUID_IMAGE` | `"),
            Self::Python => ("docs/testing.md", "`PYTHON_IMAGE` | `"),
        };
        let text =
            fs::read_to_string(workspace::root().join(file)).with_context(|| format!("reading {file}"))?;
        let (_, rest) = text
            .split_once(before)
            .with_context(|| format!("{file} has no {before}"))?;
        let end = rest.find(['\n', '}', '`']).unwrap_or(rest.len());
        Ok(rest[..end].trim().to_owned())
    }
}

/// The image to use: the one that is asked for, else the official one, else a stand-in. What is present comes before
/// what has to be fetched, and a fetch before a stand-in is made.
pub(super) async fn find(docker: &Docker, base: Base) -> anyhow::Result<String> {
    if let Ok(asked) = std::env::var(base.variable()) {
        if !is_present(docker, &asked).await {
            pull(docker, &asked)
                .await
                .with_context(|| format!("{} is {asked}", base.variable()))?;
        }
        return Ok(asked);
    }
    let official = base.official()?;
    let stand_in = stand_in::tag(base)?;
    for image in [&official, &stand_in] {
        if is_present(docker, image).await {
            return Ok(image.clone());
        }
    }
    let Err(refused) = pull(docker, &official).await else {
        return Ok(official);
    };
    say(&format!(
        "{official} cannot be pulled ({refused:#}); making a stand-in from Debian packages"
    ));
    stand_in::make(docker, base, &stand_in).await.with_context(|| {
        format!(
            "{official} is neither present nor can it be pulled ({refused:#}), and no stand-in can be made; pull it, \
             or set {} to an image that does the same",
            base.variable()
        )
    })?;
    Ok(stand_in)
}

async fn pull(docker: &Docker, image: &str) -> anyhow::Result<()> {
    say(&format!("pulling {image}"));
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
    docker
        .create_image(Some(options), None, None)
        .try_for_each(async |_| Ok(()))
        .await?;
    Ok(())
}
