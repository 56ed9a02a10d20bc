//! Moments and spans as people say them: `2026-12-06 10:23:17 UTC (in 13 days)`.

use std::time::Duration;

use crate::clock::Timestamp;

/// Units from the largest; a span is told in the largest of which it has at least two, so that nothing is rounded by half.
const UNITS: [(u64, &str); 4] = [(24 * 3600, "day"), (3600, "hour"), (60, "minute"), (1, "second")];

/// The moment in UTC, and how far it is from `now`.
#[must_use]
pub fn moment(moment: Timestamp, now: Timestamp) -> String {
    format!(
        "{} ({})",
        moment.format("%Y-%m-%d %H:%M:%S UTC"),
        distance(moment, now)
    )
}

/// `in 13 days`, `3 hours ago`, `now`.
#[must_use]
pub fn distance(moment: Timestamp, now: Timestamp) -> String {
    let (ahead, behind) = (moment.since(now), now.since(moment));
    match (ahead.as_secs(), behind.as_secs()) {
        (0, 0) => "now".to_owned(),
        (0, _) => format!("{} ago", span(behind)),
        _ => format!("in {}", span(ahead)),
    }
}

/// `13 days`, `1 second`; parts of the unit are cut off.
#[must_use]
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (unit, name) = UNITS
        .into_iter()
        .find(|(unit, _)| seconds >= 2 * unit)
        .unwrap_or((1, "second"));
    match seconds / unit {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_largest_unit_that_fits_twice() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (1_209_599, "13 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_moment_is_told_in_utc_and_from_now() {
        let now = Timestamp::from_unix_seconds(1_769_606_789);
        assert_eq!(
            moment(now + Duration::from_secs(1_209_599), now),
            "2026-02-11 13:26:28 UTC (in 13 days)"
        );
        assert_eq!(distance(now, now + Duration::from_mins(5)), "5 minutes ago");
        assert_eq!(distance(now, now), "now");
    }
}
