//! Waiting for a server to answer.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

use crate::http::Connection;
use crate::process::Process;

/// A server that does not answer by then does not start at all.
const PATIENCE: Duration = Duration::from_secs(15);
/// Short against what is measured, long enough to leave the processor to who starts.
const PAUSE: Duration = Duration::from_micros(200);

/// Waits until `GET /small` is answered with 200.
pub(crate) async fn answers(process: &mut Process, port: u16, fields: &str) -> anyhow::Result<()> {
    responds(process, port, fields, |status| status == 200).await
}

/// Waits for an answer with one of these statuses.
pub(crate) async fn responds(
    process: &mut Process,
    port: u16,
    fields: &str,
    is_good: impl Fn(u16) -> bool,
) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let outcome = ask(port, fields).await;
        if outcome.as_ref().is_ok_and(|status| is_good(*status)) {
            return Ok(());
        }
        process.check()?;
        if start.elapsed() > PATIENCE {
            let last = match outcome {
                Ok(status) => format!("status {status}"),
                Err(error) => format!("{error:#}"),
            };
            let said = process.said();
            bail!(
                "port {port} gives no good answer within {PATIENCE:?}; the last one was: {last}; it said:\n{said}"
            );
        }
        // The runtime's own timer counts in milliseconds.
        std::thread::sleep(PAUSE);
    }
}

async fn ask(port: u16, fields: &str) -> anyhow::Result<u16> {
    let (status, _) = Connection::open(port)
        .await?
        .ask("GET", "/small", fields, "")
        .await?;
    Ok(status)
}
