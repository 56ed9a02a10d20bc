//! A file system whose operations fail when a test says so.

use std::sync::Mutex;

use nix::errno::Errno;

use super::{Disk, File, Metadata, NamedTempFile, Path, RealDisk, io};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::token) enum Fault {
    /// The operation with this number fails.
    One(usize, Errno),
    /// That operation and all after it fail.
    From(usize, Errno),
    /// The process dies in the middle of the operation with this number: half of it is done, nothing comes after it, and nobody
    /// cleans up.
    Death(usize),
}

/// Counts its operations from 0.
#[derive(Debug, Default)]
pub(in crate::token) struct FaultyDisk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    operations: usize,
    fault: Option<Fault>,
}

impl FaultyDisk {
    /// From now on; counting starts again.
    pub(in crate::token) fn set(&self, fault: Option<Fault>) {
        *self.0.lock().unwrap() = State { operations: 0, fault };
    }

    /// How many operations there were.
    pub(in crate::token) fn operations(&self) -> usize {
        self.0.lock().unwrap().operations
    }

    fn step(&self) -> Result<(), Blow> {
        let mut state = self.0.lock().unwrap();
        let number = state.operations;
        state.operations += 1;
        match state.fault {
            Some(Fault::One(at, errno)) if number == at => Err(Blow::Error(errno)),
            Some(Fault::From(at, errno)) if number >= at => Err(Blow::Error(errno)),
            Some(Fault::Death(at)) if number == at => Err(Blow::Dying),
            Some(Fault::Death(at)) if number > at => Err(Blow::Dead),
            _ => Ok(()),
        }
    }
}

enum Blow {
    Error(Errno),
    Dying,
    Dead,
}

impl From<Blow> for io::Error {
    fn from(blow: Blow) -> Self {
        match blow {
            Blow::Error(errno) => errno.into(),
            Blow::Dying | Blow::Dead => Self::other("killed"),
        }
    }
}

impl Disk for FaultyDisk {
    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.step()?;
        RealDisk.metadata(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.step()?;
        RealDisk.read(path)
    }

    fn temporary(&self, folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
        match self.step() {
            Ok(()) => RealDisk.temporary(folder, prefix),
            Err(Blow::Dying) => {
                RealDisk.temporary(folder, prefix)?.disable_cleanup(true);
                Err(Blow::Dead.into())
            }
            Err(blow) => Err(blow.into()),
        }
    }

    fn write(&self, file: &mut NamedTempFile, content: &[u8]) -> io::Result<()> {
        match self.step() {
            Ok(()) => RealDisk.write(file, content),
            Err(blow) => {
                // A disk that is full takes what fits; a killed process has written what it has written.
                let _ = RealDisk.write(file, &content[..content.len() / 2]);
                file.disable_cleanup(matches!(blow, Blow::Dying));
                Err(blow.into())
            }
        }
    }

    fn sync(&self, file: &NamedTempFile) -> io::Result<()> {
        self.step().map_err(Into::into).and_then(|()| RealDisk.sync(file))
    }

    fn replace(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        match self.step() {
            Ok(()) => RealDisk.replace(file, path),
            Err(blow) => {
                drop_like(file, &blow);
                Err(blow.into())
            }
        }
    }

    fn keep(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        match self.step() {
            Ok(()) => RealDisk.keep(file, path),
            Err(blow) => {
                drop_like(file, &blow);
                Err(blow.into())
            }
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        File::open(folder)?.sync_all()
    }
}

/// The dead remove nothing.
fn drop_like(mut file: NamedTempFile, blow: &Blow) {
    file.disable_cleanup(!matches!(blow, Blow::Error(_)));
}
