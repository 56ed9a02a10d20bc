//! What a command has said, wherever it was given.

/// A command that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code.
    pub code: i64,
    /// Everything that it has printed, on both outputs.
    pub text: String,
}

impl Said {
    /// The line of a report that begins with `line`, and the fix below it where there is one.
    #[must_use]
    pub fn line(&self, line: &str) -> Option<String> {
        let mut lines = self.text.lines().skip_while(|found| !found.starts_with(line));
        let found = lines.next()?;
        let fix = lines.next().filter(|next| next.starts_with(' '));
        Some(
            format!("{found} {}", fix.unwrap_or_default().trim())
                .trim()
                .to_owned(),
        )
    }
}
