//! `ctl state`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use clap::Subcommand;

use super::input;
use super::report::{Failure, Outcome, Report};
use crate::client::ControlClient;

/// Said on standard error with each export.
const HOLDS_SECRETS: &str = "the state holds tokens, passwords and the client secret as they are";

/// Mode of an exported file: its owner's alone, because of what is in it.
const OWNER_ONLY: u32 = 0o600;

/// What happens to the state.
#[derive(Debug, Subcommand)]
pub(super) enum State {
    /// Print it, or write it to a file. Tokens, passwords and the client secret are in it
    Export {
        /// Where to write it
        file: Option<String>,
    },
    /// Replace it by one that was exported, as a whole or not at all
    Import {
        /// The document, or - for standard input
        file: String,
    },
}

impl State {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self {
            Self::Export { file } => {
                let state = control.export_state().await?;
                let report = match file {
                    None => Report::verbatim(&state),
                    Some(file) => {
                        let written = write(&file, &state);
                        written.map_err(|error| Failure::Input(format!("cannot write {file}: {error}")))?;
                        Report::new(format!("written to {file}"), &serde_json::json!({ "file": file }))
                    }
                };
                Ok(report.note(HOLDS_SECRETS))
            }
            Self::Import { file } => {
                let imported = control.import_state(input::text_of(&file)?).await?;
                let text = format!(
                    "organisations {}, people {}, tokens {}",
                    imported.organizations, imported.people, imported.tokens
                );
                Ok(Report::new(text, &imported))
            }
        }
    }
}

fn write(file: &str, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(OWNER_ONLY);
    options.open(file)?.write_all(text.as_bytes())
}
