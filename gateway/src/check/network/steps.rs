//! The single steps of a walk. Each has its own deadline, and says what happened in words without secrets.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimeParser;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use super::Way;
use crate::check::verdict::TlsProblem;
use crate::clock::Timestamp;
use crate::net::forward_proxy::ForwardProxy;
use crate::net::resolver::{LookupError, Resolver};

/// A step that takes longer has failed for a gateway, whose requests have 9 s for all of them.
const STEP: Duration = Duration::from_secs(5);
/// More than any head of a proxy or person of Webex has.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A connection that a request can be sent on.
pub(super) struct Connection(Box<dyn Stream>);

/// An answer.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// Whether it has the field `TrackingID`.
    pub(super) tracked: bool,
    pub(super) date: Option<Timestamp>,
    pub(super) body: Vec<u8>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Host and port of a proxy.
pub(super) fn proxy_address(proxy: &ForwardProxy) -> (String, u16) {
    let host = proxy.uri.host().unwrap_or_default();
    let host = host.trim_matches(['[', ']']).to_owned();
    (host, proxy.uri.port_u16().unwrap_or(80))
}

/// The addresses of `host`, which may be one itself.
pub(super) async fn lookup(resolver: Result<&Resolver, &String>, host: &str) -> Result<Vec<IpAddr>, String> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let resolver = resolver.map_err(Clone::clone)?;
    match timeout(STEP, resolver.lookup(host)).await {
        Err(_) => Err(late()),
        Ok(Err(LookupError::NoAddress(_))) => Err("the name does not exist, or has no address".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(addresses)) => Ok(addresses.map(|address| address.ip()).collect()),
    }
}

/// Connects to the first address that answers.
pub(super) async fn connect(
    addresses: &[IpAddr],
    port: u16,
) -> (Result<SocketAddr, String>, Option<TcpStream>) {
    let trying = async {
        let mut problem = "the name has no address".to_owned();
        for address in addresses {
            let address = SocketAddr::new(*address, port);
            match TcpStream::connect(address).await {
                Ok(stream) => return (Ok(address), Some(stream)),
                Err(error) => problem = format!("{address}: {error}"),
            }
        }
        (Err(problem), None)
    };
    timeout(STEP, trying)
        .await
        .unwrap_or_else(|_| (Err(late()), None))
}

/// Asks a proxy for a tunnel (RFC 9110 section 9.3.6).
pub(super) async fn tunnel(
    mut stream: TcpStream,
    proxy: &ForwardProxy,
    destination: &str,
) -> (Result<u16, String>, Option<TcpStream>) {
    let answered = match timeout(STEP, ask_for_tunnel(&mut stream, proxy, destination)).await {
        Err(_) => Err(late()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(None)) => Err("what answers does not speak HTTP".to_owned()),
        Ok(Ok(Some(status))) => Ok(status),
    };
    let open = matches!(answered, Ok(200..300));
    (answered, open.then_some(stream))
}

async fn ask_for_tunnel(
    stream: &mut TcpStream,
    proxy: &ForwardProxy,
    destination: &str,
) -> io::Result<Option<u16>> {
    let mut head = format!("CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n");
    if let Some(credentials) = proxy.authorization.as_ref().and_then(|value| value.to_str().ok()) {
        write!(head, "Proxy-Authorization: {credentials}\r\n").expect("a String takes any text");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < LONGEST_ANSWER {
        // Byte by byte: what comes after the head belongs to TLS.
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    Ok(status.and_then(|status| status.parse().ok()))
}

/// Agrees on TLS; tells the version.
pub(super) async fn secure(
    stream: TcpStream,
    mut config: ClientConfig,
    host: &str,
) -> (Result<String, TlsProblem>, Option<Connection>) {
    let Ok(name) = ServerName::try_from(host.to_owned()) else {
        return (Err(TlsProblem::WrongName), None);
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    match timeout(STEP, connector.connect(name, stream)).await {
        Err(_) => (Err(TlsProblem::Other(late())), None),
        Ok(Err(error)) => (Err(tls_problem(&error)), None),
        Ok(Ok(stream)) => {
            let version = stream.get_ref().1.protocol_version();
            let version = version.and_then(|version| version.as_str()).unwrap_or("TLS");
            (
                Ok(version.replace("TLSv1_", "TLS 1.")),
                Some(Connection(Box::new(stream))),
            )
        }
    }
}

fn tls_problem(error: &io::Error) -> TlsProblem {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(problem)) => match problem {
            // A bad signature is that of another authority with a name that is trusted.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsProblem::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsProblem::WrongTime("has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsProblem::WrongTime("is not valid yet")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            other => TlsProblem::Other(format!("the certificate is not valid: {other}")),
        },
        Some(rustls::Error::InvalidMessage(_)) => TlsProblem::NotTls,
        Some(other) => TlsProblem::Other(other.to_string()),
        None => TlsProblem::Other(error.to_string()),
    }
}

impl Connection {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self(Box::new(stream))
    }

    /// One request, and its answer.
    pub(super) async fn get(
        self,
        way: &Way,
        url: &Url,
        bearer: Option<HeaderValue>,
    ) -> Result<Reply, String> {
        match timeout(STEP, self.exchange(way, url, bearer)).await {
            Err(_) => Err(late()),
            Ok(Err(error)) => Err(format!("no proper answer: {error}")),
            Ok(Ok(reply)) => Ok(reply),
        }
    }

    async fn exchange(self, way: &Way, url: &Url, bearer: Option<HeaderValue>) -> anyhow::Result<Reply> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.0)).await?;
        tokio::spawn(connection);
        let proxy = way
            .proxy
            .as_ref()
            .filter(|_| way.scheme == http::uri::Scheme::HTTP);
        let target = match proxy {
            Some(_) => url.as_str(),
            None => &url[Position::BeforePath..],
        };
        let mut request = Request::get(target)
            .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(
                header::USER_AGENT,
                concat!("webex_gw/", env!("CARGO_PKG_VERSION")),
            )
            .header(header::CONNECTION, "close");
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        if let Some(credentials) = proxy.and_then(|proxy| proxy.authorization.clone()) {
            request = request.header(header::PROXY_AUTHORIZATION, credentials);
        }
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let (head, body) = answer.into_parts();
        let date = head.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        Ok(Reply {
            status: head.status,
            tracked: head.headers.contains_key("trackingid"),
            date: date.and_then(parse_date),
            body: body.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
        })
    }
}

/// An HTTP date (RFC 9110 section 5.6.7) in the form that everybody sends.
fn parse_date(text: &str) -> Option<Timestamp> {
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_unix_seconds(date.as_second()))
}

fn late() -> String {
    format!("no answer within {} s", STEP.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_webex_writes_them() {
        let date = parse_date("Tue, 10 Feb 2026 08:09:45 GMT").unwrap();
        assert_eq!(date.to_string(), "2026-02-10T08:09:45Z");
        assert_eq!(parse_date("yesterday"), None);
    }
}
