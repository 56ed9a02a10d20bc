//! What the page says after a button was pressed. The text stays here and the address has its number only, so that a link
//! cannot put words into the simulator's mouth.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Notes that are kept: each is read once, right after it was written.
const MOST: usize = 100;

/// The last notes, of all worlds.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Kept>);

/// One note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(super) text: String,
    /// Nothing has changed, for this reason.
    pub(super) bad: bool,
}

#[derive(Debug, Default)]
struct Kept {
    /// Number of the newest note, from 1.
    last: u64,
    /// The newest last.
    notes: VecDeque<Note>,
}

impl Notes {
    /// Keeps a note; its number.
    pub(super) fn keep(&self, note: Note) -> u64 {
        let mut kept = self.kept();
        if kept.notes.len() == MOST {
            kept.notes.pop_front();
        }
        kept.notes.push_back(note);
        kept.last += 1;
        kept.last
    }

    /// The note of this number, if it is still there.
    pub(super) fn find(&self, number: u64) -> Option<Note> {
        let kept = self.kept();
        let back = usize::try_from(kept.last.checked_sub(number)?).ok()?;
        let place = kept.notes.len().checked_sub(back + 1)?;
        kept.notes.get(place).cloned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_notes_are_found_by_their_numbers() {
        let notes = Notes::default();
        for n in 1..=150 {
            let text = n.to_string();
            assert_eq!(notes.keep(Note { text, bad: false }), n);
        }
        let text = |number| notes.find(number).map(|note| note.text);
        assert_eq!(text(150).as_deref(), Some("150"));
        assert_eq!(text(51).as_deref(), Some("51"));
        for gone in [0, 50, 151, u64::MAX] {
            assert_eq!(text(gone), None, "{gone}");
        }
    }
}
