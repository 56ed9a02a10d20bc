//! The simulator from outside, over HTTP and as a process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod authorize_page;
mod broadworks;
mod cli;
mod control;
mod control_page;
mod coverage;
mod ctl;
mod docs;
mod faults;
mod harness;
mod html;
mod journal;
mod limits;
mod oauth;
mod openapi;
mod operations;
mod organizations;
mod people;
mod replay;
mod rotation;
mod scim;
mod scim_access;
mod scim_bulk;
mod scim_search;
mod scim_tokens;
mod seeds;
mod state;
mod tls;
mod violations;
mod webdriver;
mod worlds;
