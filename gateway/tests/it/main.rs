//! The gateway against the simulator, both in this process, and the real binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]
#![expect(
    clippy::print_stderr,
    reason = "a test that fails shows the log of its gateway"
)]

mod authorise;
mod bench;
mod binary;
mod broken;
mod callback;
mod docs;
mod forward;
mod framing;
mod health;
mod nonsense;
mod outward;
mod refresh;
mod stub;
mod transparency;
mod vectors;
mod wire;
