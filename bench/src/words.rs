//! Figures as people read them.

/// With a comma for each thousand.
pub(crate) fn count(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Microseconds, as milliseconds from one of them on.
pub(crate) fn duration(microseconds: f64) -> String {
    match microseconds {
        small if small.abs() < 1000.0 => format!("{small:.0} µs"),
        large => format!("{:.1} ms", large / 1000.0),
    }
}

/// Of 10^6 bytes.
pub(crate) fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

pub(crate) fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// Where there is nothing to tell.
pub(crate) const NONE: &str = "—";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(
            [count(999.4), count(1000.0), count(1_234_567.0)],
            ["999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn durations_have_the_unit_that_suits_them() {
        assert_eq!(
            [duration(85.2), duration(1500.0), duration(-20.0)],
            ["85 µs", "1.5 ms", "-20 µs"]
        );
        assert_eq!(
            (megabytes(9_960_000.0), percent(0.034)),
            ("10.0 MB".to_owned(), "3 %".to_owned())
        );
    }
}
