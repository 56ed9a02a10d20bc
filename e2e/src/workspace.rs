//! Where things are in the checkout.

use std::path::{Path, PathBuf};

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
