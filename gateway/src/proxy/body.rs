//! Bodies on their way: a request body that can be sent a second time, and an answer's body under an idle limit.

mod answer;
mod replay;

pub use answer::IdleLimited;
pub use replay::{Attempt, ClientFault, Replay};
