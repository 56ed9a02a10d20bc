//! A TCP connection to Webex: direct, through a `CONNECT` tunnel, or to a proxy that is asked in absolute form.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::BoxError;
use tower_service::Service;

use super::forward_proxy::ForwardProxy;
use super::patient::Patient;
use super::resolver::Resolver;

/// A connection that takes longer than this to be made will not be made within a request's budget.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that is silent for this long is asked whether it is alive. Over HTTP/1.1 nothing else would notice a Webex that
/// is gone, and firewalls forget connections on which nothing passes.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A connection on which nothing could be written for this long is given up, so that a Webex that answers early and never reads
/// the rest of an upload does not hold its client.
pub const IDLE_LIMIT: Duration = Duration::from_mins(1);

/// How to connect.
#[derive(Clone, Debug)]
pub enum Route {
    /// To the destination itself.
    Direct(HttpConnector<Resolver>),
    /// Through the proxy with `CONNECT` (RFC 9110 section 9.3.6), for `https`.
    Tunnel(Tunnel<HttpConnector<Resolver>>),
    /// To the proxy, which takes requests in absolute form (RFC 9112 section 3.2.2), for `http`.
    Proxied(HttpConnector<Resolver>, Uri),
}

/// A connection that knows whether a proxy stands at its other end.
#[derive(Debug)]
pub struct Link {
    stream: TokioIo<Patient<TcpStream>>,
    proxied: bool,
}

impl Route {
    /// The way to destinations of `scheme`, through `proxy` where there is one.
    #[must_use]
    pub fn new(resolver: Resolver, scheme: &http::uri::Scheme, proxy: Option<ForwardProxy>) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        match proxy {
            None => Self::Direct(tcp),
            Some(proxy) if *scheme == http::uri::Scheme::HTTPS => {
                let tunnel = Tunnel::new(proxy.uri, tcp);
                Self::Tunnel(match proxy.authorization {
                    Some(authorization) => tunnel.with_auth(authorization),
                    None => tunnel,
                })
            }
            Some(proxy) => Self::Proxied(tcp, proxy.uri),
        }
    }
}

impl Service<Uri> for Route {
    type Response = Link;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Link, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Direct(tcp) | Self::Proxied(tcp, _) => tcp.poll_ready(cx).map_err(Into::into),
            Self::Tunnel(tunnel) => tunnel.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => {
                let connecting = tcp.call(destination);
                Box::pin(async move { Ok(Link::new(connecting.await?, false)) })
            }
            Self::Tunnel(tunnel) => {
                let connecting = tunnel.call(destination);
                Box::pin(async move { Ok(Link::new(connecting.await?, false)) })
            }
            Self::Proxied(tcp, proxy) => {
                let connecting = tcp.call(proxy.clone());
                Box::pin(async move { Ok(Link::new(connecting.await?, true)) })
            }
        }
    }
}

impl Link {
    fn new(stream: TokioIo<TcpStream>, proxied: bool) -> Self {
        Self {
            stream: TokioIo::new(Patient::new(stream.into_inner(), IDLE_LIMIT)),
            proxied,
        }
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        self.stream.inner().get_ref().connected().proxy(self.proxied)
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
