//! Rules that make requests fail, as they are given and shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A rule, `POST /__sim/faults`. Of several the first that fires on a request decides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct FaultRule {
    /// Its name; one is made if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which requests are meant; all if nothing is said.
    #[serde(rename = "match", default)]
    pub matching: FaultMatch,
    /// What happens to them.
    pub action: FaultAction,
    /// How often it fires; without limit if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// So many matching requests pass first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Simulated seconds until it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
}

/// Which requests a rule is for. What is absent holds for all; what is there must hold together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct FaultMatch {
    /// Id of the operation, such as `listPeople`. HEAD belongs to the operation of GET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Method, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path as sent: `*` stands for a segment, `**` at the end for any rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// E-mail address of the person whose access token, refresh token or code the request brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Fingerprint of the access token, refresh token or code that the request brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Field `grant_type` of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// A header field of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderMatch>,
    /// Only this one of the matching requests, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Only each so many-th of the matching requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// Only with this probability, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Where the rule's random numbers start; 0 if absent. The same seed gives the same sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Before the operation or after it; see [`When`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// A header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct HeaderMatch {
    /// Its name.
    pub name: String,
    /// Its value, exactly; any if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Whether the operation happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// It does not. The default, unless the answer that is broken is the operation's own.
    #[default]
    Before,
    /// It does, and what comes of it is replaced or broken.
    After,
}

/// What happens. At least one of `status`, `delay` and `wire`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct FaultAction {
    /// Answers with this status, 200 to 599, instead of the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Header fields of that answer, besides those that Webex sends; null leaves a field out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
    /// Body of that answer: a text as it is, anything else as JSON. Without it an error looks as those of the
    /// operation's service do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// `Retry-After` of that answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// How long the answer is held back, in real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// How the answer is broken on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<Wire>,
}

/// A value of `Retry-After`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RetryAfter {
    /// Seconds.
    Seconds(u64),
    /// Any text: a date, or what no client can read.
    Text(String),
}

/// A delay, at most an hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same.
    Fixed {
        /// Milliseconds.
        ms: u32,
    },
    /// Evenly between two.
    Uniform {
        /// Milliseconds.
        min_ms: u32,
        /// Milliseconds.
        max_ms: u32,
    },
    /// Mostly short, sometimes very long, as in a real network.
    Lognormal {
        /// Half of the delays are shorter. Milliseconds.
        median_ms: u32,
        /// Standard deviation of the logarithm, 0 to 5; 0.5 is calm, 2 is wild.
        sigma: f64,
    },
}

/// How an answer is broken. What a client sees of each is in `docs/simulator.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Wire {
    /// The connection is reset.
    Reset,
    /// The connection is closed without a byte; an HTTP/2 stream is reset.
    Empty,
    /// There is no answer, and the connection stays open.
    Hang,
    /// The body ends early.
    Truncate {
        /// Bytes of the body that are sent; always fewer than it has.
        bytes: u64,
    },
    /// The body is no JSON any more, but whole.
    Malformed,
    /// `Content-Type` says something else than the body is.
    WrongContentType,
    /// The body comes in pieces.
    Drip {
        /// Size of a piece.
        bytes: u64,
        /// Real milliseconds between two pieces.
        every_ms: u32,
    },
    /// The answer comes, and then the connection is closed in good order.
    Goaway,
}

/// A rule and what has come of it, `GET /__sim/faults/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Fault {
    /// The rule as it was given, with its id and with `match.when`. Secrets in `match.header` are fingerprints.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// How often it has fired.
    pub hits: u64,
    /// Requests that were meant, whether it fired or let them pass.
    pub matches: u64,
    /// Simulated time at which it fired last.
    pub last_hit: Option<String>,
    /// Simulated time at which it ends.
    pub expires_at: Option<String>,
}

/// `GET /__sim/faults`, and the answers to `DELETE /__sim/faults` and `GET /__sim/faults/unused`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct FaultList {
    /// In the order in which they are asked.
    pub faults: Vec<Fault>,
}

// === impl FaultRule ===

impl FaultRule {
    /// Does `action` to the requests that `matching` means, without bounds.
    #[must_use]
    pub fn new(matching: FaultMatch, action: FaultAction) -> Self {
        Self {
            matching,
            action,
            ..Self::default()
        }
    }

    /// Names it.
    #[must_use]
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Fires so often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

impl FaultMatch {
    /// Requests for this operation.
    #[must_use]
    pub fn operation(id: impl Into<String>) -> Self {
        Self {
            operation: Some(id.into()),
            ..Self::default()
        }
    }

    /// Requests for these paths.
    #[must_use]
    pub fn path(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// Fires after the operation has happened.
    #[must_use]
    pub fn afterwards(mut self) -> Self {
        self.when = Some(When::After);
        self
    }
}

impl FaultAction {
    /// Answers with a status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::default()
        }
    }

    /// Holds the operation's answer back.
    #[must_use]
    pub fn delay(delay: Delay) -> Self {
        Self {
            delay: Some(delay),
            ..Self::default()
        }
    }

    /// Breaks the answer.
    #[must_use]
    pub fn wire(wire: Wire) -> Self {
        Self {
            wire: Some(wire),
            ..Self::default()
        }
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(RetryAfter::Seconds(seconds));
        self
    }

    /// Adds a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }
}
