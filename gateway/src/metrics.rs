//! What is counted while the gateway works. Recording is an atomic operation or two: no lock, no allocation, and no label that
//! a client could make up. [`exposition`] writes all of it down for Prometheus.
//!
//! One instance belongs to one gateway and is passed around; nothing here is global, so that tests run side by side.

pub mod counters;
pub mod exposition;
pub mod histogram;
pub mod labels;
pub mod text;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Response, StatusCode};

use crate::clock::Timestamp;
use crate::error::GatewayError;
use counters::Counters;
use histogram::Histogram;
use labels::{Authorisation, Cut, Label as _, Method, Refresh, Retry, Source, Status, Upstream};

/// Everything that one gateway counts.
#[derive(Debug)]
pub struct Metrics {
    /// For each method and each source, by status.
    requests: Vec<Counters<Status>>,
    in_flight: AtomicI64,
    cuts: Counters<Cut>,
    upstream: Counters<Upstream>,
    latency: Histogram,
    retries: Counters<Retry>,
    overflows: AtomicU64,
    resends: AtomicU64,
    refreshes: Counters<Refresh>,
    refreshes_in_flight: AtomicI64,
    last_refresh: Mutex<LastRefresh>,
    store_failures: AtomicU64,
    authorisations: Counters<Authorisation>,
    logins: AtomicU64,
}

/// What is known of the refreshes of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastRefresh {
    /// When one was started last.
    pub attempted: Option<Timestamp>,
    /// When one brought tokens last.
    pub succeeded: Option<Timestamp>,
    /// What the last one that ended came to.
    pub result: Option<Refresh>,
}

/// A refresh that runs; it has ended when this is dropped, whichever way that comes.
#[derive(Debug)]
pub struct RefreshInFlight(Arc<Metrics>);

impl Metrics {
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

    /// A refresh starts.
    #[must_use]
    pub fn refresh_started(self: &Arc<Self>, now: Timestamp) -> RefreshInFlight {
        self.refreshes_in_flight.fetch_add(1, Ordering::Relaxed);
        self.last().attempted = Some(now);
        RefreshInFlight(Arc::clone(self))
    }

    /// What a refresh came to.
    pub fn refresh_ended(&self, result: Refresh, now: Timestamp) {
        self.refreshes.add(result);
        let mut last = self.last();
        last.result = Some(result);
        if result == Refresh::Success {
            last.succeeded = Some(now);
        }
    }

    /// The refreshes of this process.
    #[must_use]
    pub fn last_refresh(&self) -> LastRefresh {
        *self.last()
    }

    /// Tokens could not be written to their file.
    pub fn store_failed(&self) {
        self.store_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// What an authorisation that came in led to.
    pub fn authorised(&self, result: Authorisation) {
        self.authorisations.add(result);
    }

    /// The gateway has sent a browser to Webex.
    pub fn login_started(&self) {
        self.logins.fetch_add(1, Ordering::Relaxed);
    }

    fn requests_of(&self, method: Method, source: Source) -> &Counters<Status> {
        &self.requests[method.index() * Source::ALL.len() + source.index()]
    }

    fn last(&self) -> MutexGuard<'_, LastRefresh> {
        self.last_refresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Metrics {
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
            refreshes: Counters::default(),
            refreshes_in_flight: AtomicI64::default(),
            last_refresh: Mutex::default(),
            store_failures: AtomicU64::default(),
            authorisations: Counters::default(),
            logins: AtomicU64::default(),
        }
    }
}

impl Drop for RefreshInFlight {
    fn drop(&mut self) {
        self.0.refreshes_in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
