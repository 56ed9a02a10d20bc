//! What is learned about one authorisation while it is decided, beside its outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Goes with a callback; clones share what was learned.
#[derive(Clone, Debug, Default)]
pub struct Attempt(Arc<Learned>);

#[derive(Debug, Default)]
struct Learned {
    repeat: AtomicBool,
    own_flow: AtomicBool,
}

impl Attempt {
    pub(super) fn note_repeat(&self, repeat: bool) {
        self.0.repeat.store(repeat, Ordering::Relaxed);
    }

    pub(super) fn note_own_flow(&self) {
        self.0.own_flow.store(true, Ordering::Relaxed);
    }

    /// Whether the code was seen before, so that its outcome is the first one again.
    #[must_use]
    pub fn is_repeat(&self) -> bool {
        self.0.repeat.load(Ordering::Relaxed)
    }

    /// Whether the gateway started the flow.
    #[must_use]
    pub fn is_own_flow(&self) -> bool {
        self.0.own_flow.load(Ordering::Relaxed)
    }
}
