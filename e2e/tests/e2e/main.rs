//! The product in its containers, told as stories. What a scenario does not say about secrets, every one of them
//! checks: none is in any container's log.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod ahead;
mod authorisation;
mod browser;
mod clock;
mod common;
mod compose;
mod dev;
mod documents;
mod engine;
mod faults;
mod field;
mod forward_proxy;
mod health;
mod image;
mod left_behind;
mod misconfigured;
mod reauthorise;
mod refresh;
mod restart;
mod samples;
mod sdk;
mod security;
mod several;
mod shutdown;
mod terminal;
mod token_endpoint;
