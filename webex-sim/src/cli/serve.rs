//! `webex-sim serve`.

use std::process::ExitCode;

use super::options::Options;
use super::{output, signals};
use crate::Running;

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(options: &Options) -> ExitCode {
    // First of all, so that a signal during the start ends the process properly, too.
    let Ok(end) = signals::end() else {
        return output::failure(1, "cannot listen for signals");
    };
    let running = match start(options, 1).await {
        Ok(running) => running,
        Err(code) => return code,
    };
    let signal = end.await;
    tracing::info!("{signal} received, stopping");
    running.stop().await;
    ExitCode::SUCCESS
}

/// Starts the simulator and writes the authority's certificate if that is asked for. The error is the exit status,
/// `code` unless an option is wrong; what went wrong has been said.
pub(super) async fn start(options: &Options, code: u8) -> Result<Running, ExitCode> {
    let builder = options.builder().map_err(|error| output::bad_options(&error))?;
    let running = builder
        .start()
        .await
        .map_err(|error| output::not_started(code, &error))?;
    if let Some(path) = &options.tls_ca_out {
        std::fs::write(path, running.ca_pem()).map_err(|error| {
            output::failure(
                code,
                &format!(
                    "cannot write {}, which --tls-ca-out names: {error}",
                    path.display()
                ),
            )
        })?;
    }
    tracing::info!(
        url = running.url(),
        tls_url = running.tls_url(),
        control_url = running.control_url(),
        client_id = running.client_id(),
        "webex-sim {} is ready",
        env!("CARGO_PKG_VERSION"),
    );
    Ok(running)
}
