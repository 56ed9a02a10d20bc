//! `ctl snapshots`.

use clap::{Args, Subcommand};

use super::report::{Outcome, Report, table_or};
use crate::client::ControlClient;
use crate::control::types::{Deleted, SnapshotInfo, SnapshotList};

/// Without a command they are listed.
#[derive(Debug, Args)]
pub(super) struct Snapshots {
    #[command(subcommand)]
    command: Option<SnapshotsCommand>,
}

/// What happens to snapshots.
#[derive(Debug, Subcommand)]
enum SnapshotsCommand {
    /// All snapshots of the world
    List,
    /// Keep state and clock of this moment
    Save {
        /// Its name; one of the same name is replaced
        name: String,
    },
    /// Go back to it; it stays
    Restore {
        /// Its name
        name: String,
    },
    /// Forget it
    Delete {
        /// Its name
        name: String,
    },
}

impl Snapshots {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self.command.unwrap_or(SnapshotsCommand::List) {
            SnapshotsCommand::List => {
                let snapshots = control.snapshots().await?;
                let rows: Vec<_> = snapshots.iter().map(row).collect();
                Ok(Report::new(
                    table_or("no snapshots", &rows),
                    &SnapshotList { snapshots },
                ))
            }
            SnapshotsCommand::Save { name } => {
                let saved = control.save_snapshot(&name).await?;
                Ok(Report::new(
                    format!("{name} is saved, time {}", saved.time),
                    &saved,
                ))
            }
            SnapshotsCommand::Restore { name } => {
                let restored = control.restore_snapshot(&name).await?;
                Ok(Report::new(
                    format!("{name} is restored, time {}", restored.time),
                    &restored,
                ))
            }
            SnapshotsCommand::Delete { name } => {
                control.delete_snapshot(&name).await?;
                Ok(Report::new(
                    format!("{name} is deleted"),
                    &Deleted { deleted: name },
                ))
            }
        }
    }
}

fn row(snapshot: &SnapshotInfo) -> Vec<String> {
    let how = if snapshot.frozen { " (stands still)" } else { "" };
    vec![snapshot.name.clone(), format!("time {}{how}", snapshot.time)]
}
