//! A fake Webex: OAuth, the API, and a control API to steer it. What is faithful to Webex and what is not known for
//! sure is listed in `docs/simulator.md`.
//!
//! | module | what |
//! |---|---|
//! | [`Simulator`], [`Running`] | start it inside a test, on free ports; drop it and it is gone |
//! | [`client`] | typed client of the control API, feature `client` |
//! | [`types`] | the JSON of the control API |
//! | [`Seed`] | organisations, people and the integration it starts with |
//!
//! ```no_run
//! # #[cfg(all(feature = "server", feature = "client"))]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = webex_sim::Simulator::builder().redirect_uri("http://localhost/callback").start().await?;
//! sim.control().accept_as("avery.quinn@acme.example.com").await?;
//! println!("{}/v1/authorize?client_id={}", sim.url(), sim.client_id());
//! sim.stop().await;
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "server")]
mod api;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
mod context;
mod control;
#[cfg(feature = "server")]
mod coverage;
#[cfg(feature = "server")]
mod edge;
mod encode;
#[cfg(feature = "server")]
mod faults;
#[cfg(feature = "server")]
mod ids;
#[cfg(feature = "server")]
mod journal;
#[cfg(feature = "server")]
mod limits;
#[cfg(feature = "server")]
mod oauth;
#[cfg(feature = "server")]
pub mod random;
#[cfg(feature = "server")]
mod replay;
#[cfg(feature = "server")]
mod router;
#[cfg(feature = "server")]
mod secret;
#[cfg(feature = "server")]
mod seed;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod vault;
#[cfg(feature = "server")]
mod violations;
#[cfg(feature = "server")]
mod world;
#[cfg(feature = "server")]
mod worlds;

pub use control::types;
#[cfg(feature = "server")]
pub use replay::ArchiveError;
#[cfg(feature = "server")]
pub use secret::{Secret, fingerprint};
#[cfg(feature = "server")]
pub use seed::{Place, Problem, Seed, SeedError};
#[cfg(feature = "server")]
pub use server::{Builder, Running, Simulator, StartError, TlsError, TlsFiles};
