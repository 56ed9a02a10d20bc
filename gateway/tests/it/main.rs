//! The gateway against the simulator, both in this process, and the real binary.

mod authorise;
mod bench;
mod binary;
mod callback;
mod forward;
mod health;
mod nonsense;
mod raw;
mod refresh;
mod stub;
