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
use crate::go::GoDuration;

/// So much longer than a request to Webex may take, the gateway has for its answer.
const MARGIN: Duration = Duration::from_secs(3);
/// More than any report has.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The answer of the gateway at `listen`: its text, and whether all is well. `webex_timeout` is the gateway's `-timeout`.
pub async fn ask(listen: SocketAddr, question: Question, webex_timeout: Duration) -> Result<String, String> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let path = match question {
        Question::Live => "/livez",
        Question::Ready => "/readyz",
        Question::Webex => "/health",
    };
    let patience = webex_timeout + MARGIN;
    match tokio::time::timeout(patience, get(address, path)).await {
        Err(_) => Err(format!(
            "no gateway answered at http://{address}{path} within {}; if the gateway has a longer -timeout, give it to this \
             command too, or set WEBEX_GW_TIMEOUT for both",
            GoDuration(patience)
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_gateway_has_as_long_as_its_timeout_says_and_a_little_more() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listen = silent.local_addr().unwrap();
        for seconds in [9, 60] {
            let start = Instant::now();
            let timeout = Duration::from_secs(seconds);
            let error = ask(listen, Question::Webex, timeout).await.unwrap_err();
            assert_eq!(start.elapsed().as_secs(), seconds + 3);
            assert!(error.contains("WEBEX_GW_TIMEOUT"), "{error}");
        }
    }
}
