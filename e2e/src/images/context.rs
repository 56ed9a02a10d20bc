//! The build context: the files that go to the engine, and a digest of them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::ignore::Ignore;

/// The Dockerfile goes along whatever `.dockerignore` says, as it does with the engine's own client.
const DOCKERFILE: &str = "Dockerfile";

/// The files of a build, ready to be sent.
pub(super) struct Context {
    /// A tar archive.
    pub(super) archive: Vec<u8>,
    /// What identifies names and contents: equal trees have equal digests, wherever and whenever they are checked out.
    pub(super) digest: String,
}

impl Context {
    /// Packs the folder.
    pub(super) fn of(root: &Path) -> anyhow::Result<Self> {
        let ignore = fs::read_to_string(root.join(".dockerignore")).context("reading .dockerignore")?;
        let mut packer = Packer {
            ignore: Ignore::parse(&ignore)?,
            archive: Builder::new(Vec::new()),
            digest: Sha256::new(),
        };
        packer.folder(root, "")?;
        packer.file(&root.join(DOCKERFILE), DOCKERFILE)?;
        let digest = packer
            .digest
            .finalize()
            .iter()
            .fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").expect("a string takes everything");
                text
            });
        Ok(Self {
            archive: packer.archive.into_inner()?,
            digest,
        })
    }
}

struct Packer {
    ignore: Ignore,
    archive: Builder<Vec<u8>>,
    digest: Sha256,
}

impl Packer {
    fn folder(&mut self, folder: &Path, inside: &str) -> anyhow::Result<()> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .with_context(|| format!("reading {}", folder.display()))?
            .map(|entry| {
                entry?
                    .file_name()
                    .into_string()
                    .ok()
                    .context("a file name is not UTF-8")
            })
            .collect::<anyhow::Result<_>>()?;
        names.sort_unstable();
        for name in names {
            let path = folder.join(&name);
            let inside = if inside.is_empty() {
                name
            } else {
                format!("{inside}/{name}")
            };
            let is_folder = path.symlink_metadata()?.is_dir();
            if is_folder && !self.ignore.prunes(&inside) {
                if !self.ignore.excludes(&inside) {
                    self.entry(&path, &format!("{inside}/"), EntryType::Directory, &[])?;
                }
                self.folder(&path, &inside)?;
            } else if !is_folder && !self.ignore.excludes(&inside) && inside != DOCKERFILE {
                self.file(&path, &inside)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, inside: &str) -> anyhow::Result<()> {
        let content = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        self.entry(path, inside, EntryType::Regular, &content)
    }

    /// Adds one entry, owned by root and without a time, so that neither spoils the engine's cache.
    fn entry(&mut self, path: &Path, inside: &str, kind: EntryType, content: &[u8]) -> anyhow::Result<()> {
        let mode = fs::metadata(path)?.permissions().mode();
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode & 0o7777);
        header.set_size(content.len() as u64);
        self.archive.append_data(&mut header, inside, content)?;

        // Lengths keep two entries from reading like one. Of the mode, git knows one bit.
        self.digest
            .update(format!("{inside}\0{}\0{}\0", mode & 0o100, content.len()));
        self.digest.update(content);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the files, and the names in its context.
    fn context_of(files: &[(&str, &str)]) -> (Context, Vec<String>) {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let context = Context::of(root.path()).unwrap();
        let mut archive = tar::Archive::new(&context.archive[..]);
        let names = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
            .collect();
        (context, names)
    }

    #[test]
    fn holds_what_is_not_ignored_and_the_dockerfile() {
        let (_, names) = context_of(&[
            (".dockerignore", "*\n!src\n"),
            ("Dockerfile", "FROM scratch"),
            ("README.md", ""),
            ("src/main.rs", "fn main() {}"),
            ("target/large", ""),
        ]);
        assert_eq!(names, ["src/", "src/main.rs", "Dockerfile"]);
    }

    #[test]
    fn the_digest_follows_content_alone() {
        let files = [
            (".dockerignore", "b\n"),
            ("Dockerfile", "FROM scratch"),
            ("a", "1"),
            ("b", "1"),
        ];
        let (first, _) = context_of(&files);
        let mut other = files;
        other[3].1 = "2";
        assert_eq!(context_of(&other).0.digest, first.digest, "an ignored file");
        other[2].1 = "2";
        assert_ne!(context_of(&other).0.digest, first.digest, "a file of the context");
    }
}
