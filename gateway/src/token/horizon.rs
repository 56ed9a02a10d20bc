//! The end of the refresh token, told in time: then only an administrator can help, and should not be surprised.

use std::time::Duration;

use crate::clock::Timestamp;

/// A refresh token that Webex renews with each refresh never comes this near to its 90 days.
const NEAR: Duration = Duration::from_hours(30 * 24);
/// How often it is told.
const REMINDER: Duration = Duration::from_hours(24);
const SECONDS_OF_A_DAY: u64 = 86_400;

/// When it was told last.
#[derive(Debug, Default)]
pub(super) struct Horizon {
    told: Option<Timestamp>,
}

impl Horizon {
    /// What is to be told `now` of a refresh token that ends at `end`, once a day.
    pub(super) fn look(&mut self, end: Option<Timestamp>, now: Timestamp) -> Option<String> {
        let end = end.filter(|end| end.since(now) < NEAR)?;
        if self.told.is_some_and(|told| now.since(told) < REMINDER) {
            return None;
        }
        self.told = Some(now);
        let when = match end <= now {
            true => "ended".to_owned(),
            false => format!("ends in {} days,", end.since(now).as_secs() / SECONDS_OF_A_DAY),
        };
        Some(format!(
            "the refresh token {when} on {end}: have an administrator authorise the gateway again"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const SECOND: Duration = Duration::from_secs(1);

    fn start() -> Timestamp {
        Timestamp::from_unix_seconds(1_769_606_789)
    }

    #[test]
    fn an_end_within_thirty_days_is_told_and_one_beyond_or_unknown_is_not() {
        let told = |left: Duration| Horizon::default().look(Some(start() + left), start());
        assert_eq!(told(30 * DAY), None);
        assert_eq!(Horizon::default().look(None, start()), None);
        let nearly = told(29 * DAY + 86_399 * SECOND).expect("it is told");
        assert!(
            nearly.starts_with("the refresh token ends in 29 days, on 2026-02-27T"),
            "{nearly}"
        );
        let last = told(SECOND).expect("it is told");
        assert!(last.contains(" ends in 0 days, on "), "{last}");
        let ended = told(Duration::ZERO).expect("it is told");
        assert!(
            ended.starts_with("the refresh token ended on 2026-01-28T"),
            "{ended}"
        );
    }

    #[test]
    fn it_is_told_once_a_day() {
        let mut horizon = Horizon::default();
        let end = Some(start() + 10 * DAY);
        let mut told_at = |now| horizon.look(end, now).is_some();
        assert!(told_at(start()));
        assert!(!told_at(start() + SECOND));
        assert!(!told_at(start() + 86_399 * SECOND));
        assert!(told_at(start() + DAY));
        assert!(!told_at(start() + (DAY + SECOND)));
        // After the clock was set back it is not told anew at once.
        assert!(!told_at(start()));
    }
}
