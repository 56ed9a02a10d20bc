//! What not every machine has, and what leaves tests out where it is missing.

use crate::progress::say;

/// Something that a test needs besides Rust and an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compose, and the engine's own client.
    Compose,
    /// Chromium.
    Browser,
    /// Python, and `PyPI`.
    Python,
}

impl Need {
    /// Says that something is missing, and what is left out for it. Panics where its variable is set, as it is in CI.
    pub(crate) fn is_missing(self, problem: &str) {
        let variable = self.variable();
        assert!(
            std::env::var_os(variable).is_none(),
            "{problem}, and {variable} asks for it"
        );
        say(&format!("{problem}: what needs it is not tested"));
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Compose => "WEBEX_E2E_REQUIRE_COMPOSE",
            Self::Browser => "WEBEX_E2E_REQUIRE_BROWSER",
            Self::Python => "WEBEX_E2E_REQUIRE_PYTHON",
        }
    }
}
