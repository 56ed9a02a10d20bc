//! How long a peer takes from its start to its first answer through it.

use std::time::Duration;

use anyhow::Context as _;

use crate::load::as_figure;
use crate::peer::Peer;
use crate::report::Start;
use crate::scenario::Upstream;
use crate::site::Site;
use crate::statistics::Figure;

/// Odd, so that one of them is the median.
pub(crate) const STARTS: usize = 11;

pub(crate) async fn start(site: &Site, peer: Peer) -> anyhow::Result<Start> {
    let mut took = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        took.push(microseconds(site.start(peer, Upstream::Plain).await?.took));
    }
    Ok(Start {
        peer,
        took_us: Figure::of(&took).context("a peer was started")?,
    })
}

pub(crate) fn microseconds(duration: Duration) -> f64 {
    as_figure(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
