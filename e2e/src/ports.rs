//! Ports for programs that cannot choose one themselves.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use anyhow::Context;

/// Below the ports that the system and the engine give out by themselves.
const PORTS: Range<u16> = 20_000..30_000;

/// A port of this machine that nobody listens on.
pub(crate) fn free() -> anyhow::Result<u16> {
    let start = u16::from_be_bytes(
        *uuid::Uuid::new_v4()
            .as_bytes()
            .first_chunk()
            .expect("a UUID has 16 bytes"),
    );
    let span = PORTS.end - PORTS.start;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let mut ports = (0..span).map(|step| PORTS.start + (start % span + step) % span);
    ports.find(is_free).context("no port is free")
}
