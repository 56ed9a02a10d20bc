//! Walks to Webex as the gateway does, but step by step, so that the step that fails can be named.

mod steps;

use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use url::Url;

use super::Progress;
use super::report::{Line, Verdict};
use super::verdict::{self, Answered, Holder, ProxyChoice};
use crate::authorization::identity::{Person, person_of};
use crate::clock::Clock;
use crate::config::environment::Environment;
use crate::config::{Config, Origin};
use crate::net::forward_proxy::{ForwardProxies, ForwardProxy};
use crate::net::resolver::Resolver;
use crate::net::tls;
use crate::tokens_command::Held;
use steps::{Connection, Reply};

/// What every walk needs.
pub struct Outfit {
    resolver: Result<Resolver, String>,
    tls: Result<ClientConfig, String>,
    /// Where the authorities come from.
    authorities: String,
    proxies: ForwardProxies,
    /// The proxies without `NO_PROXY`.
    every_proxy: ForwardProxies,
    clock: Arc<dyn Clock>,
    progress: Progress,
}

/// A server and the way to it.
struct Way {
    scheme: Scheme,
    host: String,
    port: u16,
    proxy: Option<ForwardProxy>,
}

/// The lines of a walk. After a step that failed the next ones are skipped.
#[derive(Default)]
struct Trail {
    lines: Vec<Line>,
    /// Nobody is told of a way that is gone a second time.
    progress: Option<Progress>,
}

/// The environment without `NO_PROXY`.
struct WithoutExceptions<'a>(&'a dyn Environment);

impl Environment for WithoutExceptions<'_> {
    fn text(&self, name: &str) -> Option<String> {
        match name.eq_ignore_ascii_case("no_proxy") {
            true => None,
            false => self.0.text(name),
        }
    }
}

/// Whether the token endpoint is on the server that is walked to anyway.
#[must_use]
pub fn same_origin(webex: &Origin, endpoint: &Url) -> bool {
    webex.url("/").origin() == endpoint.origin()
}

impl Outfit {
    /// Reads trust and proxies as the gateway does at its start.
    #[must_use]
    pub fn new(
        config: &Config,
        environment: &dyn Environment,
        clock: &Arc<dyn Clock>,
        progress: &Progress,
    ) -> Self {
        let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
            .into_iter()
            .find_map(|name| Some((name, environment.text(name)?)));
        let every_proxy = ForwardProxies::from_environment(&WithoutExceptions(environment));
        Self {
            resolver: Resolver::from_system().map_err(|error| format!("/etc/resolv.conf: {error}")),
            // What comes behind the semicolon is the fix, which a line of the report has for itself.
            tls: tls::client_config().map_err(|error| cut(&error.to_string(), "; ")),
            authorities: named.map_or_else(
                || "those of the system".to_owned(),
                |(name, path)| format!("those of {name}, {path}"),
            ),
            proxies: config.proxies.clone(),
            every_proxy: every_proxy.unwrap_or_else(|_| ForwardProxies::none()),
            clock: Arc::clone(clock),
            progress: Arc::clone(progress),
        }
    }

    /// The way to the API, and what it says about the token that is held.
    pub async fn webex(&self, config: &Config, held: Option<&Held>) -> Vec<Line> {
        let url = config.webex.url("/");
        let way = self.way(&url);
        let mut trail = Trail::told(&self.progress);
        let connection = self.walk(&way, &mut trail).await;
        let what = format!("GET {url}");
        match connection {
            None => {
                trail.skip(&what);
                trail.skip("clock");
            }
            Some(connection) => {
                trail.now(&what);
                let reply = connection.get(&way, &url, None).await;
                trail.add(verdict::answer(
                    url.as_str(),
                    &reply
                        .as_ref()
                        .map(|reply| way.answered(reply, true))
                        .map_err(Clone::clone),
                ));
                let date = reply.ok().and_then(|reply| reply.date);
                trail.add(verdict::clock(date, self.clock.now().wall));
            }
        }
        let what = "access token at Webex";
        match held {
            None => trail.add(Line::skipped(what, "there is none")),
            Some(held) if held.expired() => {
                let why = "it has expired, and only a running gateway refreshes it";
                trail.add(Line::skipped(what, why));
            }
            Some(_) if trail.is_broken() => trail.skip(what),
            Some(held) => {
                trail.now(what);
                let person = self.who_is(&way, config, held).await;
                let holder = Holder {
                    stored: held.organization(),
                    configured: config.org_id,
                };
                trail.add(verdict::identity(holder, &person));
            }
        }
        trail.lines
    }

    /// The way to a token endpoint on a server of its own. Nothing is asked of it but whether it is there.
    pub async fn token_endpoint(&self, config: &Config) -> Vec<Line> {
        let url = &config.token_url;
        let way = self.way(url);
        let mut trail = Trail::told(&self.progress);
        let what = format!("GET {url}");
        match self.walk(&way, &mut trail).await {
            None => trail.skip(&what),
            Some(connection) => {
                trail.now(&what);
                let reply = connection.get(&way, url, None).await;
                let answered = reply.map(|reply| way.answered(&reply, false));
                trail.add(verdict::answer(url.as_str(), &answered));
            }
        }
        trail.lines
    }

    /// On a connection of its own: the first one may have been closed after its answer.
    async fn who_is(&self, way: &Way, config: &Config, held: &Held) -> Person {
        let url = config.webex.url("/v1/people/me");
        let Some(connection) = self.walk(way, &mut Trail::default()).await else {
            return Person::Unknown("the second connection could not be made".to_owned());
        };
        let bearer = held.tokens.access_token.bearer();
        match connection.get(way, &url, Some(bearer)).await {
            Ok(reply) => person_of(reply.status, &reply.body),
            Err(problem) => Person::Unknown(problem),
        }
    }

    fn way(&self, url: &Url) -> Way {
        let uri: Uri = url.as_str().parse().unwrap_or_default();
        let plain = url.scheme() == "http";
        let host = url.host_str().unwrap_or_default();
        Way {
            scheme: if plain { Scheme::HTTP } else { Scheme::HTTPS },
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().unwrap_or(443),
            proxy: self.proxies.proxy_for(&uri),
        }
    }

    fn choice(&self, way: &Way) -> ProxyChoice {
        if let Some(proxy) = &way.proxy {
            let (host, port) = steps::proxy_address(proxy);
            return ProxyChoice::Used(format!("{host}:{port}"));
        }
        let uri: Uri = way.origin().parse().unwrap_or_default();
        match self.every_proxy.proxy_for(&uri) {
            Some(_) => ProxyChoice::Excepted,
            None => ProxyChoice::None,
        }
    }

    /// Goes all steps up to a connection that requests can be sent on.
    async fn walk(&self, way: &Way, trail: &mut Trail) -> Option<Connection> {
        trail.add(verdict::proxy_choice(&way.host, &self.choice(way)));
        let stream = self.connect(way, trail).await;
        if way.scheme == Scheme::HTTP {
            return Some(Connection::plain(stream?));
        }
        let stream = match &way.proxy {
            None => stream,
            Some(proxy) => self.tunnel(way, stream, proxy, trail).await,
        };
        self.secure(way, stream, trail).await
    }

    /// To the server, or to the proxy before it.
    async fn connect(&self, way: &Way, trail: &mut Trail) -> Option<TcpStream> {
        let (host, port) = match &way.proxy {
            Some(proxy) => steps::proxy_address(proxy),
            None => (way.host.clone(), way.port),
        };
        if way.proxy.is_some() {
            let what = format!("DNS of {}", way.host);
            trail.add(Line::skipped(what, "the proxy resolves it"));
        }
        let named = host.parse::<IpAddr>().is_err();
        if named {
            trail.now(&format!("DNS of {host}"));
        }
        let found = steps::lookup(self.resolver.as_ref(), &host).await;
        if named {
            trail.add(verdict::names(&host, &found));
        }
        let what = format!("TCP to {host}:{port}");
        let Some(addresses) = found.ok().filter(|_| !trail.is_broken()) else {
            trail.skip(&what);
            return None;
        };
        trail.now(&what);
        let (made, stream) = steps::connect(&addresses, port).await;
        trail.add(verdict::connected(&host, port, way.proxy.is_some(), &made));
        stream
    }

    async fn tunnel(
        &self,
        way: &Way,
        stream: Option<TcpStream>,
        proxy: &ForwardProxy,
        trail: &mut Trail,
    ) -> Option<TcpStream> {
        let destination = format!("{}:{}", way.host, way.port);
        let what = format!("proxy tunnel to {destination}");
        let Some(stream) = stream else {
            trail.skip(&what);
            return None;
        };
        trail.now(&what);
        let (answered, stream) = steps::tunnel(stream, proxy, &destination).await;
        trail.add(verdict::tunnel(&destination, &answered));
        stream
    }

    async fn secure(&self, way: &Way, stream: Option<TcpStream>, trail: &mut Trail) -> Option<Connection> {
        let loaded = self.tls.as_ref().map(drop).map_err(Clone::clone);
        trail.add(verdict::authorities(&self.authorities, &loaded));
        let what = format!("TLS with {}", way.host);
        let (Some(stream), Ok(config)) = (stream, &self.tls) else {
            trail.skip(&what);
            return None;
        };
        trail.now(&what);
        let (agreed, connection) = steps::secure(stream, config.clone(), &way.host).await;
        trail.add(verdict::secured(&way.host, &self.authorities, &agreed));
        connection
    }
}

fn cut(text: &str, end: &str) -> String {
    text.split(end).next().unwrap_or_default().to_owned()
}

impl Way {
    fn origin(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    fn answered(&self, reply: &Reply, api: bool) -> Answered {
        Answered {
            status: reply.status.as_u16(),
            tracked: reply.tracked,
            proxied: self.scheme == Scheme::HTTP && self.proxy.is_some(),
            api,
        }
    }
}

impl Trail {
    fn told(progress: &Progress) -> Self {
        Self {
            lines: Vec::new(),
            progress: Some(Arc::clone(progress)),
        }
    }

    /// Tells what is looked at next.
    fn now(&self, what: &str) {
        if let Some(progress) = &self.progress {
            progress(what);
        }
    }

    fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    fn skip(&mut self, what: &str) {
        let broken = self.lines.iter().find(|line| line.verdict == Verdict::Failed);
        let why = broken.map_or_else(
            || "what it needs is missing".to_owned(),
            |line| format!("\"{}\" failed", line.what),
        );
        self.lines.push(Line::skipped(what, why));
    }

    fn is_broken(&self) -> bool {
        self.lines.iter().any(|line| line.verdict == Verdict::Failed)
    }
}
