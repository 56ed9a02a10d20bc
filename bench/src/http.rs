//! Just enough of HTTP/1.1 to ask whether a server is there, to hold connections open, and to take a large body.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body begins.
    end: usize,
    /// Of the body.
    length: u64,
}

/// A connection to a server on this machine.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Who has not answered by then is broken.
const PATIENCE: Duration = Duration::from_secs(10);
/// What one read takes at most.
const PART: usize = 64 * 1024;

impl Connection {
    pub(crate) async fn open(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(1024),
        })
    }

    /// The status, and how many bytes the body had. The connection stays open.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        fields: &str,
        body: &str,
    ) -> anyhow::Result<(u16, u64)> {
        let length = match (method, body.len()) {
            ("GET", 0) => String::new(),
            (_, length) => format!("Content-Length: {length}\r\n"),
        };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}{length}\r\n{body}");
        self.stream.write_all(request.as_bytes()).await?;
        let head = tokio::time::timeout(PATIENCE, self.head())
            .await
            .with_context(|| format!("{method} {path} is not answered"))??;
        self.drain(&head).await?;
        Ok((head.status, head.length))
    }

    async fn head(&mut self) -> anyhow::Result<Head> {
        self.buffer.clear();
        loop {
            ensure!(
                self.stream.read_buf(&mut self.buffer).await? > 0,
                "the connection was closed"
            );
            if let Some(head) = parse(&self.buffer)? {
                return Ok(head);
            }
        }
    }

    /// Takes the body, of which some may be there already.
    async fn drain(&mut self, head: &Head) -> anyhow::Result<()> {
        let mut left = head.length.saturating_sub((self.buffer.len() - head.end) as u64);
        while left > 0 {
            self.buffer.clear();
            self.buffer.reserve(PART);
            let taken = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(taken > 0, "the body ends {left} bytes early");
            left = left.saturating_sub(taken as u64);
        }
        self.buffer = Vec::with_capacity(1024);
        Ok(())
    }
}

/// One request with a body or none, and all of its answer. The connection ends with it.
pub(crate) async fn exchange(port: u16, line: &str, kind: &str, body: &str) -> anyhow::Result<String> {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A port that nobody listens at now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// `None` while the head is not complete.
fn parse(answer: &[u8]) -> anyhow::Result<Option<Head>> {
    let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
    let status = text
        .split(' ')
        .nth(1)
        .context("an answer begins with its status")?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    Ok(Some(Head {
        status: status.parse()?,
        end: end + 4,
        length: length.map_or(Ok(0), |length| length.trim().parse())?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_and_length() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n{\"a\"";
        let head = parse(answer).unwrap().unwrap();
        assert_eq!(
            head,
            Head {
                status: 201,
                end: 43,
                length: 7
            }
        );
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\n").unwrap(), None);
    }
}
