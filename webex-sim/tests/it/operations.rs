//! Every operation of the table, by one net: who may call it, what is wrong with a request, what each documented status looks
//! like, and its pages. `operations/table.rs` says what a good request is; an operation without an entry there fails.

mod errors;
mod pages;
mod shape;
pub(crate) mod stage;
mod success;
mod table;

use std::collections::BTreeSet;

use crate::harness::Sim;
use table::ENTRIES;

#[tokio::test]
async fn every_operation_has_an_entry_and_every_entry_an_operation() {
    let sim = Sim::start().await;
    let coverage = sim.running.coverage();
    let simulated: BTreeSet<_> = coverage
        .operations
        .iter()
        .map(|one| one.operation.as_str())
        .collect();
    let entered: BTreeSet<_> = ENTRIES.iter().map(|entry| entry.id).collect();
    assert_eq!(entered, simulated);
    assert_eq!(ENTRIES.len(), simulated.len(), "an operation has two entries");
}
