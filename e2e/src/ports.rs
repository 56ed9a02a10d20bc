//! Ports for programs that cannot choose one themselves.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

/// Below the ports that the system and the engine give out by themselves.
const PORTS: Range<u16> = 20_000..30_000;

/// A port of this machine that nobody listens on, and that nobody in this process has been given before.
pub fn free() -> anyhow::Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let start = u16::from_be_bytes(
        *uuid::Uuid::new_v4()
            .as_bytes()
            .first_chunk()
            .expect("a UUID has 16 bytes"),
    );
    let span = PORTS.end - PORTS.start;
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_free =
        |port: &u16| !given.contains(port) && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let mut ports = (0..span).map(|step| PORTS.start + (start % span + step) % span);
    let port = ports.find(is_free).context("no port is free")?;
    given.insert(port);
    Ok(port)
}
