//! What a command says, and the exit status it ends with.

use std::error::Error;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;

use crate::cli::output;
use crate::client::ClientError;

/// Exit status for what the simulator refused, and for what is not there or was not reached.
const REFUSED: u8 = 1;

/// Exit status where there is no simulator.
const UNREACHABLE: u8 = 3;

/// Characters of a foreign answer that are repeated: enough to recognise it.
const SHOWN: usize = 200;

/// What a command has to say.
#[derive(Debug)]
pub(super) struct Report {
    text: String,
    json: String,
    /// Goes to standard error, whatever the form.
    note: Option<&'static str>,
    /// Goes to standard error, and the command ends with 1.
    complaint: Option<String>,
}

/// Why a command has nothing to say.
#[derive(Debug)]
pub(super) enum Failure {
    /// The simulator refused, or is not there.
    Client(ClientError),
    /// An argument or a file cannot be used.
    Input(String),
}

/// What comes of a command.
pub(super) type Outcome = Result<Report, Failure>;

// === impl Report ===

impl Report {
    /// A text for people, and the answer itself.
    pub(super) fn new(text: impl Into<String>, answer: &impl Serialize) -> Self {
        Self {
            text: text.into(),
            json: serde_json::to_string(answer).expect("answers have been JSON before"),
            note: None,
            complaint: None,
        }
    }

    /// JSON in both forms.
    pub(super) fn document(document: &Value) -> Self {
        Self::new(format!("{document:#}"), document)
    }

    /// The same text in both forms.
    pub(super) fn verbatim(text: &str) -> Self {
        let text = text.trim_end_matches('\n').to_owned();
        Self {
            json: text.clone(),
            text,
            note: None,
            complaint: None,
        }
    }

    /// Says something on standard error, too.
    pub(super) fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// Ends with 1, for this reason.
    pub(super) fn complain(mut self, complaint: String) -> Self {
        self.complaint = Some(complaint);
        self
    }

    pub(super) fn show(self, json: bool) -> ExitCode {
        if json {
            output::print(&self.json);
        } else if !self.text.is_empty() {
            output::print(&printable(&self.text));
        }
        if let Some(note) = self.note {
            output::say(&format!("webex-sim: {note}"));
        }
        match self.complaint {
            Some(complaint) => output::failure(REFUSED, &printable(&complaint)),
            None => ExitCode::SUCCESS,
        }
    }
}

// === impl Failure ===

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl Failure {
    pub(super) fn show(&self, url: &str) -> ExitCode {
        let (code, text) = self.told(url);
        output::failure(code, &printable(&text))
    }

    fn told(&self, url: &str) -> (u8, String) {
        match self {
            Self::Input(text) => (output::USAGE, text.clone()),
            Self::Client(ClientError::Unreachable { source, .. }) => {
                let text = format!(
                    "no simulator at {url}: {}. Check that it runs, and that this is its control listener \
                     (--control-port, 8081 by default); --url or WEBEX_SIM_CONTROL_URL names another one.",
                    causes(source)
                );
                (UNREACHABLE, text)
            }
            Self::Client(ClientError::Unexpected { url, status, body }) => {
                let body: String = body.chars().take(SHOWN).collect();
                let text = format!(
                    "{url} answered {status}, which is not what the control API of this version says: {body}. Check \
                     that --url or WEBEX_SIM_CONTROL_URL names the control listener (--control-port, 8081 by default)."
                );
                (UNREACHABLE, text)
            }
            Self::Client(error @ (ClientError::Refused { .. } | ClientError::NotReached { .. })) => {
                (REFUSED, error.to_string())
            }
        }
    }
}

/// An error and what lies under it.
fn causes(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        told = format!("{told}: {cause}");
        next = cause.source();
    }
    told
}

/// Lines in columns.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<_> = (0..columns)
        .map(|column| width(column).unwrap_or_default())
        .collect();
    let lines = rows.iter().map(|row| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The rows, or a word where there are none.
pub(super) fn table_or(nothing: &str, rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        nothing.to_owned()
    } else {
        table(rows)
    }
}

/// A value that may be absent.
pub(super) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The word that stands for a value in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A number and its noun.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What clients have sent must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut shown, char| {
            if char.is_control() && !matches!(char, '\n' | '\t') {
                shown.extend(char.escape_default());
            } else {
                shown.push(char);
            }
            shown
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["a".into(), "ü-long".into(), "x".into()],
            vec!["bcd".into(), "e".into(), String::new()],
        ];
        assert_eq!(table(&rows), "a    ü-long  x\nbcd  e");
        assert_eq!(table_or("nothing", &[]), "nothing");
    }

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(
            printable("a\u{1b}[2J\tb\r\nc\u{9b}"),
            "a\\u{1b}[2J\tb\\r\nc\\u{9b}"
        );
    }
}
