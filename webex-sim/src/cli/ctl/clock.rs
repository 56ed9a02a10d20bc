//! `ctl clock`.

use clap::Args;

use super::report::{Outcome, Report};
use super::time;
use crate::client::ControlClient;
use crate::control::types::ClockChange;

/// Without options the time is shown.
#[derive(Debug, Args)]
pub(super) struct Clock {
    /// Move it forward, such as 90s, 1h30m or 14d
    #[arg(long, value_name = "TIME", value_parser = time::seconds)]
    advance: Option<u64>,
    /// Stop it
    #[arg(long)]
    freeze: bool,
    /// Let it run on
    #[arg(long, conflicts_with = "freeze")]
    run: bool,
}

impl Clock {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let freeze = match (self.freeze, self.run) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let state = if self.advance.is_none() && freeze.is_none() {
            control.clock().await?
        } else {
            let change = ClockChange {
                advance_seconds: self.advance,
                freeze,
            };
            control.change_clock(&change).await?
        };
        let seconds = state.offset_ms.div_euclid(1_000);
        let how = if state.frozen { "stands still" } else { "runs" };
        Ok(Report::new(
            format!("{} {how}, {seconds:+} s from real time", state.now),
            &state,
        ))
    }
}
