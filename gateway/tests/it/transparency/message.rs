//! A message as it came, taken apart by its framing.

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;

/// A request or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) start: String,
    /// In their order, with their names as they are written; bytes above ASCII as Latin-1.
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, String)>,
}

impl Message {
    /// Reads one; `None` where it is cut. `bodiless` is the answer to a HEAD.
    pub(super) async fn read(stream: &mut BufReader<TcpStream>, bodiless: bool) -> Option<Self> {
        let mut message = Self {
            start: line(stream).await?,
            ..Self::default()
        };
        message.fields = fields(stream).await?;
        let request = !message.start.starts_with("HTTP/");
        let status = message.start.split(' ').nth(1).unwrap_or_default();
        let without = ["204", "304"].contains(&status) || status.starts_with('1');
        if !request && (bodiless || without) {
            return Some(message);
        }
        if message.value("transfer-encoding") == ["chunked"] {
            loop {
                let size = line(stream).await?;
                let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
                if size == 0 {
                    break;
                }
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk).await.ok()?;
                message.body.extend_from_slice(&chunk[..size]);
            }
            message.trailers = fields(stream).await?;
        } else if let Some(length) = message.value("content-length").first() {
            let mut body = vec![0; length.parse().ok()?];
            stream.read_exact(&mut body).await.ok()?;
            message.body = body;
        } else if !request {
            stream.read_to_end(&mut message.body).await.ok()?;
        }
        Some(message)
    }

    /// The values of a field.
    pub(super) fn value(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }

    /// The names of the fields as they are written, one for each line.
    pub(super) fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// The values of the fields of this name, in their order.
pub(super) fn values<'a>(fields: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let named = fields
        .iter()
        .filter(|(written, _)| written.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str()).collect()
}

async fn fields(stream: &mut BufReader<TcpStream>) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(stream).await?;
        if line.is_empty() {
            return Some(fields);
        }
        let (name, value) = line.split_once(':')?;
        fields.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    stream
        .read_until(b'\n', &mut line)
        .await
        .ok()
        .filter(|read| *read > 0)?;
    let line: String = line.iter().map(|byte| char::from(*byte)).collect();
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}
