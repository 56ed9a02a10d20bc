//! Building a target of the Dockerfile through the engine's API, with the classic builder: it is in every engine,
//! needs no client program, and tells what the commands printed when one of them fails.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use anyhow::Context as _;
use bollard::Docker;
use bollard::models::ImageSummary;
use bollard::query_parameters::{
    BuildImageOptionsBuilder, ListImagesOptionsBuilder, PruneImagesOptionsBuilder, RemoveImageOptions,
    RemoveImageOptionsBuilder,
};
use futures_util::StreamExt;

use super::base::{self, Base};
use super::context::Context;
use super::{Target, is_present};
use crate::progress::say;
use crate::{run, workspace};

/// How many characters of the digest a tag has: enough to tell trees apart, short enough to read.
const TAG_LENGTH: usize = 12;

/// What a failure shows of the build's output; all of it is in a file.
const LINES_SHOWN: usize = 60;

/// How much of a step the progress shows.
const LINE_SHOWN: usize = 100;

/// Images and layers that were built longer ago than this go after a build. They are many, and only a cache.
const KEPT: Duration = Duration::from_hours(48);

/// The image of the tree as it is, built unless it exists.
pub(super) async fn current(docker: &Docker, target: Target) -> anyhow::Result<String> {
    let context = tokio::task::spawn_blocking(|| Context::of(workspace::root())).await??;
    let image = format!("webex-e2e/{}:{}", target.name(), &context.digest[..TAG_LENGTH]);
    if !is_present(docker, &image).await {
        let rust = base::find(docker, Base::Rust).await?;
        say(&format!(
            "building {image} with {rust}; the first build takes some minutes"
        ));
        build(docker, target, context, &image, &rust).await?;
        remove_old(docker, target, &image).await?;
        prune(docker, Some(KEPT)).await?;
    }
    Ok(image)
}

async fn build(
    docker: &Docker,
    target: Target,
    context: Context,
    image: &str,
    rust: &str,
) -> anyhow::Result<()> {
    let options = BuildImageOptionsBuilder::new()
        .t(image)
        .target(target.name())
        .buildargs(&HashMap::from([(Base::Rust.variable(), rust)]))
        .rm(true)
        .forcerm(true)
        .build();
    let path = workspace::output().join(format!("build-{}.log", target.name()));
    let mut log = File::create(&path)?;
    let mut failure = None;
    let mut output = docker.build_image(options, None, Some(bollard::body_full(context.archive.into())));
    while let Some(part) = output.next().await {
        match part {
            Ok(part) => {
                let text = part.stream.unwrap_or_default();
                log.write_all(text.as_bytes())?;
                if text.starts_with("Step ") {
                    say(text.chars().take(LINE_SHOWN).collect::<String>().trim());
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    let Some(error) = failure else { return Ok(()) };
    let log = fs::read_to_string(&path)?;
    let lines: Vec<&str> = log.lines().collect();
    let shown = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n");
    Err(error).with_context(|| {
        format!(
            "building target {} failed; all output is in {}, its end:\n{shown}\n",
            target.name(),
            path.display()
        )
    })
}

/// Removes images of other trees that have not been built for a while.
async fn remove_old(docker: &Docker, target: Target, current: &str) -> anyhow::Result<()> {
    let found = list(docker, &[&format!("webex-e2e/{}", target.name())]).await?;
    let old = found.into_iter().filter(|image| run::age(image.created) > KEPT);
    for tag in old.flat_map(|image| image.repo_tags).filter(|tag| tag != current) {
        // One that a container still uses stays until the next build.
        let _ = docker.remove_image(&tag, None::<RemoveImageOptions>, None).await;
    }
    Ok(())
}

/// Removes every image of the suite, by any tag, and all layers.
pub(super) async fn remove_all(docker: &Docker) -> anyhow::Result<()> {
    let options = RemoveImageOptionsBuilder::new().force(true).build();
    let made = list(docker, &["webex-e2e/*", "webex-e2e-*"]).await?;
    for tag in made.into_iter().flat_map(|image| image.repo_tags) {
        say(&format!("removing {tag}"));
        docker.remove_image(&tag, Some(options.clone()), None).await?;
    }
    prune(docker, None).await
}

async fn list(docker: &Docker, references: &[&str]) -> anyhow::Result<Vec<ImageSummary>> {
    let filters = HashMap::from([("reference", references.to_vec())]);
    Ok(docker
        .list_images(Some(ListImagesOptionsBuilder::new().filters(&filters).build()))
        .await?)
}

/// Removes layers that no image needs, all or those that are old.
async fn prune(docker: &Docker, kept: Option<Duration>) -> anyhow::Result<()> {
    let until = kept.map(|kept| format!("{}s", kept.as_secs()));
    let mut filters = HashMap::from([
        ("dangling", vec!["true"]),
        ("label", vec!["webex-gw.stage=build"]),
    ]);
    filters.extend(until.as_deref().map(|until| ("until", vec![until])));
    let options = PruneImagesOptionsBuilder::new().filters(&filters).build();
    docker
        .prune_images(Some(options))
        .await
        .context("removing layers of old builds")?;
    Ok(())
}
