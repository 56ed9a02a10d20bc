//! Durations as Go writes and reads them: `141.310923ms`, `1.5s`, `1h2m3s`.
//!
//! The log lines and the `-timeout` flag are those of a Go program, and log filters read them.

use std::fmt;
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

/// In nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// A text that is no Go duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a duration such as 9s, 1m30s or 500ms")]
pub struct MalformedDuration;

/// A duration, shown as `time.Duration.String` writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Go's longest duration is half of what this holds.
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        let (minutes, rest) = (nanos / MINUTE, nanos % MINUTE);
        let (whole, unit, name) = match nanos {
            0 => return f.write_str("0s"),
            1..1_000 => (nanos, 1, "ns"),
            1_000..1_000_000 => (nanos, 1_000, "µs"),
            1_000_000..1_000_000_000 => (nanos, 1_000_000, "ms"),
            _ => (rest, 1_000_000_000, "s"),
        };
        match (minutes / 60, minutes % 60) {
            (0, 0) => {}
            (0, minutes) => write!(f, "{minutes}m")?,
            (hours, minutes) => write!(f, "{hours}h{minutes}m")?,
        }
        fraction(f, whole, unit)?;
        f.write_str(name)
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

/// `nanos` in units of so many, without zeros at the end.
fn fraction(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64) -> fmt::Result {
    write!(f, "{}", nanos / unit)?;
    let (mut rest, mut digits) = (nanos % unit, unit.ilog10() as usize);
    if rest == 0 {
        return Ok(());
    }
    while rest % 10 == 0 {
        (rest, digits) = (rest / 10, digits - 1);
    }
    write!(f, ".{rest:0digits$}")
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
            (1_000, "1µs"),
            (1_001_000, "1.001ms"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
        ] {
            assert_eq!(GoDuration(Duration::from_nanos(nanos)).to_string(), text);
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
            prop_assert_eq!(parse_duration(&GoDuration(duration).to_string()), Ok(duration));
        }
    }
}
