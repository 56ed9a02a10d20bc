//! How long an answer is held back.

use std::time::Duration;

use super::generator::Generator;
use crate::control::types::{Delay, Rejection};

/// Longest delay: beyond an hour a test means `hang`.
pub(super) const LONGEST_MS: u32 = 3_600_000;

/// Largest sigma. Beyond it nearly every delay is nothing or an hour.
const LARGEST_SIGMA: f64 = 5.0;

/// Checks all values; `field` is the delay's.
pub(super) fn check(delay: &Delay, field: &str) -> Result<(), Rejection> {
    let within = |name: &str, value: u32, least: u32| {
        if (least..=LONGEST_MS).contains(&value) {
            return Ok(());
        }
        Err(Rejection {
            field: format!("{field}.{name}"),
            reason: format!("is {value}"),
            accepted: format!("whole milliseconds from {least} to {LONGEST_MS}"),
        })
    };
    match *delay {
        Delay::Fixed { ms } => within("fixed.ms", ms, 0),
        Delay::Uniform { min_ms, max_ms } => {
            within("uniform.min_ms", min_ms, 0)?;
            within("uniform.max_ms", max_ms, min_ms)
        }
        Delay::Lognormal { median_ms, sigma } => {
            within("lognormal.median_ms", median_ms, 0)?;
            if (0.0..=LARGEST_SIGMA).contains(&sigma) {
                return Ok(());
            }
            Err(Rejection {
                field: format!("{field}.lognormal.sigma"),
                reason: format!("is {sigma}"),
                accepted: format!("a number from 0 to {LARGEST_SIGMA}"),
            })
        }
    }
}

/// The delay of one request.
pub(super) fn sample(delay: &Delay, generator: &mut Generator) -> Duration {
    let millis = match *delay {
        Delay::Fixed { ms } => f64::from(ms),
        Delay::Uniform { min_ms, max_ms } => {
            f64::from(min_ms) + generator.fraction() * f64::from(max_ms - min_ms)
        }
        Delay::Lognormal { median_ms, sigma } => f64::from(median_ms) * (sigma * generator.normal()).exp(),
    };
    Duration::from_secs_f64(millis.clamp(0.0, f64::from(LONGEST_MS)) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(delay: &Delay) -> Vec<Duration> {
        let mut generator = Generator::new(0);
        (0..1_000).map(|_| sample(delay, &mut generator)).collect()
    }

    #[test]
    fn a_fixed_delay_is_always_the_same() {
        let all = samples(&Delay::Fixed { ms: 7 });
        assert!(all.iter().all(|delay| *delay == Duration::from_millis(7)));
    }

    #[test]
    fn a_uniform_delay_stays_between_its_two() {
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(20));
        let all = samples(&Delay::Uniform {
            min_ms: 10,
            max_ms: 20,
        });
        assert!(all.iter().all(|delay| (least..=most).contains(delay)));
        let middle = Duration::from_millis(15);
        let low = all.iter().filter(|delay| **delay < middle).count();
        assert!((400..600).contains(&low), "{low}");
    }

    #[test]
    fn half_of_the_lognormal_delays_are_below_the_median() {
        let all = samples(&Delay::Lognormal {
            median_ms: 100,
            sigma: 1.0,
        });
        let low = all
            .iter()
            .filter(|delay| **delay < Duration::from_millis(100))
            .count();
        assert!((440..560).contains(&low), "{low}");
        let wild = Delay::Lognormal {
            median_ms: LONGEST_MS,
            sigma: LARGEST_SIGMA,
        };
        let longest = Duration::from_millis(LONGEST_MS.into());
        assert!(samples(&wild).iter().all(|delay| *delay <= longest));
    }

    #[test]
    fn the_same_seed_gives_the_same_delays() {
        let delay = Delay::Lognormal {
            median_ms: 50,
            sigma: 0.5,
        };
        assert_eq!(samples(&delay), samples(&delay));
    }

    #[test]
    fn bad_values_are_named() {
        let wrong = |delay| check(&delay, "delay").unwrap_err().field;
        let ms = LONGEST_MS + 1;
        assert_eq!(wrong(Delay::Fixed { ms }), "delay.fixed.ms");
        let (min_ms, max_ms) = (5, 4);
        assert_eq!(wrong(Delay::Uniform { min_ms, max_ms }), "delay.uniform.max_ms");
        let (min_ms, max_ms) = (ms, ms);
        assert_eq!(wrong(Delay::Uniform { min_ms, max_ms }), "delay.uniform.min_ms");
        let (median_ms, sigma) = (ms, 0.0);
        assert_eq!(
            wrong(Delay::Lognormal { median_ms, sigma }),
            "delay.lognormal.median_ms"
        );
        for sigma in [-0.1, 5.1, f64::NAN] {
            let median_ms = 1;
            assert_eq!(
                wrong(Delay::Lognormal { median_ms, sigma }),
                "delay.lognormal.sigma"
            );
        }
    }
}
