//! What is counted while the gateway works. Recording is an atomic operation or two: no lock, no allocation, and no label that
//! a client could make up. [`exposition`] writes all of it down for Prometheus.
//!
//! One instance belongs to one gateway and is passed around; nothing here is global, so that tests run side by side.

pub mod counters;
pub mod exposition;
pub mod histogram;
pub mod labels;
pub mod text;
pub mod traffic;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use counters::Counters;
use labels::{Authorisation, Refresh};
use traffic::Traffic;

/// Everything that one gateway counts.
#[derive(Debug, Default)]
pub struct Metrics {
    traffic: Mutex<Vec<Arc<Traffic>>>,
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
    /// What a worker counts its requests in.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        let new = Arc::default();
        self.traffics().push(Arc::clone(&new));
        new
    }

    /// The requests of all workers.
    fn all_traffic(&self) -> Traffic {
        let all = Traffic::default();
        self.traffics().iter().for_each(|traffic| all.absorb(traffic));
        all
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

    fn traffics(&self) -> MutexGuard<'_, Vec<Arc<Traffic>>> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, LastRefresh> {
        self.last_refresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RefreshInFlight {
    fn drop(&mut self) {
        self.0.refreshes_in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
