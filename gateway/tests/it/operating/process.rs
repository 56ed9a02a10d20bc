//! What only a process of its own can say: how it starts, how it ends, and what it finds outside.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use webex_gateway::clock::{Timestamp, wall_clock};

use super::moment::Moment;
use crate::bench::{Answer, Bench, client};
use crate::process::{self, PATIENCE};
use crate::stub::{raw_server, tokens_file};

/// In seconds.
const DAY: i64 = 86_400;

/// A gateway that serves.
pub(super) struct Process {
    child: Child,
    address: String,
    webex: String,
    log: Arc<Mutex<String>>,
    folder: tempfile::TempDir,
}

fn command(folder: &tempfile::TempDir) -> Command {
    let mut command = process::gateway();
    command
        .env("WEBEX_GW_TOKENS_FILE", folder.path().join(".tokens"))
        .env("WEBEX_GW_BIND", "127.0.0.1")
        .env("WEBEX_GW_PORT", "0");
    command
}

impl Process {
    /// In front of `webex`, with one certificate authority that signed nothing.
    pub(super) async fn serving(webex: &str, tokens: String, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let authority = webex_sim::Simulator::builder().start().await.unwrap();
        std::fs::write(&ca, authority.ca_pem()).unwrap();
        std::fs::write(folder.path().join(".tokens"), tokens).unwrap();
        let mut child = command(&folder)
            .env("WEBEX_GW_WEBEX_URL", webex)
            .env("SSL_CERT_FILE", &ca)
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        let (address, said, rest) = process::serves(&mut child).await;
        let log = Arc::new(Mutex::new(said));
        let kept = Arc::clone(&log);
        process::read_on(rest, move |line| {
            writeln!(kept.lock().unwrap(), "{line}").unwrap();
        });
        Self {
            child,
            address,
            webex: webex.to_owned(),
            log,
            folder,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = client().get(format!("http://{}{path}", self.address));
        let request = request.header("Accept", "application/json");
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// The last line that a request leaves is its access line.
    async fn logs(&self, text: &str) {
        let said = async {
            while !self.log.lock().unwrap().contains(text) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, said).await.expect("a log line");
    }

    pub(super) async fn moment(&self, name: &'static str) -> Moment {
        let answers = vec![self.get("/v1/people/me").await];
        let health = Some(self.get("/health").await);
        let status = self.get("/status").await.json();
        let metrics = self.get("/metrics").await.text;
        self.logs("GET \"/metrics\"").await;
        Moment {
            name,
            answers,
            health,
            status,
            metrics,
            log: self.log.lock().unwrap().clone(),
            names: vec![
                (self.webex.clone(), "https://webexapis.com"),
                (self.folder.path().display().to_string(), "/opt/tokens"),
                (self.address.clone(), "0.0.0.0:9001"),
            ],
            ..Moment::default()
        }
    }
}

/// What a command prints before it ends.
async fn printed(name: &'static str, folder: &tempfile::TempDir, mut command: Command) -> Moment {
    let output = timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    Moment {
        name,
        printed: Some((output.status.code().unwrap(), String::from_utf8(text).unwrap())),
        names: vec![(folder.path().display().to_string(), "/opt/tokens")],
        ..Moment::default()
    }
}

pub(super) async fn start_refused() -> Vec<Moment> {
    let folder = tempfile::tempdir().unwrap();
    let missing = {
        let mut command = command(&folder);
        command
            .env_remove("client_secret")
            .env_remove("redirect_uri")
            .arg("-port=http");
        command
    };
    let unwritable = {
        let mut command = command(&folder);
        command.arg(format!(
            "-tokensFile={}",
            folder.path().join("missing/.tokens").display()
        ));
        command
    };
    let authorities = {
        let mut command = command(&folder);
        command.env("SSL_CERT_FILE", "/opt/missing.pem");
        command
    };
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let occupied = {
        let mut command = command(&folder);
        command
            .arg(format!("-port={port}"))
            .arg("-webexURL=http://127.0.0.1:9");
        command
    };
    let occupied = printed("taken", &folder, occupied).await;
    vec![
        printed("settings", &folder, missing).await,
        printed("folder", &folder, unwritable)
            .await
            .naming("/missing/", "/"),
        printed("authorities", &folder, authorities).await,
        occupied.naming(&format!("127.0.0.1:{port}"), "0.0.0.0:9001"),
    ]
}

pub(super) async fn clock_wrong() -> Vec<Moment> {
    // Ahead by a month: the token seems to have ended, and the refresh brings one that has not.
    let bench = Bench::authorised().await;
    let month = Timestamp::from_unix_seconds(bench.seconds() + 30 * DAY);
    bench.clock.set_wall(month);
    let jumped = bench.moment("").await;
    drop(bench);

    // Some seconds more than whole days: the test itself takes time.
    let now = wall_clock().unix_seconds();
    let date = Timestamp::from_unix_seconds(now - 10 * DAY - 30);
    let answer = format!(
        "HTTP/1.1 401 Unauthorized\r\nTrackingID: T\r\nDate: {}\r\nContent-Length: 0\r\n\r\n",
        date.format("%a, %d %b %Y %H:%M:%S GMT")
    );
    let webex = raw_server(answer.leak().as_bytes()).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".tokens"), tokens_file()).unwrap();
    let mut check = command(&folder);
    check.arg("check").arg(format!("-webexURL={webex}"));
    let checked = printed("check", &folder, check).await;

    let issued = format!("\"at\":{},\"was\":", now + 10 * DAY + 300);
    let future = tokens_file().replace("\"at\":", &issued);
    std::fs::write(folder.path().join(".tokens"), future).unwrap();
    let mut tokens = command(&folder);
    tokens.arg("tokens");
    vec![jumped, checked, printed("tokens", &folder, tokens).await]
}

pub(super) async fn stopping() -> Vec<Moment> {
    let mut gateway = Process::serving("http://127.0.0.1:9", tokens_file(), &[]).await;
    let pid = gateway.child.id().unwrap();
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGTERM).unwrap();
    let status = timeout(PATIENCE, gateway.child.wait())
        .await
        .expect("it ends")
        .unwrap();
    gateway.logs("msg=stopped").await;
    let log = gateway.log.lock().unwrap().clone();
    vec![Moment {
        printed: Some((status.code().unwrap(), log.clone())),
        log,
        ..Moment::default()
    }]
}
