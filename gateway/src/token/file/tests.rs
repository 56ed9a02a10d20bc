use std::fs::{File, Permissions};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::token::samples::tokens;
use crate::token::wire::object;

/// A tokens file as the Go program writes it.
const FIELD_FILE: &str = include_str!("../../../../fixtures/tokens/go.json");

struct Folder {
    dir: tempfile::TempDir,
    file: TokenFile,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::new(dir.path().join(".tokens"));
        Self { dir, file }
    }

    fn with(content: &str) -> Self {
        let folder = Self::new();
        fs::write(folder.file.path(), content).unwrap();
        folder
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// As a process does that knows what is in the file.
    fn store(&self, tokens: &TokenSet) {
        let (_, mut seen) = self.file.look();
        self.file.store(tokens, now(), &mut seen).unwrap();
    }

    fn tokens(&self) -> TokenSet {
        match self.file.load() {
            Loaded::Tokens(tokens) => *tokens,
            other => panic!("no tokens: {other:?}"),
        }
    }
}

fn sample() -> TokenSet {
    tokens("1", ManualClock::at(now()).now())
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_769_606_789)
}

#[test]
fn a_file_of_the_go_program_is_read_as_it_is() {
    let tokens = Folder::with(FIELD_FILE).tokens();
    assert_eq!(tokens.expires_at().to_string(), "2026-02-11T13:26:28Z");
    assert_eq!(
        tokens.refresh_token_expires_at().unwrap().to_string(),
        "2026-04-28T13:26:28Z"
    );
    assert_eq!(tokens.org_id, None);
}

#[test]
fn a_rewritten_file_keeps_the_order_of_its_fields_and_what_it_does_not_know() {
    let folder = Folder::with(&FIELD_FILE.replacen('{', "{\n \"note\": \"kept\",", 1));
    let tokens = folder.tokens();
    folder.store(&tokens);
    let written = fs::read_to_string(folder.file.path()).unwrap();
    let names: Vec<_> = object(written.as_bytes()).unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        [
            "access_token",
            "expires_in",
            "refresh_token",
            "refresh_token_expires_in",
            "at",
            "token_type",
            "scope",
            "note"
        ]
    );
    assert_eq!(folder.tokens(), tokens);
}

#[test]
fn the_file_is_created_for_its_owner_alone_and_nothing_else_is_left() {
    let folder = Folder::new();
    assert!(matches!(folder.file.load(), Loaded::Absent));
    folder.store(&sample());
    assert_eq!(
        fs::metadata(folder.file.path()).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(folder.names(), [".tokens"]);
    assert!(!folder.file.readable_by_others());
}

#[test]
fn a_file_that_others_could_read_is_tightened_by_the_next_write() {
    let folder = Folder::with(FIELD_FILE);
    fs::set_permissions(folder.file.path(), Permissions::from_mode(0o644)).unwrap();
    assert!(folder.file.readable_by_others());
    folder.store(&folder.tokens());
    assert!(!folder.file.readable_by_others());
}

#[test]
fn a_file_without_tokens_is_named_kept_and_copied_aside_by_the_next_write() {
    for (content, problem) in [
        ("", "holds no tokens: it is empty"),
        (
            "{\"access_token\": \"a\", \"refresh",
            "holds no tokens: it is not JSON (line 1, column 30)",
        ),
        (
            "{\"name\": \"somebody\"}",
            "holds no tokens: it has no access_token",
        ),
        (
            "{\"access_token\": \"a\"}",
            "holds no tokens: it has no refresh_token",
        ),
    ] {
        let folder = Folder::with(content);
        let Loaded::Unusable(reason) = folder.file.load() else {
            panic!("{content} was taken for tokens")
        };
        assert_eq!(reason.to_string(), problem);
        folder.store(&sample());
        assert_eq!(folder.names(), [".tokens", ".tokens.unusable-20260128T132629Z"]);
        let copy = fs::read_to_string(folder.dir.path().join(".tokens.unusable-20260128T132629Z")).unwrap();
        assert_eq!(copy, content);
    }
}

#[test]
fn a_missing_issue_time_makes_the_access_token_expired() {
    let folder = Folder::with(r#"{"access_token":"a","refresh_token":"b","expires_in":1209599}"#);
    assert!(folder.tokens().expires_at() < now());
}

#[test]
fn a_missing_folder_is_found_by_the_probe() {
    let file = TokenFile::new("/nonexistent/folder/.tokens");
    let error = file.probe().unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot write beside /nonexistent/folder/.tokens: No such file or directory (os error 2)"
    );
}

#[test]
fn a_symbolic_link_survives_a_write() {
    let folder = Folder::new();
    let real = folder.dir.path().join("real.json");
    fs::write(&real, FIELD_FILE).unwrap();
    std::os::unix::fs::symlink(&real, folder.file.path()).unwrap();
    folder.store(&sample());
    assert!(fs::symlink_metadata(folder.file.path()).unwrap().is_symlink());
    assert_eq!(folder.tokens(), sample());
}

#[test]
fn a_symbolic_link_to_a_file_that_is_not_there_yet_survives_and_the_lock_stays_where_it_is() {
    let folder = Folder::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.json");
    std::os::unix::fs::symlink(&real, folder.file.path()).unwrap();
    let lock = folder.file.lock_path();
    folder.store(&sample());
    assert!(fs::symlink_metadata(folder.file.path()).unwrap().is_symlink());
    assert!(real.exists());
    assert_eq!(folder.file.lock_path(), lock);
}

#[test]
fn permissions_that_change_are_a_change() {
    let folder = Folder::with(FIELD_FILE);
    let (_, seen) = folder.file.look();
    fs::set_permissions(folder.file.path(), Permissions::from_mode(0o640)).unwrap();
    assert!(folder.file.changed(&seen));
}

#[test]
fn a_file_that_was_cut_off_still_tells_whose_it_was() {
    let org = "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";
    for content in [
        format!("{{\"access_token\": \"a\", \"org_id\": \"{org}\", \"refre"),
        format!("{{\"access_token\": \"abc_PF84_{org}\", \"refre"),
    ] {
        let hint = Folder::with(&content).file.organization_hint();
        assert_eq!(
            hint.map(|hint| hint.to_string()).as_deref(),
            Some(org),
            "{content}"
        );
    }
    for content in ["", "{", "{\"access_token\": \"abc\"", "{\"org_id\": 5"] {
        assert_eq!(Folder::with(content).file.organization_hint(), None, "{content}");
    }
}

#[test]
fn a_copy_kept_earlier_is_never_overwritten() {
    let folder = Folder::new();
    for content in ["first", "second"] {
        fs::write(folder.file.path(), content).unwrap();
        folder.store(&sample());
    }
    let names = [
        ".tokens",
        ".tokens.unusable-20260128T132629Z",
        ".tokens.unusable-20260128T132629Z-2",
    ];
    assert_eq!(folder.names(), names);
    for (name, content) in [(names[1], "first"), (names[2], "second")] {
        let copy = folder.dir.path().join(name);
        assert_eq!(fs::read_to_string(&copy).unwrap(), content);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_a_crash_left_behind_is_removed_at_the_next_start() {
    let folder = Folder::new();
    let (old, young) = (
        folder.dir.path().join(".tokensAbC123.tmp"),
        folder.dir.path().join(".tokensXyZ789.tmp"),
    );
    for path in [&old, &young] {
        fs::write(path, "secret").unwrap();
    }
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let others = folder.dir.path().join(".tokens.backup-of-monday.tmp");
    fs::write(&others, "not ours").unwrap();
    File::options()
        .write(true)
        .open(&others)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    folder.file.probe().unwrap();
    assert!(old.exists(), "a look removes nothing");
    folder.file.sweep();
    assert!(!old.exists() && young.exists() && others.exists());
}

#[test]
fn a_folder_is_no_tokens_file() {
    let dir = tempfile::tempdir().unwrap();
    let error = TokenFile::new(dir.path()).probe().unwrap_err().to_string();
    assert!(
        error.starts_with("cannot use ") && error.ends_with(": is a directory"),
        "{error}"
    );
}

mod faults;
