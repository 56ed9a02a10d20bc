//! Randomness: tokens, codes and tracking ids. It is handed in, so that a test can repeat every byte.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Where random bytes come from.
pub trait Random: Debug + Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandom;

/// A sequence that is the same in each run; for tests that compare bytes. Not random at all.
#[derive(Debug, Default)]
pub struct CountingRandom(AtomicU64);

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        bytes.fill(0);
        for (place, byte) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
            *place = byte;
        }
    }
}

/// A version 4 UUID.
pub(crate) fn uuid(random: &dyn Random) -> Uuid {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
