//! The time of a line. Thousands of lines have the same second: its text is made once on each thread.

use std::cell::RefCell;

use crate::clock::wall_clock;

/// A second and a pattern, with the text of both.
type Written = (i64, &'static str, String);

/// One for each of the patterns that are used.
const KEPT: usize = 2;

thread_local! {
    static LAST: RefCell<[Written; KEPT]> = const { RefCell::new([(0, "", String::new()), (0, "", String::new())]) };
}

/// Adds the time now as `pattern` (strftime) says.
pub(super) fn write(line: &mut String, pattern: &'static str) {
    let now = wall_clock();
    let second = now.unix_seconds();
    LAST.with_borrow_mut(|last| {
        let place = last
            .iter()
            .position(|(_, known, _)| *known == pattern || known.is_empty());
        let (known_second, known, text) = &mut last[place.unwrap_or_default()];
        if (*known_second, *known) != (second, pattern) {
            (*known_second, *known, *text) = (second, pattern, now.format(pattern));
        }
        line.push_str(text);
    });
}
