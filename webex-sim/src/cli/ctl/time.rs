//! Times as people write them: `1h30m`, `90s`, `14d`.

use std::time::Duration;

/// Units with their milliseconds, the longest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

const ACCEPTED: &str = "such as 90s, 1h30m, 14d or 500ms";

/// A length of time: numbers with units, the longest unit first, each once.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("accepted: {ACCEPTED}");
    let (mut rest, mut total, mut shortest) = (text, 0_u64, u64::MAX);
    while !rest.is_empty() {
        let (number, after) = split(rest, |char| char.is_ascii_digit());
        let (unit, after) = split(after, |char| char.is_ascii_alphabetic());
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        if *length >= shortest {
            return Err(wrong());
        }
        shortest = *length;
        let part = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(*length));
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = after;
    }
    if text.is_empty() {
        return Err(wrong());
    }
    Ok(Duration::from_millis(total))
}

/// Such a length in whole seconds.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let duration = duration(text)?;
    if duration.subsec_nanos() == 0 {
        Ok(duration.as_secs())
    } else {
        Err("accepted: whole seconds, such as 90s, 1h30m or 14d".to_owned())
    }
}

/// What fits at the beginning, and the rest.
fn split(text: &str, fits: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|char| !fits(char)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_add_up() {
        for (text, ms) in [
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("14d", 1_209_600_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("500ms", 500),
            ("0s", 0),
            ("90m", 5_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "90",
            "h",
            "1y",
            "1 h",
            "-1s",
            "1.5h",
            "30m1h",
            "1h1h",
            "1H",
            "99999999999999999999s",
            "999999999999999999d",
            "1hü",
        ] {
            assert!(duration(text).unwrap_err().contains("90s"), "{text}");
        }
        assert!(seconds("1s500ms").unwrap_err().contains("whole seconds"));
        assert_eq!(seconds("2000ms"), Ok(2));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(days in 0_u64..1000, hours in 0_u64..24, ms in 0_u64..1000) {
            let expected = days * 86_400_000 + hours * 3_600_000 + ms;
            prop_assert_eq!(duration(&format!("{days}d{hours}h{ms}ms")), Ok(Duration::from_millis(expected)));
        }

        #[test]
        fn any_text_is_a_time_or_refused(text in "\\PC{0,12}") {
            let _ = duration(&text);
        }
    }
}
