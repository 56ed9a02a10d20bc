//! Log output: one line an event on standard output, in the layout that the field's log filters parse, or as JSON.

mod fields;
mod json;
mod text;

use std::io::{BufWriter, Stdout, stdout};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;

use crate::config::{LogConfig, LogFormat};

/// Lines that may wait to be written. When so many do, because nobody reads them, requests wait too: no line is lost.
const WAITING_LINES: usize = 8 * 1024;
/// What is written at once, at most.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// Standard output, written to by a thread of its own: lines that come at once are written at once. What waits is written when the
/// guard is dropped.
pub fn standard_output() -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(BufWriter::<Stdout>::with_capacity(WRITTEN_AT_ONCE, stdout()))
}

/// A subscriber that writes to `writer`. Libraries are heard from `warning` on only: their debug output may hold secrets.
pub fn subscriber<W>(config: LogConfig, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The hint lets what is below the level cost nothing.
    let filter =
        filter_fn(move |metadata| is_wanted(metadata, config.level)).with_max_level_hint(config.level);
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
    let layer = match config.format {
        LogFormat::Text => layer.event_format(text::Text).boxed(),
        LogFormat::Json => layer.event_format(json::Json).boxed(),
    };
    Registry::default().with(layer.with_filter(filter))
}

fn is_wanted(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    let own = metadata.target().starts_with("webex_gateway") || metadata.target().starts_with("webex_gw");
    let most = if own { level } else { level.min(LevelFilter::WARN) };
    *metadata.level() <= most
}

/// Has panics logged as events, without their message where it could hold a value of a request.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("a task panicked at {place}; this is a bug of the gateway, please report this line");
    }));
}

#[cfg(test)]
mod tests;
