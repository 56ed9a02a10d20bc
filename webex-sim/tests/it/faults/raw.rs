//! A client that sees bytes and frames, not answers.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::Sim;

/// How long is waited for something that must not come.
pub(super) const NOTHING: Duration = Duration::from_millis(150);

/// Nothing takes so long, unless it never comes.
const LIMIT: Duration = Duration::from_secs(20);

/// Kinds of HTTP/2 frames (RFC 9113, section 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;

/// Everything an HTTP/1.1 connection brought until its end.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// An HTTP/1.1 connection.
pub(super) struct Http1 {
    pub(super) socket: TcpStream,
}

/// An HTTP/2 connection with prior knowledge.
pub(super) struct Http2 {
    socket: TcpStream,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

async fn connect(sim: &Sim) -> TcpStream {
    TcpStream::connect(sim.running.url().trim_start_matches("http://"))
        .await
        .unwrap()
}

/// Waits for what must come.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("it comes soon")
}

impl Http1 {
    /// Sends a request and reads nothing yet.
    pub(super) async fn send(sim: &Sim, request_line: &str, token: &str, body: &str) -> Self {
        let mut http = Self {
            socket: connect(sim).await,
        };
        http.again(request_line, token, body).await;
        http
    }

    pub(super) async fn get(sim: &Sim, path: &str, token: &str) -> Self {
        Self::send(sim, &format!("GET {path}"), token, "").await
    }

    /// A GET by a client whose system takes little at a time.
    pub(super) async fn narrow(sim: &Sim, path: &str, token: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let address = sim.running.url().trim_start_matches("http://").parse().unwrap();
        let mut http = Self {
            socket: socket.connect(address).await.unwrap(),
        };
        http.again(&format!("GET {path}"), token, "").await;
        http
    }

    pub(super) async fn again(&mut self, request_line: &str, token: &str, body: &str) {
        let request = format!(
            "{request_line} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads until the connection ends.
    pub(super) async fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        soon(self.socket.read_to_end(&mut bytes)).await?;
        Ok(bytes)
    }

    /// Reads an answer until the connection ends in good order.
    pub(super) async fn answer(&mut self) -> Seen {
        let bytes = self.rest().await.unwrap();
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        Seen {
            head: String::from_utf8(bytes[..at].to_vec()).unwrap(),
            body: bytes[at + 4..].to_vec(),
        }
    }

    /// Reads the head and this much of the body.
    pub(super) async fn some(&mut self, body: usize) -> Seen {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(self.socket.read_u8()).await.unwrap());
        }
        let mut bytes = vec![0; body];
        soon(self.socket.read_exact(&mut bytes)).await.unwrap();
        Seen {
            head: String::from_utf8(head).unwrap(),
            body: bytes,
        }
    }

    /// Whether the connection is open and silent.
    pub(super) async fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        tokio::time::timeout(NOTHING, self.socket.read(&mut byte))
            .await
            .is_err()
    }
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(super) fn length(&self) -> usize {
        self.header("content-length").unwrap().parse().unwrap()
    }
}

impl Http2 {
    pub(super) async fn connect(sim: &Sim) -> Self {
        let mut http = Self {
            socket: connect(sim).await,
        };
        http.socket
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        http.write(SETTINGS, 0, 0, &[]).await;
        http
    }

    /// A GET without a body; odd stream numbers in ascending order.
    pub(super) async fn get(&mut self, stream: u32, path: &str, token: &str) {
        // Static table: GET, http; then fields that are not to be indexed (RFC 7541).
        let mut block = vec![0x82, 0x86];
        let mut literal = |name: &[u8], value: &str| {
            block.extend_from_slice(name);
            block.push(u8::try_from(value.len()).ok().filter(|size| *size < 127).unwrap());
            block.extend_from_slice(value.as_bytes());
        };
        literal(&[0x04], path);
        literal(&[0x01], "sim");
        literal(&[0x0f, 0x08], &format!("Bearer {token}"));
        self.write(HEADERS, 0x05, stream, &block).await;
    }

    /// The next frame that is not about settings or flow; pings are answered. Absent when the connection has ended.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        loop {
            let frame = self.read().await?;
            match frame.kind {
                PING if frame.flags & ACK == 0 => self.write(PING, ACK, 0, &frame.payload).await,
                DATA | HEADERS | RST_STREAM | GOAWAY => return Some(frame),
                _ => {}
            }
        }
    }

    /// All frames up to the end of a stream, that one included.
    pub(super) async fn stream(&mut self, stream: u32) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let frame = self.frame().await.expect("the stream comes to an end");
            let last = frame.stream == stream && frame.ends_the_stream();
            frames.push(frame);
            if last {
                return frames;
            }
        }
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        soon(self.socket.read_exact(&mut head)).await.ok()?;
        let size = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(size).unwrap()];
        soon(self.socket.read_exact(&mut payload)).await.ok()?;
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]),
            payload,
        })
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![size[1], size[2], size[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        // The other side may have gone already.
        let _ = self.socket.write_all(&frame).await;
    }
}

impl Frame {
    pub(super) fn ends_the_stream(&self) -> bool {
        match self.kind {
            RST_STREAM => true,
            DATA | HEADERS => self.flags & END_STREAM != 0,
            _ => false,
        }
    }

    /// The error code of `RST_STREAM` or GOAWAY.
    pub(super) fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}
