//! The simulator's program; see [`webex_sim::cli`].

fn main() {}
