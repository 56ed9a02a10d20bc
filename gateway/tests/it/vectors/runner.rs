//! Plays vectors: a client, a Webex that notes every byte, and a listener that nobody may reach. Names that lead nowhere reach no
//! listener, so everything is played a second time with all that goes out going to a forward proxy, which hears every name.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Answer, End, Vector};
use crate::bench::Bench;
use crate::stub::{talk, tokens_file};

/// Whatever takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway between a client and a Webex that notes what it gets.
pub(super) struct Grounds {
    bench: Bench,
    /// The host that `-webexURL` names.
    webex: String,
    /// What stands before the path of a request that goes out: the origin where a forward proxy is asked, else nothing.
    origin: String,
    evil: SocketAddr,
    notes: Arc<Notes>,
    evil_heard: Arc<Mutex<usize>>,
}

/// What Webex, or the proxy before it, has got.
#[derive(Default)]
struct Notes {
    seen: Mutex<Vec<Seen>>,
    /// Requests that have begun and have neither come whole nor been cut.
    running: AtomicUsize,
}

/// A request as it came to Webex.
#[derive(Clone, Debug)]
struct Seen {
    head: String,
    body: Vec<u8>,
    trailers: String,
    complete: bool,
}

/// A request that is being read, until this is dropped.
struct Running<'a>(&'a AtomicUsize);

impl Grounds {
    /// Webex is an address of this machine.
    pub(super) async fn direct() -> Self {
        Self::start(|address| (format!("http://{address}"), None)).await
    }

    /// Webex has its own name, and a forward proxy is asked for whatever is called.
    pub(super) async fn through_a_proxy() -> Self {
        Self::start(|address| {
            let proxy = format!("http://{address}");
            ("http://webexapis.com".to_owned(), Some(proxy))
        })
        .await
    }

    async fn start(way: impl FnOnce(SocketAddr) -> (String, Option<String>)) -> Self {
        let notes = Arc::new(Notes::default());
        let evil_heard = Arc::new(Mutex::new(0));
        let webex = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let evil = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (webex_address, evil_address) = (webex.local_addr().unwrap(), evil.local_addr().unwrap());
        let taken = Arc::clone(&notes);
        tokio::spawn(async move {
            while let Ok((stream, _)) = webex.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&taken)));
            }
        });
        let heard = Arc::clone(&evil_heard);
        tokio::spawn(async move {
            while let Ok((_stream, _)) = evil.accept().await {
                *heard.lock().unwrap() += 1;
            }
        });
        let (url, proxy) = way(webex_address);
        let bench = Bench::builder().webex(&url).tokens(tokens_file());
        let bench = match &proxy {
            Some(proxy) => bench.variable("HTTP_PROXY", proxy),
            None => bench,
        };
        Self {
            bench: bench.start().await,
            webex: url.trim_start_matches("http://").to_owned(),
            origin: proxy.map_or_else(String::new, |_| url),
            evil: evil_address,
            notes,
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

    /// Everything that Webex has seen since it was asked last. A request of the runner's own, which goes the way of all others,
    /// fences it off: what is seen after that belongs to no vector before it.
    async fn settled(&self, vector: &Vector) -> Result<Vec<Seen>, String> {
        let path = format!("/fence/{}", vector.name);
        let fence = format!("GET {path} HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n");
        let settling = async {
            talk(self.bench.gateway, fence.as_bytes()).await;
            while self.notes.running.load(Ordering::SeqCst) > 0 {
                tokio::task::yield_now().await;
            }
        };
        let settled = timeout(PATIENCE, settling).await;
        settled.map_err(|_| "a request to Webex does not end")?;
        let mut seen = std::mem::take(&mut *self.notes.seen.lock().unwrap());
        let line = format!("GET {}{path} HTTP/1.1", self.origin);
        let fences: Vec<_> = seen
            .extract_if(.., |seen| seen.head.lines().next() == Some(&line))
            .collect();
        match fences.len() {
            1 => Ok(seen),
            count => Err(format!("Webex saw {count} fences")),
        }
    }
}

/// Plays one vector; an error says what was not as it should be.
pub(super) async fn run(grounds: &Grounds, vector: &Vector) -> Result<(), String> {
    let outcome = converse(grounds, vector).await;
    // Whatever goes wrong, the next vector begins with nothing on its way.
    let seen = grounds.settled(vector).await?;
    outcome?;
    judge(grounds, vector, &seen)
}

/// The client's side.
async fn converse(grounds: &Grounds, vector: &Vector) -> Result<(), String> {
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
    Ok(())
}

/// What Webex saw is what the vector says, and whatever it saw is a whole and honest request of the gateway.
fn judge(grounds: &Grounds, vector: &Vector, seen: &[Seen]) -> Result<(), String> {
    let shown: Vec<_> = seen.iter().map(|seen| seen.shown(&grounds.origin)).collect();
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
    /// Without the origin before the path; a request for another origin shows it.
    fn shown(&self, origin: &str) -> String {
        let line = self.head.lines().next().unwrap_or_default();
        let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line);
        let line = &line.replacen(&format!(" {origin}/"), " /", 1);
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
            (fields("host") == [grounds.webex.as_str()], "the configured host"),
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

impl<'a> Running<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
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
async fn serve(stream: TcpStream, notes: Arc<Notes>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        if !matches!(stream.fill_buf().await, Ok(bytes) if !bytes.is_empty()) {
            return;
        }
        let _running = Running::begin(&notes.running);
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
        notes.seen.lock().unwrap().push(seen);
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
