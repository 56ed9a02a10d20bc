//! The real binary: what it says about a wrong configuration, how it starts, answers and ends.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::bench::client;
use crate::process::{self, BINARY, PATIENCE};
use crate::stub::tokens_file;

fn command(args: &[&str]) -> Command {
    let mut command = process::gateway();
    command.args(args);
    command
}

async fn refused(mut command: Command) -> (i32, String) {
    let output = timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A binary that serves, with the address from its first log line.
async fn serving(folder: &tempfile::TempDir) -> (Child, String) {
    serving_with(folder, &[]).await
}

async fn serving_with(folder: &tempfile::TempDir, variables: &[(&str, &str)]) -> (Child, String) {
    std::fs::write(folder.path().join(".tokens"), tokens_file()).unwrap();
    let tokens = format!("-tokensFile={}", folder.path().join(".tokens").display());
    let mut child = command(&[
        "-port=0",
        "-bind=127.0.0.1",
        "-webexURL=http://127.0.0.1:9",
        &tokens,
    ])
    .envs(variables.iter().copied())
    .spawn()
    .unwrap();
    let (address, _, log) = process::serves(&mut child).await;
    process::read_on(log, |_| {});
    (child, address)
}

#[tokio::test]
async fn a_wrong_configuration_is_told_in_one_line_each_with_code_2() {
    let missing = {
        let mut command = command(&[]);
        command.env_remove("client_secret").env_remove("redirect_uri");
        command
    };
    let (code, text) = refused(missing).await;
    assert_eq!(code, 2);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.starts_with("webex_gw: client_secret is missing: set it to the Client Secret"),
        "{text}"
    );

    for (args, message) in [
        (
            &["-port=http"][..],
            "webex_gw: -port: \"http\" is not a port; use a number from 0 to 65535\n",
        ),
        (
            &["-tokensFile=/nonexistent/.tokens", "-webexURL=http://127.0.0.1:9"][..],
            "webex_gw: -tokensFile: cannot write beside /nonexistent/.tokens: No such file or directory (os error 2); create the folder and make it writable for the user of the gateway\n",
        ),
        (
            &["-webexURL=http://127.0.0.1:9001", "-bind=127.0.0.1"][..],
            "webex_gw: -webexURL is the address of this gateway itself; set it to https://webexapis.com\n",
        ),
        (
            &["-webexURL=http://localhost:9001"][..],
            "webex_gw: -webexURL is the address of this gateway itself; set it to https://webexapis.com\n",
        ),
    ] {
        assert_eq!(refused(command(args)).await, (2, message.to_owned()));
    }
    let (code, text) = refused(command(&["-prot=1"])).await;
    assert_eq!(code, 2);
    assert!(text.contains("unexpected argument '--prot'"), "{text}");
}

#[tokio::test]
async fn without_certificate_authorities_it_says_how_to_install_them() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = format!("-tokensFile={}", folder.path().join(".tokens").display());
    let mut command = command(&["-port=0", &tokens]);
    command.env("SSL_CERT_FILE", "/nonexistent/ca.pem");
    let (code, text) = refused(command).await;
    assert_eq!(code, 2);
    assert!(
        text.contains("install ca-certificates or set SSL_CERT_FILE"),
        "{text}"
    );
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = format!("-port={}", taken.local_addr().unwrap().port());
    let tokens = format!("-tokensFile={}", folder.path().join(".tokens").display());
    let (code, text) = refused(command(&[
        &port,
        "-bind=127.0.0.1",
        "-webexURL=http://127.0.0.1:9",
        &tokens,
    ]))
    .await;
    assert_eq!(code, 1);
    assert!(
        text.contains("cannot listen on 127.0.0.1:") && text.ends_with("choose another with -port\n"),
        "{text}"
    );
}

#[tokio::test]
async fn help_and_version_go_to_standard_output_with_code_0() {
    for flag in ["-h", "--help", "-help", "--version"] {
        let output = command(&[flag]).output().await.unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty() && !output.stdout.is_empty(),
            "{flag}"
        );
    }
}

#[tokio::test]
async fn it_serves_and_ends_with_code_0_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = serving(&folder).await;
    let live = client()
        .get(format!("http://{address}/livez"))
        .send()
        .await
        .unwrap();
    assert_eq!(live.status(), 200);
    kill(
        Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let status = timeout(Duration::from_secs(9), child.wait())
        .await
        .expect("it ends within 9 s")
        .unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn it_ends_within_9_s_even_while_the_token_endpoint_is_silent() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webex = format!("-webexURL=http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join(".tokens");
    // Issued long ago: the first thing the gateway does is a refresh.
    let old = tokens_file().replace("\"at\":", "\"at\":1000000000,\"was\":");
    std::fs::write(&tokens, old).unwrap();
    let tokens = format!("-tokensFile={}", tokens.display());
    let mut child = command(&["-port=0", "-bind=127.0.0.1", &webex, &tokens])
        .spawn()
        .unwrap();
    let (_call, _) = timeout(PATIENCE, silent.accept())
        .await
        .expect("it refreshes")
        .unwrap();
    let start = tokio::time::Instant::now();
    kill(
        Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

#[tokio::test]
async fn started_as_root_it_hands_the_tokens_over_and_goes_on_as_the_user_of_the_image() {
    if !nix::unistd::geteuid().is_root() {
        // Then there is nothing to give up: the variable must not matter.
        let folder = tempfile::tempdir().unwrap();
        let (_child, address) = serving_with(&folder, &[("WEBEX_GW_RUN_AS", "65532:65532")]).await;
        assert!(
            client()
                .get(format!("http://{address}/livez"))
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (child, address) = serving_with(&folder, &[("WEBEX_GW_RUN_AS", "65532:65532")]).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    for line in [
        "Uid:\t65532\t65532\t65532\t65532",
        "Gid:\t65532\t65532\t65532\t65532",
        "Groups:\t65532",
    ] {
        assert!(status.contains(line), "{status}");
    }
    for path in [folder.path().to_path_buf(), folder.path().join(".tokens")] {
        assert_eq!(
            std::fs::metadata(&path).unwrap().uid(),
            65532,
            "{}",
            path.display()
        );
    }
    assert_eq!(
        client()
            .get(format!("http://{address}/readyz"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn the_health_command_asks_the_running_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let (child, address) = serving(&folder).await;
    let port = address.rsplit(':').next().unwrap();
    for (question, code) in [(&["live"][..], 0), (&["ready"], 0), (&["webex"], 1), (&[], 1)] {
        let args = [&["health", "-port", port][..], question].concat();
        let output = command(&args).output().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{question:?}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(text.contains("\"status\""), "{text}");
    }
    drop(child);
}

#[tokio::test]
async fn the_health_command_says_when_no_gateway_answers() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let output = command(&["health", "live", "-port", &port.to_string()])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with(&format!(
            "webex_gw: no gateway answers at http://127.0.0.1:{port}/livez: "
        )),
        "{text}"
    );
}

/// With descriptors for a few connections, more clients than that wait, and nothing else of the gateway lacks any.
#[tokio::test]
async fn more_clients_than_there_are_descriptors_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".tokens"), tokens_file()).unwrap();
    let tokens = format!("-tokensFile={}", folder.path().join(".tokens").display());
    let limited =
        format!("ulimit -n 96; exec {BINARY} -port=0 -bind=127.0.0.1 -webexURL=http://127.0.0.1:9 {tokens}");
    let mut child = process::with_integration(process::bare("/bin/sh"))
        .args(["-c", &limited])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address = None;
    let mut clients = Vec::new();
    loop {
        let line = timeout(PATIENCE, lines.next_line())
            .await
            .expect("it goes on")
            .unwrap()
            .expect("it serves");
        assert!(!line.contains("cannot accept"), "{line}");
        if let Some(listens) = process::listens_on(&line) {
            for _ in 0..100 {
                clients.push(tokio::net::TcpStream::connect(&listens).await.unwrap());
            }
            address = Some(listens);
        }
        if line.contains("16 connections are open") {
            break;
        }
    }
    drop(clients);
    let address = address.unwrap();
    let answer = client()
        .get(format!("http://{address}/livez"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    // It still has descriptors for calls of its own: the refusal comes from the other side.
    let proxied = client()
        .get(format!("http://{address}/v1/people/me"))
        .send()
        .await
        .unwrap();
    assert!(proxied.text().await.unwrap().contains("refused"));
}
