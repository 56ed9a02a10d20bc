//! What is learned about one authorisation while it is decided, beside its outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Goes with a callback; clones share what was learned.
#[derive(Clone, Debug, Default)]
pub struct Attempt(Arc<Learned>);

#[derive(Debug, Default)]
struct Learned {
    redeemed: AtomicBool,
    started_here: AtomicBool,
}

impl Attempt {
    /// Its code is redeemed, because it is new.
    pub fn redeemed(&self) {
        self.0.redeemed.store(true, Ordering::Relaxed);
    }

    /// Its state is one of the gateway.
    pub fn started_here(&self) {
        self.0.started_here.store(true, Ordering::Relaxed);
    }

    /// Whether the code was redeemed. A code that was seen before is not.
    #[must_use]
    pub fn was_redeemed(&self) -> bool {
        self.0.redeemed.load(Ordering::Relaxed)
    }

    /// Whether the gateway started the flow.
    #[must_use]
    pub fn was_started_here(&self) -> bool {
        self.0.started_here.load(Ordering::Relaxed)
    }
}
