//! Log output: one line an event on standard output, in the layout that the field's log filters parse, or as JSON.

mod fields;
mod json;
pub mod sink;
mod stamp;
mod text;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;

use crate::config::{LogConfig, LogFormat};

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
