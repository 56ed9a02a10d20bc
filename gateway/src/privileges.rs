//! Gives up root. The image starts as root, because the folders that existing installations mount belong to root, hands the
//! tokens over to a user without rights, and goes on as that user.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid};
use thiserror::Error;
use tracing::{info, warn};

use crate::token::file::{TokenFile, parent};

/// A user and a group by number: an empty image has no names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAs {
    uid: u32,
    gid: u32,
}

/// What became of giving up root.
#[derive(Debug, Default)]
pub struct Handover {
    problems: Vec<String>,
    /// Who the process is from now on, if it was root.
    user: Option<RunAs>,
}

/// A text that names no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a user other than root; write it as 65532:65532")]
pub struct MalformedUser;

impl RunAs {
    /// Reads `uid:gid`.
    pub fn parse(text: &str) -> Result<Self, MalformedUser> {
        let (uid, gid) = text.split_once(':').ok_or(MalformedUser)?;
        match (uid.parse(), gid.parse()) {
            (Ok(uid), Ok(gid)) if uid != 0 && gid != 0 => Ok(Self { uid, gid }),
            _ => Err(MalformedUser),
        }
    }

    /// Becomes that user, if this process is root, after what is root's at `tokens_file` has been handed over. Call it before
    /// the first thread is started, which is also before there is a log.
    #[must_use]
    pub fn take_over(self, tokens_file: &Path) -> Handover {
        let mut handover = Handover::default();
        if !geteuid().is_root() {
            return handover;
        }
        for path in Self::belongings(tokens_file) {
            if let Err(problem) = self.hand_over(&path) {
                let path = path.display();
                handover
                    .problems
                    .push(format!("cannot hand {path} over to user {}: {problem}", self.uid));
            }
        }
        match self.switch() {
            Ok(()) => handover.user = Some(self),
            Err(problem) => handover.problems.push(format!(
                "stays root, because it may not become user {}: {problem}",
                self.uid
            )),
        }
        handover
    }

    /// Becomes that user, if this process is root, and changes nothing else: for looking at things as the gateway will see them.
    /// Call it before the first thread is started.
    pub fn become_user(self) -> Result<(), Errno> {
        match geteuid().is_root() {
            true => self.switch(),
            false => Ok(()),
        }
    }

    /// Whether [`Self::take_over`] would hand the folder of `tokens_file` over: a report has to tell it from one that stays root's.
    #[must_use]
    pub fn would_hand_over(self, tokens_file: &Path) -> bool {
        let folder = parent(&real(tokens_file));
        let found = fs::symlink_metadata(&folder);
        geteuid().is_root() && found.is_ok_and(|found| found.uid() == 0 && !is_shared(&folder, &found))
    }

    /// The folder in which the tokens are, they themselves, and the lock beside them.
    fn belongings(tokens_file: &Path) -> Vec<PathBuf> {
        let file = real(tokens_file);
        let lock = TokenFile::new(&file).lock_path();
        vec![parent(&file), file, lock]
    }

    /// What belongs to somebody else than root was given to them on purpose. Links are not followed: whoever owns the folder could
    /// lead them anywhere.
    fn hand_over(self, path: &Path) -> io::Result<()> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() && is_shared(path, &metadata) => Err(io::Error::other(
                "it is a folder of the whole system; give the tokens one of their own",
            )),
            Ok(metadata) if metadata.uid() == 0 => lchown(path, Some(self.uid), Some(self.gid)),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn switch(self) -> Result<(), Errno> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        // In this order: without root the groups could not be left any more.
        #[cfg(not(target_os = "macos"))]
        setgroups(&[gid])?;
        setgid(gid)?;
        setuid(uid)
    }
}

impl Handover {
    /// Logs it.
    pub fn log(&self) {
        for problem in &self.problems {
            warn!("{problem}");
        }
        if let Some(RunAs { uid, gid }) = self.user {
            info!("started as root, goes on as user {uid}:{gid}");
        }
    }
}

/// The tokens file itself: a link that the operator has made is followed once, here.
fn real(tokens_file: &Path) -> PathBuf {
    fs::canonicalize(tokens_file).unwrap_or_else(|_| tokens_file.to_path_buf())
}

/// `/`, and folders like `/tmp` in which everybody has files.
fn is_shared(path: &Path, metadata: &fs::Metadata) -> bool {
    path == Path::new("/") || metadata.mode() & 0o1000 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_two_numbers_and_not_root() {
        assert_eq!(
            RunAs::parse("65532:65532"),
            Ok(RunAs {
                uid: 65532,
                gid: 65532
            })
        );
        for text in [
            "",
            "65532",
            "nobody:nogroup",
            "0:0",
            "0:65532",
            "65532:0",
            "-1:1",
            "1:2:3",
        ] {
            assert_eq!(RunAs::parse(text), Err(MalformedUser), "{text}");
        }
    }

    #[test]
    fn a_link_is_not_followed_to_what_belongs_to_somebody_else() {
        if !geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join(".tokens.lock"));
        fs::write(&target, "root's").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        RunAs {
            uid: 65532,
            gid: 65532,
        }
        .hand_over(&link)
        .unwrap();
        assert_eq!(fs::metadata(&target).unwrap().uid(), 0);
    }

    #[test]
    fn what_would_be_handed_over_is_what_is_handed_over() {
        if !geteuid().is_root() {
            return;
        }
        let user = RunAs {
            uid: 65532,
            gid: 65532,
        };
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join(".tokens"), dir.path().join("link"));
        fs::write(&file, "{}").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(user.would_hand_over(&file) && user.would_hand_over(&link));
        assert!(!user.would_hand_over(Path::new("/tmp/.tokens")));
        lchown(dir.path(), Some(1000), Some(1000)).unwrap();
        assert!(!user.would_hand_over(&file));
    }

    #[test]
    fn folders_of_the_whole_system_are_not_handed_over() {
        for path in ["/", "/tmp"] {
            let metadata = fs::metadata(path).unwrap();
            assert!(is_shared(Path::new(path), &metadata), "{path}");
        }
        let own = tempfile::tempdir().unwrap();
        assert!(!is_shared(own.path(), &fs::metadata(own.path()).unwrap()));
    }
}
