//! The connections to Webex: one origin, fixed at start. A target that could lead elsewhere is refused again with every request.

pub mod arriving;
mod broken;
mod exclusive;
mod pool;
pub mod question;
mod shared;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use rustls::ClientConfig;
use tokio::time::Instant;
use tracing::{debug, info};

use self::arriving::Arriving;
use self::broken::Broken;
use self::pool::{Lease, Pool};
use self::question::Question;
use super::body::Attempt;
use crate::dump;
use crate::error::GatewayError;
use crate::go::GoDuration;
use crate::net::deadline::Deadline;
use crate::net::forward_proxy::ForwardProxies;
use crate::net::resolver::Resolver;
use crate::net::route::{CONNECT_TIMEOUT, IDLE_LIMIT, Link, Route};

/// Webex's own name. Its links point there, even where a simulator or another front is configured.
const WEBEX: &str = "https://webexapis.com";

/// What makes connections.
type Connector = Deadline<HttpsConnector<Route>>;

/// What a connection is made of.
type Stream = MaybeHttpsStream<Link>;

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the client.
    pub error: GatewayError,
    /// Webex has said that it did not look at the request: sending it again is safe whatever the method.
    pub unprocessed: bool,
}

/// An answer of Webex whose body still streams.
pub type Answer = Response<Arriving>;

/// The way to Webex. Clones share the connections.
#[derive(Clone)]
pub struct Upstream {
    pool: Arc<Pool>,
    origin: Arc<Origin>,
}

/// Where all requests go.
struct Origin {
    scheme: Scheme,
    authority: Authority,
    /// The authority without the port that its scheme has anyway (RFC 9110 section 7.2).
    host: HeaderValue,
    proxy_authorization: Option<HeaderValue>,
    text: String,
}

/// Writes how long a request took when this is dropped: it may have been given up before there was an answer.
struct Took<'a> {
    origin: &'a str,
    target: &'a PathAndQuery,
    start: Instant,
}

impl Upstream {
    /// Connections to the origin `scheme://authority`; none is opened yet.
    #[must_use]
    pub fn new(
        scheme: Scheme,
        authority: Authority,
        tls: ClientConfig,
        resolver: Resolver,
        proxies: &ForwardProxies,
    ) -> Self {
        let destination = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority.clone())
            .path_and_query("/")
            .build()
            .expect("of an authority and a path there is a URI");
        let proxy = proxies.proxy_for(&destination);
        let proxy_authorization = match scheme == Scheme::HTTP {
            true => proxy.as_ref().and_then(|proxy| proxy.authorization.clone()),
            false => None,
        };
        let route = Route::new(resolver, &scheme, proxy);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(route);
        let connector = Deadline::new(connector, CONNECT_TIMEOUT);
        Self {
            pool: Arc::new(Pool::new(connector, destination)),
            origin: Arc::new(Origin {
                text: format!("{scheme}://{authority}"),
                host: host(&scheme, &authority),
                scheme,
                authority,
                proxy_authorization,
            }),
        }
    }

    /// The origins whose links lead to the gateway.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        [self.origin.text.as_str(), WEBEX].into_iter()
    }

    /// Sends a request, which begins `now`. Its target was checked and goes out as it is, behind the origin; no parser touches it.
    pub async fn send(&self, question: Question<'_>, body: Attempt, now: Instant) -> Result<Answer, Failure> {
        // Anything else could go on with the authority: `http://webex` and `.evil.example/`, or `@evil.example/`.
        if !question.target.as_str().starts_with('/') {
            return Err(Failure::target("the request target is not a path"));
        }
        if tracing::enabled!(tracing::Level::DEBUG) {
            let uri = self.origin.at(question.target)?;
            let shown = dump::request(question.method, &uri, &question.fields(), "");
            debug!("request sent with oauth2 protocol: {shown}");
        }
        let _took = Took {
            origin: &self.origin.text,
            target: question.target,
            start: now,
        };
        let mut body = body;
        // One that has ended in silence gives the body back.
        loop {
            let (lease, new) = match self.pool.find(now) {
                Some(lease) => (lease, false),
                // Rare: other requests need not carry the room for it.
                None => Box::pin(self.pool.open())
                    .await
                    .map_err(|error| Failure::connecting(&*error))?,
            };
            let sent = match lease {
                Lease::Exclusive(mut connection) => {
                    let sent = connection.send(question, &self.origin, body).await;
                    sent.map(|answer| {
                        answer.map(|()| Arriving::exclusive(connection, Arc::clone(&self.pool)))
                    })
                }
                Lease::Shared(mut connection, place) => {
                    let request = question.request(self.origin.at(question.target)?, body);
                    // Requests of HTTP/1.1 need not carry the room for it.
                    let sent = Box::pin(connection.send(request)).await;
                    if matches!(&sent, Err(unanswered) if unanswered.unsent.is_some()) {
                        // It does not take requests any more, although it has not ended.
                        self.pool.forget(&connection);
                    }
                    sent.map(|answer| answer.map(|body| Arriving::shared(body, place)))
                        .map_err(|unanswered| unanswered.map(Request::into_body))
                }
            };
            match sent {
                Ok(answer) => return Ok(answer),
                Err(unanswered) => match unanswered.unsent.filter(|_| !new) {
                    Some(unsent) => body = unsent,
                    None => return Err(Failure::exchanging(&unanswered.why)),
                },
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn for_tests(origin: &str) -> Self {
        use crate::config::environment::Variables;
        let uri: Uri = origin.parse().unwrap();
        let proxies = ForwardProxies::from_environment(&Variables::default()).unwrap();
        Self::new(
            uri.scheme().unwrap().clone(),
            uri.authority().unwrap().clone(),
            crate::net::tls::without_authorities(),
            Resolver::from_system().unwrap(),
            &proxies,
        )
    }
}

impl Origin {
    /// `target` at this origin.
    fn at(&self, target: &PathAndQuery) -> Result<Uri, Failure> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(target.clone());
        let uri = Uri::from_parts(parts).map_err(|_| Failure::target("the request target is not a path"))?;
        if uri.authority() != Some(&self.authority) || uri.scheme() != Some(&self.scheme) {
            return Err(Failure::target("the request target leads to another host"));
        }
        Ok(uri)
    }
}

fn host(scheme: &Scheme, authority: &Authority) -> HeaderValue {
    let usual = match *scheme == Scheme::HTTPS {
        true => 443,
        false => 80,
    };
    let text = match authority.port_u16() == Some(usual) {
        true => authority.host(),
        false => authority.as_str(),
    };
    HeaderValue::from_str(text).expect("an authority is visible ASCII")
}

impl Drop for Took<'_> {
    fn drop(&mut self) {
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let took = GoDuration(self.start.elapsed()).text();
        // Put together without the formatter: each request has such a line.
        let line = [
            "request to ",
            self.origin,
            self.target.path(),
            " took ",
            took.as_str(),
        ]
        .concat();
        info!(message = line.as_str());
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("origin", &self.origin.text)
            .finish_non_exhaustive()
    }
}

impl Failure {
    fn connecting(error: &(dyn StdError + 'static)) -> Self {
        Self {
            error: GatewayError::UpstreamUnreachable(format!("cannot connect: {}", causes(error))),
            unprocessed: false,
        }
    }

    fn target(problem: &'static str) -> Self {
        Self {
            error: GatewayError::TargetRefused(problem),
            unprocessed: false,
        }
    }

    fn exchanging(why: &Broken) -> Self {
        let error = match why {
            why if why.is_the_clients() => GatewayError::BadRequest("the request's body was cut off"),
            Broken::Stalled => GatewayError::UploadStalled(IDLE_LIMIT),
            why if why.is_nonsense() => GatewayError::UpstreamBroken(why.in_full()),
            _ => GatewayError::UpstreamUnreachable(format!("the connection broke: {}", why.in_full())),
        };
        Self {
            error,
            unprocessed: why.is_unprocessed(),
        }
    }
}

fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The error and its causes, without repetitions.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in chain(error) {
        let text = cause.to_string();
        if !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests;
