//! Seed files on the command line.

use insta::assert_snapshot;
use tokio::process::Command;

use crate::harness::{ADMIN, Sim};

/// Exit status, standard output, standard error.
async fn run(arguments: &[&str], folder: &std::path::Path) -> (i32, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_webex-sim"));
    let output = program
        .args(arguments)
        .current_dir(folder)
        .output()
        .await
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn init_writes_a_starter_that_is_valid_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (code, said, _) = run(&["init"], path).await;
    assert_eq!(
        (code, said.as_str()),
        (
            0,
            "webex-sim.yaml is the built-in world; start with it: webex-sim --seed webex-sim.yaml\n"
        )
    );
    let (code, said, _) = run(&["validate", "webex-sim.yaml"], path).await;
    assert_eq!(
        (code, said.as_str()),
        (
            0,
            "webex-sim.yaml is valid: 2 organisations, 4 people, 10 scopes, 1 redirect URI\n"
        )
    );
    std::fs::write(path.join("webex-sim.yaml"), "mine").unwrap();
    let (code, _, said) = run(&["init", "webex-sim.yaml"], path).await;
    assert_eq!(
        (code, said.as_str()),
        (
            1,
            "webex-sim: webex-sim.yaml is there already; --force overwrites it\n"
        )
    );
    assert_eq!(
        std::fs::read_to_string(path.join("webex-sim.yaml")).unwrap(),
        "mine"
    );
    assert_eq!(run(&["init", "--force"], path).await.0, 0);
    assert_eq!(
        std::fs::read_to_string(path.join("webex-sim.yaml")).unwrap(),
        webex_sim::Seed::starter()
    );
    let (code, _, said) = run(&["init", "nowhere/x.yaml"], path).await;
    assert_eq!(code, 1);
    assert!(said.contains("cannot write nowhere/x.yaml"), "{said}");
}

#[tokio::test]
async fn validate_lists_every_problem_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let text = "organizations:\n  - displayName: Acme\npeople:\n  - email: avery\n    dispalyName: A\n  - emial: b@acme.example.com\n    displayName: B\n";
    std::fs::write(path.join("bad.yaml"), text).unwrap();
    std::fs::write(path.join("worse.yaml"), "a: [1\nb: 2").unwrap();
    std::fs::write(
        path.join("built-in.json"),
        include_str!("../../../fixtures/worlds/acme.json"),
    )
    .unwrap();
    let (code, out, said) = run(&["validate", "bad.yaml"], path).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert_snapshot!(said, @r#"
    bad.yaml:4:5: people[0].displayName is missing; accepted: a text
    bad.yaml:4:12: people[0].email is "avery"; accepted: an e-mail address
    bad.yaml:5:5: people[0].dispalyName is unknown; accepted: displayName, which is the nearest known name
    bad.yaml:6:5: people[1].email is missing; accepted: a text
    bad.yaml:6:5: people[1].emial is unknown; accepted: email, which is the nearest known name
    webex-sim: bad.yaml is not valid: 5 problems
    "#);
    let (code, _, said) = run(&["validate", "worse.yaml"], path).await;
    assert_eq!(code, 1);
    assert!(said.starts_with("worse.yaml:2:"), "{said}");
    assert_eq!(run(&["validate", "built-in.json"], path).await.0, 0);
    let (code, _, said) = run(&["validate", "missing.yaml"], path).await;
    assert_eq!(code, 1);
    assert!(said.contains("cannot read missing.yaml"), "{said}");
    let (code, _, said) = run(
        &["--seed=bad.yaml", "--port=0", "--tls-port=0", "--control-port=0"],
        path,
    )
    .await;
    assert_eq!(code, 2);
    assert!(
        said.contains("bad.yaml: the seed is not valid:\n  4:5: people[0].displayName is missing"),
        "{said}"
    );
}

#[tokio::test]
async fn a_world_from_yaml_is_served() {
    let seed =
        webex_sim::Seed::parse(&webex_sim::Seed::starter().replace("Avery Quinn", "Ayla Quinn")).unwrap();
    let sim = Sim::with(|builder| builder.seed(seed)).await;
    let tokens = sim.log_in().await;
    let me = sim.get("/v1/people/me", &tokens.access).await.json();
    assert_eq!(
        (&me["displayName"], &me["emails"][0]),
        (&"Ayla Quinn".into(), &ADMIN.into())
    );
}
