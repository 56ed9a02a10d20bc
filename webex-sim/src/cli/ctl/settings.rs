//! `ctl settings`.

use clap::{Args, Subcommand};

use super::input::{self, Assignment};
use super::report::{Outcome, Report, table, word};
use crate::client::ControlClient;

/// Without a command they are shown.
#[derive(Debug, Args)]
pub(super) struct Settings {
    #[command(subcommand)]
    command: Option<SettingsCommand>,
}

/// What happens to them.
#[derive(Debug, Subcommand)]
enum SettingsCommand {
    /// All settings
    Show,
    /// Change some, all at once or none
    Set {
        /// JSON values or texts, such as rotation=strict
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = input::assignment)]
        settings: Vec<Assignment>,
    },
}

impl Settings {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let settings = match self.command.unwrap_or(SettingsCommand::Show) {
            SettingsCommand::Show => control.settings().await?,
            SettingsCommand::Set { settings } => {
                control.change_settings_json(&input::object(settings)).await?
            }
        };
        let shown = serde_json::to_value(&settings).unwrap_or_default();
        let rows: Vec<_> = shown
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| vec![name.clone(), word(value)])
            .collect();
        Ok(Report::new(table(&rows), &settings))
    }
}
