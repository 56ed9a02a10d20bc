//! The same exchanges straight to Webex and through the gateway: what differs is documented, and what is documented differs.

mod corpus;
mod differences;
mod message;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::Bench;
use corpus::Exchange;
use differences::DOCUMENTED;
use message::Message;

/// What passed in one exchange.
#[derive(Debug)]
struct Passed {
    /// As Webex got it.
    request: Message,
    /// As the client got them; all but the last are interim.
    answers: Vec<Message>,
}

/// A Webex that notes one request per connection and answers with bytes.
struct Webex {
    address: SocketAddr,
    answer: Arc<Mutex<&'static [u8]>>,
    noted: Arc<Mutex<Option<Message>>>,
}

impl Webex {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, noted) = (Arc::new(Mutex::new(&b""[..])), Arc::new(Mutex::new(None)));
        let webex = Self {
            address,
            answer: Arc::clone(&answer),
            noted: Arc::clone(&noted),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let request = Message::read(&mut stream, false).await.unwrap();
                *noted.lock().unwrap() = Some(request);
                let answer = *answer.lock().unwrap();
                stream.write_all(answer).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        webex
    }

    /// Plays an exchange by way of `address`.
    async fn exchange(&self, exchange: &Exchange, address: SocketAddr) -> Passed {
        *self.answer.lock().unwrap() = exchange.answer;
        let request = String::from_utf8_lossy(exchange.request).contains("{own}");
        let request = match request {
            true => String::from_utf8_lossy(exchange.request)
                .replace("{own}", &address.to_string())
                .into_bytes(),
            false => exchange.request.to_vec(),
        };
        let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        stream.write_all(&request).await.unwrap();
        let bodiless = request.starts_with(b"HEAD ");
        let mut answers = Vec::new();
        loop {
            let answer = Message::read(&mut stream, bodiless).await;
            let answer = answer.unwrap_or_else(|| panic!("no answer to {}", exchange.name));
            let interim = answer.start.contains(" 1");
            answers.push(answer);
            if !interim {
                break;
            }
        }
        Passed {
            request: self.noted.lock().unwrap().take().expect("Webex saw the request"),
            answers,
        }
    }
}

#[tokio::test]
async fn nothing_differs_but_what_is_documented_and_that_does() {
    let webex = Webex::start().await;
    let bench = Bench::in_front_of(format!("http://{}", webex.address)).await;
    let corpus = corpus::exchanges();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    let (mut undocumented, mut occurred) = (Vec::new(), BTreeSet::new());
    for exchange in &corpus {
        let direct = webex.exchange(exchange, webex.address).await;
        let through = webex.exchange(exchange, bench.gateway).await;
        for found in differences::between(&direct, &through) {
            let known: Vec<_> = DOCUMENTED.iter().filter(|known| (known.covers)(&found)).collect();
            if known.is_empty() {
                undocumented.push(format!("{}: {found:?}", exchange.name));
            }
            occurred.extend(known.iter().map(|known| known.name));
        }
    }
    assert!(undocumented.is_empty(), "{undocumented:#?}");
    let gone: Vec<_> = DOCUMENTED
        .iter()
        .filter(|known| !occurred.contains(known.name))
        .collect();
    assert!(gone.is_empty(), "documented, but no longer so: {gone:#?}");
}

#[test]
fn the_differences_stand_in_the_document() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/http.md");
    let document = std::fs::read_to_string(path).unwrap();
    for known in DOCUMENTED {
        let line = format!("| {} | {} |", known.name, known.sentence);
        assert!(document.contains(&line), "docs/http.md lacks this line:\n{line}");
    }
}
