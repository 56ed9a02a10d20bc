//! What a rule does, checked and ready.

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::control::types::{Delay, Wire};

/// What happens to a request.
#[derive(Debug, Clone)]
pub(super) struct Action {
    /// The answer that takes the place of the operation's.
    pub(super) answer: Option<MadeUp>,
    pub(super) delay: Option<Delay>,
    pub(super) wire: Option<Wire>,
}

/// An answer that no operation gave.
#[derive(Debug, Clone)]
pub(super) struct MadeUp {
    pub(super) status: StatusCode,
    /// Fields that are set, or left out.
    pub(super) headers: Vec<(HeaderName, Option<HeaderValue>)>,
    pub(super) body: Option<Value>,
    pub(super) retry_after: Option<HeaderValue>,
}

impl Action {
    /// Whether it is the operation's own answer that is broken: then the operation has to happen.
    pub(super) fn breaks_the_operations_answer(&self) -> bool {
        let needs_an_answer = match self.wire {
            None | Some(Wire::Reset | Wire::Empty | Wire::Hang) => false,
            Some(
                Wire::Truncate { .. }
                | Wire::Malformed
                | Wire::WrongContentType
                | Wire::Drip { .. }
                | Wire::Goaway,
            ) => true,
        };
        self.answer.is_none() && needs_an_answer
    }

    /// Whether nothing is sent.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self.wire, Some(Wire::Reset | Wire::Empty | Wire::Hang))
    }
}
