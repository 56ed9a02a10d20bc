//! The tokens file: whole at every moment, and never destroyed without a copy.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::TokenSet;
use super::disk::{Disk, RealDisk, TEMPORARY};
use super::wire::MalformedTokens;
use crate::clock::Timestamp;
use crate::organization::OrgId;
use crate::secret::AccessToken;

/// A temporary file older than this belongs to nobody who still runs.
const STALE: Duration = Duration::from_mins(1);

/// Where the tokens live.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

/// What the file holds.
#[derive(Debug)]
pub enum Loaded {
    /// No file yet: nobody has authorised.
    Absent,
    /// Tokens.
    Tokens(Box<TokenSet>),
    /// Something else. It stays where it is; the next write moves it aside.
    Unusable(Unusable),
}

/// Why a file that is there holds no tokens.
#[derive(Debug, Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It is not what this program or the Go program writes.
    #[error("holds no tokens: {0}")]
    Malformed(#[from] MalformedTokens),
}

/// What this process knows of the file: enough to notice that somebody else has changed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    stamp: Option<Stamp>,
    content: Option<Digest>,
    /// Of what there is a copy beside the file.
    kept: Option<Digest>,
    /// The tokens in it are somebody else's.
    foreign: bool,
}

/// SHA-256 of the file's content.
type Digest = [u8; 32];

/// Tells one version of a file from the next without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Permissions and owner count as well: they decide whether the file can be read.
    changed: (i64, i64),
}

/// Why tokens could not be stored.
#[derive(Debug, Error)]
#[error("cannot {step} {path}: {source}", path = path.display())]
pub struct StoreError {
    step: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Seen {
    /// Whether both hold the same text.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.content == other.content && self.stamp.is_some() == other.stamp.is_some()
    }

    /// Notes that the file has been looked at, without taking its content for what this process knows.
    pub fn follow(&mut self, found: &Self) {
        self.stamp = found.stamp;
    }

    /// The tokens in the file have turned out to be somebody else's: they stay known, and a write keeps a copy of them.
    pub fn disown(&mut self) {
        self.foreign = true;
    }

    /// From now on the content is not known: a look takes it for new, a write keeps a copy of it.
    pub fn forget_content(&mut self) {
        self.content = None;
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl TokenFile {
    /// The file at `path`; nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::on(Arc::new(RealDisk), path)
    }

    /// The same on a file system of the caller's choice.
    #[must_use]
    pub fn on(disk: Arc<dyn Disk>, path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            disk,
        }
    }

    /// Where the file is, as configured.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the lock is that processes sharing the file take before they refresh.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.folder().join(format!("{}.lock", self.file_name()))
    }

    /// Reads the file.
    #[must_use]
    pub fn load(&self) -> Loaded {
        self.look().0
    }

    /// Reads the file, and tells how to notice later that it has changed.
    #[must_use]
    pub fn look(&self) -> (Loaded, Seen) {
        // In this order: a change in between is seen as one by the next look.
        let stamp = self.stamp();
        let read = self.disk.read(&self.path);
        let seen = Seen {
            // What could not be read is looked at again, whether it seems to have changed or not.
            stamp: stamp.filter(|_| read.is_ok()),
            content: read.as_ref().ok().map(|content| Sha256::digest(content).into()),
            kept: None,
            foreign: false,
        };
        let loaded = match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Loaded::Absent,
            Err(error) => Loaded::Unusable(Unusable::Unreadable(error)),
            Ok(content) => match TokenSet::from_json(&content) {
                Ok(tokens) => Loaded::Tokens(Box::new(tokens)),
                Err(problem) => Loaded::Unusable(problem.into()),
            },
        };
        (loaded, seen)
    }

    /// Whether the file may be another one than what was `seen`; cheap.
    #[must_use]
    pub fn changed(&self, seen: &Seen) -> bool {
        self.stamp() != seen.stamp
    }

    /// Whether others than the owner may read the file.
    #[must_use]
    pub fn readable_by_others(&self) -> bool {
        let metadata = self.disk.metadata(&self.path);
        metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }

    /// The organisation that the file names, although it holds no usable tokens: a file that was cut off still tells whose it was.
    #[must_use]
    pub fn organization_hint(&self) -> Option<OrgId> {
        let content = self.disk.read(&self.path).ok()?;
        let text = String::from_utf8_lossy(&content);
        let after = |name: &str| text.split_once(name)?.1.split('"').nth(2);
        let named = after("org_id").and_then(|text| OrgId::parse(text).ok());
        named.or_else(|| {
            let access_token = AccessToken::new(after("access_token")?).ok()?;
            OrgId::parse(access_token.organization()?).ok()
        })
    }

    /// Finds out whether a later [`Self::store`] could work, by making a temporary file beside the real one.
    pub fn probe(&self) -> Result<(), StoreError> {
        if self.path.is_dir() {
            return Err(self.failed("use", io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let temporary = self.disk.temporary(&self.folder(), &self.file_name());
        temporary
            .map(drop)
            .map_err(|error| self.failed("write beside", without_path(error)))
    }

    /// Replaces the file: temporary file in the same folder, fsync, rename, fsync of the folder. A reader sees the old
    /// tokens or the new ones. Anything in its place that is not what was `seen` last is copied aside before, with its reason and
    /// the UTC time in its name.
    pub fn store(&self, tokens: &TokenSet, now: Timestamp, seen: &mut Seen) -> Result<(), StoreError> {
        let (loaded, there) = self.look();
        let reason = match &loaded {
            Loaded::Absent => None,
            Loaded::Unusable(_) => Some("unusable"),
            Loaded::Tokens(_) => (seen.foreign || there.content != seen.content).then_some("replaced"),
        };
        let kept = there.content.is_some() && there.content == seen.kept;
        if let Some(reason) = reason.filter(|_| !kept) {
            self.set_aside(reason, now)?;
            seen.kept = there.content;
        }
        let before = self.stamp();
        let content = tokens.to_json();
        let mut temporary = self
            .disk
            .temporary(&self.folder(), &self.file_name())
            .map_err(|error| self.failed("write beside", without_path(error)))?;
        let written = self.disk.write(&mut temporary, &content);
        written.map_err(|source| self.failed("write beside", source))?;
        let flushed = self.disk.sync(&temporary);
        flushed.map_err(|source| self.failed("flush beside", source))?;
        // Writing may have taken seconds, and whatever came in meanwhile is worth a copy, too.
        if self.stamp() != before {
            let (_, latest) = self.look();
            if latest.content.is_some() && latest.content != there.content {
                self.set_aside("replaced", now)?;
            }
        }
        let written = temporary.as_file().metadata().ok();
        let replaced = self.disk.replace(temporary, &self.target());
        replaced.map_err(|source| self.failed("replace", source))?;
        let inode = written.map(|metadata| metadata.ino());
        *seen = Seen {
            // If somebody was quicker, the next look finds out.
            stamp: self.stamp().filter(|stamp| Some(stamp.inode) == inode),
            content: Some(Sha256::digest(&content).into()),
            kept: None,
            foreign: false,
        };
        let flushed = self.disk.sync_folder(&self.folder());
        flushed.map_err(|source| self.failed("flush the folder of", source))
    }

    /// Copies the file to a new name, for somebody to look at. One that cannot be read cannot be copied, but in a writable folder
    /// it can be moved.
    pub fn set_aside(&self, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        let aside = self.free_name(reason, now);
        let copied = self
            .disk
            .read(&self.path)
            .and_then(|content| self.copy_to(&aside, &content));
        match copied {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.disk.rename(&self.path, &aside)
            }
            copied => copied,
        }
        .map_err(|error| self.failed("set aside", without_path(error)))
    }

    /// Keeps tokens that are in no file any more beside it, as long as it is not clear that others are better.
    pub fn keep_aside(&self, tokens: &TokenSet, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        self.copy_to(&self.free_name(reason, now), &tokens.to_json())
            .map_err(|error| self.failed("keep a copy beside", without_path(error)))
    }

    fn copy_to(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut copy = self.disk.temporary(&self.folder(), &self.file_name())?;
        self.disk.write(&mut copy, content)?;
        self.disk.sync(&copy)?;
        self.disk.keep(copy, path)
    }

    /// A name that tells reason and time, with a number behind it if it has to be: a copy kept earlier is never overwritten.
    fn free_name(&self, reason: &str, now: Timestamp) -> PathBuf {
        let name = format!("{}.{reason}-{}", self.file_name(), now.format("%Y%m%dT%H%M%SZ"));
        let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
        let mut paths = names.map(|name| self.folder().join(name));
        paths.find(|path| !path.exists()).expect("the numbers do not end")
    }

    /// Removes what a crash between two steps of [`Self::store`] left behind: it holds tokens.
    pub fn sweep(&self) {
        let (prefix, folder) = (self.file_name(), fs::read_dir(self.folder()));
        for entry in folder.into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let age = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .ok()
                .and_then(|time| time.elapsed().ok());
            if is_temporary(&name, &prefix) && age.is_some_and(|age| age > STALE) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        let metadata = self.disk.metadata(&self.path);
        metadata.ok().map(|metadata| Stamp::of(&metadata))
    }

    /// The file behind a symbolic link: the link itself must survive a rename.
    fn target(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| match fs::read_link(&self.path) {
            // The link is there before what it points to.
            Ok(target) => parent(&self.path).join(target),
            Err(_) => self.path.clone(),
        })
    }

    fn folder(&self) -> PathBuf {
        parent(&self.target())
    }

    fn file_name(&self) -> String {
        self.target()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    fn failed(&self, step: &'static str, source: io::Error) -> StoreError {
        StoreError {
            step,
            path: self.path.clone(),
            source,
        }
    }
}

/// The folder of a file; that of a bare name is the working directory.
#[must_use]
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Whether a temporary file of this program has such a name: `prefix`, six letters or digits, and the ending.
fn is_temporary(name: &str, prefix: &str) -> bool {
    let random = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(TEMPORARY));
    random.is_some_and(|random| random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The system's error without the temporary file's name, which means nothing to an operator.
fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((cause, _)) => io::Error::new(error.kind(), cause.to_owned()),
        None => error,
    }
}

#[cfg(test)]
mod tests;
