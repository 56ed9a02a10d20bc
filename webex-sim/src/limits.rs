//! How many requests a person may make: so many to one family of operations in a window, which starts with the first of them
//! and is followed by the next one's. Pure: the time of a request is an argument.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::api::operation::Family;
use crate::control::types::Settings;

/// What everybody has used up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    windows: HashMap<(Uuid, Family), Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Timestamp,
    requests: u64,
}

/// Too many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// Whole seconds after which there is a new window; at least one.
    pub(crate) wait_s: u64,
}

impl Limits {
    /// Counts a request, or refuses it; refused ones are not counted.
    pub(crate) fn take(
        &mut self,
        person: Uuid,
        family: Family,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), Exceeded> {
        if settings.rate_limit_requests == 0 {
            return Ok(());
        }
        let length = i64::try_from(settings.rate_limit_window_s).unwrap_or(i64::MAX);
        let length = SignedDuration::from_secs(length);
        let fresh = Window {
            start: now,
            requests: 0,
        };
        let window = self.windows.entry((person, family)).or_insert(fresh);
        let passed = now.duration_since(window.start);
        if passed >= length || passed.is_negative() {
            *window = fresh;
        }
        if window.requests < settings.rate_limit_requests {
            window.requests += 1;
            return Ok(());
        }
        let left = length - now.duration_since(window.start);
        let begun = i64::from(left.subsec_nanos() > 0);
        Err(Exceeded {
            wait_s: u64::try_from(left.as_secs() + begun).unwrap_or_default().max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERSON: Uuid = Uuid::from_u128(1);

    fn settings(rate_limit_requests: u64, rate_limit_window_s: u64) -> Settings {
        Settings {
            rate_limit_requests,
            rate_limit_window_s,
            ..Settings::default()
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn so_many_requests_pass_and_the_next_is_told_the_true_rest_of_the_window() {
        let (mut limits, settings) = (Limits::default(), settings(2, 60));
        let mut take = |millis| limits.take(PERSON, Family::Api, &settings, at(millis));
        assert_eq!((take(0), take(1_000)), (Ok(()), Ok(())));
        assert_eq!(take(1_000), Err(Exceeded { wait_s: 59 }));
        assert_eq!(take(1_001), Err(Exceeded { wait_s: 59 }), "a begun second counts");
        assert_eq!(take(59_999), Err(Exceeded { wait_s: 1 }));
        assert_eq!(take(60_000), Ok(()), "refused requests have not been counted");
    }

    #[test]
    fn the_next_window_starts_with_its_first_request() {
        let (mut limits, settings) = (Limits::default(), settings(1, 60));
        let mut take = |millis| limits.take(PERSON, Family::Api, &settings, at(millis));
        assert_eq!((take(0), take(100_000)), (Ok(()), Ok(())));
        assert_eq!(take(100_000), Err(Exceeded { wait_s: 60 }));
    }

    #[test]
    fn people_and_families_have_windows_of_their_own() {
        let (mut limits, settings) = (Limits::default(), settings(1, 60));
        let mut take = |person, family| {
            limits
                .take(Uuid::from_u128(person), family, &settings, at(0))
                .is_ok()
        };
        assert!(take(1, Family::Api) && take(1, Family::Scim) && take(2, Family::Api));
        assert!(!take(1, Family::Api) && !take(1, Family::Scim) && !take(2, Family::Api));
    }

    #[test]
    fn no_limit_counts_nothing() {
        let mut limits = Limits::default();
        let off = settings(0, 60);
        assert!((0..1_000).all(|_| limits.take(PERSON, Family::Api, &off, at(0)).is_ok()));
        assert!(limits.windows.is_empty());
    }

    #[test]
    fn a_clock_that_goes_back_starts_anew() {
        let (mut limits, settings) = (Limits::default(), settings(1, 60));
        assert!(limits.take(PERSON, Family::Api, &settings, at(90_000)).is_ok());
        assert!(limits.take(PERSON, Family::Api, &settings, at(0)).is_ok());
    }

    proptest! {
        #[test]
        fn who_waits_as_told_is_let_through_and_not_a_second_earlier(
            requests in 1_u64..5, window in 1_u64..100, times in proptest::collection::vec(0_i64..20_000, 1..40)
        ) {
            let (mut limits, settings) = (Limits::default(), settings(requests, window));
            let mut now = 0;
            for pause in times {
                now += pause;
                if let Err(exceeded) = limits.take(PERSON, Family::Api, &settings, at(now)) {
                    let wait = i64::try_from(exceeded.wait_s).unwrap() * 1_000;
                    prop_assert!(limits.clone().take(PERSON, Family::Api, &settings, at(now + wait)).is_ok());
                    prop_assert!(limits.clone().take(PERSON, Family::Api, &settings, at(now + wait - 1_000)).is_err());
                }
            }
        }
    }
}
