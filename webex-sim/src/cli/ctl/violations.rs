//! `ctl violations`.

use clap::{Args, Subcommand};

use super::report::{Outcome, Report, counted, table_or, word};
use crate::client::ControlClient;
use crate::control::types::{Violation, ViolationList};

/// Without a command they are listed.
#[derive(Debug, Args)]
pub(super) struct Violations {
    #[command(subcommand)]
    command: Option<ViolationsCommand>,
}

/// What happens to the list.
#[derive(Debug, Subcommand)]
enum ViolationsCommand {
    /// All, the oldest first
    List {
        /// End with 1 if there are any
        #[arg(long)]
        fail: bool,
    },
    /// Forget all
    Clear,
}

impl Violations {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self.command.unwrap_or(ViolationsCommand::List { fail: false }) {
            ViolationsCommand::List { fail } => {
                let violations = control.violations().await?;
                let count = violations.len();
                let report = listed(violations);
                Ok(if fail && count > 0 {
                    report.complain(counted(count, "violation", "violations"))
                } else {
                    report
                })
            }
            ViolationsCommand::Clear => {
                control.clear_violations().await?;
                Ok(listed(Vec::new()))
            }
        }
    }
}

fn listed(violations: Vec<Violation>) -> Report {
    let rows: Vec<_> = violations
        .iter()
        .map(|own| {
            vec![
                own.time.clone(),
                word(&own.kind),
                own.client_id.clone(),
                own.detail.clone(),
            ]
        })
        .collect();
    Report::new(table_or("no violations", &rows), &ViolationList { violations })
}
