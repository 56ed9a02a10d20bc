//! Counters of one label: a cell for each of its values, there from the start.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use super::labels::Label;

/// One counter for each value of `L`.
#[derive(Debug)]
pub struct Counters<L> {
    cells: Box<[AtomicU64]>,
    label: PhantomData<L>,
}

impl<L: Label> Counters<L> {
    /// Counts one more.
    pub fn add(&self, value: L) {
        self.cells[value.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Adds what `other` has counted.
    pub fn absorb(&self, other: &Self) {
        for (cell, other) in self.cells.iter().zip(&other.cells) {
            cell.fetch_add(other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Every value of the label with its count.
    pub fn counts(&self) -> impl Iterator<Item = (L, u64)> {
        let counts = self.cells.iter().map(|cell| cell.load(Ordering::Relaxed));
        L::ALL.iter().copied().zip(counts)
    }
}

impl<L: Label> Default for Counters<L> {
    fn default() -> Self {
        Self {
            cells: L::ALL.iter().map(|_| AtomicU64::default()).collect(),
            label: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::labels::Source;

    #[test]
    fn each_value_has_a_count_of_its_own_and_is_there_before_it_happened() {
        let counters = Counters::default();
        counters.add(Source::Upstream);
        counters.add(Source::Upstream);
        let counts: Vec<_> = counters.counts().collect();
        assert_eq!(counts, [(Source::Gateway, 0), (Source::Upstream, 2)]);
        counters.absorb(&counters);
        let counts: Vec<_> = counters.counts().collect();
        assert_eq!(counts, [(Source::Gateway, 0), (Source::Upstream, 4)]);
    }
}
