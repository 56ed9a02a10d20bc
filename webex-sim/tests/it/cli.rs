//! The program as a process: help, exit statuses, signals, and what it says.

use std::process::Stdio;
use std::time::Duration;

use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use webex_sim::client::ControlClient;

/// Longer than any of these programs takes on a busy machine; a test that reaches it has failed.
const LIMIT: Duration = Duration::from_secs(30);

/// A child process whose output is read line by line.
struct Program {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
    /// Everything read from standard error.
    said: String,
}

impl Program {
    /// Starts the program on free ports.
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_webex-sim"))
            .args(["--port=0", "--tls-port=0", "--control-port=0"])
            .args(arguments)
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Self {
            child,
            stdout,
            stderr,
            said: String::new(),
        }
    }

    /// Reads standard error up to a line with `text`.
    async fn says(&mut self, text: &str) -> String {
        let line = line_with(&mut self.stderr, text, &mut self.said).await;
        line.unwrap_or_else(|| panic!("never said {text:?}, but:\n{}", self.said))
    }

    /// Reads standard output up to a line with `text`.
    async fn prints(&mut self, text: &str) -> String {
        let mut printed = String::new();
        let line = line_with(&mut self.stdout, text, &mut printed).await;
        line.unwrap_or_else(|| panic!("never printed {text:?}, but:\n{printed}"))
    }

    /// The address after `name=` in the line that says it is ready.
    async fn ready(&mut self, name: &str) -> String {
        let line = self.says("is ready").await;
        line.split_once(&format!("{name}=\""))
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0
            .to_owned()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// The exit status, and the rest of standard error.
    async fn ends(mut self) -> (i32, String) {
        let status = tokio::time::timeout(LIMIT, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();
        let _ = line_with(&mut self.stderr, "\0", &mut self.said).await;
        (status.code().expect("it exits by itself"), self.said)
    }
}

async fn line_with<R: AsyncRead + Unpin>(
    lines: &mut Lines<BufReader<R>>,
    text: &str,
    seen: &mut String,
) -> Option<String> {
    let reading = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            seen.push_str(&line);
            seen.push('\n');
            if line.contains(text) {
                return Some(line);
            }
        }
        None
    };
    tokio::time::timeout(LIMIT, reading).await.ok().flatten()
}

/// A shell that says `up`, and ends with 7 and a word when a signal comes. It reads from the standard input of this
/// test, so that it ends with it.
const SHELL: &str = "for s in TERM INT HUP; do trap \"echo got $s; exit 7\" $s; done; echo up; read x";

#[tokio::test]
async fn help_is_as_designed() {
    for (name, arguments) in [("help", &["--help"][..]), ("help_exec", &["exec", "--help"])] {
        let mut help = Command::new(env!("CARGO_BIN_EXE_webex-sim"));
        let output = help.args(arguments).env_remove("COLUMNS").output().await.unwrap();
        assert!(output.status.success());
        assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}

#[tokio::test]
async fn it_serves_until_sigterm_and_ends_with_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut program = Program::start(&["serve"]);
        let control = ControlClient::new(program.ready("control_url").await);
        assert_eq!(control.health().await.unwrap().status, "ok");
        program.signal(signal);
        assert_eq!(program.ends().await.0, 0);
    }
}

#[tokio::test]
async fn health_asks_the_control_port() {
    let mut program = Program::start(&[]);
    let url = program.ready("control_url").await;
    let port = url::Url::parse(&url).unwrap().port().unwrap().to_string();
    let health = |port: String| async move {
        let mut health = Command::new(env!("CARGO_BIN_EXE_webex-sim"));
        health
            .args(["health", "--control-port", &port])
            .output()
            .await
            .unwrap()
    };
    assert_eq!(health(port.clone()).await.status.code(), Some(0));
    program.signal(Signal::SIGTERM);
    program.ends().await;
    let output = health(port).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no simulator on 127.0.0.1:"));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_the_flag_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (flag, variable) in [
        ("--port", "WEBEX_SIM_PORT"),
        ("--tls-port", "WEBEX_SIM_TLS_PORT"),
        ("--control-port", "WEBEX_SIM_CONTROL_PORT"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_webex-sim"));
        for other in ["--port", "--tls-port", "--control-port"] {
            command.arg(format!("{other}={}", if other == flag { &port } else { "0" }));
        }
        let output = command.output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said.contains(&format!("port {port} is taken"))
                && said.contains(&format!("{flag} or {variable}")),
            "{said}"
        );
    }
}

#[tokio::test]
async fn bad_options_end_with_2_and_a_reason() {
    for (arguments, reason) in [
        (
            &["--seed=/nonexistent.json"][..],
            "cannot read /nonexistent.json, which --seed names",
        ),
        (&["--seed=/dev/null"], "the seed is not valid"),
        (
            &["--tls-ca-cert=/dev/null"],
            "--tls-ca-cert and --tls-ca-key belong together",
        ),
        (&["--port=http"], "invalid value 'http' for '--port <PORT>'"),
    ] {
        let (code, said) = match arguments {
            ["--port=http"] => {
                let output = Command::new(env!("CARGO_BIN_EXE_webex-sim"))
                    .args(arguments)
                    .output()
                    .await
                    .unwrap();
                (
                    output.status.code().unwrap(),
                    String::from_utf8(output.stderr).unwrap(),
                )
            }
            _ => Program::start(arguments).ends().await,
        };
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

#[tokio::test]
async fn the_authority_is_written_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let mut program = Program::start(&["--tls-ca-out", path.to_str().unwrap()]);
    let control = ControlClient::new(program.ready("control_url").await);
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        control.ca_pem().await.unwrap()
    );
}

#[tokio::test]
async fn exec_returns_the_commands_status() {
    for (script, expected) in [
        ("exit 0", 0),
        ("exit 3", 3),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        assert_eq!(
            Program::start(&["exec", "--", "sh", "-c", script]).ends().await.0,
            expected,
            "{script}"
        );
    }
    let (code, said) = Program::start(&["exec", "--", "/nonexistent/gateway"])
        .ends()
        .await;
    assert_eq!(code, 127);
    assert!(said.contains("cannot start /nonexistent/gateway"), "{said}");
    assert_eq!(Program::start(&["exec", "--", "/dev/null"]).ends().await.0, 126);
    assert_eq!(
        Program::start(&["--seed=/nonexistent", "exec", "--", "true"])
            .ends()
            .await
            .0,
        2
    );
}

#[tokio::test]
async fn exec_passes_signals_on_once() {
    for (signal, word) in [
        (Signal::SIGTERM, "got TERM"),
        (Signal::SIGINT, "got INT"),
        (Signal::SIGHUP, "got HUP"),
    ] {
        let mut program = Program::start(&["exec", "--", "sh", "-c", SHELL]);
        program.prints("up").await;
        program.signal(signal);
        program.prints(word).await;
        assert_eq!(program.ends().await.0, 7);
    }
}

#[tokio::test]
async fn exec_gives_the_command_its_environment() {
    let script = "echo \"$client_id|$client_secret|$redirect_uri|$WEBEX_GW_WEBEX_URL|$WEBEX_SIM_URL|$no_proxy|\"; \
                  echo \"control=$WEBEX_SIM_CONTROL_URL\"; read x";
    let mut program = Program::start(&[
        "--client-id=C1",
        "--client-secret=s",
        "exec",
        "--redirect-uri=http://127.0.0.1:1/code",
        "--",
        "sh",
        "-c",
        script,
    ]);
    let url = program.ready(" url").await;
    let line = program.prints("|").await;
    assert_eq!(
        line,
        format!("C1|s|http://127.0.0.1:1/code|{url}|{url}|localhost,127.0.0.1|")
    );
    let control = program.prints("control=").await;
    let control = ControlClient::new(control.trim_start_matches("control="));
    let registered = control.settings().await.unwrap().redirect_uris;
    assert!(registered.contains(&"http://127.0.0.1:1/code".to_owned()));
}

#[tokio::test]
async fn exec_says_what_to_open_once_the_command_listens() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = gateway.local_addr().unwrap().port();
    let redirect_uri = format!("http://127.0.0.1:{port}/code");
    let mut program = Program::start(&["exec", "--redirect-uri", &redirect_uri, "--", "sh", "-c", SHELL]);
    let url = program.ready(" url").await;
    program.says("Control API:").await;
    let said = program
        .said
        .split_once("is ready")
        .unwrap()
        .1
        .split_once('\n')
        .unwrap()
        .1;
    let said = said.replace(&url, "SIM").replace(&port.to_string(), "PORT");
    let said = said.split_once("Control API:").unwrap().0;
    assert_snapshot!("exec_block", said);
    let login = said
        .lines()
        .find(|line| line.contains("/v1/authorize"))
        .unwrap()
        .trim();
    let login = login.replace("SIM", &url).replace("PORT", &port.to_string());
    let http = crate::harness::client(
        &ControlClient::new(control_url(&program)).ca_pem().await.unwrap(),
        &[],
    );
    assert_eq!(http.get(login).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_log_has_a_line_for_each_request_and_no_secret() {
    let mut program = Program::start(&[
        "--client-secret=very-secret-secret",
        "--log-level=trace",
        "--log-format=json",
    ]);
    let line = program.says("is ready").await;
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let (url, id) = (
        ready["url"].as_str().unwrap(),
        ready["client_id"].as_str().unwrap(),
    );
    let control = ControlClient::new(ready["control_url"].as_str().unwrap());
    let http = crate::harness::client(&control.ca_pem().await.unwrap(), &[]);
    control.accept_as(crate::harness::ADMIN).await.unwrap();
    let query = format!("client_id={id}&response_type=code&scope=spark:people_read");
    let answer = http
        .get(format!("{url}/v1/authorize?{query}"))
        .send()
        .await
        .unwrap();
    let code = crate::harness::Answer::of(answer)
        .await
        .redirect_param("code")
        .unwrap();
    let form = [
        ("client_id", id),
        ("client_secret", "very-secret-secret"),
        ("grant_type", "authorization_code"),
        ("code", &code),
    ];
    let answer = http
        .post(format!("{url}/v1/access_token"))
        .form(&form)
        .send()
        .await
        .unwrap();
    let tokens = crate::harness::Answer::of(answer).await.tokens();
    http.get(format!("{url}/v1/{}?x={}", tokens.access, tokens.refresh))
        .bearer_auth(&tokens.access)
        .send()
        .await
        .unwrap();
    program.signal(Signal::SIGTERM);
    let (code_of_exit, said) = program.ends().await;
    assert_eq!(code_of_exit, 0);
    let requests = said
        .lines()
        .filter(|line| line.contains("\"INFO\"") && line.contains("duration_ms"));
    assert_eq!(requests.count(), 3, "{said}");
    for secret in [&code, &tokens.access, &tokens.refresh, "very-secret-secret"] {
        assert!(!said.contains(secret), "{secret} is in the log:\n{said}");
    }
}

fn control_url(program: &Program) -> String {
    let line = program
        .said
        .lines()
        .find(|line| line.contains("is ready"))
        .unwrap();
    line.split_once("control_url=\"")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0
        .to_owned()
}
