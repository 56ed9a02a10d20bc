//! What a gateway says at one moment, on every surface, and whether an example on a page says the same.

use std::time::Duration;

use reqwest::header::ACCEPT;
use serde_json::Value;

use super::mask::mask;
use super::page::Block;
use crate::bench::{Answer, Bench};

/// What no test waits longer for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The gateway looks at its file this often.
const LOOK: Duration = Duration::from_secs(3);
/// What a look may take.
const PAUSE: Duration = Duration::from_millis(50);

/// All that was said.
#[derive(Default)]
pub(super) struct Moment {
    /// As the fences of the page name it; empty for the page's main one.
    pub(super) name: &'static str,
    pub(super) health: Option<Answer>,
    pub(super) status: Value,
    pub(super) log: String,
    pub(super) metrics: String,
    /// What callers got.
    pub(super) answers: Vec<Answer>,
    /// What a command printed, and the code that it ended with.
    pub(super) printed: Option<(i32, String)>,
    /// Addresses and paths of the test, and what stands for them on the page.
    pub(super) names: Vec<(String, &'static str)>,
}

impl Bench {
    /// What a caller gets, then what the gateway says of itself.
    pub(super) async fn moment(&self, name: &'static str) -> Moment {
        let answers = vec![self.get("/v1/people/me").await];
        let health = self.get("/health").await;
        let status = self
            .http
            .get(self.url("/status"))
            .header(ACCEPT, "application/json");
        let status = self.send(status).await.json();
        let webex = status["webex_url"].as_str().unwrap().to_owned();
        let folder = self.tokens.parent().unwrap().display().to_string();
        Moment {
            name,
            answers,
            health: Some(health),
            status,
            metrics: self.get("/metrics").await.text,
            log: self.log(),
            names: vec![
                (webex, "https://webexapis.com"),
                (self.gateway.to_string(), "0.0.0.0:9001"),
                (folder, "/opt/tokens"),
                ("http://gateway.test".to_owned(), "https://apio.example.com"),
                ("client id <C0>".to_owned(), "client id <C…>"),
            ],
            ..Moment::default()
        }
    }

    /// Lets time pass, a step of the background at a time, until the log says `text`.
    pub(crate) async fn passes_until(&self, text: &str) {
        // The background reads the file on a thread of its own: it is given real time for that, so that little of the other passes.
        for _ in 0..100 {
            self.clock.advance(LOOK);
            if tokio::time::timeout(PAUSE, self.until(text)).await.is_ok() {
                return;
            }
        }
        panic!("the log never says {text:?}");
    }

    /// Waits until the log says `text`.
    pub(super) async fn logs(&self, text: &str) {
        let said = tokio::time::timeout(PATIENCE, self.until(text)).await;
        assert!(said.is_ok(), "the log never says {text:?}");
    }

    async fn until(&self, text: &str) {
        while !self.log().contains(text) {
            tokio::task::yield_now().await;
        }
    }
}

impl Moment {
    /// Another address of the test, and what stands for it on the page.
    pub(super) fn naming(mut self, real: &str, shown: &'static str) -> Self {
        self.names.insert(0, (real.to_owned(), shown));
        self
    }

    /// The block says nothing that was not said.
    pub(super) fn confirms(&self, block: &Block) -> Result<(), String> {
        match block.kind.as_str() {
            "health" => {
                let health = self.health.as_ref().ok_or("nobody asked /health")?;
                introduced_by(&health.status.to_string(), block)?;
                self.holds_json(&block.text, &health.json())
            }
            "status" => self.holds_json(&block.text, &self.status),
            "log" => {
                // What an operator sees who has changed nothing.
                let said = self.log.lines().filter(|line| !line.contains(" level=debug "));
                self.holds_lines(&block.text, said)
            }
            "metrics" => self.holds_lines(&block.text, self.metrics.lines()),
            "answer" => self.holds_answer(&block.text),
            "printed" => {
                let (code, text) = self.printed.as_ref().ok_or("nothing was printed")?;
                introduced_by(&format!("code {code}"), block)?;
                self.holds_lines(&block.text, text.lines())
            }
            kind => Err(format!("a block of the kind {kind:?}, which no test checks")),
        }
    }

    fn shown(&self, text: &str) -> String {
        let names = self.names.iter();
        mask(&names.fold(text.to_owned(), |text, (real, shown)| text.replace(real, shown)))
    }

    /// Each line of the example was said, in this order.
    fn holds_lines<'a>(&self, example: &str, said: impl Iterator<Item = &'a str>) -> Result<(), String> {
        let said: Vec<_> = said.map(|line| self.shown(line)).collect();
        let mut rest = said.iter();
        for line in example.lines() {
            let wanted = mask(line);
            if !rest.any(|line| *line == wanted) {
                return Err(format!(
                    "it never says, or not in this order:\n{line}\nbut:\n{}",
                    said.join("\n")
                ));
            }
        }
        Ok(())
    }

    fn holds_json(&self, example: &str, said: &Value) -> Result<(), String> {
        let example: Value = serde_json::from_str(example).map_err(|error| format!("no JSON: {error}"))?;
        match self.difference("", &example, said) {
            None => Ok(()),
            Some(difference) => Err(format!(
                "{difference}; it says:\n{}",
                self.shown(&format!("{said:#}"))
            )),
        }
    }

    /// Where the example says something else; it may leave fields out.
    fn difference(&self, at: &str, example: &Value, said: &Value) -> Option<String> {
        match (example, said) {
            (Value::Object(fields), Value::Object(_)) => fields
                .iter()
                .find_map(|(name, value)| self.difference(&format!("{at}/{name}"), value, &said[name])),
            (Value::Array(items), Value::Array(others)) if items.len() == others.len() => items
                .iter()
                .zip(others)
                .find_map(|(item, other)| self.difference(at, item, other)),
            (Value::String(text), Value::String(other)) if mask(text) == self.shown(other) => None,
            _ if example == said => None,
            _ => Some(format!("{at} is {}", self.shown(&said.to_string()))),
        }
    }

    /// One of the answers has this status, these fields and this body.
    fn holds_answer(&self, example: &str) -> Result<(), String> {
        let (head, body) = example.split_once("\n\n").unwrap_or((example, ""));
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        let fields: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
        let matches = |answer: &&Answer| {
            let code = http::StatusCode::from_u16(answer.status).expect("a status");
            status == format!("HTTP/1.1 {code}")
                && fields
                    .iter()
                    .all(|(name, value)| mask(value) == self.shown(answer.header(name)))
                && (body.is_empty() || self.holds_json(body, &answer.json()).is_ok())
        };
        let seen = || {
            let texts = self.answers.iter().map(|answer| {
                format!(
                    "{} {:?}\n{}",
                    answer.status,
                    answer.headers,
                    self.shown(&answer.text)
                )
            });
            texts.collect::<Vec<_>>().join("\n")
        };
        match self.answers.iter().find(matches) {
            Some(_) => Ok(()),
            None => Err(format!("no caller gets this, but:\n{}", seen())),
        }
    }
}

/// The text above a block says what the block itself cannot.
fn introduced_by(what: &str, block: &Block) -> Result<(), String> {
    match block.intro.contains(what) {
        true => Ok(()),
        false => Err(format!(
            "the text above it does not say {what}, but {:?}",
            block.intro
        )),
    }
}

#[test]
fn an_example_that_says_something_else_is_not_confirmed() {
    let moment = Moment {
        log: "level=info msg=one\nlevel=info msg=two\n".to_owned(),
        status: serde_json::json!({"state": "ok", "access_token": {"generation": 1}, "proxy": "http://127.0.0.1:7"}),
        printed: Some((2, "an error".to_owned())),
        names: vec![("127.0.0.1:7".to_owned(), "proxy.example.com:3128")],
        ..Moment::default()
    };
    let block = |kind: &str, intro: &str, text: &str| Block {
        kind: kind.to_owned(),
        moment: String::new(),
        intro: intro.to_owned(),
        text: text.to_owned(),
        line: 1,
    };
    for (kind, intro, text, confirmed) in [
        ("log", "", "level=info msg=one\nlevel=info msg=two", true),
        ("log", "", "level=info msg=two\nlevel=info msg=one", false),
        ("log", "", "level=info msg=three", false),
        (
            "status",
            "",
            r#"{"state":"ok","proxy":"http://proxy.example.com:3128"}"#,
            true,
        ),
        ("status", "", r#"{"access_token":{"generation":1}}"#, true),
        ("status", "", r#"{"access_token":{"generation":2}}"#, false),
        ("status", "", r#"{"state":"ok","absent":1}"#, false),
        ("health", "200", "{}", false),
        ("printed", "It ends with code 2:", "an error", true),
        ("printed", "It ends with code 1:", "an error", false),
        ("other", "", "", false),
        ("", "", "", false),
    ] {
        assert_eq!(
            moment.confirms(&block(kind, intro, text)).is_ok(),
            confirmed,
            "{kind} {text}"
        );
    }
}
