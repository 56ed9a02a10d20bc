//! What a person waiting for the first run should see. Written past the test harness, which would keep it to itself
//! until the end.

use std::io::Write;

/// Writes one line to the terminal.
pub fn say(line: &str) {
    // Nobody is served by a test that fails because nobody watches it.
    let _ = writeln!(std::io::stderr(), "e2e: {line}");
}
