//! Every operation on files that storing tokens needs, one by one, so that a test can let each of them fail.

use std::fmt;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// The tokens are readable by the gateway's user alone.
const MODE: u32 = 0o600;
/// The end of the names of temporary files.
pub(super) const TEMPORARY: &str = ".tmp";

/// The file system. What is given here is the real one; tests replace single operations.
pub trait Disk: fmt::Debug + Send + Sync {
    /// What kind of file this is, and when it was changed.
    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::metadata(path)
    }

    /// The whole content.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    /// A new file with a random name that begins with `prefix`. It is removed when it is dropped.
    fn temporary(&self, folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
        tempfile::Builder::new()
            .prefix(prefix)
            .suffix(TEMPORARY)
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(folder)
    }

    /// Writes all of it.
    fn write(&self, file: &mut NamedTempFile, content: &[u8]) -> io::Result<()> {
        file.write_all(content)
    }

    /// Waits until content and length are on the disk.
    fn sync(&self, file: &NamedTempFile) -> io::Result<()> {
        file.as_file().sync_all()
    }

    /// Gives the file its real name, in place of whatever has that name.
    fn replace(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    /// Gives the file a name that nothing else has.
    fn keep(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        file.persist_noclobber(path)
            .map(drop)
            .map_err(|error| error.error)
    }

    /// Moves a file that cannot be read.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Waits until the names in the folder are on the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder).and_then(|folder| folder.sync_all())
    }
}

/// The machine's own file system.
#[derive(Debug)]
pub struct RealDisk;

impl Disk for RealDisk {}

#[cfg(test)]
pub(super) mod faulty;
