//! Environment variables behind a trait, so that no test touches those of its process.

use std::collections::HashMap;

/// Where variables come from.
pub trait Environment {
    /// The variable's value, if it is set and text.
    fn text(&self, name: &str) -> Option<String>;
}

/// The variables of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

/// Variables given by hand.
#[derive(Clone, Debug, Default)]
pub struct Variables(HashMap<String, String>);

impl Environment for ProcessEnvironment {
    fn text(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Environment for Variables {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

impl<'a, T: AsRef<[(&'a str, &'a str)]> + ?Sized> From<&T> for Variables {
    fn from(pairs: &T) -> Self {
        Self(
            pairs
                .as_ref()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }
}
