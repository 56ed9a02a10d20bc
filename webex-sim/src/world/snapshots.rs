//! Snapshots of a world: moments to go back to, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{State, World};
use crate::clock::Mode;
use crate::control::fields::rejection;
use crate::control::types::{Rejection, SnapshotInfo};
use crate::replay::Recording;
use crate::worlds::{Worlds, checked_name};

/// Snapshots a world may have: more are a loop that forgot to delete them.
const MOST: usize = 100;

/// The snapshots of a world, by name.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(Mutex<BTreeMap<String, Arc<Snapshot>>>);

/// One moment: everything but the journal.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Real time.
    created: Timestamp,
    /// Simulated time.
    time: Timestamp,
    clock: Mode,
    state: State,
    recording: Recording,
}

impl Snapshots {
    pub(crate) fn len(&self) -> usize {
        self.all().len()
    }

    /// In the order of their names.
    pub(crate) fn list(&self) -> Vec<SnapshotInfo> {
        let all = self.all();
        all.iter().map(|(name, snapshot)| snapshot.info(name)).collect()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Snapshot>> {
        self.all().get(name).cloned()
    }

    /// Whether there was one of this name.
    pub(crate) fn delete(&self, name: &str) -> bool {
        self.all().remove(name).is_some()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Snapshot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Keeps this moment; a snapshot of the same name is replaced.
    pub(crate) fn save(&self, name: &str) -> Result<SnapshotInfo, Rejection> {
        let name = checked_name("name", name)?;
        let snapshot = {
            let state = self.state();
            Snapshot {
                created: self.clock.wall(),
                time: self.clock.now(),
                clock: self.clock.kept(),
                state: state.clone(),
                recording: self.replay.kept(),
            }
        };
        let mut all = self.snapshots.all();
        if all.len() >= MOST && !all.contains_key(name) {
            let reason = format!("there are {MOST} of them already");
            let accepted = "fewer, or the name of one; DELETE /__sim/snapshots/{name} deletes one";
            return Err(rejection("snapshots", &reason, accepted));
        }
        let info = snapshot.info(name);
        all.insert(name.to_owned(), Arc::new(snapshot));
        Ok(info)
    }

    /// Goes back to a snapshot: state and clock. The journal goes on.
    pub(crate) fn restore(self: &Arc<Self>, worlds: &Worlds, snapshot: &Snapshot) -> Result<(), Rejection> {
        let client_id = &snapshot.state.integration.client_id;
        worlds.replace_state(self, client_id, || {
            self.put(snapshot.state.clone(), snapshot.clock);
            self.replay.load(snapshot.recording.clone());
        })
    }

    /// Puts a state and a clock in force, both at once.
    pub(super) fn put(&self, new: State, clock: Mode) {
        let mut state = self.state();
        self.clock.restore(clock);
        *state = new;
    }
}

impl Snapshot {
    pub(crate) fn info(&self, name: &str) -> SnapshotInfo {
        SnapshotInfo {
            name: name.to_owned(),
            created: format!("{:.3}", self.created),
            time: format!("{:.3}", self.time),
            frozen: matches!(self.clock, Mode::Frozen(_)),
        }
    }
}
