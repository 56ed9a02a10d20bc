//! Whether Webex takes the access token held, once a 401 has made that doubtful.
//!
//! One call may answer 401 for a reason of its own, and one client must not end the service of all others. A dead token, on the
//! other hand, is not to be carried to Webex with every call. So the gateway asks Webex itself, and calls wait for the answer.

use std::time::Duration;

use crate::clock::Now;

/// The least time between two questions about one token; it doubles while Webex refuses the token.
const SPACING: Duration = Duration::from_secs(30);
/// The longest time between two questions.
const SPACING_LIMIT: Duration = Duration::from_mins(15);

/// What Webex says of an access token itself, not of what is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes it.
    Accepted,
    /// It answers 401.
    Refused,
    /// It did not answer, or with something that says nothing of the token.
    Unknown,
}

/// Whether the access token held may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing speaks against it.
    #[default]
    Good,
    /// A call got a 401 that no refresh has cured: Webex is to be asked before it is sent again.
    Doubtful,
    /// Webex refuses it, whatever is asked for with it.
    Dead,
}

/// What a call that would send the token has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Send it.
    Open,
    /// Ask Webex about the token; [`Doubt::settle`] has to follow.
    Ask,
    /// Wait for the answer to the question that runs.
    Wait,
    /// Do without it.
    Closed,
}

/// The standing of one token, and the pace of the questions about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    standing: Standing,
    asking: bool,
    /// No question before this moment of the monotonic clock.
    not_before: Duration,
    spacing: Duration,
}

impl Default for Doubt {
    fn default() -> Self {
        Self {
            standing: Standing::Good,
            asking: false,
            not_before: Duration::ZERO,
            spacing: SPACING,
        }
    }
}

impl Doubt {
    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// A call got a 401, and no refresh helps now. Nothing changes where Webex was asked a moment ago.
    pub(super) fn raise(&mut self, now: Now) {
        if self.standing == Standing::Good && now.mono >= self.not_before {
            self.standing = Standing::Doubtful;
        }
    }

    /// What a call has to do; [`Gate::Ask`] is given to one caller only until [`Self::settle`] is told.
    pub(super) fn gate(&mut self, now: Now) -> Gate {
        match self.standing {
            Standing::Good => Gate::Open,
            _ if self.asking => Gate::Wait,
            Standing::Dead if now.mono < self.not_before => Gate::Closed,
            Standing::Doubtful | Standing::Dead => {
                self.asking = true;
                Gate::Ask
            }
        }
    }

    /// Takes the answer.
    pub(super) fn settle(&mut self, verdict: Verdict, now: Now) {
        self.asking = false;
        self.spacing = match (verdict, self.standing) {
            (Verdict::Refused, Standing::Dead) => (self.spacing * 2).min(SPACING_LIMIT),
            (Verdict::Unknown, Standing::Dead) => self.spacing,
            _ => SPACING,
        };
        self.standing = match (verdict, self.standing) {
            (Verdict::Refused, _) | (Verdict::Unknown, Standing::Dead) => Standing::Dead,
            // Nothing proves that it is dead: a usable token is not given up.
            (Verdict::Accepted | Verdict::Unknown, _) => Standing::Good,
        };
        self.not_before = now.mono.saturating_add(self.spacing);
    }
}
