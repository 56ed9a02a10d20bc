//! Durations as Go writes and reads them: `141.310923ms`, `1.5s`, `1h2m3s`.
//!
//! The log lines and the `-timeout` flag are those of a Go program, and log filters read them.

use std::time::Duration;

use thiserror::Error;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A text that is no Go duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a duration such as 9s, 1m30s or 500ms")]
pub struct MalformedDuration;

/// Writes `duration` as `time.Duration.String` does.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}µs", fraction(nanos, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", fraction(nanos, 1_000_000)),
        _ => {
            let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
            let seconds = fraction(rest, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// Reads what `time.ParseDuration` reads, without a sign.
pub fn parse_duration(text: &str) -> Result<Duration, MalformedDuration> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut rest, mut nanos) = (text, 0_f64);
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c != '.' && !c.is_ascii_digit())
            .ok_or(MalformedDuration)?;
        let value: f64 = rest[..digits].parse().map_err(|_| MalformedDuration)?;
        let unit_end = rest[digits..]
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .map_or(rest.len(), |end| digits + end);
        let unit = &rest[digits..unit_end];
        let (_, scale) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or(MalformedDuration)?;
        #[expect(clippy::cast_precision_loss, reason = "the largest unit is far below 2^52")]
        let scale = *scale as f64;
        nanos += value * scale;
        rest = &rest[unit_end..];
    }
    match nanos {
        _ if text.is_empty() => Err(MalformedDuration),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked by the guard"
        )]
        nanos if (0.0..9.2e18).contains(&nanos) => Ok(Duration::from_nanos(nanos.round() as u64)),
        _ => Err(MalformedDuration),
    }
}

/// `nanos / unit` in decimals without trailing zeros.
fn fraction(nanos: u128, unit: u128) -> String {
    let (whole, rest) = (nanos / unit, nanos % unit);
    let width = unit.ilog10() as usize;
    match format!("{rest:0width$}").trim_end_matches('0') {
        "" => whole.to_string(),
        decimals => format!("{whole}.{decimals}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (85_200, "85.2µs"),
            (141_310_923, "141.310923ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
        ] {
            assert_eq!(format_duration(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn nonsense_is_no_duration() {
        for text in ["", "9", "s", "9x", "-1s", "1..2s", ".s", "9 s", "1e3s"] {
            assert_eq!(parse_duration(text), Err(MalformedDuration), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0_u64..10_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
