//! `webex_gw check` by the real binary: what is found, what is told, and that nothing is touched.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use tokio::net::TcpListener;
use tokio::process::Command;
use webex_sim::types::{EntryFilter, TokenKind};

use crate::bench::Bench;
use crate::process::{BINARY, bare};
use crate::stub::{raw_server, stalling_server, tokens_file, unreachable};

/// The end of a run.
struct Checked {
    code: i32,
    report: String,
}

/// A command line with its environment.
struct Check {
    command: Command,
    secrets: Vec<String>,
}

impl Check {
    fn new(webex: &str, tokens: &Path) -> Self {
        let mut command = bare(BINARY);
        command
            .args(["check", "-port=0", "-bind=127.0.0.1"])
            .arg(format!("-webexURL={webex}"))
            .arg(format!("-tokensFile={}", tokens.display()))
            .env("client_id", "C1")
            .env("client_secret", "the-secret-of-the-check")
            .env("redirect_uri", "https://apio.example.com/api/v01/webex/auth/code");
        let secrets = [
            "the-secret-of-the-check",
            "first-access-token",
            "the-refresh-token",
            "_P0A1_",
            "the-password",
        ];
        Self {
            command,
            secrets: secrets.map(str::to_owned).to_vec(),
        }
    }

    fn arg(mut self, arg: &str) -> Self {
        self.command.arg(arg);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    async fn run(mut self) -> Checked {
        let output = self.command.output().await.unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors, "", "no progress where nobody looks on");
        for secret in &self.secrets {
            assert!(
                !report.contains(secret.as_str()),
                "a secret stands in the report: {report}"
            );
        }
        Checked {
            code: output.status.code().unwrap(),
            report,
        }
    }
}

impl Checked {
    /// The line about `what` says `verdict` and has `text` in it or in its fix.
    #[track_caller]
    fn says(&self, verdict: &str, what: &str, text: &str) {
        let start = format!("{verdict:<8} {what}");
        let mut lines = self.report.lines();
        let line = lines.find(|line| line.starts_with(&start));
        let fix = lines.next().filter(|line| line.trim_start().starts_with("fix: "));
        let both = format!("{} {}", line.unwrap_or_default(), fix.unwrap_or_default());
        assert!(
            line.is_some() && both.contains(text),
            "no {verdict} {what:?} with {text:?} in:\n{}",
            self.report
        );
    }
}

fn settings(folder: &Path) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&regex(folder), "<folder>");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:<port>");
    settings.add_filter(r"localhost:\d+", "localhost:<port>");
    settings.add_filter(r"port \d+:", "port <port>:");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time>");
    settings
}

fn regex(path: &Path) -> String {
    path.display().to_string().replace('.', r"\.")
}

/// Tokens of the stub's kind in a folder of their own.
fn stored() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".tokens");
    std::fs::write(&path, tokens_file()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    (folder, path)
}

/// An answer that could be Webex's.
const WEBEX_401: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nTrackingID: T\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn a_healthy_gateway_is_told_as_such_and_is_not_touched() {
    let bench = Bench::authorised().await;
    let folder = bench.tokens.parent().unwrap().to_path_buf();
    let ca = folder.join("ca.pem");
    let sim = bench.sim.as_ref().unwrap();
    std::fs::write(&ca, sim.ca_pem()).unwrap();
    let before = (std::fs::read(&bench.tokens).unwrap(), bench.exchanges().await);
    let checked = Check::new(&sim.tls_url(), &bench.tokens)
        .arg(&format!("-port={}", bench.gateway.port()))
        .env("SSL_CERT_FILE", ca.to_str().unwrap())
        .run()
        .await;
    assert_eq!(checked.code, 0, "{}", checked.report);
    settings(&folder).bind(|| insta::assert_snapshot!("healthy", checked.report));
    let after = (std::fs::read(&bench.tokens).unwrap(), bench.exchanges().await);
    assert_eq!(before, after);
    assert_eq!(bench.refreshes().await, 0);
    let asked = bench
        .control()
        .journal_count(&EntryFilter::path("/v1/people/me"))
        .await
        .unwrap();
    assert_eq!(asked, 2, "at the authorisation, and by the check");
    let names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        names.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")),
        "{names:?}"
    );
}

#[tokio::test]
async fn everything_that_is_broken_stands_in_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("missing").join(".tokens");
    let checked = Check::new("https://webex.invalid", &tokens)
        .arg("-timeout=soon")
        .arg(&format!("-tokenURL={}/v1/access_token", unreachable().await))
        .env("client_id", "")
        .env("redirect_uri", "http://apio.example.com/callback")
        .env("SSL_CERT_FILE", "/nonexistent/ca.pem")
        .run()
        .await;
    assert_eq!(checked.code, 1);
    settings(folder.path()).bind(|| insta::assert_snapshot!("broken", checked.report));
}

#[tokio::test]
async fn what_depends_on_a_broken_setting_is_skipped_and_the_rest_is_not() {
    let (_folder, tokens) = stored();
    let webex = raw_server(WEBEX_401).await;
    let checked = Check::new(&webex, &tokens).arg("-port=http").run().await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "configuration", "use a number from 0 to 65535");
    checked.says("skipped", "port", "not set properly");
    checked.says("ok", "GET http://127.0.0.1", "401");
    let checked = Check::new("nonsense", &tokens).arg("-tokensFile=").run().await;
    checked.says("skipped", "tokens", "-tokensFile");
    checked.says("skipped", "Webex", "not set properly");
    assert!(
        !checked.report.contains("webexapis.com:"),
        "the default is not looked at: {}",
        checked.report
    );
    let checked = Check::new(&webex, &tokens)
        .env("HTTPS_PROXY", "ftp://user:the-password@proxy")
        .run()
        .await;
    checked.says("failed", "configuration", "http://user:password@host:port");
    checked.says("skipped", "Webex", "a proxy is not set properly");
}

#[tokio::test]
async fn a_connection_that_is_refused_and_a_name_that_is_not_there_are_named() {
    let (_folder, tokens) = stored();
    let checked = Check::new(&unreachable().await, &tokens).run().await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "TCP to 127.0.0.1", "open the firewall");
    checked.says("skipped", "GET http://127.0.0.1", "\"TCP to 127.0.0.1");
    checked.says("skipped", "access token at Webex", "failed");

    let checked = Check::new("http://webex.invalid", &tokens).run().await;
    checked.says("failed", "DNS of webex.invalid", "/etc/resolv.conf");
    checked.says(
        "skipped",
        "TCP to webex.invalid:80",
        "\"DNS of webex.invalid\" failed",
    );
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_and_a_server_without_tls_are_named() {
    let bench = Bench::start().await;
    let (folder, tokens) = stored();
    let other = webex_sim::Simulator::builder().start().await.unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, other.ca_pem()).unwrap();
    let ca = ca.to_str().unwrap();
    let sim = bench.sim.as_ref().unwrap();
    let checked = Check::new(&sim.tls_url(), &tokens)
        .env("SSL_CERT_FILE", ca)
        .run()
        .await;
    assert_eq!(checked.code, 1);
    checked.says(
        "failed",
        "TLS with localhost",
        &format!("(those of SSL_CERT_FILE, {ca})"),
    );
    checked.says(
        "skipped",
        "GET https://localhost",
        "\"TLS with localhost\" failed",
    );

    let plain = sim.url().replace("http://", "https://");
    let checked = Check::new(&plain, &tokens).env("SSL_CERT_FILE", ca).run().await;
    checked.says("failed", "TLS with 127.0.0.1", "does not speak TLS");
}

#[tokio::test]
async fn each_refusal_of_a_proxy_is_named_and_its_password_is_not() {
    let (_folder, tokens) = stored();
    for (answer, text) in [
        (
            &b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"[..],
            "credentials",
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "allow-list"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
    ] {
        let proxy = raw_server(answer)
            .await
            .replace("http://", "http://user:the-password@");
        let checked = Check::new("https://webexapis.com", &tokens)
            .env("HTTPS_PROXY", &proxy)
            .run()
            .await;
        assert_eq!(checked.code, 1);
        checked.says("ok", "forward proxy for webexapis.com", "127.0.0.1:");
        checked.says("skipped", "DNS of webexapis.com", "the proxy resolves it");
        checked.says("failed", "proxy tunnel to webexapis.com:443", text);
        checked.says(
            "skipped",
            "TLS with webexapis.com",
            "\"proxy tunnel to webexapis.com:443\" failed",
        );
    }
    let gone = unreachable().await;
    let checked = Check::new("https://webexapis.com", &tokens)
        .env("HTTPS_PROXY", &gone)
        .run()
        .await;
    checked.says("failed", "TCP to 127.0.0.1", "that the proxy runs");
    // In clear text the proxy answers in the place of Webex.
    let proxy = raw_server(b"HTTP/1.1 407 Proxy\r\nContent-Length: 0\r\n\r\n").await;
    let checked = Check::new("http://webex.invalid", &tokens)
        .env("http_proxy", &proxy)
        .run()
        .await;
    checked.says("failed", "GET http://webex.invalid/", "credentials");
}

#[tokio::test]
async fn a_proxy_that_is_set_but_not_used_is_named() {
    let (_folder, tokens) = stored();
    let webex = raw_server(WEBEX_401).await;
    let checked = Check::new(&webex, &tokens)
        .env("http_proxy", "http://127.0.0.1:1")
        .env("no_proxy", "127.0.0.1")
        .run()
        .await;
    checked.says("warning", "forward proxy for 127.0.0.1", "NO_PROXY");
    checked.says("ok", "GET http://127.0.0.1", "401");
}

#[tokio::test]
async fn a_clock_that_is_off_and_a_server_that_is_not_webex_are_named() {
    let (_folder, tokens) = stored();
    let webex = raw_server(
        b"HTTP/1.1 401 Unauthorized\r\nTrackingID: T\r\nDate: Tue, 10 Feb 2026 08:09:45 GMT\r\nContent-Length: 0\r\n\r\n",
    );
    let checked = Check::new(&webex.await, &tokens).run().await;
    checked.says("warning", "clock", "set the clock (NTP)");
    let page = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let checked = Check::new(&page, &tokens).run().await;
    checked.says("warning", "GET http://127.0.0.1", "TrackingID");
    let nonsense = raw_server(b"nonsense\r\n\r\n").await;
    let checked = Check::new(&nonsense, &tokens).run().await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "GET http://127.0.0.1", "no proper answer");
}

#[tokio::test]
async fn a_server_that_is_silent_costs_one_step_and_not_the_report() {
    let (_folder, tokens) = stored();
    let checked = Check::new(&stalling_server(b"HTTP/1.1 401").await, &tokens)
        .run()
        .await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "GET http://127.0.0.1", "no answer within 5 s");
}

#[tokio::test]
async fn tokens_of_another_organisation_and_dead_and_expired_ones_are_told_apart() {
    let bench = Bench::authorised().await;
    let url = bench.sim.as_ref().unwrap().url();
    let checked = Check::new(&url, &bench.tokens)
        .arg("-orgID=b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622")
        .run()
        .await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "organisation", "correct -orgID");
    checked.says(
        "failed",
        "access token at Webex",
        "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11 instead of",
    );

    bench.control().revoke_tokens(TokenKind::Access).await.unwrap();
    let checked = Check::new(&url, &bench.tokens).run().await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "access token at Webex", "Webex refuses it (401)");
    assert_eq!(bench.refreshes().await, 0);

    let (_folder, tokens) = stored();
    let old = tokens_file().replace("\"at\":", "\"at\":1769606789,\"was\":");
    std::fs::write(&tokens, old).unwrap();
    let checked = Check::new(&url, &tokens).run().await;
    checked.says("warning", "access token", "expired 2026-02-11 13:26:28 UTC");
    checked.says(
        "failed",
        "refresh token",
        "logs in again at https://apio.example.com/api/v01/webex/auth/login",
    );
    checked.says("skipped", "access token at Webex", "it has expired");
    assert_eq!(bench.refreshes().await, 0);
}

#[tokio::test]
async fn files_that_hold_no_tokens_or_stand_open_are_named() {
    let webex = raw_server(WEBEX_401).await;
    let (_folder, tokens) = stored();
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o644)).unwrap();
    let checked = Check::new(&webex, &tokens).run().await;
    checked.says("warning", "tokens file", "chmod 600");
    std::fs::write(&tokens, "{\"access_token\":\"first-access-token").unwrap();
    let checked = Check::new(&webex, &tokens).run().await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "tokens file", "put the right file back");
    checked.says("ok", "GET http://127.0.0.1", "401");
    std::fs::remove_file(&tokens).unwrap();
    let checked = Check::new(&webex, &tokens).run().await;
    assert_eq!(checked.code, 0, "{}", checked.report);
    checked.says("warning", "tokens file", "nobody has authorised");
}

#[tokio::test]
async fn ports_that_others_have_are_named() {
    let (_folder, tokens) = stored();
    let webex = raw_server(WEBEX_401).await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    tokio::spawn(async move { while taken.accept().await.is_ok() {} });
    let checked = Check::new(&webex, &tokens)
        .arg(&format!("-port={port}"))
        .arg(&format!("-callbackPort={port}"))
        .run()
        .await;
    assert_eq!(checked.code, 1);
    checked.says("failed", &format!("port {port}"), "another port with -port");
    let checked = Check::new(&webex, &tokens)
        .arg(&format!("-callbackPort={port}"))
        .run()
        .await;
    checked.says("warning", &format!("port {port}"), "is taken");
}

#[tokio::test]
async fn a_token_endpoint_on_another_server_is_tried_without_a_request_for_tokens() {
    let bench = Bench::start().await;
    let (_folder, tokens) = stored();
    let endpoint = format!("{}/v1/access_token", bench.sim.as_ref().unwrap().url());
    let checked = Check::new(&raw_server(WEBEX_401).await, &tokens)
        .arg(&format!("-tokenURL={endpoint}"))
        .run()
        .await;
    checked.says("ok", &format!("GET {endpoint}"), "answers");
    let posts = EntryFilter::path("/v1/access_token");
    for entry in bench.control().journal(&posts).await.unwrap() {
        assert_eq!(entry.method, "GET");
    }
}

#[tokio::test]
async fn root_looks_with_the_eyes_of_the_gateways_user() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let webex = raw_server(WEBEX_401).await;
    let (folder, tokens) = stored();
    let run_as = |check: Check| check.env("WEBEX_GW_RUN_AS", "65532:65532");
    let checked = run_as(Check::new(&webex, &tokens)).run().await;
    checked.says("ok", "tokens folder", "takes it over");
    // Which it reads as the one to whom it will belong by then.
    checked.says("ok", "organisation", "the tokens are of");
    assert!(!checked.report.contains("belongs to user"), "{}", checked.report);
    nix::unistd::chown(folder.path(), Some(1.into()), Some(1.into())).unwrap();
    let checked = run_as(Check::new(&webex, &tokens)).run().await;
    assert_eq!(checked.code, 1);
    checked.says("failed", "tokens folder", "Permission denied");
    nix::unistd::chown(folder.path(), Some(65532.into()), Some(65532.into())).unwrap();
    nix::unistd::chown(&tokens, Some(65532.into()), Some(65532.into())).unwrap();
    let checked = run_as(Check::new(&webex, &tokens)).run().await;
    checked.says("ok", "tokens folder", "can be stored");
    // A file that a start hands over alone is read as the one to whom it will belong, too.
    nix::unistd::chown(&tokens, Some(0.into()), Some(0.into())).unwrap();
    let checked = run_as(Check::new(&webex, &tokens)).run().await;
    checked.says("ok", "organisation", "the tokens are of");
}

#[tokio::test]
async fn a_person_who_waits_at_a_terminal_sees_what_is_looked_at() {
    let (_folder, tokens) = stored();
    let mut check = Check::new(&raw_server(WEBEX_401).await, &tokens);
    let terminal = nix::pty::openpty(None, None).unwrap();
    let mut child = check
        .command
        .stdout(Stdio::null())
        .stderr(Stdio::from(terminal.slave))
        .spawn()
        .unwrap();
    // The command still holds this process's end of the terminal, which would never be closed.
    drop(check);
    let shown = tokio::task::spawn_blocking(move || {
        let mut shown = Vec::new();
        // Linux ends a terminal whose other side is gone with EIO.
        let _ = std::fs::File::from(terminal.master).read_to_end(&mut shown);
        String::from_utf8(shown).unwrap()
    });
    let shown = shown.await.unwrap();
    child.wait().await.unwrap();
    for step in [
        "the tokens file",
        "the ports",
        "TCP to 127.0.0.1:",
        "GET http://127.0.0.1:",
    ] {
        assert!(
            shown.contains(&format!("checking {step}")),
            "no {step:?} in {shown}"
        );
    }
}
