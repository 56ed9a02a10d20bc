//! How much memory a peer holds: idle, with many connections, and while a large body streams.

use std::time::Duration;

use anyhow::ensure;

use crate::http::Connection;
use crate::origin::HUGE;
use crate::peer::{Peer, Running};
use crate::proc::Usage;
use crate::process::Process;
use crate::report::Resident;
use crate::scenario::Upstream;
use crate::site::Site;

/// Open at once, each after one answer.
const CONNECTIONS: usize = 2000;
/// Until what a start or an answer needs for a moment is given back.
const SETTLING: Duration = Duration::from_secs(1);

/// Measures one peer, started anew for each figure.
pub(crate) async fn resident(site: &Site, peer: Peer) -> anyhow::Result<Resident> {
    let running = site.start(peer, Upstream::Plain).await?;
    tokio::time::sleep(SETTLING).await;
    let idle_bytes = usage(&running)?.resident_bytes;
    let connections = connect(running.port).await?;
    tokio::time::sleep(SETTLING).await;
    let connected_bytes = usage(&running)?.resident_bytes;
    drop((connections, running));

    let running = site.start(peer, Upstream::Plain).await?;
    let (status, length) = Connection::open(running.port)
        .await?
        .ask("GET", "/huge", "", "")
        .await?;
    ensure!(
        (status, length) == (200, HUGE),
        "status {status} and {length} bytes for /huge"
    );
    Ok(Resident {
        peer,
        idle_bytes,
        connected_bytes,
        streaming_bytes: usage(&running)?.peak_bytes,
    })
}

async fn connect(port: u16) -> anyhow::Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(port).await?;
        let (status, _) = connection.ask("GET", "/small", "", "").await?;
        ensure!(status == 200, "status {status} for /small");
        connections.push(connection);
    }
    Ok(connections)
}

fn usage(running: &Running) -> anyhow::Result<Usage> {
    running
        .process()
        .map_or_else(|| Ok(Usage::default()), Process::usage)
}
