//! `webex-sim ctl`: the control API from a shell, as a process.

mod acts;
mod operations;
mod refusals;

use std::fmt::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use webex_sim::types::{EntryFilter, FaultAction, FaultMatch, FaultRule, NewWorld, SubscriberStatus};

use crate::harness::{ADMIN, Sim};

/// What a command has said, and how it ended.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn well(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self.out
    }

    #[track_caller]
    fn badly(self, code: i32, reason: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        assert!(self.err.contains(reason), "{}", self.err);
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.well()).unwrap()
    }
}

/// Runs `ctl` with what stands on its standard input, against a control listener.
async fn run(url: &str, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_webex-sim"))
        .arg("ctl")
        .args(arguments)
        .env("WEBEX_SIM_CONTROL_URL", url)
        .env_remove("COLUMNS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may have ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn ctl(sim: &Sim, arguments: &[&str]) -> Ran {
    run(&sim.running.control_url(), arguments, "").await
}

/// A simulator in which there is one of everything.
async fn furnished() -> Sim {
    let sim = Sim::start().await;
    let control = sim.running.control();
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me?x=1", &tokens.access).await;
    let rule = FaultRule::new(FaultMatch::path("/nowhere"), FaultAction::status(500));
    control.add_fault(&rule.named("f")).await.unwrap();
    control.save_snapshot("a").await.unwrap();
    let world = NewWorld {
        name: Some("w".into()),
        ..NewWorld::default()
    };
    control.create_world(&world).await.unwrap();
    control.decline().await.unwrap();
    sim
}

#[tokio::test]
async fn help_is_as_designed() {
    for (name, arguments) in [
        ("ctl_help", &["--help"][..]),
        ("ctl_help_faults_add", &["faults", "add", "--help"]),
    ] {
        let help = run("", arguments, "").await;
        assert_eq!((help.code, help.err.as_str()), (0, ""));
        assert_snapshot!(name, help.out);
    }
}

#[tokio::test]
async fn people_read_short_texts() {
    let sim = furnished().await;
    let mut shown = String::new();
    for command in [
        "health",
        "clock",
        "clock --advance 14d --freeze",
        "clock --run",
        "login list",
        "login error server_error sorry",
        "login list",
        "login clear",
        "journal --path /v1/people/me",
        "journal --after 99",
        "journal show 3",
        "journal count --method POST",
        "journal near-misses --status 429 --path /v1/people/me",
        "tokens expire --kind refresh",
        "tokens lose-answers 1",
        "faults",
        "faults add --id g --path /v1/** --delay-ms 20 --wire reset",
        "faults add --id h --operation getMe --status 429 --retry-after rand(30) --person avery.quinn@acme.example.com",
        "faults delete h",
        "faults unused",
        "faults clear",
        "replay",
        "violations",
        "settings set rotation={\"grace\":{\"seconds\":30}} base_url=https://webexapis.com same_token_within_24h=false",
        "snapshots",
        "worlds delete w",
        "people delete casey.lind@acme.example.com",
        "people password avery.quinn@acme.example.com another",
        "reset",
        "tokens",
    ] {
        let words: Vec<_> = command.split(' ').collect();
        let out = ctl(&sim, &words).await.well();
        let _ = writeln!(shown, "$ webex-sim ctl {command}\n{out}");
    }
    let shown = sim.stable(&shown);
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"after \d+\.\d ms", "after [ms]");
    settings.add_filter(r"[0-9a-f]{12,}", "[hex]");
    settings.add_filter(
        r"\n(host|user-agent|x-envoy-upstream-service-time): [^\n]*",
        "\n$1: [varies]",
    );
    settings.bind(|| assert_snapshot!("ctl_texts", shown));
}

#[tokio::test]
async fn the_flag_comes_before_the_variable_wherever_it_stands() {
    let sim = Sim::start().await;
    let url = &sim.running.control_url();
    for arguments in [["--url", url, "health"], ["health", "--url", url]] {
        assert!(
            run("http://127.0.0.1:1", &arguments, "")
                .await
                .well()
                .starts_with("ok: webex-sim ")
        );
    }
}

#[tokio::test]
async fn a_world_is_made_and_acted_on_alone() {
    let sim = Sim::start().await;
    let seed = tempfile::NamedTempFile::new().unwrap();
    let seeded = json!({"organizations": [{"displayName": "One"}], "people": []});
    std::fs::write(seed.path(), seeded.to_string()).unwrap();
    let create = [
        "worlds",
        "create",
        "tests",
        "--client-id",
        "Cabc",
        "--client-secret",
        "-",
        "--set",
        "code_lifetime_s=9",
        "--redirect-uri",
        "http://localhost/one",
        "--seed",
        seed.path().to_str().unwrap(),
    ];
    let made = run(&sim.running.control_url(), &create, "hush-hush\n").await;
    assert_eq!((made.code, made.out.as_str()), (0, "tests with client id Cabc\n"));
    assert!(
        made.err.contains("printed with --json") && !made.err.contains("hush"),
        "{}",
        made.err
    );
    let settings = ctl(&sim, &["--world", "tests", "settings", "--json"])
        .await
        .json();
    assert_eq!(
        (&settings["code_lifetime_s"], &settings["redirect_uris"]),
        (&json!(9), &json!(["http://localhost/one"]))
    );
    let world = ctl(&sim, &["worlds", "show", "tests", "--json"]).await.json();
    assert_eq!(
        (&world["organizations"], &world["people"]),
        (&json!(1), &json!(0))
    );

    ctl(&sim, &["clock", "--advance", "1h", "--world", "tests"])
        .await
        .well();
    let offset = |json: Value| json["offset_ms"].as_i64().unwrap();
    let first = offset(ctl(&sim, &["clock", "--json"]).await.json());
    let other = offset(ctl(&sim, &["clock", "--json", "--world", "tests"]).await.json());
    assert_eq!(other - first, 3_600_000);

    let named = ctl(&sim, &["worlds", "create", "--json"]).await;
    assert_eq!(named.code, 0);
    let created: Value = serde_json::from_str(&named.out).unwrap();
    assert_eq!(created["client_secret"].as_str().unwrap().len(), 64);
    ctl(&sim, &["worlds", "delete", "tests"]).await.well();
    ctl(&sim, &["--world", "tests", "clock"])
        .await
        .badly(1, "world tests is unknown");
}

#[tokio::test]
async fn rules_come_from_arguments_files_and_standard_input() {
    let sim = Sim::start().await;
    let url = &sim.running.control_url();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), r#"{"id":"file","action":{"wire":"reset"}}"#).unwrap();
    let at = format!("@{}", file.path().display());
    ctl(&sim, &["faults", "add", &at]).await.well();
    ctl(
        &sim,
        &["faults", "add", r#"{"id":"argument","action":{"status":500}}"#],
    )
    .await
    .well();
    run(
        url,
        &["faults", "add", "-"],
        r#"{"id":"stdin","action":{"status":500}}"#,
    )
    .await
    .well();
    let truncate = r#"{"truncate":{"bytes":20}}"#;
    ctl(
        &sim,
        &[
            "faults",
            "add",
            "--id=flags",
            "--method=GET",
            "--retry-after=5",
            "--status=503",
            "--wire",
            truncate,
        ],
    )
    .await
    .well();
    let shown = ctl(&sim, &["faults", "--json"]).await.json();
    let ids: Vec<_> = shown["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["file", "argument", "stdin", "flags"]);
    let flags = &shown["faults"][3];
    assert_eq!(flags["match"]["method"], "GET");
    let action = json!({"status": 503, "retry_after": 5, "wire": {"truncate": {"bytes": 20}}});
    assert_eq!(flags["action"], action);
}

#[tokio::test]
async fn a_build_fails_on_unused_rules_and_violations_if_it_wants_to() {
    let sim = Sim::start().await;
    for command in [
        &["faults", "unused", "--fail"][..],
        &["violations", "list", "--fail"],
    ] {
        ctl(&sim, command).await.well();
    }
    let control = sim.running.control();
    let rule = FaultRule::new(FaultMatch::path("/v1/x"), FaultAction::status(500));
    control.add_fault(&rule.named("f")).await.unwrap();
    let unused = ctl(&sim, &["faults", "unused", "--fail"]).await;
    assert_eq!(
        (unused.code, unused.err.as_str()),
        (1, "webex-sim: 1 rule never fired\n")
    );
    assert!(unused.out.starts_with("f  fired 0 of 0"), "{}", unused.out);
    let tokens = sim.log_in().await;
    assert_eq!(sim.get("/v1/x", &tokens.access).await.status, 500);
    ctl(&sim, &["faults", "unused", "--fail"]).await.well();

    let code = sim.code("").await;
    sim.exchange(&code).await.tokens();
    assert_eq!(sim.exchange(&code).await.status, 400);
    let violations = ctl(&sim, &["violations", "list", "--fail"]).await;
    assert_eq!(
        (violations.code, violations.err.as_str()),
        (1, "webex-sim: 1 violation\n")
    );
    assert!(violations.out.contains("code_reuse") && !violations.out.contains(&code));
    assert_eq!(ctl(&sim, &["violations"]).await.code, 0);
}

#[tokio::test]
async fn a_wait_that_is_not_reached_ends_with_1_and_the_near_misses() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let wait = [
        "journal",
        "wait",
        "--path",
        "/v1/people/me",
        "--status",
        "429",
        "--timeout",
        "0s",
    ];
    ctl(&sim, &wait).await.badly(1, "status is 200, not 429");
    let as_json = ctl(&sim, &[&wait[..], &["--json"]].concat()).await;
    let answer: Value = serde_json::from_str(&as_json.out).unwrap();
    assert_eq!((as_json.code, &answer["reached"]), (1, &json!(false)));
    assert_eq!(answer["near_misses"][0]["entry"]["path"], "/v1/people/me");

    // One that is reached while it waits.
    let url = sim.running.control_url();
    let waiting = tokio::spawn(async move {
        run(
            &url,
            &["journal", "wait", "--operation", "getMe", "--count", "2"],
            "",
        )
        .await
    });
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    assert_eq!(waiting.await.unwrap().well().lines().count(), 2);
}

#[tokio::test]
async fn coverage_says_what_is_missing() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let all = ctl(&sim, &["coverage"]).await.well();
    assert!(
        all.contains("200:1") && all.contains(" documented answers seen"),
        "{all}"
    );
    let missing = ctl(&sim, &["coverage", "--missing", "--json"]).await.json();
    for operation in missing["operations"].as_array().unwrap() {
        for status in operation["statuses"].as_array().unwrap() {
            assert_eq!(
                (&status["documented"], &status["answers"]),
                (&json!(true), &json!(0))
            );
        }
    }
    let missing = ctl(&sim, &["coverage", "--missing"]).await.well();
    let me = missing.lines().find(|line| line.starts_with("getMe ")).unwrap();
    assert!(!me.contains("200") && me.contains("401"), "{me}");
}

#[tokio::test]
async fn the_state_goes_to_a_file_and_comes_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let file = path.to_str().unwrap();
    let exported = ctl(&sim, &["state", "export", file]).await;
    assert_eq!(exported.code, 0);
    assert!(
        exported
            .err
            .contains("holds tokens, passwords and the client secret"),
        "{}",
        exported.err
    );
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    ctl(&sim, &["tokens", "revoke"]).await.well();
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
    ctl(&sim, &["state", "import", file]).await.well();
    assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 200);
    let printed = ctl(&sim, &["state", "export"]).await;
    assert!(printed.err.contains("client secret"));
    run(
        &sim.running.control_url(),
        &["state", "import", "-"],
        &printed.out,
    )
    .await
    .well();
    run(&sim.running.control_url(), &["state", "import", "-"], "{}")
        .await
        .badly(1, "refused with 400");
}

#[tokio::test]
async fn a_recording_is_replayed() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let har = ctl(&sim, &["journal", "har", "--path", "/v1/people/me"])
        .await
        .well();
    let url = &sim.running.control_url();
    let loaded = run(url, &["replay", "load", "-"], &har).await.well();
    assert_eq!(loaded, "GET  /v1/people/me  200  given 0 times\n");
    assert_eq!(
        ctl(&sim, &["replay", "stop"]).await.well(),
        "everything is simulated\n"
    );
}
