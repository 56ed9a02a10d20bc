//! The harness from end to end: a second of load for the gateway alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where it cannot be tried, why.
fn missing(gateway: &Path) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_installed =
        |program: &&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let absent = ["wrk", "nginx"]
        .into_iter()
        .find(|program| !is_installed(program));
    match (absent, gateway.exists()) {
        (Some(program), _) => Some(format!("{program} is not installed")),
        (None, false) => Some(format!("{} has not been built", gateway.display())),
        (None, true) => None,
    }
}

/// What `cargo test --workspace` has built beside this test.
fn gateway() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_webex-bench")).with_file_name("webex_gw")
}

#[test]
fn a_second_of_load_makes_a_table() {
    let gateway = gateway();
    if let Some(reason) = missing(&gateway) {
        println!("left out: {reason}");
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_webex-bench"))
        .args([
            "run",
            "--peers",
            "gateway",
            "--only",
            "plain/get/64",
            "--load-only",
        ])
        .args(["--rounds", "1", "--seconds", "1"])
        .arg("--report")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.json"))
        .arg("--gateway")
        .arg(&gateway)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, told) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{told}");
    assert!(said.contains("| plain: small GET, 64 connections |"), "{said}");
    assert!(told.contains("plain/get/64 gateway:"), "{told}");
}
