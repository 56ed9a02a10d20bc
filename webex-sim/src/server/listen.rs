//! Connections: accepting them, TLS, HTTP/1.1 and HTTP/2 on the same port, and ending them all at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::connection::Breakable;
pub(crate) use super::connection::{Act, Connection, Cut};

/// A client that does not finish its TLS handshake holds a task; this long at most.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// `accept` fails when the process runs out of files, and would fail again at once; this is the pause between tries.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a request came from; put into each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) tls: bool,
}

/// What every connection of a listener needs.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) app: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            tls: false,
        }
    }
}

impl Listener {
    /// Accepts connections until told to stop. Dropping `socket` at the end makes clients see a refused connection.
    pub(crate) async fn run(self, socket: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let listener = self.clone();
                    self.tasks.spawn(async move {
                        tokio::select! {
                            () = listener.stop.cancelled() => {}
                            () = listener.connection(stream, peer) => {}
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn connection(&self, stream: TcpStream, address: SocketAddr) {
        // Small answers must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let peer = Peer {
            ip: address.ip().to_canonical(),
            tls: self.tls.is_some(),
        };
        let connection = Connection::default();
        let stream = Breakable {
            stream,
            connection: connection.clone(),
        };
        let Some(acceptor) = &self.tls else {
            return self.serve(stream, peer, connection).await;
        };
        match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream, peer, connection).await,
            Ok(Err(error)) => tracing::info!(client_ip = %peer.ip, %error, "TLS handshake failed"),
            Err(_) => tracing::info!(client_ip = %peer.ip, "TLS handshake took too long"),
        }
    }

    /// Speaks HTTP/2 to a client that starts with its preface (after ALPN, or with prior knowledge), else HTTP/1.1.
    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        connection: Connection,
    ) {
        let own = connection.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(connection.clone());
            let (answer, connection) = (self.app.clone().oneshot(request), connection.clone());
            async move {
                let Ok(answer) = answer.await;
                connection.act(answer).await
            }
        });
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http1().timer(TokioTimer::new());
        server.http2().timer(TokioTimer::new());
        let mut serving = pin!(server.serve_connection(TokioIo::new(stream), service));
        let mut leaving = pin!(own.leaving());
        let mut left = false;
        loop {
            tokio::select! {
                // The socket goes with what serves it, and is reset.
                () = own.broken() => return,
                () = &mut leaving, if !left => {
                    left = true;
                    serving.as_mut().graceful_shutdown();
                }
                ended = &mut serving => {
                    if let Err(error) = ended {
                        tracing::debug!(client_ip = %peer.ip, %error, "a connection ended with an error");
                    }
                    return;
                }
            }
        }
    }
}
