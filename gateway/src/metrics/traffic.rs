//! What requests are counted in. Each worker has one of its own, so that counting never waits for another processor's cache; they
//! are added when somebody asks.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use http::{Response, StatusCode};

use super::counters::Counters;
use super::histogram::Histogram;
use super::labels::{Cut, Label as _, Method, Retry, Source, Status, Upstream};
use crate::error::GatewayError;

/// Requests, and what became of them.
#[derive(Debug)]
pub struct Traffic {
    /// For each method and each source, by status.
    requests: Vec<Counters<Status>>,
    /// A request ends where it began: none of these is ever negative.
    pub(super) in_flight: AtomicI64,
    pub(super) cuts: Counters<Cut>,
    pub(super) upstream: Counters<Upstream>,
    pub(super) latency: Histogram,
    pub(super) retries: Counters<Retry>,
    pub(super) overflows: AtomicU64,
    pub(super) resends: AtomicU64,
}

impl Traffic {
    /// A request came in.
    pub fn request_started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// The answer of a request has been sent, or the client has gone: then there is no status.
    pub fn request_ended(&self, method: Method, status: Option<StatusCode>, source: Source) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.requests_of(method, source).add(status.into());
    }

    /// An answer that had begun did not come to its end.
    pub fn answer_cut(&self, by: Cut) {
        self.cuts.add(by);
    }

    /// Webex answered after this time with the head of an answer, or did not.
    pub fn upstream_ended<B>(&self, answer: &Result<Response<B>, GatewayError>, took: Duration) {
        if answer.is_ok() {
            self.latency.observe(took);
        }
        self.upstream.add(answer.as_ref().map(Response::status).into());
    }

    /// A request that Webex has was given up before there was an answer: its client has gone.
    pub fn upstream_given_up(&self) {
        self.upstream.add(Upstream::ClientGone);
    }

    /// What became of a request that was answered 401.
    pub fn retried(&self, outcome: Retry) {
        self.retries.add(outcome);
    }

    /// The body of a request is larger than what is kept for a second attempt.
    pub fn replay_overflowed(&self) {
        self.overflows.fetch_add(1, Ordering::Relaxed);
    }

    /// A request that Webex turned away unread is sent once more.
    pub fn resent(&self) {
        self.resends.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn requests_of(&self, method: Method, source: Source) -> &Counters<Status> {
        &self.requests[method.index() * Source::ALL.len() + source.index()]
    }

    /// Adds what `other` has counted.
    pub(super) fn absorb(&self, other: &Self) {
        for (requests, others) in self.requests.iter().zip(&other.requests) {
            requests.absorb(others);
        }
        self.in_flight
            .fetch_add(other.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
        self.cuts.absorb(&other.cuts);
        self.upstream.absorb(&other.upstream);
        self.latency.absorb(&other.latency);
        self.retries.absorb(&other.retries);
        for (sum, other) in [
            (&self.overflows, &other.overflows),
            (&self.resends, &other.resends),
        ] {
            sum.fetch_add(other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        let pairs = Method::ALL.len() * Source::ALL.len();
        Self {
            requests: (0..pairs).map(|_| Counters::default()).collect(),
            in_flight: AtomicI64::default(),
            cuts: Counters::default(),
            upstream: Counters::default(),
            latency: Histogram::default(),
            retries: Counters::default(),
            overflows: AtomicU64::default(),
            resends: AtomicU64::default(),
        }
    }
}
