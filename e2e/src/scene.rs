//! Runs of the suite that are made to end: each makes what a test makes, says so, and ends or waits. The tests that play them look for
//! what is left behind.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    BuildImageOptionsBuilder, RemoveContainerOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::TryStreamExt;

use crate::chromium::Chromium;
use crate::compose::field::Field;
use crate::engine::engine;
use crate::images::{self, Base};
use crate::run::Run;
use crate::stack::Stack;
use crate::terminal::{Differences, Terminal};

/// What a scene says when it has made all that it makes.
pub const READY: &str = "the scene is set";

/// Before the folder in which a scene has something running.
pub const FOLDER: &str = "folder: ";

/// The label of what the builder makes in a scene.
pub const BUILD_LABEL: &str = "webex-e2e.scene";

/// For a program to say that it runs, on a machine that is busy with other stacks.
const PATIENCE: Duration = Duration::from_mins(2);

/// Plays a scene in a thread that is named as a test's is: `ends` with a stack, `panics` with one that somebody has logged in to,
/// `composes` a project and panics, `waits` for ever with a stack and with what Compose would have made, `browses` with a browser, `types` with a program in a terminal, `builds` an image.
pub fn play(scene: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let scene = scene.to_owned();
    let playing = std::thread::Builder::new()
        .name(format!("left_behind::{scene}"))
        .spawn(move || runtime.block_on(act(&scene)))?;
    playing
        .join()
        .unwrap_or_else(|_| anyhow::bail!("the scene panicked"))
}

async fn act(scene: &str) -> anyhow::Result<()> {
    match scene {
        "builds" => return build_for_ever().await,
        "types" => return start_what_does_not_want_to_end().await,
        "composes" => return compose().await,
        "ends" | "panics" | "waits" | "browses" => {}
        _ => anyhow::bail!("there is no scene {scene}"),
    }
    let stack = Stack::start().await;
    let mut window = None;
    if scene == "panics" {
        stack.authorise().await;
    }
    if scene == "waits" {
        leave_what_compose_makes().await?;
        remove_one(stack.nginx_container().id()).await?;
    }
    if scene == "browses" {
        let browser = Chromium::installed().context("no browser is installed")?;
        let shown = browser.window(&stack).await;
        say(&format!("{FOLDER}{}", shown.home().display()));
        window = Some(shown);
    }
    say(READY);
    match scene {
        "ends" => drop(window),
        "panics" => panic!("as the scene has it"),
        _ => std::future::pending().await,
    }
    Ok(())
}

/// A project that works, and a panic.
async fn compose() -> anyhow::Result<()> {
    let ago = Duration::from_hours(1);
    let field = Field::left_by_the_predecessor(ago, 0o600, "").await;
    let mut field = field.context("Compose is not installed")?;
    let up = field.types("docker compose up -d webex_gw").await;
    anyhow::ensure!(up.code == 0, "{}", up.text);
    field.gateway_is_up().await;
    field.gateway().me().await?;
    say(READY);
    panic!("as the scene has it");
}

/// A program of a terminal and another that it has started, both of which no polite signal ends.
async fn start_what_does_not_want_to_end() -> anyhow::Result<()> {
    let terminal = Terminal::open(Differences::default())?;
    let stubborn =
        "bash -c 'trap \"\" INT TERM HUP; touch /tmp/file; tail -f /tmp/file & echo up in /tmp/; wait'";
    let mut program = terminal.starts(stubborn)?;
    let said = program.says("up in ", PATIENCE).await;
    let (_, folder) = said.split_once("up in ").context("it names no folder")?;
    let folder = folder.trim_end().trim_end_matches('/');
    say(&format!("{FOLDER}{folder}\n{READY}"));
    std::future::pending().await
}

#[expect(clippy::print_stdout, reason = "the other process listens")]
fn say(line: &str) {
    println!("{line}");
}

/// A network, a volume and an image with the marks of a Compose project: those of the run's label are found otherwise.
async fn leave_what_compose_makes() -> anyhow::Result<()> {
    let docker = engine().await.map_err(anyhow::Error::msg)?;
    let project = Run::current().unique("compose");
    let labels = HashMap::from([("com.docker.compose.project".to_owned(), project.clone())]);
    let network = NetworkCreateRequest {
        name: format!("{project}_default"),
        labels: Some(labels.clone()),
        ..Default::default()
    };
    docker.create_network(network).await?;
    let volume = VolumeCreateRequest {
        name: Some(format!("{project}_tokens")),
        labels: Some(labels),
        ..Default::default()
    };
    docker.create_volume(volume).await?;
    let images = images::images(docker).await.map_err(anyhow::Error::msg)?;
    let name = format!("{project}_webex_gw");
    let tag = TagImageOptionsBuilder::new().repo(&name).tag("latest").build();
    Ok(docker.tag_image(&images.gateway, Some(tag)).await?)
}

/// As in the middle of the end of a stack, of which there is nearly always one when somebody presses Ctrl-C.
async fn remove_one(container: &str) -> anyhow::Result<()> {
    let docker = engine().await.map_err(anyhow::Error::msg)?;
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    Ok(docker.remove_container(container, Some(options)).await?)
}

/// Builds as the suite builds its images, but for a command that does not end.
async fn build_for_ever() -> anyhow::Result<()> {
    let docker = engine().await.map_err(anyhow::Error::msg)?;
    let base = images::base(docker, Base::Nginx).await?;
    let run = Run::current().id();
    let dockerfile = format!("FROM {base}\nLABEL {BUILD_LABEL}={run}\nRUN sleep 600\n");
    let mut context = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(dockerfile.len() as u64);
    context.append_data(&mut header, "Dockerfile", dockerfile.as_bytes())?;
    let context = bollard::body_full(context.into_inner()?.into());
    let options = BuildImageOptionsBuilder::new().rm(true).forcerm(true).build();
    docker
        .build_image(options, None, Some(context))
        .try_for_each(async |_| Ok(()))
        .await?;
    Ok(())
}
