//! Where things are in the checkout.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The root of the checkout.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is a folder of the workspace")
}

/// Where build output, logs and journals are kept: `target/e2e`, whatever cargo's own target folder is.
#[must_use]
pub fn output() -> PathBuf {
    root().join("target/e2e")
}

/// The folder for what the running test leaves, `target/e2e/<test>`; the harness names the test's thread.
pub(crate) fn output_of_test() -> PathBuf {
    let thread = std::thread::current();
    output().join(thread.name().unwrap_or("unnamed").replace("::", "-"))
}

/// Where `cargo run` puts what it builds: beside what this test was built as, whatever cargo's target folder is.
#[must_use]
pub fn binaries() -> PathBuf {
    let current = std::env::current_exe().expect("a test is a file");
    let target = current
        .ancestors()
        .nth(3)
        .expect("tests are in target/<profile>/deps");
    target.join("debug")
}

/// The same folder, without what an earlier run of the test has left there: it would be read as this one's.
pub(crate) fn fresh_output_of_test() -> PathBuf {
    static FRESH: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let folder = output_of_test();
    let is_new = FRESH
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(folder.clone());
    if is_new {
        // Usually there is nothing.
        let _ = fs::remove_dir_all(&folder);
    }
    folder
}
