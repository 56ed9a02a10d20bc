//! Each command of the documents, as they show it, with its proof. What stands in several documents has one entry.

mod operating;
mod project;
mod simulator;

use super::proof::Proof;

/// A command and its proof.
type Entry = (&'static str, Proof);

/// All entries.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    [project::ENTRIES, operating::ENTRIES, simulator::ENTRIES]
        .into_iter()
        .flatten()
}

/// The proof of a command.
pub(super) fn proof_of(command: &str) -> Option<&'static Proof> {
    entries()
        .find(|(known, _)| *known == command)
        .map(|(_, proof)| proof)
}
