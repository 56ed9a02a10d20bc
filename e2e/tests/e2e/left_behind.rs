//! Nothing is left at the engine or on this machine, however a run of the suite ends. The run is another process of this very program,
//! which plays a scene and is made to end.

use std::collections::HashMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    BuildImageOptionsBuilder, ListContainersOptionsBuilder, PruneImagesOptionsBuilder,
    RemoveContainerOptionsBuilder, TagImageOptionsBuilder,
};
use e2e::chromium::Chromium;
use e2e::engine::engine;
use e2e::eventually::eventually;
use e2e::images::{self, Base};
use e2e::interruptible::interruptible;
use e2e::run::{self, Run};
use e2e::stack::Stack;
use e2e::terminal::{Differences, Terminal};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Which scene is played; without it there is none.
const SCENE: &str = "WEBEX_E2E_SCENE";

/// What a scene says when it has made all that it makes.
const READY: &str = "the scene is set";

/// Before the folder in which a scene has something running.
const FOLDER: &str = "folder: ";

/// The label of what the builder makes in a scene.
const BUILD_LABEL: &str = "webex-e2e.scene";

/// A process ends, and the reaper looks until all is quiet, on a machine that is busy with other stacks.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_succeeds_or_fails_cleans_up_itself() {
    let docker = engine().await.unwrap();
    let cleans_up = async |(scene, succeeds)| {
        let mut run = Played::start(scene);
        run.ready().await;
        assert_eq!(run.end().await.success(), succeeds, "{scene}");
        assert_eq!(
            run::left_behind(docker, &run.id).await.unwrap(),
            [""; 0],
            "{scene}"
        );
    };
    join_all([("ends", true), ("panics", false)].map(cleans_up)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_and_a_kill_leave_nothing() {
    let docker = engine().await.unwrap();
    let leaves_nothing = async |signal| {
        let mut run = Played::start("waits");
        run.ready().await;
        // Three containers, two networks, three volumes, and what Compose would have made.
        let made = run::left_behind(docker, &run.id).await.unwrap();
        for kind in ["container ", "network ", "volume ", "image "] {
            assert!(
                made.iter().any(|thing| thing.starts_with(kind)),
                "{kind}: {made:?}"
            );
        }

        run.signal(signal).await;
        assert!(!run.end().await.success(), "{signal}");

        eventually("everything is removed", PATIENCE, async || {
            let left = run::left_behind(docker, &run.id).await?;
            anyhow::ensure!(left.is_empty(), "{left:?}");
            anyhow::ensure!(run::is_reaped(&run.id), "the reaper is at work");
            Ok(())
        })
        .await;
    };
    join_all(["INT", "KILL"].map(leaves_nothing)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_and_a_kill_leave_no_program_of_a_terminal() {
    join_all(["INT", "KILL"].map(|signal| leaves_no_program("types", signal))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_and_a_kill_leave_no_browser() {
    if Chromium::installed().is_none() {
        return;
    }
    join_all(["INT", "KILL"].map(|signal| leaves_no_program("browses", signal))).await;
}

/// Programs of a scene, and the folder that they are in, are gone soon after its end.
async fn leaves_no_program(scene: &str, signal: &str) {
    let mut run = Played::start(scene);
    let said = run.ready().await;
    let folder = said.iter().find_map(|line| line.strip_prefix(FOLDER));
    let folder = folder.expect("the scene names a folder");
    let running = processes_with(folder).await;
    assert!(running.len() > 1, "{scene}: {running:?}");
    assert!(Path::new(folder).exists(), "{folder}");

    run.signal(signal).await;
    assert!(!run.end().await.success(), "{signal}");

    eventually("nothing is left", PATIENCE, async || {
        let running = processes_with(folder).await;
        anyhow::ensure!(running.is_empty(), "{running:?}");
        anyhow::ensure!(!Path::new(folder).exists(), "{folder}");
        anyhow::ensure!(run::is_reaped(&run.id), "the reaper is at work");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_a_build_leaves_no_container_of_the_builder() {
    let docker = engine().await.unwrap();
    let mut run = Played::start("builds");
    eventually("the builder runs a command", PATIENCE, async || {
        let containers = containers_of_build(docker, &run.id).await?;
        anyhow::ensure!(containers == 1, "{containers} containers");
        Ok(())
    })
    .await;

    run.signal("INT").await;
    assert!(!run.end().await.success());

    eventually("the builder has given up", PATIENCE, async || {
        let containers = containers_of_build(docker, &run.id).await?;
        anyhow::ensure!(containers == 0, "{containers} containers");
        Ok(())
    })
    .await;
    forget_build(docker, &run.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a scene, which the other tests here play in a process of its own"]
async fn scene() {
    let Ok(scene) = std::env::var(SCENE) else { return };
    match &*scene {
        "builds" => return build_for_ever().await.unwrap(),
        "types" => return start_what_does_not_want_to_end().await,
        _ => {}
    }
    let stack = Stack::start().await;
    if scene == "waits" {
        leave_what_compose_makes().await.unwrap();
        remove_one(stack.nginx_container().id()).await.unwrap();
    }
    let window = match &*scene {
        "browses" => {
            let window = Chromium::installed().unwrap().window(&stack).await;
            say(&format!("{FOLDER}{}", window.home().display()));
            Some(window)
        }
        _ => None,
    };
    say(READY);
    match &*scene {
        "ends" => drop(window),
        "panics" => panic!("as the scene has it"),
        _ => std::future::pending().await,
    }
}

/// A run of the suite that plays a scene.
struct Played {
    id: String,
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Played {
    fn start(scene: &str) -> Self {
        let id = run::new_id();
        let mut command = interruptible(std::env::current_exe().unwrap());
        command
            .args(["--exact", "left_behind::scene", "--ignored", "--nocapture"])
            .env(SCENE, scene)
            .env(run::VARIABLE, &id)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // As a terminal has it, whose Ctrl-C goes to the whole group.
            .process_group(0)
            .kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { id, process, output }
    }

    /// Waits until the scene is set, and returns what it has said by then.
    async fn ready(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        let ready = async {
            while let Some(line) = self.output.next_line().await.unwrap() {
                if line == READY {
                    return said;
                }
                said.push(line);
            }
            panic!("the scene ended before it was set");
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .expect("the scene is set")
    }

    async fn signal(&self, signal: &str) {
        let group = format!("-{}", self.process.id().expect("it runs"));
        let sent = Command::new("kill")
            .args(["-s", signal, "--", &group])
            .status()
            .await;
        assert!(sent.unwrap().success(), "kill -s {signal} -- {group}");
    }

    async fn end(&mut self) -> ExitStatus {
        let end = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        end.expect("the run ends").unwrap()
    }
}

/// A program of a terminal and another that it has started, both of which no polite signal ends.
async fn start_what_does_not_want_to_end() {
    let terminal = Terminal::open(Differences::default()).unwrap();
    let stubborn =
        "bash -c 'trap \"\" INT TERM HUP; touch /tmp/file; tail -f /tmp/file & echo up in /tmp/; wait'";
    let mut program = terminal.starts(stubborn).unwrap();
    let said = program.says("up in ", PATIENCE).await;
    let (_, folder) = said.split_once("up in ").unwrap();
    let folder = folder.trim_end().trim_end_matches('/');
    say(&format!("{FOLDER}{folder}\n{READY}"));
    std::future::pending::<()>().await;
}

/// As its reader takes it: on a line of its own, of which the harness has begun another.
#[expect(clippy::print_stdout, reason = "the other process listens")]
fn say(line: &str) {
    println!("\n{line}");
}

/// The processes whose command line has a text in it.
async fn processes_with(text: &str) -> Vec<String> {
    let found = Command::new("pgrep")
        .args(["-f", "--", text])
        .output()
        .await
        .unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    found.lines().map(str::to_owned).collect()
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

async fn containers_of_build(docker: &Docker, run: &str) -> anyhow::Result<usize> {
    let label = format!("{BUILD_LABEL}={run}");
    let filters = HashMap::from([("label", vec![label.as_str()])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    Ok(docker.list_containers(Some(options)).await?.len())
}

/// Removes the layers of the build, which an engine keeps for the next one.
async fn forget_build(docker: &Docker, run: &str) -> anyhow::Result<()> {
    let label = format!("{BUILD_LABEL}={run}");
    let filters = HashMap::from([("label", vec![label.as_str()]), ("dangling", vec!["true"])]);
    docker
        .prune_images(Some(PruneImagesOptionsBuilder::new().filters(&filters).build()))
        .await?;
    Ok(())
}
