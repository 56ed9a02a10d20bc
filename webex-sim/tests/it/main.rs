//! The simulator from outside, over HTTP and as a process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod authorize_page;
mod cli;
mod control;
mod docs;
mod harness;
mod html;
mod journal;
mod oauth;
mod rotation;
mod seeds;
mod state;
mod tls;
mod worlds;
