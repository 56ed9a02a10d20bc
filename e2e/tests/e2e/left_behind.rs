//! Nothing is left at the engine or on this machine, however a run of the suite ends. The run is another process,
//! which plays a scene and is made to end.

mod evidence;

use std::collections::HashMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{ListContainersOptionsBuilder, PruneImagesOptionsBuilder};
use e2e::chromium::Chromium;
use e2e::engine::engine;
use e2e::eventually::eventually;
use e2e::interruptible::interruptible;
use e2e::run;
use e2e::scene::{BUILD_LABEL, FOLDER, READY};
use e2e::terminal;
use evidence::Evidence;
use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

/// What Webex sees of a login.
const LOGIN: [(&str, u16); 3] = [
    ("/v1/authorize", 302),
    ("/v1/access_token", 200),
    ("/v1/people/me", 200),
];

/// A process ends, and the reaper looks until all is quiet, on a machine that is busy with other stacks.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test]
async fn a_scene_that_ends_before_it_is_set_tells_why() {
    let played = tokio::spawn(async { Played::start("nowhere").ready().await });
    let panic = played.await.unwrap_err().into_panic();
    let told = panic.downcast_ref::<String>().expect("a message");
    assert!(told.contains("there is no scene nowhere"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_succeeds_cleans_up_itself() {
    assert!(cleans_up("ends").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_cleans_up_itself_and_leaves_what_tells_why() {
    assert!(!cleans_up("panics").await);

    let evidence = Evidence::of("panics");
    let services = ["nginx", "webex-sim", "webex_gw"];
    let files = services.map(|name| [format!("{name}.log"), format!("{name}.state")]);
    let files = [&["journal.json".to_owned()], files.as_flattened()].concat();
    assert_eq!(evidence.names(), files);
    evidence.log_says("nginx.log", &["\"GET /api/v01/webex/auth/code\" 303"]);
    evidence.log_says("webex-sim.log", &["is ready", "POST /v1/access_token status=200"]);
    evidence.log_says(
        "webex_gw.log",
        &["tokens updated", "GET \"/api/v01/webex/auth/done\""],
    );
    evidence.all_ran();
    evidence.journal_has(&LOGIN);
    evidence.tells_no_secret();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_with_compose_does_so_too() {
    if !terminal::has("docker") {
        return;
    }
    assert!(!cleans_up("composes").await);

    let evidence = Evidence::of("composes");
    let names = evidence.names();
    for service in ["host", "webex-sim", "webex_gw"] {
        // Compose numbers containers, with one sign between or another.
        let state = |name: &&str| name.starts_with(service) && name.contains(".state");
        assert!(names.iter().any(state), "{service}: {names:?}");
    }
    evidence.log_says(
        "compose.log",
        &["is ready", "state unauthorised -> ok", "/v1/people/me"],
    );
    evidence.all_ran();
    evidence.journal_has(&[("/v1/people/me", 200)]);
    evidence.tells_no_secret();
}

/// Plays a scene and looks for what is left at the engine. Returns whether the run has succeeded.
async fn cleans_up(scene: &str) -> bool {
    let docker = engine().await.unwrap();
    let mut run = Played::start(scene);
    run.ready().await;
    let succeeds = run.end().await.success();
    assert_eq!(
        run::left_behind(docker, &run.id).await.unwrap(),
        [""; 0],
        "{scene}"
    );
    succeeds
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

/// A run of the suite that plays a scene.
struct Played {
    id: String,
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    /// What it says of its end, where nobody has ended it.
    complaints: JoinHandle<String>,
}

impl Played {
    fn start(scene: &str) -> Self {
        let id = run::new_id();
        let mut command = interruptible(env!("CARGO_BIN_EXE_webex-e2e"));
        command
            .args(["scene", scene])
            .env(run::VARIABLE, &id)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // As a terminal has it, whose Ctrl-C goes to the whole group.
            .process_group(0)
            .kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut errors = process.stderr.take().unwrap();
        let complaints = tokio::spawn(async move {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            id,
            process,
            output,
            complaints,
        }
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
            // What it has started may hold the pipe.
            let complaints = tokio::time::timeout(PATIENCE / 2, &mut self.complaints).await;
            panic!("the scene ended before it was set: {complaints:?}");
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
