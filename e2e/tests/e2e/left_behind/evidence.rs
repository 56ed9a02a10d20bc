//! What a test that fails leaves for the one who asks why.

use std::collections::BTreeMap;
use std::fs;

use e2e::{leaks, workspace};
use serde_json::Value;

/// What is in the folder of a test.
pub(super) struct Evidence(BTreeMap<String, String>);

impl Evidence {
    /// Reads what a scene has left.
    pub(super) fn of(scene: &str) -> Self {
        let folder = workspace::output().join(format!("left_behind-{scene}"));
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let files = files.map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        });
        Self(files.collect())
    }

    /// The names of the files.
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// A log says what happened there.
    pub(super) fn log_says(&self, name: &str, what: &[&str]) {
        for what in what {
            assert!(
                self.0[name].contains(what),
                "no {what:?} in {name}:\n{}",
                self.0[name]
            );
        }
    }

    /// The containers were as they are when nothing has stopped them yet.
    pub(super) fn all_ran(&self) {
        for (name, state) in self.0.iter().filter(|(name, _)| name.contains(".state")) {
            let state: Value = serde_json::from_str(state).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(state["Status"], "running", "{name}");
        }
    }

    /// Webex has seen these, in this order, and answered them so.
    pub(super) fn journal_has(&self, exchanges: &[(&str, u16)]) {
        let journal: Value = serde_json::from_str(&self.0["journal.json"]).expect("a journal is JSON");
        let entries = journal["entries"].as_array().expect("a journal has entries");
        let mut seen = entries.iter().map(|entry| (&entry["path"], &entry["status"]));
        for (path, status) in exchanges {
            assert!(
                seen.any(|(seen, answered)| seen == path && answered == status),
                "no {path} with {status}, in this order: {journal:#}"
            );
        }
    }

    /// Whoever gets the folder gets no secret.
    pub(super) fn tells_no_secret(&self) {
        for (name, text) in &self.0 {
            let found = leaks::in_evidence(&format!("{name}\n{text}"));
            assert_eq!(found, [""; 0], "{name}");
        }
    }
}
