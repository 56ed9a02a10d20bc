//! How long to wait before the next attempt: exponential, with jitter, honouring what the server asks.

use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait while requests fail: recovery of Webex is seen within about this time.
const LONGEST: Duration = Duration::from_mins(1);
/// The longest wait while the access token still works: nobody is waiting, and an hour of outage costs fewer than 30 calls.
const LONGEST_WITHOUT_HURRY: Duration = Duration::from_mins(6);
/// The longest `Retry-After` that is believed; Webex documents values up to an hour.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// The wait after `failures` failures in a row (1 or more), where a request has no token to send. `dice` in 0..1 spreads it over
/// the upper half of the step; a `Retry-After` lengthens it.
#[must_use]
pub fn after(failures: u32, dice: f64, retry_after: Option<Duration>) -> Duration {
    wait(failures, dice, retry_after, LONGEST)
}

/// The same where the access token still works.
#[must_use]
pub fn without_hurry(failures: u32, dice: f64, retry_after: Option<Duration>) -> Duration {
    wait(failures, dice, retry_after, LONGEST_WITHOUT_HURRY)
}

fn wait(failures: u32, dice: f64, retry_after: Option<Duration>, longest: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let step = FIRST.saturating_mul(1 << doublings).min(longest);
    let jittered = step.mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0);
    jittered.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_stays_between_half_a_second_and_its_limit(failures in any::<u32>(), dice in 0.0..1.0_f64) {
            let (urgent, calm) = (after(failures, dice, None), without_hurry(failures, dice, None));
            prop_assert!(urgent >= FIRST / 2 && urgent <= LONGEST);
            prop_assert!(calm >= urgent && calm <= LONGEST_WITHOUT_HURRY);
        }

        #[test]
        fn a_wait_is_never_shorter_than_retry_after_asks(failures in 1..40_u32, asked in 0..3600_u64) {
            let asked = Duration::from_secs(asked);
            prop_assert!(after(failures, 0.5, Some(asked)) >= asked);
            prop_assert!(without_hurry(failures, 0.5, Some(asked)) >= asked);
        }
    }

    #[test]
    fn steps_double_up_to_a_minute_and_without_hurry_up_to_six() {
        let steps = |wait: fn(u32, f64, Option<Duration>) -> Duration| -> Vec<u64> {
            (1..=10)
                .map(|failures| wait(failures, 1.0, None).as_secs())
                .collect()
        };
        assert_eq!(steps(after), [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(steps(without_hurry), [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
    }

    #[test]
    fn a_retry_after_of_days_is_not_believed() {
        let days = Some(Duration::from_hours(100));
        assert_eq!(after(1, 0.5, days), LONGEST_RETRY_AFTER);
    }
}
