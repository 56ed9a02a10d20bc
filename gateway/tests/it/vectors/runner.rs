//! Plays vectors: a client, a Webex that notes every byte, and a listener that nobody may reach.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Answer, End, Vector};
use crate::bench::Bench;

/// Whatever takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway between a client and a Webex that notes what it gets.
pub(super) struct Grounds {
    bench: Bench,
    webex: SocketAddr,
    evil: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    evil_heard: Arc<Mutex<usize>>,
}

/// A request as it came to Webex.
#[derive(Clone, Debug)]
struct Seen {
    head: String,
    body: Vec<u8>,
    trailers: String,
    complete: bool,
}

impl Grounds {
    pub(super) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let evil_heard = Arc::new(Mutex::new(0));
        let webex = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let evil = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (webex_address, evil_address) = (webex.local_addr().unwrap(), evil.local_addr().unwrap());
        let noted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = webex.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&noted)));
            }
        });
        let heard = Arc::clone(&evil_heard);
        tokio::spawn(async move {
            while let Ok((_stream, _)) = evil.accept().await {
                *heard.lock().unwrap() += 1;
            }
        });
        Self {
            bench: Bench::in_front_of(format!("http://{webex_address}")).await,
            webex: webex_address,
            evil: evil_address,
            seen,
            evil_heard,
        }
    }

    fn filled_in(&self, bytes: &[u8]) -> Vec<u8> {
        let places = [
            ("{own}", self.bench.gateway.to_string()),
            ("{port}", self.bench.gateway.port().to_string()),
            ("{evil}", self.evil.to_string()),
        ];
        let mut filled = bytes.to_vec();
        for (place, text) in places {
            while let Some(at) = filled
                .windows(place.len())
                .position(|part| part == place.as_bytes())
            {
                filled.splice(at..at + place.len(), text.bytes());
            }
        }
        filled
    }
}

/// Plays one vector; an error says what was not as it should be.
pub(super) async fn run(grounds: &Grounds, vector: &Vector) -> Result<(), String> {
    grounds.seen.lock().unwrap().clear();
    let stream = TcpStream::connect(grounds.bench.gateway).await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let bytes = grounds.filled_in(&vector.send);
    // The gateway may close before it has read everything.
    let sending = async {
        let _ = writer.write_all(&bytes).await;
        if vector.half_close {
            let _ = writer.shutdown().await;
        }
        writer
    };
    let receiving = async {
        let mut answers = Vec::new();
        while answers.len() < vector.answers.len() {
            match receive(&mut reader, is_head(&bytes)).await? {
                Some((Answer { status: 100, .. }, _)) => {}
                Some(answer) => answers.push(answer),
                None => break,
            }
        }
        Ok::<_, String>(answers)
    };
    let both = async { tokio::join!(sending, receiving) };
    let (mut writer, answers) = timeout(PATIENCE, both).await.map_err(|_| "no answer in time")?;
    let answers = answers?;
    let got: Vec<_> = answers.iter().map(|(answer, _)| *answer).collect();
    if got != vector.answers {
        return Err(format!("answered {got:?} instead of {:?}", vector.answers));
    }
    if vector.end == End::Kept {
        let probe = b"GET /livez HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
        writer
            .write_all(probe)
            .await
            .map_err(|_| "the connection was closed")?;
        let answer = timeout(PATIENCE, receive(&mut reader, false)).await;
        let answer = answer.map_err(|_| "the connection hangs")??;
        let good = answer.is_some_and(|(answer, body)| answer.status == 200 && body != "from webex");
        if !good {
            return Err("the connection did not go on with the next request".to_owned());
        }
    }
    let mut rest = Vec::new();
    let closed = timeout(PATIENCE, reader.read_to_end(&mut rest)).await;
    if closed.is_err() {
        return Err("the connection was not closed".to_owned());
    }
    if !rest.is_empty() {
        return Err(format!("more came: {}", String::from_utf8_lossy(&rest)));
    }
    judge(grounds, vector).await
}

/// What Webex saw is what the vector says, and whatever it saw is a whole and honest request of the gateway.
async fn judge(grounds: &Grounds, vector: &Vector) -> Result<(), String> {
    // A cut request may be noted when the vector that sent it is over; its target names the vector.
    let own = format!("/broken/{} ", vector.name);
    let noted = || {
        let seen = grounds.seen.lock().unwrap();
        let of_this = |seen: &&Seen| !seen.head.contains("/broken/") || seen.head.contains(&own);
        seen.iter().filter(of_this).cloned().collect::<Vec<_>>()
    };
    let waiting = async {
        while noted().len() < vector.webex.len() && !vector.or_nothing {
            tokio::task::yield_now().await;
        }
    };
    let _ = timeout(PATIENCE, waiting).await;
    let seen = noted();
    let shown: Vec<_> = seen.iter().map(Seen::shown).collect();
    let less = |shown: &String| {
        let part = shown.strip_suffix('…').map(str::trim_end);
        part.is_some_and(|part| vector.webex.iter().any(|whole| whole.starts_with(part)))
    };
    if shown != vector.webex && !(vector.or_nothing && shown.len() <= 1 && shown.iter().all(less)) {
        return Err(format!("Webex saw {shown:?} instead of {:?}", vector.webex));
    }
    if *grounds.evil_heard.lock().unwrap() > 0 {
        return Err("another host was called".to_owned());
    }
    let texts = seen.iter().flat_map(|seen| [&seen.head, "\r\n", &seen.trailers]);
    let text = texts.collect::<String>();
    let text = text.to_ascii_lowercase();
    for detail in &vector.details {
        let (wanted, detail) = match detail.strip_prefix('!') {
            Some(detail) => (false, detail),
            None => (true, *detail),
        };
        if text.contains(&detail.to_ascii_lowercase()) != wanted {
            return Err(format!(
                "{detail:?} is {}in {text}",
                if wanted { "not " } else { "" }
            ));
        }
    }
    seen.iter().try_for_each(|seen| seen.check(grounds))
}

impl Seen {
    fn shown(&self) -> String {
        let line = self.head.lines().next().unwrap_or_default();
        let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line);
        let body = String::from_utf8_lossy(&self.body);
        let end = if self.complete { "" } else { "…" };
        match (body.is_empty(), end) {
            (true, "") => line.to_owned(),
            _ => format!("{line} {body}{end}"),
        }
    }

    fn check(&self, grounds: &Grounds) -> Result<(), String> {
        let head = self.head.to_ascii_lowercase();
        let fields = |name: &str| -> Vec<String> {
            let lines = head.split("\r\n").skip(1);
            let named = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            named.map(str::to_owned).collect()
        };
        let framing = fields("content-length").len() + fields("transfer-encoding").len();
        let checks = [
            (
                fields("authorization") == ["bearer first-access-token"],
                "the token",
            ),
            (
                fields("host") == [grounds.webex.to_string()],
                "the configured host",
            ),
            (fields("trackingid").len() == 1, "one TrackingID"),
            (framing <= 1, "one framing"),
            (
                !self.trailers.to_ascii_lowercase().contains("authorization"),
                "clean trailers",
            ),
        ];
        match checks.iter().find(|(good, _)| !good) {
            Some((_, what)) => Err(format!("a request went out without {what}: {head}")),
            None => Ok(()),
        }
    }
}

fn is_head(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HEAD ")
}

/// The next answer with its body; `None` at the end of the connection.
async fn receive(
    reader: &mut BufReader<OwnedReadHalf>,
    head_only: bool,
) -> Result<Option<(Answer, String)>, String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match reader.read_line(&mut head).await {
            Ok(0) if head.is_empty() => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
            Ok(0) | Err(_) => return Err(format!("an answer was cut: {head}")),
            Ok(_) => {}
        }
    }
    let field = |name: &str| {
        let mut lines = head.split("\r\n");
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    };
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("no status: {head}"))?;
    let error = field("x-webex-gateway-error").map_or("", |error| &*Box::leak(error.into_boxed_str()));
    let length = field("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.filter(|_| !head_only).unwrap_or(0)];
    reader
        .read_exact(&mut body)
        .await
        .map_err(|_| "an answer's body was cut")?;
    Ok(Some((
        Answer { status, error },
        String::from_utf8_lossy(&body).into_owned(),
    )))
}

/// Answers every request with 200 after it has come whole.
async fn serve(stream: TcpStream, noted: Arc<Mutex<Vec<Seen>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_until(b'\n', &mut head).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let head = head.iter().map(|byte| char::from(*byte)).collect::<String>();
        let mut seen = Seen {
            head: head.trim_end().to_owned(),
            body: Vec::new(),
            trailers: String::new(),
            complete: false,
        };
        seen.complete = read_body(&mut stream, &mut seen).await.is_some();
        let complete = seen.complete;
        noted.lock().unwrap().push(seen);
        let answer: &[u8] = match head.starts_with("HEAD ") {
            true => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
            false => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfrom webex",
        };
        if !complete || stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// Reads a body by its framing; `None` when it is cut.
async fn read_body(stream: &mut BufReader<TcpStream>, seen: &mut Seen) -> Option<()> {
    let head = seen.head.to_ascii_lowercase();
    if head.contains("\r\ntransfer-encoding: chunked") {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok()?;
            let size = usize::from_str_radix(line.trim_end(), 16).ok()?;
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).await.ok()?;
            seen.body.extend_from_slice(&chunk[..size]);
        }
        while !seen.trailers.ends_with("\r\n\r\n") && seen.trailers != "\r\n" {
            (stream.read_line(&mut seen.trailers).await.ok()? > 0).then_some(())?;
        }
    } else if let Some((_, rest)) = head.split_once("\r\ncontent-length: ") {
        let length: usize = rest.split("\r\n").next()?.parse().ok()?;
        let mut part = [0; 4096];
        while seen.body.len() < length {
            let wanted = part.len().min(length - seen.body.len());
            let read = stream
                .read(&mut part[..wanted])
                .await
                .ok()
                .filter(|read| *read > 0)?;
            seen.body.extend_from_slice(&part[..read]);
        }
    }
    Some(())
}
