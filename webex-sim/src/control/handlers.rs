//! One file for each thing that can be controlled.

pub(super) mod clock;
pub(crate) mod consent;
pub(super) mod coverage;
pub(super) mod faults;
pub(super) mod journal;
pub(super) mod openapi;
pub(super) mod people;
pub(super) mod replay;
pub(crate) mod settings;
pub(super) mod snapshots;
pub(super) mod state;
pub(super) mod subscribers;
pub(super) mod tokens;
pub(super) mod violations;
pub(crate) mod worlds;
