//! How far a long run is: a line a step on standard error.

use std::io::Write as _;
use std::time::Duration;

use tokio::time::Instant;

/// Counts steps.
pub(crate) struct Progress {
    begun: Instant,
    done: u32,
    all: u32,
}

impl Progress {
    pub(crate) fn of(all: usize) -> Self {
        Self {
            begun: Instant::now(),
            done: 0,
            all: u32::try_from(all).unwrap_or(u32::MAX),
        }
    }

    /// A step has been made.
    pub(crate) fn step(&mut self, what: &str) {
        self.done += 1;
        let left = left(self.begun.elapsed(), self.done, self.all);
        say(&format!("[{}/{}, {left}] {what}", self.done, self.all));
    }
}

/// A line on standard error, which nobody parses.
pub(crate) fn say(line: &str) {
    // Where nobody reads it, nobody misses it.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// In words, supposing that all steps take the same.
fn left(elapsed: Duration, done: u32, all: u32) -> String {
    let left = elapsed / done.max(1) * all.saturating_sub(done);
    match left.as_secs() {
        0..=90 => format!("{} s left", left.as_secs()),
        seconds => format!("{} min left", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_as_long_as_what_is_done() {
        assert_eq!(left(Duration::from_mins(1), 20, 40), "60 s left");
        assert_eq!(left(Duration::from_mins(1), 10, 60), "5 min left");
        assert_eq!(left(Duration::from_mins(1), 60, 60), "0 s left");
    }
}
