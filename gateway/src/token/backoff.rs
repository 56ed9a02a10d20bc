//! How long to wait before the next attempt: exponential, with jitter, honouring what the server asks.

use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait: recovery of Webex is seen within about this time.
const LONGEST: Duration = Duration::from_mins(1);
/// The longest `Retry-After` that is believed; Webex documents values up to an hour.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// The wait after `failures` failures in a row (1 or more). `dice` in 0..1 spreads it over the upper half of the step;
/// a `Retry-After` lengthens it.
#[must_use]
pub fn after(failures: u32, dice: f64, retry_after: Option<Duration>) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let step = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let jittered = step.mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0);
    jittered.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_stays_between_half_a_second_and_a_minute(failures in any::<u32>(), dice in 0.0..1.0_f64) {
            let wait = after(failures, dice, None);
            prop_assert!(wait >= FIRST / 2 && wait <= LONGEST);
        }

        #[test]
        fn a_wait_is_never_shorter_than_retry_after_asks(failures in 1..40_u32, asked in 0..3600_u64) {
            let asked = Duration::from_secs(asked);
            prop_assert!(after(failures, 0.5, Some(asked)) >= asked);
        }
    }

    #[test]
    fn steps_double_up_to_a_minute() {
        let steps: Vec<u64> = (1..=8)
            .map(|failures| after(failures, 1.0, None).as_secs())
            .collect();
        assert_eq!(steps, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
