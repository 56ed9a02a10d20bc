//! Without an engine there is one sentence, not a failure deep inside.

use std::process::Command;

#[test]
fn its_absence_is_one_sentence() {
    let output = Command::new(env!("CARGO_BIN_EXE_webex-e2e"))
        .arg("images")
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();

    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        message.contains("need a Docker engine and none answers at unix:///nowhere/docker.sock"),
        "{message}"
    );
    assert!(message.contains("DOCKER_HOST"), "{message}");
    assert_eq!(message.trim().lines().count(), 1, "{message}");
}
