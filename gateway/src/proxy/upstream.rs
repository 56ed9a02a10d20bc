//! The connections to Webex: one origin, fixed at start, asserted again with every request.

pub mod lanes;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Response, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::Instant;
use tracing::{debug, info};

use self::lanes::{Lanes, Placed};
use super::body::Attempt;
use crate::dump;
use crate::error::GatewayError;
use crate::go;
use crate::net::deadline::Deadline;
use crate::net::forward_proxy::ForwardProxies;
use crate::net::resolver::Resolver;
use crate::net::route::{CONNECT_TIMEOUT, Route};

/// An idle connection is closed before the other side does it, so that no request meets a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a connection with requests in flight is asked whether it is alive (HTTP/2 PING).
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// A connection that does not answer that in time is dead; less than `-timeout` together with the interval.
const PING_PATIENCE: Duration = Duration::from_secs(3);
/// What an answer may be ahead of the client that reads it (HTTP/2), and so the memory that a slow reader holds: 2.5 MB/s at a
/// round trip of 100 ms.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for all answers on a connection together: the most there is (RFC 9113 section 6.9.1), because what slow readers have
/// not taken counts against it and would stop the answers of everybody else. Each stream's own window bounds the memory. The
/// HTTP/2 library also closes a connection on which small frames wait for their readers, each counting as 256 bytes, once they
/// come to half of this.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// More fields than any answer of Webex has.
const MOST_HEADERS: usize = 256;
/// Webex's own name. Its links point there, even where a simulator or another front is configured.
const WEBEX: &str = "https://webexapis.com";

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the client.
    pub error: GatewayError,
    /// Webex has said that it did not look at the request: sending it again is safe whatever the method.
    pub unprocessed: bool,
}

/// An answer of Webex whose body still streams.
pub type Answer = Response<Placed>;

/// The way to Webex. Clones share the connections.
#[derive(Clone)]
pub struct Upstream {
    lanes: Arc<Lanes>,
    scheme: Scheme,
    authority: Authority,
    proxy_authorization: Option<http::HeaderValue>,
    origin: String,
}

/// Writes how long a request took when this is dropped: it may have been given up before there was an answer.
struct Took {
    shown: String,
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
        let origin = format!("{scheme}://{authority}");
        let destination = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority.clone())
            .path_and_query("/")
            .build();
        let proxy = destination
            .ok()
            .and_then(|destination| proxies.proxy_for(&destination));
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
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http1_max_headers(MOST_HEADERS)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_PATIENCE);
        Self {
            lanes: Arc::new(Lanes::new(builder, Deadline::new(connector, CONNECT_TIMEOUT))),
            scheme,
            authority,
            proxy_authorization,
            origin,
        }
    }

    /// The origins whose links lead to the gateway.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        [self.origin.as_str(), WEBEX].into_iter()
    }

    /// Sends a request. The URI is put together from parts that were checked; no parser touches it.
    pub async fn send(
        &self,
        method: Method,
        target: PathAndQuery,
        mut headers: HeaderMap,
        body: Attempt,
    ) -> Result<Answer, Failure> {
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build();
        let refused = |problem| Failure {
            error: GatewayError::TargetRefused(problem),
            unprocessed: false,
        };
        let uri = uri.map_err(|_| refused("the request target is not a path"))?;
        if uri.authority() != Some(&self.authority) || uri.scheme() != Some(&self.scheme) {
            return Err(refused("the request target leads to another host"));
        }
        debug!(
            "request sent with oauth2 protocol: {}",
            dump::request(&method, &uri, &headers, "")
        );
        if let Some(authorization) = &self.proxy_authorization {
            headers.insert(http::header::PROXY_AUTHORIZATION, authorization.clone());
        }
        let shown = format!("{}{}", self.origin, uri.path());
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let took = Took {
            shown,
            start: Instant::now(),
        };
        let answer = self.lanes.send(request).await;
        drop(took);
        answer.map_err(|error| failure(&error))
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

impl Drop for Took {
    fn drop(&mut self) {
        let took = go::format_duration(self.start.elapsed());
        info!("request to {} took {took}", self.shown);
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

fn failure(error: &hyper_util::client::legacy::Error) -> Failure {
    let causes = causes(error);
    let hyper = cause::<hyper::Error>(error);
    let unprocessed = cause::<h2::Error>(error).is_some_and(is_unprocessed);
    let error = match hyper {
        _ if error.is_connect() => GatewayError::UpstreamUnreachable(format!("cannot connect: {causes}")),
        Some(hyper) if hyper.is_user() => GatewayError::BadRequest("the request's body was cut off"),
        Some(hyper) if hyper.is_parse() => GatewayError::UpstreamBroken(causes),
        _ => GatewayError::UpstreamUnreachable(format!("the connection broke: {causes}")),
    };
    Failure { error, unprocessed }
}

/// RFC 9113 section 8.7: a refused stream, and one above the last that an orderly GOAWAY names, was not processed.
fn is_unprocessed(error: &h2::Error) -> bool {
    let reason = error.reason();
    error.is_remote()
        && match error.is_go_away() {
            true => reason == Some(h2::Reason::NO_ERROR),
            false => error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM),
        }
}

fn cause<E: std::error::Error + 'static>(error: &hyper_util::client::legacy::Error) -> Option<&E> {
    std::iter::successors(std::error::Error::source(error), |error| error.source())
        .find_map(|error| error.downcast_ref())
}

/// The causes below the library's own wrapper, without repetitions.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        let text = cause.to_string();
        if !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests;
