//! What becomes of the file when any one operation fails, or the process dies in it.

use nix::errno::Errno;

use super::*;
use crate::token::disk::faulty::{Fault, FaultyDisk};

const ERRNOS: [Errno; 5] = [
    Errno::ENOSPC,
    Errno::EDQUOT,
    Errno::EIO,
    Errno::EROFS,
    Errno::EACCES,
];

/// What is in the file before.
#[derive(Clone, Copy, Debug)]
enum Before {
    Nothing,
    Tokens,
    Rubbish,
    /// Tokens that another program wrote after this one has looked.
    Foreign,
}

struct Bench {
    folder: Folder,
    disk: Arc<FaultyDisk>,
    seen: Seen,
    before: Option<Vec<u8>>,
}

impl Bench {
    fn new(before: Before) -> Self {
        let disk = Arc::new(FaultyDisk::default());
        let mut folder = Folder::new();
        folder.file = TokenFile::on(Arc::clone(&disk) as Arc<dyn Disk>, folder.file.path());
        let content = match before {
            Before::Nothing => None,
            Before::Tokens | Before::Foreign => Some(FIELD_FILE.as_bytes().to_vec()),
            Before::Rubbish => Some(b"half a tok".to_vec()),
        };
        if let Some(content) = &content {
            fs::write(folder.file.path(), content).unwrap();
        }
        let seen = match before {
            Before::Foreign => Seen::default(),
            _ => folder.file.look().1,
        };
        Self {
            folder,
            disk,
            seen,
            before: content,
        }
    }

    fn store_with(&mut self, fault: Option<Fault>) -> Result<(), StoreError> {
        self.disk.set(fault);
        let stored = self.folder.file.store(&sample(), now(), &mut self.seen);
        let operations = self.disk.operations();
        self.disk.set(None);
        assert!(operations < 30, "{operations}");
        stored
    }

    fn content(&self) -> Option<Vec<u8>> {
        fs::read(self.folder.file.path()).ok()
    }

    fn copies(&self) -> Vec<String> {
        let names = self.folder.names().into_iter();
        names
            .filter(|name| name.contains("unusable") || name.contains("replaced"))
            .collect()
    }

    fn leftovers(&self) -> bool {
        self.folder.names().iter().any(|name| name.ends_with(TEMPORARY))
    }

    /// The file is as it was or holds the new tokens, and what it held is not lost.
    fn check_whole(&self, what: &str, before: Before) {
        let content = self.content();
        let new = Some(sample().to_json());
        // A file that nobody may read is moved aside instead of being copied.
        let moved = content.is_none() && self.copies().len() == 1;
        assert!(
            content == self.before || content == new || moved,
            "{what}: {:?}",
            self.folder.names()
        );
        if content == new && matches!(before, Before::Rubbish | Before::Foreign) {
            let copies = self.copies();
            let copy = fs::read(self.folder.dir.path().join(&copies[0])).unwrap();
            assert_eq!(Some(copy), self.before, "{what}");
        }
    }
}

fn operations(before: Before) -> usize {
    let mut bench = Bench::new(before);
    bench.disk.set(None);
    bench
        .folder
        .file
        .store(&sample(), now(), &mut bench.seen)
        .unwrap();
    bench.disk.operations()
}

const ALL: [Before; 4] = [Before::Nothing, Before::Tokens, Before::Rubbish, Before::Foreign];

#[test]
fn whatever_operation_fails_the_file_is_whole_and_a_later_write_succeeds() {
    for before in ALL {
        for at in 0..operations(before) {
            for errno in ERRNOS {
                for fault in [Fault::One(at, errno), Fault::From(at, errno)] {
                    let what = format!("{before:?}, {fault:?}");
                    let mut bench = Bench::new(before);
                    let stored = bench.store_with(Some(fault));
                    bench.check_whole(&what, before);
                    assert!(!bench.leftovers(), "{what}: {:?}", bench.folder.names());
                    if stored.is_ok() {
                        assert_eq!(bench.content(), Some(sample().to_json()), "{what}");
                    }
                    // What the keeper does until it works; it must not fill the disk with copies.
                    for _ in 0..3 {
                        bench
                            .store_with(None)
                            .unwrap_or_else(|problem| panic!("{what}: {problem}"));
                    }
                    assert_eq!(bench.content(), Some(sample().to_json()), "{what}");
                    bench.check_whole(&what, before);
                    assert!(bench.copies().len() <= 1, "{what}: {:?}", bench.copies());
                }
            }
        }
    }
}

#[test]
fn a_disk_that_stays_full_is_not_filled_with_copies() {
    for before in [Before::Rubbish, Before::Foreign] {
        for at in 0..operations(before) {
            let mut bench = Bench::new(before);
            for _ in 0..5 {
                let _ = bench.store_with(Some(Fault::From(at, Errno::ENOSPC)));
            }
            assert!(bench.copies().len() <= 1, "{at}: {:?}", bench.copies());
        }
    }
}

#[test]
fn wherever_the_process_dies_the_next_one_finds_the_old_tokens_or_the_new_ones() {
    for before in ALL {
        for at in 0..operations(before) {
            let what = format!("{before:?}, killed in operation {at}");
            let mut bench = Bench::new(before);
            bench.store_with(Some(Fault::Death(at))).unwrap_err();
            bench.check_whole(&what, before);
            bench.seen = bench.folder.file.look().1;
            bench
                .store_with(None)
                .unwrap_or_else(|problem| panic!("{what}: {problem}"));
            assert_eq!(bench.content(), Some(sample().to_json()), "{what}");
        }
    }
}

#[test]
fn a_failed_write_names_the_step_the_file_and_the_cause() {
    let mut bench = Bench::new(Before::Nothing);
    let path = bench.folder.file.path().display().to_string();
    let steps: Vec<String> = (0..operations(Before::Nothing))
        .filter_map(|at| bench.store_with(Some(Fault::One(at, Errno::ENOSPC))).err())
        .map(|problem| problem.to_string().replace(&path, "FILE"))
        .collect();
    let cause = "No space left on device (os error 28)";
    assert_eq!(
        steps,
        [
            // The first is a file that cannot be read, and so cannot be copied either.
            format!("cannot write beside FILE: {cause}"),
            format!("cannot write beside FILE: {cause}"),
            format!("cannot flush beside FILE: {cause}"),
            format!("cannot replace FILE: {cause}"),
            format!("cannot flush the folder of FILE: {cause}"),
        ]
    );
}

#[test]
fn a_file_that_may_not_be_read_is_moved_aside_and_no_other_is() {
    for (errno, moved) in [(Errno::EACCES, true), (Errno::EIO, false)] {
        let bench = Bench::new(Before::Rubbish);
        // Reading is the first of its operations.
        bench.disk.set(Some(Fault::One(0, errno)));
        let aside = bench.folder.file.set_aside("unusable", now());
        bench.disk.set(None);
        assert_eq!(aside.is_ok(), moved, "{errno}");
        assert_eq!(bench.content().is_none(), moved, "{errno}");
        assert_eq!(bench.copies().len(), usize::from(moved), "{errno}");
    }
}

#[test]
fn a_bare_name_is_in_the_working_directory() {
    assert_eq!(parent(Path::new(".tokens")), Path::new("."));
    assert_eq!(parent(Path::new("/opt/tokens/.tokens")), Path::new("/opt/tokens"));
}

#[test]
fn only_names_that_this_program_gives_are_temporary() {
    let name = |random: &str| format!(".tokens{random}{TEMPORARY}");
    assert!(is_temporary(&name("a1B2c3"), ".tokens"));
    for other in ["a1B2c", "a1B2c3d", "a1-2c3", "notes."] {
        assert!(!is_temporary(&name(other), ".tokens"), "{other}");
    }
    assert!(!is_temporary(&name("a1B2c3"), ".other"));
}

#[test]
fn others_changes_are_noticed_and_own_writes_are_none() {
    let folder = Folder::with(FIELD_FILE);
    let (_, mut seen) = folder.file.look();
    assert!(!folder.file.changed(&seen));
    folder.file.store(&sample(), now(), &mut seen).unwrap();
    assert!(!folder.file.changed(&seen));
    fs::write(folder.file.path(), FIELD_FILE).unwrap();
    assert!(folder.file.changed(&seen));
    let (_, found) = folder.file.look();
    assert!(!found.same_content(&seen));
    fs::remove_file(folder.file.path()).unwrap();
    assert!(folder.file.changed(&found) && !folder.file.look().1.same_content(&found));
}

#[test]
fn a_file_that_was_written_again_with_the_same_text_is_looked_at_once() {
    let folder = Folder::with(FIELD_FILE);
    let (_, mut seen) = folder.file.look();
    fs::remove_file(folder.file.path()).unwrap();
    fs::write(folder.dir.path().join("new"), FIELD_FILE).unwrap();
    fs::rename(folder.dir.path().join("new"), folder.file.path()).unwrap();
    assert!(folder.file.changed(&seen));
    let (_, found) = folder.file.look();
    assert!(found.same_content(&seen));
    seen.follow(&found);
    assert!(!folder.file.changed(&seen));
}

#[test]
fn a_file_of_a_newer_version_keeps_what_this_one_does_not_know() {
    let newer = FIELD_FILE.replacen('{', "{\n \"format\": 7, \"rings\": [{\"a\": null}],", 1);
    let folder = Folder::with(&newer);
    let tokens = folder.tokens();
    folder.store(&tokens);
    let fields = object(&fs::read(folder.file.path()).unwrap()).unwrap();
    assert_eq!(fields["format"], 7);
    assert_eq!(fields["rings"], serde_json::json!([{"a": null}]));
}

/// Replaces the file by itself, as an operator might, between the look at it and the rename.
#[derive(Debug)]
struct Meddler(PathBuf);

impl Disk for Meddler {
    fn sync(&self, file: &tempfile::NamedTempFile) -> std::io::Result<()> {
        fs::write(&self.0, FIELD_FILE.replacen('{', "{\"note\": \"theirs\",", 1))?;
        RealDisk.sync(file)
    }
}

#[test]
fn what_comes_in_while_tokens_are_written_is_copied_too() {
    let mut folder = Folder::with(FIELD_FILE);
    let path = folder.file.path().to_owned();
    folder.file = TokenFile::on(Arc::new(Meddler(path.clone())), path);
    let (_, mut seen) = folder.file.look();
    folder.file.store(&sample(), now(), &mut seen).unwrap();
    let names = folder.names();
    assert!(
        names.len() == 2 && names[1].starts_with(".tokens.replaced-"),
        "{names:?}"
    );
    let copy = fs::read_to_string(folder.dir.path().join(&names[1])).unwrap();
    assert!(copy.contains("theirs"));
}
