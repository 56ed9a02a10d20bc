//! A steady load through the gateway, of which every request is accounted for.
//!
//! The load is open-loop: requests go out at a fixed rate, whatever becomes of those before, as they do from many
//! applications that know nothing of each other. Each has a `TrackingID` of its own, which the gateway keeps, so that
//! it can be found in Webex's journal. While it runs a test lets things go wrong, one [`Incident`] after the other, and
//! says of each what it may do to requests. At the end the [`ledger`] compares what the applications were told with
//! what Webex has seen.
//!
//! - [`request`]: what is sent · [`outcome`]: what came of it · [`sighting`]: what Webex has seen
//! - [`incident`]: what may go wrong, when · [`ledger`]: whether the books balance · [`books`]: kept where a test fails

mod books;
pub mod incident;
pub mod ledger;
pub mod outcome;
pub mod request;
mod sender;
pub mod sighting;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use crate::eventually::eventually;
use crate::gateway::Gateway;
use crate::progress::say;
use books::Books;
use incident::{Allowance, Incident};
use ledger::Account;
use outcome::Outcome;
use request::{Request, Way, Ways};
use sender::Sender;

/// Requests a second where nothing is held up for long.
pub const BRISK: u32 = 100;

/// Requests a second where a fault holds each of them up for as long as the gateway waits, 9 s: fewer at once than the
/// 1024 files that a process may open on many systems.
pub const STEADY: u32 = 50;

/// No story needs more, and Webex's journal keeps 10,000.
const MOST: u64 = 9_000;

/// So many requests that went well, one after the other, are no accident.
const CALM: usize = 20;

/// For what a fault does, and for the end of what it did; many times what a quiet machine needs.
const PATIENCE: Duration = Duration::from_secs(90);

/// One request with what came of it. Times count from the start of the load.
#[derive(Debug, Clone)]
pub struct Record {
    /// What was sent.
    pub request: Request,
    /// When.
    pub sent: Duration,
    /// When its outcome was known.
    pub ended: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// A load that runs until [`end`](Self::end).
pub struct Load {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    driver: JoinHandle<()>,
}

/// Something that has begun to go wrong while a load runs.
#[must_use = "what is not over excuses everything that follows"]
pub struct Disturbance<'a> {
    load: &'a Load,
    place: usize,
    from: Duration,
}

/// Where requests are sent.
struct Origins {
    gateway: String,
    nginx: String,
}

struct Shared {
    /// The start of every id.
    name: String,
    ways: Ways,
    started: Instant,
    sender: Sender,
    origins: Mutex<Origins>,
    books: Mutex<Books>,
    /// So many requests are sent, and no more.
    most: u64,
    /// Set when all of them have been.
    is_dry: AtomicBool,
}

// === impl Load ===

impl Load {
    /// Applications that call the gateway on its own port.
    #[must_use]
    pub fn start(gateway: &Gateway, rate: u32) -> Self {
        Self::with(gateway, gateway, Ways::Straight, rate, MOST)
    }

    /// Half of them on its own port; the other half through nginx, by which browsers come to the gateway's pages, too.
    #[must_use]
    pub fn both_ways(gateway: &Gateway, nginx: &Gateway, rate: u32) -> Self {
        Self::with(gateway, nginx, Ways::Both, rate, MOST)
    }

    fn with(gateway: &Gateway, nginx: &Gateway, ways: Ways, rate: u32, most: u64) -> Self {
        let name = format!("load-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let shared = Arc::new(Shared {
            name: name.clone(),
            ways,
            started: Instant::now(),
            sender: Sender::new(),
            origins: Mutex::new(Origins {
                gateway: gateway.origin().to_owned(),
                nginx: nginx.origin().to_owned(),
            }),
            books: Mutex::new(Books::of(name)),
            most,
            is_dry: AtomicBool::new(false),
        });
        let (stop, stopped) = watch::channel(false);
        let driver = tokio::spawn(drive(Arc::clone(&shared), rate, stopped));
        Self { shared, stop, driver }
    }

    /// Sends what follows to another address: a container that is started again has other ports.
    pub fn lead_to(&self, way: Way, gateway: &Gateway) {
        let mut origins = locked(&self.shared.origins);
        let origin = match way {
            Way::Straight => &mut origins.gateway,
            Way::ThroughNginx => &mut origins.nginx,
        };
        gateway.origin().clone_into(origin);
    }

    /// From now on requests in flight may meet what is allowed here, until the incident is over.
    pub fn incident(&self, name: &str, allows: &[Allowance]) -> Disturbance<'_> {
        let from = self.shared.now();
        let mut books = locked(&self.shared.books);
        books.incidents.push(Incident {
            name: name.to_owned(),
            from,
            until: None,
            allows: allows.to_vec(),
            allows_at_nginx: None,
        });
        Disturbance {
            load: self,
            place: books.incidents.len() - 1,
            from,
        }
    }

    /// How long it has run.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// Waits until requests that are sent from now on go well.
    pub async fn is_calm(&self) {
        let since = self.shared.now();
        eventually("requests go well", PATIENCE, async || {
            self.shared.is_not_dry();
            let books = locked(&self.shared.books);
            for way in self.shared.ways.all() {
                let latest = books.records.iter().rev();
                let latest: Vec<_> = latest
                    .filter(|record| record.request.way == *way && record.sent >= since)
                    .take(CALM)
                    .collect();
                anyhow::ensure!(latest.len() == CALM, "only {} have an outcome", latest.len());
                let bad = latest.iter().find(|record| !record.outcome.is_good());
                bad.map_or(Ok(()), |record| Err(anyhow::anyhow!("{record}")))?;
            }
            Ok(())
        })
        .await;
    }

    /// Sends nothing more, waits until every request has its outcome, and closes the books.
    pub async fn end(mut self) -> Account {
        self.stop.send_replace(true);
        (&mut self.driver).await.expect("the load has run to its end");
        self.shared.is_not_dry();
        let account = Account::new(locked(&self.shared.books).close());
        say(&format!("{}: {account}", self.shared.name));
        account
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // A test that has failed waits for nothing.
        self.driver.abort();
        locked(&self.shared.books).keep_if_panicking();
    }
}

// === impl Disturbance ===

impl Disturbance<'_> {
    /// Something else may come of requests through nginx.
    pub fn at_nginx(self, allows: &[Allowance]) -> Self {
        locked(&self.load.shared.books).incidents[self.place].allows_at_nginx = Some(allows.to_vec());
        self
    }

    /// Waits until so many requests that were sent since it began have met it, as many of each way.
    pub async fn meets(&self, count: usize, what: &str, is: impl Fn(&Outcome) -> bool) {
        let ways = self.load.shared.ways.all();
        eventually(what, PATIENCE, async || {
            for way in ways {
                let met = self.met(|record| {
                    record.sent >= self.from && record.request.way == *way && is(&record.outcome)
                });
                let count = count.div_ceil(ways.len());
                anyhow::ensure!(met >= count, "{met} of {count} requests, {way:?}");
            }
            Ok(())
        })
        .await;
    }

    /// Waits until so many of those in flight have met it, on whichever way: for what meets no more than these. The first of them may
    /// have been sent before anybody knew.
    pub async fn meets_in_all(&self, count: usize, what: &str, is: impl Fn(&Outcome) -> bool) {
        eventually(what, PATIENCE, async || {
            let met = self.met(|record| record.ended >= self.from && is(&record.outcome));
            anyhow::ensure!(met >= count, "{met} of {count} requests");
            Ok(())
        })
        .await;
    }

    fn met(&self, is: impl Fn(&Record) -> bool) -> usize {
        self.load.shared.is_not_dry();
        let books = locked(&self.load.shared.books);
        books.records.iter().filter(|record| is(record)).count()
    }

    /// Its cause is gone: waits until requests go well again. Those that are sent after that have no excuse.
    pub async fn passes(self) {
        self.load.is_calm().await;
        self.over();
    }

    /// Requests that are sent from now on have no excuse.
    pub fn over(self) {
        let now = self.load.shared.now();
        locked(&self.load.shared.books).incidents[self.place].until = Some(now);
    }
}

// === impl Origins ===

impl Origins {
    fn of(&self, way: Way) -> &str {
        match way {
            Way::Straight => &self.gateway,
            Way::ThroughNginx => &self.nginx,
        }
    }
}

// === impl Shared ===

impl Shared {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    async fn send(&self, request: Request) {
        // Whoever changes the address ends an incident after that: what goes to the old one was sent before.
        let sent = self.now();
        let origin = locked(&self.origins).of(request.way).to_owned();
        locked(&self.books).in_flight.insert(request.id.clone(), sent);
        let outcome = self.sender.send(&origin, &request).await;
        let ended = self.now();
        let mut books = locked(&self.books);
        books.in_flight.remove(&request.id);
        books.records.push(Record {
            request,
            sent,
            ended,
            outcome,
        });
    }

    /// A load that has run dry proves nothing of what comes after that.
    fn is_not_dry(&self) {
        assert!(
            !self.is_dry.load(Ordering::Relaxed),
            "{} has run dry: it has sent all of its {} requests, and the story is not at its end",
            self.name,
            self.most
        );
    }
}

async fn drive(shared: Arc<Shared>, rate: u32, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    // A machine that stood still owes no burst.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut running = JoinSet::new();
    for number in 0..shared.most {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = ticks.tick() => {}
        }
        let (shared, request) = (
            Arc::clone(&shared),
            Request::nth(&shared.name, shared.ways, number),
        );
        running.spawn(async move { shared.send(request).await });
        while running.try_join_next().is_some() {}
    }
    if !*stopped.borrow() {
        shared.is_dry.store(true, Ordering::Relaxed);
    }
    running.join_all().await;
}

/// What a panic elsewhere has left is as good as ever: every change is a single push or assignment.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[should_panic(expected = "has run dry: it has sent all of its 3 requests")]
    async fn a_load_that_has_run_dry_says_so() {
        let nowhere = Gateway::at("http://127.0.0.1:9");
        Load::with(&nowhere, &nowhere, Ways::Both, 1_000, 3)
            .is_calm()
            .await;
    }
}
