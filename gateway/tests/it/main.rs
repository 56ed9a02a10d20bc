//! The gateway against the simulator, both in this process, and the real binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]
#![expect(
    clippy::print_stderr,
    reason = "a test that fails shows the log of its gateway"
)]

mod access_log;
mod audit;
mod authorise;
mod bench;
mod binary;
mod broken;
mod callback;
mod check;
mod commands;
mod docs;
mod ending;
mod exposition;
mod forward;
mod framing;
mod health;
mod itself;
mod login;
mod metrics;
mod metrics_guide;
mod nonsense;
mod operating;
mod outward;
mod process;
mod refresh;
mod rotation;
mod secrets;
mod status;
mod stub;
mod transparency;
mod trial;
mod vectors;
mod wire;
