//! A simulator whose time stands still and whose randomness repeats itself, with the requests that tests make.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::ops::Deref;
use std::sync::Arc;

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, Method, redirect};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use webex_sim::clock::ManualClock;
use webex_sim::random::CountingRandom;
use webex_sim::{Builder, Running, Simulator};

pub(crate) const ADMIN: &str = "avery.quinn@acme.example.com";
pub(crate) const ADMIN_PASSWORD: &str = "avery-at-acme";
pub(crate) const CALLBACK: &str = "http://localhost:9001/api/v01/webex/auth/code";

/// When the answers that the snapshots hold were given.
pub(crate) const NOW: &str = "2026-02-10T08:09:45.250Z";

/// Names the file that collects what the tests have exercised; without it nothing is written.
const COVERAGE: &str = "WEBEX_SIM_COVERAGE";

/// A simulator under test.
pub(crate) struct Sim {
    pub(crate) running: Counted,
    pub(crate) http: Client,
}

/// A simulator that tells at its end what was exercised: `just bar-sim-coverage` adds it all up.
pub(crate) struct Counted(Option<Running>);

/// An answer, read to its end.
#[derive(Debug)]
#[must_use]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What an authorised client holds.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Sim {
    pub(crate) async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Simulator::builder()
            .clock(Arc::new(ManualClock::new(NOW.parse().unwrap())))
            .random(Arc::new(CountingRandom::default()));
        let running = change(builder).start().await.unwrap();
        let http = client(running.ca_pem(), &["h2", "http/1.1"]);
        Self {
            running: Counted::from(running),
            http,
        }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, token: &str) -> Answer {
        let request = self
            .http
            .request(method, format!("{}{path}", self.running.url()))
            .bearer_auth(token);
        Answer::of(request.send().await.unwrap()).await
    }

    /// GET without credentials.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        Answer::of(
            self.http
                .get(format!("{}{path}", self.running.url()))
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub(crate) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(
            self.http
                .post(format!("{}{path}", self.running.url()))
                .form(form)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// A token request with the client's credentials and these parameters.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let credentials = [
            ("client_id", self.running.client_id()),
            ("client_secret", self.running.client_secret()),
        ];
        let form: Vec<_> = credentials.into_iter().chain(form.iter().copied()).collect();
        self.post_form("/v1/access_token", &form).await
    }

    /// Query of an authorize request for all scopes.
    pub(crate) fn authorize_path(&self) -> String {
        self.running
            .authorize_url(CALLBACK)
            .split_off(self.running.url().len())
    }

    /// A code for the administrator; `extra` is added to the authorize request.
    pub(crate) async fn code(&self, extra: &str) -> String {
        self.code_for(ADMIN, extra).await
    }

    pub(crate) async fn code_for(&self, email: &str, extra: &str) -> String {
        self.running.control().accept_as(email).await.unwrap();
        let answer = self.open(&format!("{}{extra}", self.authorize_path())).await;
        answer
            .redirect_param("code")
            .expect("the queued consent gives a code")
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
            .await
    }

    pub(crate) async fn log_in(&self) -> Tokens {
        let code = self.code("").await;
        self.exchange(&code).await.tokens()
    }

    /// What differs from run to run, taken out of a text.
    pub(crate) fn stable(&self, text: &str) -> String {
        text.replace(self.running.url().trim_start_matches("http://"), "SIM")
            .replace(
                self.running.control_url().trim_start_matches("http://"),
                "CONTROL",
            )
    }
}

impl Counted {
    /// See [`Running::stop`].
    pub(crate) async fn stop(mut self) {
        let running = self.0.take().expect("only its end takes it");
        report(&running);
        running.stop().await;
    }
}

impl From<Running> for Counted {
    fn from(running: Running) -> Self {
        Self(Some(running))
    }
}

impl Deref for Counted {
    type Target = Running;

    fn deref(&self) -> &Running {
        self.0.as_ref().expect("only its end takes it")
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(running) = &self.0 {
            report(running);
        }
    }
}

/// Appends `{"operation","status","answers","scripted"}`, one a line. All in one write: other tests write, too.
fn report(running: &Running) {
    let Some(path) = std::env::var_os(COVERAGE) else {
        return;
    };
    let mut lines = String::new();
    for operation in running.coverage().operations {
        let id = &operation.operation;
        for status in operation.statuses.iter().filter(|status| status.answers > 0) {
            let (code, answers, scripted) = (status.status, status.answers, status.scripted);
            let line = serde_json::json!({
                "operation": id, "status": code, "answers": answers, "scripted": scripted,
            });
            writeln!(lines, "{line}").expect("a text takes any text");
        }
    }
    let file = OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(lines.as_bytes()));
    written.expect("the file of WEBEX_SIM_COVERAGE can be written");
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            body: response.text().await.unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{}", self.body);
        let body = self.json();
        let text = |name| body[name].as_str().unwrap().to_owned();
        Tokens {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A parameter of the redirect this answer is.
    pub(crate) fn redirect_param(&self, name: &str) -> Option<String> {
        let location = url::Url::parse(self.headers.get(LOCATION)?.to_str().unwrap()).unwrap();
        location
            .query_pairs()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Status, sorted header fields and body, as on the wire but for the time it took.
    pub(crate) fn wire(&self) -> String {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
            .collect();
        for header in &mut headers {
            if header.starts_with("x-envoy-upstream-service-time: ") {
                "x-envoy-upstream-service-time: [ms]\n".clone_into(header);
            }
        }
        headers.sort();
        format!("{}\n{}\n{}\n", self.status, headers.concat(), self.body)
    }
}

/// A client that trusts `ca_pem`, offers `alpn`, follows no redirect and uses no proxy.
pub(crate) fn client(ca_pem: &str, alpn: &[&str]) -> Client {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none());
    client.no_proxy().build().unwrap()
}
