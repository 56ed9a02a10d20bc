//! `ctl replay`.

use clap::{Args, Subcommand};

use super::input;
use super::report::{Outcome, Report, table_or};
use crate::client::ControlClient;

/// Without a command they are listed.
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(subcommand)]
    command: Option<ReplayCommand>,
}

/// What happens to the recording.
#[derive(Debug, Subcommand)]
enum ReplayCommand {
    /// Give the answers of an HTTP Archive (HAR 1.2) again
    Load {
        /// The archive, or - for standard input
        file: String,
    },
    /// The answers, and how often they were given
    List,
    /// Simulate everything again
    Stop,
}

impl Replay {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let list = match self.command.unwrap_or(ReplayCommand::List) {
            ReplayCommand::Load { file } => control.replay(&input::json_of(&file)?).await?,
            ReplayCommand::List => control.replayed().await?,
            ReplayCommand::Stop => {
                control.stop_replay().await?;
                control.replayed().await?
            }
        };
        let rows: Vec<_> = list
            .exchanges
            .iter()
            .map(|own| {
                let hits = format!("given {} times", own.hits);
                vec![
                    own.method.clone(),
                    own.target.clone(),
                    own.status.to_string(),
                    hits,
                ]
            })
            .collect();
        Ok(Report::new(table_or("everything is simulated", &rows), &list))
    }
}
