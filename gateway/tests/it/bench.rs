//! A gateway in this process, with a clock that the test moves, a log that is kept, and a scan of everything for secrets.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::Url;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use webex_gateway::app::App;
use webex_gateway::cli::Cli;
use webex_gateway::clock::{Clock, ManualClock, wall_clock};
use webex_gateway::config::environment::Variables;
use webex_gateway::config::{Config, LogConfig, LogFormat};
use webex_gateway::overview::Overview;
use webex_gateway::pages::status::StatusPage;
use webex_gateway::telemetry;
use webex_gateway::workers::Workers;
use webex_sim::client::ControlClient;
use webex_sim::types::{EntryFilter, SettingsPatch};
use webex_sim::{Running, Simulator};

/// What is registered with the integration; tests deliver it to the gateway's real address.
pub(crate) const REDIRECT_URI: &str = "http://gateway.test/api/v01/webex/auth/code";
/// The Partner Full Admin of the simulator's world.
pub(crate) const ADMIN: &str = "avery.quinn@acme.example.com";
/// A Partner Full Admin of another organisation.
pub(crate) const STRANGER: &str = "devon.okafor@birch.example.com";
/// Older than this, a token that gets a 401 is refreshed.
pub(crate) const NO_LONGER_YOUNG: Duration = Duration::from_secs(31);

/// What must not stand in any log, page or error: the simulator's tokens and codes have the first in them, the stub's end with
/// the second and third.
const CANARIES: [&str; 4] = ["_P0A1_", "-access-token", "the-refresh-token", "avery-at-acme"];

/// A gateway and, mostly, a simulator.
pub(crate) struct Bench {
    pub(crate) sim: Option<Running>,
    pub(crate) gateway: SocketAddr,
    pub(crate) callback: Option<SocketAddr>,
    pub(crate) clock: ManualClock,
    pub(crate) tokens: PathBuf,
    pub(crate) http: reqwest::Client,
    pub(crate) overview: Option<Overview>,
    log: Arc<Mutex<Vec<u8>>>,
    secrets: Mutex<Vec<String>>,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
    folder: Arc<tempfile::TempDir>,
    _logging: DefaultGuard,
}

/// How to start it.
#[derive(Default)]
pub(crate) struct Builder {
    flags: Vec<String>,
    variables: Vec<(String, String)>,
    settings: SettingsPatch,
    webex: Option<String>,
    tokens: Option<String>,
    json_log: bool,
}

/// An answer whose body has been read, and scanned.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn gateway_error(&self) -> &str {
        self.header("x-webex-gateway-error")
    }
}

impl Builder {
    pub(crate) fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn settings(mut self, settings: SettingsPatch) -> Self {
        self.settings = settings;
        self
    }

    /// Another server instead of the simulator.
    pub(crate) fn webex(mut self, url: impl Into<String>) -> Self {
        self.webex = Some(url.into());
        self
    }

    /// A tokens file that is there already.
    pub(crate) fn tokens(mut self, content: impl Into<String>) -> Self {
        self.tokens = Some(content.into());
        self
    }

    /// A log in JSON instead of text.
    pub(crate) fn json_log(mut self) -> Self {
        self.json_log = true;
        self
    }

    pub(crate) async fn start(self) -> Bench {
        let log = Arc::<Mutex<Vec<u8>>>::default();
        let lines = Arc::clone(&log);
        let put = move |line: &[u8]| lines.lock().unwrap().extend_from_slice(line);
        let config = LogConfig {
            level: LevelFilter::TRACE,
            format: if self.json_log {
                LogFormat::Json
            } else {
                LogFormat::Text
            },
        };
        let logging = tracing::subscriber::set_default(telemetry::subscriber(config, put));
        let sim = if self.webex.is_some() {
            None
        } else {
            let sim = Simulator::builder()
                .redirect_uri(REDIRECT_URI)
                .settings(self.settings.clone());
            Some(sim.start().await.unwrap())
        };
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let tokens = folder.path().join(".tokens");
        if let Some(content) = &self.tokens {
            std::fs::write(&tokens, content).unwrap();
        }
        let clock = ManualClock::at(wall_clock());
        let (client_id, client_secret) = match &sim {
            Some(sim) => (sim.client_id().to_owned(), sim.client_secret().to_owned()),
            None => ("C0".to_owned(), "the-client-secret-of-a-test".to_owned()),
        };
        let mut bench = Bench {
            gateway: SocketAddr::from(([127, 0, 0, 1], 0)),
            callback: None,
            clock,
            tokens,
            http: client(),
            overview: None,
            log,
            secrets: Mutex::new(
                [
                    CANARIES.map(str::to_owned).as_slice(),
                    std::slice::from_ref(&client_secret),
                ]
                .concat(),
            ),
            stop: CancellationToken::new(),
            running: None,
            folder,
            sim,
            _logging: logging,
        };
        let webex = self
            .webex
            .clone()
            .unwrap_or_else(|| bench.sim.as_ref().unwrap().url());
        bench.boot(&self, &webex, &client_id, &client_secret).await;
        bench
    }
}

impl Bench {
    /// A gateway that nobody has authorised, beside a simulator.
    pub(crate) async fn start() -> Self {
        Builder::default().start().await
    }

    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    /// A gateway with tokens an hour old, before another server than the simulator.
    pub(crate) async fn in_front_of(webex: impl Into<String>) -> Self {
        Self::builder()
            .webex(webex)
            .tokens(crate::stub::tokens_file())
            .start()
            .await
    }

    /// A gateway that was authorised a minute ago.
    pub(crate) async fn authorised() -> Self {
        Self::builder().authorised().await
    }

    async fn boot(&mut self, builder: &Builder, webex: &str, client_id: &str, client_secret: &str) {
        let mut args = vec![
            "webex_gw".to_owned(),
            "-port=0".to_owned(),
            "-bind=127.0.0.1".to_owned(),
        ];
        args.push(format!("-tokensFile={}", self.tokens.display()));
        args.push(format!("-webexURL={webex}"));
        args.extend(builder.flags.iter().cloned());
        let flags = Cli::parse_go_style(args.into_iter().map(Into::into))
            .unwrap()
            .flags;
        let mut variables = vec![
            ("client_id", client_id),
            ("client_secret", client_secret),
            ("redirect_uri", REDIRECT_URI),
        ];
        variables.extend(
            builder
                .variables
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let config = Config::read(&flags, &Variables::from(&variables)).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let app = App::build(config, clock, Box::new(|| 0.5), Workers::none())
            .await
            .unwrap();
        (self.gateway, self.callback) = (app.address(), app.callback_address());
        self.overview = Some(app.overview());
        self.stop = CancellationToken::new();
        self.running = Some(tokio::spawn(app.run(self.stop.clone())));
    }

    /// Ends the gateway as SIGTERM does, and starts one like it with default flags on the same file.
    pub(crate) async fn restart(&mut self) {
        self.end().await;
        let sim = self.sim.as_ref().expect("a simulator");
        let (webex, id, secret) = (
            sim.url(),
            sim.client_id().to_owned(),
            sim.client_secret().to_owned(),
        );
        self.boot(&Builder::default(), &webex, &id, &secret).await;
    }

    /// The same with another client secret than the integration's.
    pub(crate) async fn restart_with_secret(&mut self, secret: &str) {
        self.end().await;
        let sim = self.sim.as_ref().expect("a simulator");
        let (webex, id) = (sim.url(), sim.client_id().to_owned());
        self.boot(&Builder::default(), &webex, &id, secret).await;
    }

    /// Ends the gateway as SIGTERM does.
    pub(crate) async fn end(&mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.take() {
            running.await.unwrap();
        }
    }

    pub(crate) fn control(&self) -> ControlClient {
        self.sim.as_ref().expect("a simulator").control()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway)
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    pub(crate) fn stored(&self) -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(&self.tokens).unwrap()).unwrap()
    }

    /// Makes the scan at the end look for this text too.
    pub(crate) fn is_secret(&self, text: &str) {
        self.secrets.lock().unwrap().push(text.to_owned());
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    /// The same, but the path goes out as it is written: other clients resolve its dot segments.
    pub(crate) async fn get_as_it_is(&self, path: &str) -> Answer {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.gateway
        );
        let text = crate::stub::talk(self.gateway, request.as_bytes()).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines.filter_map(|line| line.split_once(": "));
        let headers = fields
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Answer {
            status,
            headers,
            text: body.to_owned(),
        }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        self.scan("an answer", &format!("{headers:?} {text}"));
        Answer {
            status,
            headers,
            text,
        }
    }

    /// What a browser does with the portal's authorisation address: Webex sends it back with a code. Returns the callback's path.
    pub(crate) async fn log_in(&self, email: &str) -> String {
        self.control().accept_as(email).await.unwrap();
        let address = self.sim.as_ref().unwrap().authorize_url(REDIRECT_URI);
        self.follow(&address).await
    }

    /// Opens Webex's authorisation page, where consent is scripted, and returns the path of the callback with its query.
    pub(crate) async fn follow(&self, address: &str) -> String {
        let answer = self.http.get(address).send().await.unwrap();
        let location = answer.headers()[LOCATION].to_str().unwrap().to_owned();
        assert!(location.starts_with(REDIRECT_URI), "{location}");
        let url = Url::parse(&location).unwrap();
        if let Some((_, code)) = url.query_pairs().find(|(name, _)| name == "code") {
            self.is_secret(&code);
        }
        format!("{}?{}", url.path(), url.query().unwrap_or_default())
    }

    /// Authorises as the administrator would.
    pub(crate) async fn authorise(&self) {
        let callback = self.log_in(ADMIN).await;
        let answer = self.get(&callback).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/api/v01/webex/auth/done"),
            "{}",
            answer.text
        );
    }

    pub(crate) async fn refreshes(&self) -> usize {
        self.control()
            .journal_count(&EntryFilter::grant("refresh_token"))
            .await
            .unwrap()
    }

    /// The paths that Webex answered with 401, in order.
    pub(crate) async fn calls_with_401(&self) -> Vec<String> {
        let filter = EntryFilter {
            status: Some(401),
            ..EntryFilter::default()
        };
        let entries = self.control().journal(&filter).await.unwrap();
        entries.into_iter().map(|entry| entry.path).collect()
    }

    pub(crate) async fn exchanges(&self) -> usize {
        self.control()
            .journal_count(&EntryFilter::grant("authorization_code"))
            .await
            .unwrap()
    }

    fn scan(&self, place: &str, text: &str) {
        for secret in self.secrets.lock().unwrap().iter() {
            assert!(
                !text.contains(secret.as_str()),
                "a secret stands in {place}: {text}"
            );
        }
    }
}

impl Builder {
    /// Starts, authorises, and lets the token grow older than 30 s.
    pub(crate) async fn authorised(self) -> Bench {
        let bench = self.start().await;
        bench.authorise().await;
        bench.clock.advance(NO_LONGER_YOUNG);
        bench
    }
}

impl Drop for Bench {
    /// No secret of any scenario stands in the log, or on the pages that show the gateway's state at the end of it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the gateway ---\n{}", self.log());
            return;
        }
        if let Ok(stored) = std::fs::read_to_string(&self.tokens) {
            let stored: serde_json::Value = serde_json::from_str(&stored).unwrap_or_default();
            for name in ["access_token", "refresh_token"] {
                self.secrets
                    .lock()
                    .unwrap()
                    .extend(stored[name].as_str().map(str::to_owned));
            }
        }
        self.scan("the log", &self.log());
        if let Some(overview) = &self.overview {
            let report = overview.report();
            self.scan("/metrics", &overview.metrics());
            self.scan("/status as JSON", &report.json());
            self.scan("/status as a page", &StatusPage::of(&report).html());
        }
        let _ = &self.folder;
    }
}

/// A client that follows no redirects and keeps no cookies.
pub(crate) fn client() -> reqwest::Client {
    let tls = webex_gateway::net::tls::without_authorities();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// The cookie that an answer sets, as a browser sends it back.
pub(crate) fn cookie_of(answer: &Answer) -> (http::HeaderName, String) {
    let line = answer.headers[SET_COOKIE].to_str().unwrap();
    (COOKIE, line.split(';').next().unwrap().to_owned())
}

impl Bench {
    /// What the gateway's wall clock says.
    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().wall.unix_seconds()
    }
}
