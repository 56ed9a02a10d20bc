//! Commands that are not about one thing in the world.

use clap::Args;

use super::report::{Outcome, Report, table_or};
use crate::client::ControlClient;
use crate::control::types::StatusCoverage;

/// `coverage`.
#[derive(Debug, Args)]
pub(super) struct Coverage {
    /// Only what Webex documents and nobody has seen yet
    #[arg(long)]
    missing: bool,
}

pub(super) async fn health(control: &ControlClient) -> Outcome {
    let health = control.health().await?;
    Ok(Report::new(
        format!("{}: webex-sim {}", health.status, health.version),
        &health,
    ))
}

pub(super) async fn reset(control: &ControlClient) -> Outcome {
    control.reset().await?;
    Ok(Report::new(
        "everything is as at the start",
        &control.health().await?,
    ))
}

impl Coverage {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let mut coverage = control.coverage().await?;
        if self.missing {
            for operation in &mut coverage.operations {
                operation
                    .statuses
                    .retain(|status| status.documented && status.answers == 0);
            }
            coverage
                .operations
                .retain(|operation| !operation.statuses.is_empty());
        }
        let rows: Vec<_> = coverage
            .operations
            .iter()
            .map(|own| {
                let statuses: Vec<_> = own
                    .statuses
                    .iter()
                    .map(|status| told(status, self.missing))
                    .collect();
                vec![
                    own.operation.clone(),
                    own.method.clone(),
                    own.path.clone(),
                    statuses.join(" "),
                ]
            })
            .collect();
        let sum = format!(
            "{} of {} documented answers seen",
            coverage.exercised, coverage.documented
        );
        Ok(Report::new(
            format!("{}\n{sum}", table_or("nothing is missing", &rows)),
            &coverage,
        ))
    }
}

/// A status and how often it was answered.
fn told(status: &StatusCoverage, bare: bool) -> String {
    if bare {
        status.status.to_string()
    } else {
        format!("{}:{}", status.status, status.answers)
    }
}
