//! Programs in a terminal, which documents are proved with: a proof is worth what this is.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use e2e::terminal::{Differences, Program, Terminal};

const SOON: Duration = Duration::from_secs(30);

fn start(command: &str) -> (Terminal, Program) {
    let terminal = Terminal::open(Differences::default()).unwrap();
    let program = terminal.starts(command).unwrap();
    (terminal, program)
}

#[tokio::test]
async fn a_program_is_heard_and_ended() {
    let (_terminal, mut program) = start("bash -c 'echo up; exec tail -f /dev/null'");
    assert_eq!(program.says("up", SOON).await, "up\n");
    let ended = program.end("TERM", SOON).await.unwrap();
    assert_eq!(ended.signal(), Some(15));
}

#[tokio::test]
async fn what_a_program_ends_with_is_told() {
    let (_terminal, mut program) =
        start("bash -c 'tail -f /dev/null & trap \"kill $!; wait; exit 3\" INT; echo up; wait'");
    program.says("up", SOON).await;
    let ended = program.end("INT", SOON).await.unwrap();
    assert_eq!(ended.code(), Some(3));
}

#[tokio::test]
async fn what_a_program_leaves_behind_is_found() {
    let (_terminal, mut program) = start(
        "bash -c 'trap \"exit 0\" TERM; tail -f /dev/null & echo up; while :; do read -t 0.05 < <(:); done'",
    );
    program.says("up", SOON).await;
    let error = program.end("TERM", SOON).await.unwrap_err();
    assert!(error.to_string().contains("left processes behind"), "{error:#}");
}

#[tokio::test]
#[should_panic(expected = "it has ended; it says:\nhello")]
async fn a_program_that_has_ended_is_not_waited_for() {
    let (_terminal, mut program) = start("echo hello");
    program.says("up", SOON).await;
}
