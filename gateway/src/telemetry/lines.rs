//! Makes a line of each event that is wanted. Spans are not logged, and the gateway makes none.

use std::cell::Cell;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::{json, text};
use crate::config::{LogConfig, LogFormat};

/// More room than this is not kept for the next line.
const KEPT: usize = 4 * 1024;

thread_local! {
    /// Room for a line.
    static ROOM: Cell<String> = const { Cell::new(String::new()) };
}

/// Gives lines to `put`.
pub(super) struct Lines<P> {
    pub(super) config: LogConfig,
    pub(super) put: P,
}

impl<P: Fn(&[u8]) + Send + Sync + 'static> Subscriber for Lines<P> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.enabled(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Neither an event nor a span is what only asks.
        !metadata.is_span() && is_wanted(metadata, self.config.level)
    }

    /// Lets what is below the level cost nothing.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.config.level)
    }

    fn event(&self, event: &Event<'_>) {
        // What is shown in a line may log a line itself: that has room of its own.
        let mut line = ROOM.try_with(Cell::take).unwrap_or_default();
        match self.config.format {
            LogFormat::Text => text::write(&mut line, event),
            LogFormat::Json => json::write(&mut line, event),
        }
        line.push('\n');
        (self.put)(line.as_bytes());
        line.clear();
        line.shrink_to(KEPT);
        let _ = ROOM.try_with(|room| room.set(line));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Any will do: all of them are disabled.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn is_wanted(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    let own = metadata.target().starts_with("webex_gateway") || metadata.target().starts_with("webex_gw");
    let most = if own { level } else { level.min(LevelFilter::WARN) };
    *metadata.level() <= most
}
