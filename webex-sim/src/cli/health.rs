//! `webex-sim health`: for the `HEALTHCHECK` of an image that has no shell and no curl.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::options::Options;
use super::output;

/// A healthy simulator answers within milliseconds.
const LIMIT: Duration = Duration::from_secs(2);

/// Exit status 0 if the simulator answers, 1 otherwise.
pub(super) async fn run(options: &Options) -> ExitCode {
    let ip = match options.bind {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let address = SocketAddr::new(ip, options.control_port);
    match tokio::time::timeout(LIMIT, status_line(address)).await {
        Ok(Ok(line)) if line.starts_with("HTTP/1.1 200 ") => ExitCode::SUCCESS,
        Ok(Ok(line)) => output::failure(1, &format!("{address} answered {line:?}")),
        Ok(Err(error)) => output::failure(1, &format!("no simulator on {address}: {error}")),
        Err(_) => output::failure(
            1,
            &format!("{address} did not answer within {} s", LIMIT.as_secs()),
        ),
    }
}

async fn status_line(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /__sim/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}
