//! What single steps of a forwarded request cost: header rules, target check, tracking id, token, access line.
//!
//! Figures for whoever changes one of them; none is a bar.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderValue, Request, Version};
use tempfile::TempDir;
use tracing::level_filters::LevelFilter;
use webex_gateway::clock::{Clock as _, SystemClock};
use webex_gateway::config::{LogConfig, LogFormat};
use webex_gateway::go::GoDuration;
use webex_gateway::proxy::headers::passing::Passing;
use webex_gateway::proxy::target::ServedAt;
use webex_gateway::proxy::{headers, target, tracking};
use webex_gateway::secret::{AuthorizationCode, CodeVerifier, RefreshToken};
use webex_gateway::token::endpoint::{TokenCall, TokenEndpoint};
use webex_gateway::token::file::TokenFile;
use webex_gateway::token::keeper::Keeper;
use webex_gateway::token::resource_server::{ResourceServer, TokenQuestion};
use webex_gateway::{http as gateway_http, telemetry};

/// The tokens last, so that nobody asks for others, or about them.
#[derive(Debug)]
struct NoEndpoint;

impl TokenEndpoint for NoEndpoint {
    fn exchange<'a>(&'a self, _: &'a AuthorizationCode, _: Option<&'a CodeVerifier>) -> TokenCall<'a> {
        Box::pin(std::future::pending())
    }

    fn refresh<'a>(&'a self, _: &'a RefreshToken) -> TokenCall<'a> {
        Box::pin(std::future::pending())
    }
}

impl ResourceServer for NoEndpoint {
    fn takes<'a>(&'a self, _: &'a HeaderValue) -> TokenQuestion<'a> {
        Box::pin(std::future::pending())
    }
}

/// What an application sends with a call.
const SENT: [(&str, &str); 7] = [
    ("host", "webex_gw:9001"),
    ("connection", "keep-alive"),
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("user-agent", "python-requests/2.32"),
    ("content-type", "application/json"),
    ("content-length", "250"),
];

/// What Webex answers.
const ANSWERED: [(&str, &str); 9] = [
    ("date", "Tue, 10 Feb 2026 08:09:44 GMT"),
    ("content-type", "application/json;charset=UTF-8"),
    ("content-length", "1250"),
    ("trackingid", "WW_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11"),
    ("vary", "Accept-Encoding"),
    ("cache-control", "no-cache, no-store"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("server", "istio-envoy"),
];

fn main() {
    divan::main();
}

#[divan::bench]
fn headers_for_upstream(bencher: Bencher<'_, '_>) {
    let sent = fields(&SENT);
    bencher.with_inputs(|| sent.clone()).bench_values(|sent| {
        let mut length = 0;
        Passing::of(black_box(sent), Version::HTTP_11)
            .each(|name, value| length += name.as_str().len() + value.len());
        length
    });
}

#[divan::bench]
fn headers_for_client(bencher: Bencher<'_, '_>) {
    let answered = fields(&ANSWERED);
    bencher
        .with_inputs(|| answered.clone())
        .bench_values(|answered| headers::for_client(black_box(answered), false));
}

#[divan::bench(args = ["/v1/people/me", "/v1/broadworks/subscribers?provisioningId=Y2lzY29zcGFyazovL3VzL1BST1Y&max=100&after=Q1VSU09S"])]
fn target_check(bencher: Bencher<'_, '_>, path: &str) {
    let mut request = Request::get(path).body(()).expect("a path");
    *request.headers_mut() = fields(&SENT);
    let served_at = ServedAt(SocketAddr::from((Ipv4Addr::LOCALHOST, 9001)));
    bencher.bench(|| target::check(black_box(&request), &served_at).is_ok());
}

#[divan::bench]
fn new_tracking_id(bencher: Bencher<'_, '_>) {
    let sent = fields(&SENT);
    bencher.bench(|| tracking::of(black_box(&sent), "WW"));
}

/// By one thread, and by several that read the same.
#[divan::bench(threads = [1, 4])]
fn token_from_snapshot(bencher: Bencher<'_, '_>) {
    let (keeper, _folder) = keeper();
    bencher.bench(|| keeper.snapshot().access(keeper.now()).is_some());
}

/// The way of a request, which would wait for a refresh.
#[divan::bench]
fn token_for_a_request(bencher: Bencher<'_, '_>) {
    let (keeper, _folder) = keeper();
    let runtime = runtime();
    bencher.bench_local(|| runtime.block_on(keeper.access()).is_ok());
}

#[divan::bench]
fn duration_as_go_writes_it() -> String {
    GoDuration(black_box(Duration::from_nanos(141_310_923))).to_string()
}

#[divan::bench]
fn access_line_as_text(bencher: Bencher<'_, '_>) {
    access_line(bencher, LogFormat::Text);
}

#[divan::bench]
fn access_line_as_json(bencher: Bencher<'_, '_>) {
    access_line(bencher, LogFormat::Json);
}

/// The event that a request leaves, formatted and written to nowhere.
fn access_line(bencher: Bencher<'_, '_>, format: LogFormat) {
    let config = LogConfig {
        level: LevelFilter::INFO,
        format,
    };
    let _here = tracing::subscriber::set_default(telemetry::subscriber(config, |line| {
        black_box(line);
    }));
    let client = Ipv4Addr::LOCALHOST.to_string();
    bencher.bench_local(|| {
        tracing::info!(
            target: gateway_http::access_log::TARGET,
            status = 200_u16,
            duration = %GoDuration(Duration::from_nanos(141_310_923)),
            client,
            method = "GET",
            path = "/v1/people/me",
            source = "upstream",
            tracking_id = "WW_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
            "request"
        );
    });
}

fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

/// With tokens that were issued now; the folder goes with it.
fn keeper() -> (Keeper, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".tokens");
    let clock = SystemClock::new();
    let tokens = serde_json::json!({
        "access_token": "YWNjZXNz_PF84_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
        "expires_in": 1_209_599,
        "refresh_token": "refresh",
        "refresh_token_expires_in": 7_775_999,
        "at": clock.now().wall.unix_seconds(),
        "org_id": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
    });
    std::fs::write(&path, tokens.to_string()).expect("a writable folder");
    let opened = Keeper::open(
        TokenFile::new(&path),
        Arc::new(NoEndpoint),
        Arc::new(NoEndpoint),
        Arc::new(clock),
        Box::new(|| 0.5),
        None,
    );
    let keeper = runtime().block_on(opened);
    assert!(
        keeper.snapshot().access(keeper.now()).is_some(),
        "the tokens serve"
    );
    (keeper, folder)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
