//! Medians, spreads and ratios of repeated measurements.

use serde::{Deserialize, Serialize};

/// What several measurements of one thing come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    /// From the lowest to the highest, as a part of the median.
    pub(crate) spread: f64,
}

impl Figure {
    /// `None` where nothing was measured.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let middle = median(values)?;
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = if middle == 0.0 {
            0.0
        } else {
            (highest - lowest) / middle
        };
        Some(Self {
            median: middle,
            spread,
        })
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The median of the ratios round by round: what slows a machine down for a while slows both sides of a round.
pub(crate) fn paired_ratio(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .filter(|(_, theirs)| **theirs > 0.0)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    median(&ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn the_spread_is_a_part_of_the_median() {
        let figure = Figure::of(&[90.0, 100.0, 120.0]).unwrap();
        assert_eq!((figure.median, figure.spread), (100.0, 0.3));
        assert_eq!(Figure::of(&[0.0, 0.0]).map(|figure| figure.spread), Some(0.0));
        assert_eq!(Figure::of(&[]), None);
    }

    #[test]
    fn a_slow_round_does_not_spoil_a_ratio() {
        // Twice as fast in every round, although the machine was halved in the second.
        assert_eq!(
            paired_ratio(&[200.0, 100.0, 220.0], &[100.0, 50.0, 110.0]),
            Some(2.0)
        );
        assert_eq!(paired_ratio(&[1.0], &[0.0]), None);
    }
}
