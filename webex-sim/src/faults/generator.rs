//! The random numbers of a rule: `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). The
//! same seed gives the same sequence on every machine, so that a test can repeat its luck.

/// A generator.
#[derive(Debug, Clone)]
pub(super) struct Generator(u64);

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// At least 0 and less than 1, in steps of 2⁻³².
    pub(super) fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).expect("32 bits are left");
        f64::from(high) / 4_294_967_296.0
    }

    /// A number of the standard normal distribution (Box and Muller, 1958).
    pub(super) fn normal(&mut self) -> f64 {
        // The logarithm wants no zero.
        let (first, second) = (1.0 - self.fraction(), self.fraction());
        (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let mut generator = Generator::new(1_234_567);
        let numbers = [generator.next(), generator.next(), generator.next()];
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn fractions_fill_the_range_and_no_more() {
        let mut generator = Generator::new(0);
        let all: Vec<_> = (0..10_000).map(|_| generator.fraction()).collect();
        assert!(all.iter().all(|number| (0.0..1.0).contains(number)));
        let low = all.iter().filter(|number| **number < 0.25).count();
        assert!((2_300..2_700).contains(&low), "{low}");
    }

    #[test]
    fn normal_numbers_are_around_zero() {
        let mut generator = Generator::new(7);
        let all: Vec<_> = (0..10_000).map(|_| generator.normal()).collect();
        assert!(all.iter().all(|number| number.is_finite()));
        let within = all.iter().filter(|number| number.abs() < 1.0).count();
        assert!((6_600..7_050).contains(&within), "{within}: 68 % expected");
    }
}
