//! HTTP as bytes, for requests that no client would send.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Beyond every limit of nginx and the gateway after which they close a connection, but for the idle one between
/// requests, which a request that asks for the connection's end does not meet.
const PATIENCE: Duration = Duration::from_secs(90);

/// Everything that came back on a connection.
#[derive(Debug)]
pub struct Reply {
    /// As text; what is no text is replaced.
    pub text: String,
}

impl Reply {
    /// The status of each answer, in order; empty where there was none, or one of HTTP/0.9, which has no head.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let versions = ["HTTP/1.0 ", "HTTP/1.1 "];
        let mut found: Vec<_> = versions
            .iter()
            .flat_map(|version| self.text.match_indices(version))
            .collect();
        found.sort_unstable();
        let status =
            |(at, version): (usize, &str)| self.text.get(at + version.len()..)?.get(..3)?.parse().ok();
        found.into_iter().filter_map(status).collect()
    }

    /// A field of the first answer's head.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// Sends bytes and reads until the other side closes the connection, which the request has to bring about.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> anyhow::Result<Reply> {
    let mut connection = TcpStream::connect(address).await?;
    // Who has refused the head need not read the rest.
    let _ = connection.write_all(request).await;
    let mut read = Vec::new();
    let end = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut read)).await;
    let text = String::from_utf8_lossy(&read).into_owned();
    // A reset is an end as well; what came before it counts.
    let _ = end.with_context(|| format!("the connection stays open after {text:?}"))?;
    Ok(Reply { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_wherever_the_one_before_ends() {
        let text = "HTTP/1.1 404 Not Found\r\nServer: a\r\n\r\n{}HTTP/1.0 200 OK\r\n\r\n".to_owned();
        let reply = Reply { text };
        assert_eq!(reply.statuses(), [404, 200]);
        assert_eq!(reply.header("server"), Some("a"));
    }
}
