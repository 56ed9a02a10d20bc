//! What a run stands on: a folder that goes with it, the origin, and the programs to compare.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::machine;
use crate::origin::Origin;
use crate::peer::{Built, Peer, Running, build_go};
use crate::progress::say;
use crate::report::Missing;
use crate::scenario::Upstream;

/// Everything that a run needs; all of it ends with it.
pub(crate) struct Site {
    // Before the folder, in which its processes write.
    origin: Origin,
    built: Built,
    peers: Vec<Peer>,
    missing: Vec<Missing>,
    folder: TempDir,
}

/// Open files of the load and of the peers: two for each of 2,000 connections, and some.
const LEAST_FILES: u64 = 8192;

impl Site {
    /// Starts the origin, builds what has to be built, and leaves out who is not installed.
    pub(crate) async fn open(gateway: &Path, wanted: &[Peer]) -> anyhow::Result<Self> {
        raise_file_limit()?;
        for (program, package) in [("wrk", "wrk"), ("nginx", "nginx-light")] {
            ensure!(
                machine::has(program),
                "{program} is not installed: apt-get install {package}"
            );
        }
        let gateway = gateway.canonicalize().with_context(|| {
            format!(
                "{} is not there: `just bench` builds the program of the image",
                gateway.display()
            )
        })?;
        let folder = tempfile::tempdir()?;
        let (peers, missing) = installed(wanted, machine::has);
        for Missing { peer, package } in &missing {
            say(&format!("{} is left out: apt-get install {package}", peer.name()));
        }
        let go = match peers.contains(&Peer::Go) {
            true => Some(build_go(folder.path()).await?),
            false => None,
        };
        let origin = Origin::start(folder.path()).await?;
        Ok(Self {
            origin,
            built: Built { gateway, go },
            peers,
            missing,
            folder,
        })
    }

    pub(crate) fn peers(&self) -> &[Peer] {
        &self.peers
    }

    pub(crate) fn missing(&self) -> &[Missing] {
        &self.missing
    }

    pub(crate) fn gateway(&self) -> &Path {
        &self.built.gateway
    }

    /// A peer, started for this upstream.
    pub(crate) async fn start(&self, peer: Peer, upstream: Upstream) -> anyhow::Result<Running> {
        let folder = self.folder_of(peer)?;
        peer.start(&self.built, &self.origin, upstream, &folder).await
    }

    /// For one start: a name says nothing of an earlier one.
    fn folder_of(&self, peer: Peer) -> anyhow::Result<PathBuf> {
        let name = peer.name().replace(' ', "-");
        Ok(tempfile::Builder::new()
            .prefix(&name)
            .tempdir_in(self.folder.path())?
            .keep())
    }
}

/// Who is there, and who is missing.
fn installed(wanted: &[Peer], has: impl Fn(&str) -> bool) -> (Vec<Peer>, Vec<Missing>) {
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for peer in Peer::ALL.into_iter().filter(|peer| wanted.contains(peer)) {
        match peer.needs() {
            Some((program, package)) if !has(program) => missing.push(Missing {
                peer,
                package: package.to_owned(),
            }),
            _ => there.push(peer),
        }
    }
    (there, missing)
}

/// Programs that are started here inherit it.
fn raise_file_limit() -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(
        hard >= LEAST_FILES,
        "this user may open {hard} files, and {LEAST_FILES} are needed: raise the limit with ulimit -Hn or limits.conf"
    );
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_installed_is_named_with_the_package() {
        let (there, missing) = installed(&[Peer::Go, Peer::Gateway, Peer::Nginx], |program| {
            program == "nginx"
        });
        assert_eq!(there, [Peer::Gateway, Peer::Nginx]);
        let missing: Vec<_> = missing
            .iter()
            .map(|missing| (missing.peer, missing.package.as_str()))
            .collect();
        assert_eq!(missing, [(Peer::Go, "golang-go")]);
    }
}
