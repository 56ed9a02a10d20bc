//! The end-to-end suite's machinery: images, stacks of containers, and the two who use them, an administrator with a
//! browser and an application. The scenarios are in `tests/e2e`.
//!
//! Needs Rust and a Docker engine. `cargo test -p e2e` runs it; where it fails, see `target/e2e/<test>/`.
//!
//! - [`engine`]: the Docker engine · [`images`]: what is built and what it stands on
//! - [`stack`]: nginx, gateway and simulator, one stack a test
//! - [`compose`]: the same from docker-compose.yml
//! - [`browser`], [`chromium`], [`gateway`], [`sdk`]: those who use it · [`raw`]: those who mean it harm
//! - [`load`]: many requests while things go wrong, and the books of what came of each
//! - [`leaks`]: secrets where anybody may read
//! - [`documents`]: what they tell a reader to type · [`terminal`]: where it is typed
//! - [`eventually`]: waiting for what nobody announces
//! - [`start_time`]: a bar that needs no container
//! - [`run`]: names, and nothing left behind · [`leash`]: nor any program that a test has started · [`soak`]: the whole suite, again and again
//! - [`workspace`]: where things are

pub mod browser;
pub mod chromium;
pub mod compose;
pub mod documents;
pub mod engine;
pub mod eventually;
mod evidence;
pub mod gateway;
mod http;
pub mod images;
pub mod interruptible;
pub mod leaks;
pub mod leash;
pub mod load;
mod missing;
pub mod ports;
pub mod progress;
pub mod raw;
pub mod run;
mod said;
pub mod scene;
pub mod sdk;
pub mod soak;
pub mod stack;
pub mod start_time;
pub mod terminal;
pub mod workspace;

pub use said::Said;
