//! Requests byte by byte: what comes back, whether the connection goes on, and what Webex has seen of it. For every one of them
//! the token reaches no host but the configured one. `docs/http.md` shows the table.

mod chunked;
mod connection;
mod framing;
mod head;
mod host;
mod limits;
mod pipeline;
mod runner;
mod target;

use runner::{Grounds, run};

/// One request, or some on one connection.
pub(crate) struct Vector {
    name: &'static str,
    /// The clause or the trap that it comes from.
    rule: &'static str,
    /// Exactly what is sent; `{own}` stands for the gateway's address and `{evil}` for a listener that must hear nothing.
    send: Vec<u8>,
    /// The client ends its sending half afterwards.
    half_close: bool,
    answers: Vec<Answer>,
    end: End,
    /// What Webex sees: `METHOD target body`, and `…` where the request is cut.
    webex: Vec<&'static str>,
    /// Webex may also see less or nothing: the fault can be found before anything has gone out.
    or_nothing: bool,
    /// Texts that must, and with a `!` before them must not, be in what Webex sees.
    details: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// `X-Webex-Gateway-Error`; nothing where Webex answered, or where the parser could not read a request at all.
    error: &'static str,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Kept,
    Closed,
}

impl Vector {
    /// A request that Webex answers with 200 on a connection that goes on; the other methods say what differs.
    fn new(name: &'static str, rule: &'static str, send: impl AsRef<[u8]>) -> Self {
        Self {
            name,
            rule,
            send: send.as_ref().to_vec(),
            half_close: false,
            answers: vec![Answer {
                status: 200,
                error: "",
            }],
            end: End::Kept,
            webex: Vec::new(),
            or_nothing: false,
            details: Vec::new(),
        }
    }

    /// A chunked body that breaks off after `read`; Webex sees as much of it as went out before.
    fn cut(name: &'static str, rule: &'static str, body: &[u8], read: &str) -> Self {
        let head = format!("POST /broken/{name} HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n");
        let seen = Box::leak(format!("POST /broken/{name} {read}…").into_boxed_str());
        let vector = Self::new(name, rule, [head.as_bytes(), body].concat());
        vector.refused(400, "bad_request").webex(&[seen]).or_nothing()
    }

    /// Webex sees this, and no more.
    fn webex(mut self, seen: &[&'static str]) -> Self {
        self.webex = seen.to_vec();
        self
    }

    fn or_nothing(mut self) -> Self {
        self.or_nothing = true;
        self
    }

    fn details(mut self, details: &[&'static str]) -> Self {
        self.details = details.to_vec();
        self
    }

    fn answers(mut self, answers: &[(u16, &'static str)]) -> Self {
        self.answers = answers
            .iter()
            .map(|(status, error)| Answer {
                status: *status,
                error,
            })
            .collect();
        self
    }

    /// The gateway refuses it, and Webex sees nothing. With a client that breaks HTTP the connection ends.
    fn refused(self, status: u16, error: &'static str) -> Self {
        let refused = self.answers(&[(status, error)]);
        match error {
            "bad_request" => refused.closed(),
            _ => refused,
        }
    }

    /// The parser refuses it: no request could be read, so there is nothing to name and no way to go on.
    fn unreadable(self, status: u16) -> Self {
        self.answers(&[(status, "")]).closed()
    }

    /// The gateway closes without a word.
    fn silent(self) -> Self {
        self.answers(&[]).closed()
    }

    fn closed(mut self) -> Self {
        self.end = End::Closed;
        self
    }

    fn half_closing(mut self) -> Self {
        self.half_close = true;
        self
    }

    /// A row of the table in `docs/http.md`.
    fn row(&self) -> String {
        let answers: Vec<_> = self.answers.iter().map(Answer::shown).collect();
        let answers = match answers.is_empty() {
            true => "none".to_owned(),
            false => answers.join(", "),
        };
        let end = match self.end {
            End::Kept => "kept",
            End::Closed => "closed",
        };
        let webex = match self.webex.is_empty() {
            true => "nothing".to_owned(),
            false => self
                .webex
                .iter()
                .map(|seen| shortened(seen))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let webex = webex + if self.or_nothing { " or less" } else { "" };
        format!("| {} | {} | {answers} | {end} | {webex} |", self.name, self.rule)
    }
}

impl Answer {
    fn shown(&self) -> String {
        match self.error {
            "" => self.status.to_string(),
            error => format!("{} `{error}`", self.status),
        }
    }
}

fn shortened(seen: &str) -> String {
    let text: String = seen.chars().take(40).collect();
    let more = if text.len() < seen.len() { "…" } else { "" };
    // A line end in a row would end the table.
    let shown = text.replace('\r', "\\r").replace('\n', "\\n");
    format!("`{shown}{more}`").replace('|', "\\|")
}

fn all() -> Vec<Vector> {
    [
        host::vectors(),
        target::vectors(),
        head::vectors(),
        framing::vectors(),
        chunked::vectors(),
        connection::vectors(),
        limits::vectors(),
        pipeline::vectors(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test]
async fn every_vector_comes_out_as_the_table_says() {
    let (vectors, mut failures) = (all(), Vec::new());
    for (way, grounds) in [
        ("direct", Grounds::direct().await),
        ("through a proxy", Grounds::through_a_proxy().await),
    ] {
        for vector in &vectors {
            if let Err(problem) = run(&grounds, vector).await {
                failures.push(format!("{} ({}), {way}: {problem}", vector.name, vector.rule));
            }
        }
    }
    for failure in &failures {
        eprintln!("{failure}");
    }
    eprintln!("vectors: {}, failures: {}", vectors.len(), failures.len());
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = all().iter().map(|vector| vector.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_table_in_the_document_is_the_suite() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/http.md");
    let document = std::fs::read_to_string(path).unwrap();
    let rows: Vec<_> = all().iter().map(Vector::row).collect();
    let (before, rest) = document.split_once("<!-- vectors -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of vectors -->").unwrap();
    let table = "| vector | source | answer | connection | Webex sees |\n|---|---|---|---|---|";
    let expected = format!(
        "{before}<!-- vectors -->\n{table}\n{}\n<!-- end of vectors -->{after}",
        rows.join("\n")
    );
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(path, &expected).unwrap();
        return;
    }
    assert!(
        expected == document,
        "the table is not the suite: run this test once with UPDATE_DOCUMENTS=1"
    );
}
