//! The log: standard error, one line for each request.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use super::options::{LogFormat, LogLevel, Options};

/// Sets the log up for the process.
pub(super) fn init(options: &Options) {
    let level = match options.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let log = fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false);
    match options.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
