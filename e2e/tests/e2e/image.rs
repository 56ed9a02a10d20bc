//! The images as they are shipped.

use std::collections::HashMap;

use e2e::documents::Document;
use e2e::engine::engine;
use e2e::eventually::eventually;
use e2e::gateway::Gateway;
use e2e::images::{Base, Entry, MOST_BYTES, base, facts, images};
use e2e::run::{LABEL, Run};
use e2e::stack::{ADMINISTRATOR, START, Stack};
use e2e::terminal::{self, Differences, Terminal};
use e2e::{ports, workspace};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_holds_the_binary_and_the_authorities_alone() {
    let docker = engine().await.unwrap();
    let gateway = facts(docker, &images(docker).await.unwrap().gateway)
        .await
        .unwrap();

    assert_eq!(
        names(&gateway.files),
        ["etc/ssl/certs/ca-certificates.crt", "usr/local/go/webex_gw"]
    );
    holds_nothing_to_climb_on(&gateway.entries);
    assert_eq!(
        folders(&gateway.entries),
        [
            "etc",
            "etc/ssl",
            "etc/ssl/certs",
            "opt",
            "opt/tokens",
            "usr",
            "usr/local",
            "usr/local/go"
        ]
    );
    println!("the gateway's image has {} bytes", gateway.size);
    assert!(gateway.size <= MOST_BYTES, "{} bytes", gateway.size);
    // The field's compose block names the program and all of its flags.
    assert!(gateway.config.entrypoint.unwrap_or_default().is_empty());
    assert_eq!(gateway.config.cmd.unwrap(), ["/usr/local/go/webex_gw"]);
    // It starts as root to take over what existing installations mount, and tells its program whom to become.
    assert_eq!(gateway.config.user.unwrap_or_default(), "");
    let environment = gateway.config.env.unwrap_or_default();
    let (search, own): (Vec<_>, Vec<_>) = environment
        .iter()
        .partition(|variable| variable.starts_with("PATH="));
    assert_eq!(own, ["WEBEX_GW_RUN_AS=65532:65532"], "and nothing of the build");
    assert!(search.len() <= 1, "the engine adds one: {search:?}");
    is_labelled(gateway.config.labels.as_ref(), "webex-gateway");
    let check = gateway.config.healthcheck.and_then(|check| check.test).unwrap();
    assert_eq!(
        check,
        ["CMD", "/usr/local/go/webex_gw", "health", "live"],
        "exec form: there is no shell"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulators_too() {
    let docker = engine().await.unwrap();
    let simulator = facts(docker, &images(docker).await.unwrap().simulator)
        .await
        .unwrap();

    assert_eq!(
        names(&simulator.files),
        ["etc/ssl/certs/ca-certificates.crt", "webex-sim"]
    );
    holds_nothing_to_climb_on(&simulator.entries);
    assert_eq!(folders(&simulator.entries), ["etc", "etc/ssl", "etc/ssl/certs"]);
    is_labelled(simulator.config.labels.as_ref(), "webex-sim");
    assert_eq!(simulator.config.user.unwrap(), "65532:65532");
    let check = simulator.config.healthcheck.and_then(|check| check.test).unwrap();
    assert_eq!(check, ["CMD", "/webex-sim", "health"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_three_work_without_any_right() {
    let stack = Stack::authorised().await;
    assert_eq!(stack.gateway.me().await.unwrap(), [ADMINISTRATOR]);

    let rights = stack.gateway_rights().await.unwrap();
    assert!(rights.are_those_of("65532"), "{rights:?}");
    let capabilities = rights.capabilities;
    assert!(
        capabilities.is_none_or(|capabilities| capabilities.no_new_privileges),
        "nothing it starts can have more"
    );
    for (name, inspection) in stack.inspections().await.unwrap() {
        let inspection: Value = serde_json::from_str(&inspection).unwrap();
        let host = &inspection["HostConfig"];
        assert_eq!(host["ReadonlyRootfs"], true, "{name}");
        assert_eq!(host["CapDrop"], json!(["ALL"]), "{name}");
        assert_eq!(host["CapAdd"].as_array().map_or(0, Vec::len), 0, "{name}");
        assert_eq!(host["Privileged"], false, "{name}");
        assert_eq!(host["SecurityOpt"], json!(["no-new-privileges:true"]), "{name}");
        let user = inspection["Config"]["User"].as_str().unwrap_or_default();
        assert!(
            !["", "0", "root", "0:0"].contains(&user),
            "{name} runs as {user:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_other_program_to_start() {
    let stack = Stack::start().await;
    let own = ["/usr/local/go/webex_gw", "/webex-sim"];
    for (container, own) in [stack.gateway_container(), stack.webex_container()]
        .into_iter()
        .zip(own)
    {
        // Programs can be started there at all.
        let ran = container.exec(&[own, "--version"]).await.unwrap();
        assert_eq!(ran.code, 0, "{own}: {ran:?}");
        for program in ["sh", "/bin/sh", "/bin/bash", "/busybox/sh", "ls", "id", "wget"] {
            let ran = container.exec(&[program]).await;
            let is_absent = ran.as_ref().map_or(true, |ran| [126, 127].contains(&ran.code));
            assert!(is_absent, "{program} in {}: {ran:?}", container.name());
        }
    }
}

/// No program that makes its caller somebody else, nothing that everybody can change, and of what there is only the
/// tokens' folder belongs to the user.
fn holds_nothing_to_climb_on(entries: &[Entry]) {
    for entry in entries {
        assert!(!entry.is_set_id() && !entry.is_writable_by_all(), "{entry:?}");
        let owner = if entry.path == "opt/tokens" { 65532 } else { 0 };
        assert_eq!(entry.owner, owner, "{entry:?}");
    }
}

fn is_labelled(labels: Option<&HashMap<String, String>>, title: &str) {
    let prefix = "org.opencontainers.image.";
    let labels = labels.unwrap();
    assert_eq!(labels[&format!("{prefix}title")], title);
    assert!(labels.keys().all(|name| name.starts_with(prefix)), "{labels:?}");
    for name in ["description", "licenses"] {
        assert!(!labels[&format!("{prefix}{name}")].is_empty());
    }
}

fn folders(entries: &[Entry]) -> Vec<&str> {
    let folders = entries.iter().filter(|entry| entry.is_folder);
    let paths = folders.map(|entry| entry.path.as_str());
    // Where the engine mounts its own.
    paths
        .filter(|path| !["dev", "proc", "sys"].contains(path))
        .collect()
}

fn names(files: &[(String, u64)]) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}

/// As the documents have them built, of the layers that the suite has made.
#[tokio::test(flavor = "multi_thread")]
async fn both_are_built_by_the_documented_commands() {
    if !terminal::has("docker") {
        return;
    }
    let docker = engine().await.unwrap();
    let known = images(docker).await.unwrap();
    let rust = base(docker, Base::Rust).await.unwrap();
    let [port, tls, control] = std::array::from_fn(|_| ports::free().unwrap());
    let names =
        ["webex-gateway", "webex-sim"].map(|name| format!("webex-e2e-docs-{name}:{}", Run::current().id()));
    let here = Differences::default()
        .variable("DOCKER_BUILDKIT", "0")
        .variable("CHECKOUT", workspace::root().to_string_lossy())
        .replace(
            "docker build -t webex-gateway",
            format!("docker build --build-arg RUST_IMAGE={rust} -t {}", names[0]),
        )
        .replace(
            "docker build -t webex-sim",
            format!("docker build --build-arg RUST_IMAGE={rust} -t {}", names[1]),
        )
        .replace(
            "docker run",
            format!("docker run --label {LABEL}={}", Run::current().id()),
        )
        .replace("8080:8080", format!("127.0.0.1:{port}:8080"))
        .replace("8443:8443", format!("127.0.0.1:{tls}:8443"))
        .replace(
            "8081:8081 webex-sim",
            format!("127.0.0.1:{control}:8081 {}", names[1]),
        );
    let mut terminal = Terminal::open(here).unwrap();
    terminal.types("cd \"$CHECKOUT\"").await;

    let readme = Document::read(workspace::root(), "README.md");
    let built = terminal
        .types(&readme.command("docker build -t webex-gateway ."))
        .await;
    assert_eq!(built.code, 0, "{}", built.text);
    let (ours, theirs) = (
        facts(docker, &names[0]).await.unwrap(),
        facts(docker, &known.gateway).await.unwrap(),
    );
    assert_eq!((ours.files, ours.size), (theirs.files, theirs.size));

    let guide = Document::read(workspace::root(), "docs/simulator.md").command(
        "docker build -t webex-sim --target webex-sim . && docker run --rm -p 8080:8080 -p 8443:8443 -p 8081:8081 webex-sim",
    );
    let (first, then) = guide.split_once(" && ").unwrap();
    let built = terminal.types(first).await;
    assert_eq!(built.code, 0, "{}", built.text);
    let mut simulator = terminal.starts(then).unwrap();
    simulator.says("is ready", START).await;
    let published = Gateway::at(format!("http://127.0.0.1:{control}"));
    eventually("the control API answers", START, async || {
        published.get("/__sim/health").await
    })
    .await;
    assert_eq!(
        Gateway::at(format!("http://127.0.0.1:{port}"))
            .get("/")
            .await
            .unwrap()
            .status,
        401
    );
    let status = simulator.end("TERM", START).await.unwrap();
    assert!(status.success(), "{status}");

    let removed = terminal.types(&format!("docker rmi {}", names.join(" "))).await;
    assert_eq!(removed.code, 0, "{}", removed.text);
}
