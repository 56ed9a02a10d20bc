//! `webex_gw health`: asks a running gateway, for a container's HEALTHCHECK and for operators.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::cli::Question;

/// Longer than a request to Webex may take.
const TIMEOUT: Duration = Duration::from_secs(12);
/// More than any report has.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The answer of the gateway at `listen`: its text, and whether all is well.
pub async fn ask(listen: SocketAddr, question: Question) -> Result<String, String> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let path = match question {
        Question::Live => "/livez",
        Question::Ready => "/readyz",
        Question::Webex => "/health",
    };
    match tokio::time::timeout(TIMEOUT, get(address, path)).await {
        Err(_) => Err(format!(
            "no gateway answered at http://{address}{path} within {} s",
            TIMEOUT.as_secs()
        )),
        Ok(Err(error)) => Err(format!("no gateway answers at http://{address}{path}: {error}")),
        Ok(Ok((StatusCode::OK, text))) => Ok(text),
        Ok(Ok((_, text))) => Err(text),
    }
}

async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(StatusCode, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(http::header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER)
        .collect()
        .await
        .map_err(anyhow::Error::from_boxed)?;
    Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}

/// An address to connect to for one to listen on.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
