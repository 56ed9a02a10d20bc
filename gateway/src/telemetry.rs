//! Log output: one line an event on standard output, in the layout that the field's log filters parse, or as JSON.

mod fields;
mod json;
mod lines;
pub mod sink;
mod stamp;
mod text;

use crate::config::LogConfig;

/// A subscriber that gives each line, its end included, to `put`. Libraries are heard from `warning` on only: their debug output
/// may hold secrets.
pub fn subscriber(
    config: LogConfig,
    put: impl Fn(&[u8]) + Send + Sync + 'static,
) -> impl tracing::Subscriber + Send + Sync {
    lines::Lines { config, put }
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
