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

/// As long as the longest duration that this can show, `5124095h34m33.709551615s`.
const LONGEST: usize = 24;

/// A duration's text. It is written from its end, as digits come, and without the formatter: each request has some.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    bytes: [u8; LONGEST],
    start: usize,
}

impl GoDuration {
    /// Its text.
    #[must_use]
    pub fn text(self) -> Text {
        // Go's longest duration is half of what this holds.
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        let mut text = Text::new();
        match nanos {
            0 => text.put("0s"),
            1..1_000 => text.number(nanos, 0, "ns"),
            1_000..1_000_000 => text.number(nanos, 3, "µs"),
            1_000_000..1_000_000_000 => text.number(nanos, 6, "ms"),
            _ => text.number(nanos % MINUTE, 9, "s"),
        }
        let minutes = nanos / MINUTE;
        if minutes > 0 {
            text.number(minutes % 60, 0, "m");
        }
        if minutes >= 60 {
            text.number(minutes / 60, 0, "h");
        }
        text
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl Text {
    fn new() -> Self {
        Self {
            bytes: [0; LONGEST],
            start: LONGEST,
        }
    }

    fn put(&mut self, text: &str) {
        let end = self.start;
        self.start -= text.len();
        self.bytes[self.start..end].copy_from_slice(text.as_bytes());
    }

    /// `digits` over a power of ten, without zeros at the end, before `unit`.
    fn number(&mut self, mut digits: u64, mut decimals: u32, unit: &str) {
        self.put(unit);
        while decimals > 0 && digits.is_multiple_of(10) {
            (digits, decimals) = (digits / 10, decimals - 1);
        }
        for _ in 0..decimals {
            self.digit(&mut digits);
        }
        if decimals > 0 {
            self.put(".");
        }
        self.digit(&mut digits);
        while digits > 0 {
            self.digit(&mut digits);
        }
    }

    fn digit(&mut self, digits: &mut u64) {
        const NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let last = usize::try_from(*digits % 10).unwrap_or_default();
        self.put(NAMES[last]);
        *digits /= 10;
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[self.start..]).expect("only whole texts are put")
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
            (999, "999ns"),
            (1_000_010, "1.00001ms"),
            (10_000_000_000, "10s"),
            (60_000_000_001, "1m0.000000001s"),
            (u64::MAX, "5124095h34m33.709551615s"),
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
