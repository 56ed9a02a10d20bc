//! How long something took, in buckets, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds in milliseconds, and as Prometheus writes them in seconds: from an answer out of a cache to the default of `-timeout`.
pub const BUCKETS: [(u64, &str); 11] = [
    (5, "0.005"),
    (10, "0.01"),
    (25, "0.025"),
    (50, "0.05"),
    (100, "0.1"),
    (250, "0.25"),
    (500, "0.5"),
    (1_000, "1"),
    (2_500, "2.5"),
    (5_000, "5"),
    (9_000, "9"),
];

/// Counts of durations by [`BUCKETS`].
#[derive(Debug, Default)]
pub struct Histogram {
    /// Not cumulative; the last one is for what is above all bounds.
    cells: [AtomicU64; BUCKETS.len() + 1],
    /// In microseconds, which last for half a million years.
    sum: AtomicU64,
}

/// What a histogram held at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Upper bound and how many were at or below it; the last bound is `+Inf` and counts all.
    pub buckets: Vec<(&'static str, u64)>,
    /// In seconds.
    pub sum: f64,
}

impl Histogram {
    /// Takes one duration.
    pub fn observe(&self, took: Duration) {
        let index = BUCKETS
            .iter()
            .position(|(bound, _)| took <= Duration::from_millis(*bound))
            .unwrap_or(BUCKETS.len());
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.cells[index].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// Takes what `other` has taken.
    pub fn absorb(&self, other: &Self) {
        for (cell, other) in self.cells.iter().zip(&other.cells) {
            cell.fetch_add(other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.sum
            .fetch_add(other.sum.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// What has been seen so far.
    #[must_use]
    pub fn observed(&self) -> Observed {
        let bounds = BUCKETS.iter().map(|(_, text)| *text).chain(["+Inf"]);
        let mut below = 0;
        let buckets = bounds.zip(&self.cells).map(|(bound, cell)| {
            below += cell.load(Ordering::Relaxed);
            (bound, below)
        });
        Observed {
            buckets: buckets.collect(),
            sum: Duration::from_micros(self.sum.load(Ordering::Relaxed)).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        for millis in [5, 6, 8_999, 9_000, 9_001] {
            histogram.observe(Duration::from_millis(millis));
        }
        let observed = histogram.observed();
        let count = |bound: &str| {
            observed
                .buckets
                .iter()
                .find(|(text, _)| *text == bound)
                .unwrap()
                .1
        };
        assert_eq!(
            [
                count("0.005"),
                count("0.01"),
                count("5"),
                count("9"),
                count("+Inf")
            ],
            [1, 2, 2, 4, 5]
        );
        assert!((observed.sum - 27.011).abs() < 1e-9, "{}", observed.sum);
        let all = Histogram::default();
        all.absorb(&histogram);
        assert_eq!(all.observed(), observed);
    }

    #[test]
    fn the_bounds_rise_and_are_written_in_seconds() {
        for (millis, text) in BUCKETS {
            let seconds: f64 = text.parse().unwrap();
            assert_eq!(Duration::from_secs_f64(seconds), Duration::from_millis(millis));
        }
        assert!(BUCKETS.is_sorted_by(|(before, _), (after, _)| before < after));
    }
}
