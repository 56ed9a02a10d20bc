use std::fs::Permissions;

use super::*;

const ACCESS: &str = "the-access_X_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_769_606_789 + seconds)
}

fn file(content: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".tokens");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    (folder, path)
}

fn held(scope: &str, mode: u32, now: Timestamp) -> Held {
    let content = json!({
        "access_token": ACCESS, "expires_in": 1_209_599, "refresh_token": "the-refresh", "refresh_token_expires_in": 7_775_999,
        "at": at(0).unix_seconds(), "token_type": "Bearer", "scope": scope, "site\u{1b}": 7,
    });
    let (_folder, path) = file(&content.to_string(), mode);
    let held = read(&path, now).unwrap();
    Held {
        path: PathBuf::from("/opt/tokens/.tokens"),
        ..held
    }
}

#[test]
fn a_good_file_is_shown_without_its_tokens() {
    let held = held(&SCOPES.join(" "), 0o600, at(86_400));
    assert_eq!(held.flaws(), []);
    insta::assert_snapshot!("good", held.text());
    insta::assert_snapshot!("good_json", format!("{:#}", held.json()));
    for text in [held.text(), held.json().to_string()] {
        assert!(!text.contains("the-access") && !text.contains("the-refresh") && !text.contains('\u{1b}'));
    }
}

#[test]
fn an_expired_file_with_few_scopes_that_others_can_read_says_so() {
    let held = held("spark:people_read", 0o644, at(100 * 86_400));
    assert!(held.expired());
    assert_eq!(held.missing_scopes().len(), SCOPES.len() - 1);
    insta::assert_snapshot!("flawed", held.text());
}

#[test]
fn the_last_second_of_a_token_counts_as_over() {
    assert!(!held("", 0o600, at(1_209_598)).expired());
    assert!(held("", 0o600, at(1_209_599)).expired());
}

#[test]
fn a_file_of_another_user_and_a_clock_behind_are_named() {
    let mut held = held(&SCOPES.join(" "), 0o600, at(-3600));
    held.access = FileAccess {
        mode: 0o600,
        owner: 0,
        reader: 65532,
    };
    let flaws: Vec<_> = held.flaws().into_iter().map(|flaw| flaw.problem).collect();
    assert_eq!(
        flaws,
        [
            "/opt/tokens/.tokens belongs to user 0",
            "the tokens were issued in 60 minutes"
        ]
    );
}

#[test]
fn a_file_without_scopes_or_issue_time_is_not_blamed_for_scopes() {
    let (_folder, path) = file(r#"{"access_token":"a","refresh_token":"b"}"#, 0o600);
    let held = read(&path, at(0)).unwrap();
    assert_eq!(held.missing_scopes(), [""; 0]);
    assert!(held.expired(), "such a token is refreshed first");
    let flaws: Vec<_> = held.flaws().into_iter().map(|flaw| flaw.problem).collect();
    assert_eq!(flaws, ["the file does not say when the tokens were issued (at)"]);
    assert!(held.text().contains("not known"), "{}", held.text());
    assert_eq!(held.json()["issued_at"], Value::Null);
}

#[test]
fn what_holds_no_tokens_is_told_in_one_sentence_with_the_fix() {
    for (content, problem) in [
        ("", "holds no tokens: it is empty"),
        (
            "{\"access_token\":\"secret-part",
            "holds no tokens: it is not JSON",
        ),
        ("{\"a\":1}", "holds no tokens: it has no access_token"),
        (
            "{\"access_token\":\"x\"}",
            "holds no tokens: it has no refresh_token",
        ),
    ] {
        let (_folder, path) = file(content, 0o600);
        let flaw = read(&path, at(0)).unwrap_err();
        assert!(flaw.problem.contains(problem), "{}", flaw.problem);
        assert!(flaw.fix.contains("put the right file back"), "{}", flaw.fix);
        assert!(!flaw.problem.contains("secret-part"));
    }
    let folder = tempfile::tempdir().unwrap();
    let flaw = read(&folder.path().join("none"), at(0)).unwrap_err();
    assert!(flaw.problem.starts_with("there is no file ") && flaw.fix.contains("authorize-url"));
    let flaw = read(folder.path(), at(0)).unwrap_err();
    assert!(flaw.problem.contains("cannot be read"), "{}", flaw.problem);
}

#[test]
fn nothing_is_made_or_changed_by_looking() {
    let (folder, path) = file("{\"access_token\":\"a\",\"refresh_token\":\"b\"}", 0o400);
    let before = fs::metadata(&path).unwrap();
    read(&path, at(0)).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert_eq!(before.mode(), after.mode());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_of_somebody_else_is_told_from_a_broken_disk() {
    for (kind, fix) in [
        (io::ErrorKind::PermissionDenied, "as the user of the gateway"),
        (io::ErrorKind::Other, "the disk"),
    ] {
        let flaw = unusable(Path::new("/t"), &Unusable::Unreadable(io::Error::from(kind)));
        assert!(
            flaw.problem.starts_with("/t cannot be read: ") && flaw.fix.contains(fix),
            "{flaw:?}"
        );
    }
}

#[test]
fn nothing_of_the_file_reaches_the_terminal_as_a_control() {
    let held = Held {
        path: PathBuf::from("/opt/\u{1b}[2J/.tokens"),
        ..held("spark:all\u{1b}[31m \u{9b}2J\u{202e}x", 0o644, at(0))
    };
    let text = held.text();
    assert!(
        text.contains(r"/opt/\u{1b}[2J/.tokens") && text.contains(r"spark:all\u{1b}[31m"),
        "{text}"
    );
    let is_control = |c: char| c != '\n' && crate::printable::is_unprintable(c);
    assert!(!text.contains(is_control), "{text:?}");
}
