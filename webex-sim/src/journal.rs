//! Every request to the API listener and what became of it, in a ring of bounded size. Secrets never get in: they are
//! replaced by fingerprints on the way ([`redact`]).

mod content;
pub(crate) mod har;
pub(crate) mod record;
pub(crate) mod redact;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::control::types::{Entry, EntryFilter, Exchange, NearMiss};

/// Bytes of bodies, header fields and parameters that a journal keeps: ten thousand small exchanges, and not more than a test
/// machine can spare.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Near misses that are told: more would not be read.
const NEAR_MISSES: usize = 3;

/// The journal of a world.
#[derive(Debug)]
pub(crate) struct Journal {
    ring: Mutex<Ring>,
    /// Told the sequence number of each new entry; waiting is listening to it.
    latest: watch::Sender<u64>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Ring {
    exchanges: VecDeque<Exchange>,
    /// What their bodies take.
    bytes: usize,
    /// Number of the entry added last. Not reset by [`Journal::clear`], so that a reader's `after` stays right.
    sequence: u64,
    dropped: u64,
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            ring: Mutex::default(),
            latest: watch::Sender::new(0),
            capacity: capacity.max(1),
        }
    }

    /// Adds an exchange and gives it its number.
    pub(crate) fn append(&self, mut exchange: Exchange) {
        let mut ring = self.ring();
        ring.sequence += 1;
        exchange.entry.sequence = ring.sequence;
        ring.bytes += bytes(&exchange);
        ring.exchanges.push_back(exchange);
        while ring.exchanges.len() > self.capacity || (ring.bytes > MOST_BYTES && ring.exchanges.len() > 1) {
            let oldest = ring.exchanges.pop_front().expect("there is more than one");
            ring.bytes -= bytes(&oldest);
            ring.dropped += 1;
        }
        let sequence = ring.sequence;
        // The ring is free before anybody is woken: who waits looks into it at once.
        drop(ring);
        self.latest.send_replace(sequence);
    }

    /// Matching entries, the oldest first, and how many fell out of the ring.
    pub(crate) fn find(&self, filter: &EntryFilter) -> (Vec<Entry>, u64) {
        let ring = self.ring();
        (
            ring.matching(filter)
                .map(|exchange| exchange.entry.clone())
                .collect(),
            ring.dropped,
        )
    }

    /// Matching exchanges with all that was sent and answered, the oldest first.
    pub(crate) fn exchanges(&self, filter: &EntryFilter) -> Vec<Exchange> {
        self.ring().matching(filter).cloned().collect()
    }

    /// The newest entries that are meant, the newest first, and at most so many of them.
    pub(crate) fn newest(&self, most: usize, meant: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let ring = self.ring();
        let entries = ring.exchanges.iter().rev().map(|exchange| &exchange.entry);
        entries.filter(|entry| meant(entry)).take(most).cloned().collect()
    }

    /// Number of the entry added last; 0 if there was none yet.
    pub(crate) fn latest(&self) -> u64 {
        self.ring().sequence
    }

    /// The exchange of this number, if it is still there.
    pub(crate) fn exchange(&self, sequence: u64) -> Option<Exchange> {
        let ring = self.ring();
        let place = ring
            .exchanges
            .binary_search_by_key(&sequence, |exchange| exchange.entry.sequence);
        Some(ring.exchanges[place.ok()?].clone())
    }

    pub(crate) fn count(&self, filter: &EntryFilter) -> usize {
        self.ring().matching(filter).count()
    }

    /// The entries that differ from a filter in as few points as possible, the newest first.
    pub(crate) fn near_misses(&self, filter: &EntryFilter) -> Vec<NearMiss> {
        let ring = self.ring();
        let entries = ring.exchanges.iter().rev().map(|exchange| &exchange.entry);
        let compared = entries.map(|entry| (filter.differences(entry), entry));
        let mut misses: Vec<_> = compared
            .filter(|(differences, _)| !differences.is_empty())
            .collect();
        misses.sort_by_key(|(differences, _)| differences.len());
        let nearest = misses
            .into_iter()
            .take(NEAR_MISSES)
            .map(|(differences, entry)| NearMiss {
                entry: entry.clone(),
                differences,
            });
        nearest.collect()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.ring().exchanges.len()
    }

    /// Forgets all entries.
    pub(crate) fn clear(&self) {
        let mut ring = self.ring();
        ring.exchanges.clear();
        ring.bytes = 0;
        ring.dropped = 0;
    }

    /// Waits until `count` entries match; the matching entries, fewer if the time was up first.
    pub(crate) async fn wait(&self, filter: &EntryFilter, count: usize, timeout: Duration) -> Vec<Entry> {
        let mut latest = self.latest.subscribe();
        let enough = async {
            // The ring is never taken while the channel's own lock is held: `append` would wait for this, and this for it.
            while self.count(filter) < count && latest.changed().await.is_ok() {}
        };
        let _ = tokio::time::timeout(timeout, enough).await;
        self.find(filter).0
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn matching<'a>(&'a self, filter: &'a EntryFilter) -> impl Iterator<Item = &'a Exchange> {
        self.exchanges
            .iter()
            .filter(|exchange| filter.matches(&exchange.entry))
    }
}

/// What the texts of an exchange take.
fn bytes(exchange: &Exchange) -> usize {
    let entry = &exchange.entry;
    let bodies = [&exchange.request_body, &exchange.response_body];
    let bodies = bodies.into_iter().flatten().map(|body| body.text.len());
    let pairs = entry
        .headers
        .iter()
        .chain(&entry.form)
        .chain(&exchange.response_headers);
    let pairs = pairs.map(|(name, value)| name.len() + value.len());
    entry.path.len() + entry.query.len() + bodies.chain(pairs).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::types::{Content, Version};

    fn exchange(path: &str) -> Exchange {
        Exchange {
            entry: entry(path),
            request_body: None,
            response_headers: Vec::new(),
            response_body: None,
        }
    }

    fn entry(path: &str) -> Entry {
        Entry {
            sequence: 0,
            time: String::new(),
            wall_time: String::new(),
            method: "GET".into(),
            path: path.into(),
            query: String::new(),
            http_version: Version::Http11,
            tls: false,
            client_ip: String::new(),
            headers: Vec::new(),
            form: Vec::new(),
            status: Some(200),
            oauth_error: None,
            person: None,
            tracking_id: String::new(),
            duration_ms: 0.0,
            not_simulated: false,
            operation: None,
            nearest: None,
            fault: None,
        }
    }

    #[test]
    fn the_oldest_go_when_their_bodies_take_too_much() {
        let journal = Journal::new(1_000);
        let mut big = exchange("/big");
        big.response_body = Some(Content {
            media_type: String::new(),
            size: MOST_BYTES / 2 - 100,
            text: "x".repeat(MOST_BYTES / 2 - 100),
            binary: false,
            cut: false,
        });
        for _ in 0..3 {
            journal.append(big.clone());
        }
        let (entries, dropped) = journal.find(&EntryFilter::default());
        assert_eq!((entries.len(), dropped), (2, 1));
    }

    #[test]
    fn a_near_miss_says_what_is_different() {
        let journal = Journal::new(10);
        journal.append(exchange("/a"));
        journal.append(exchange("/b"));
        let misses = journal.near_misses(&EntryFilter::path("/a").status(404));
        assert_eq!(misses[0].differences, ["status is 200, not 404"]);
        assert_eq!(
            misses[1].differences,
            ["path is /b, not /a", "status is 200, not 404"]
        );
        assert_eq!(misses.len(), 2);
    }

    #[test]
    fn an_exchange_is_found_by_its_number() {
        let journal = Journal::new(2);
        for path in ["/1", "/2", "/3"] {
            journal.append(exchange(path));
        }
        assert_eq!(journal.exchange(3).unwrap().entry.path, "/3");
        assert_eq!(journal.exchange(1), None);
    }

    #[test]
    fn the_oldest_entry_goes_when_the_ring_is_full() {
        let journal = Journal::new(2);
        for path in ["/1", "/2", "/3"] {
            journal.append(exchange(path));
        }
        let (entries, dropped) = journal.find(&EntryFilter::default());
        let seen: Vec<_> = entries
            .iter()
            .map(|entry| (entry.sequence, entry.path.as_str()))
            .collect();
        assert_eq!((seen, dropped), (vec![(2, "/2"), (3, "/3")], 1));
    }

    #[test]
    fn numbers_go_on_after_clearing() {
        let journal = Journal::new(2);
        journal.append(exchange("/1"));
        journal.clear();
        journal.append(exchange("/2"));
        assert_eq!(journal.find(&EntryFilter::default().after(1)).0.len(), 1);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_entry_waited_for() {
        let journal = Arc::new(Journal::new(10));
        let waiting = tokio::spawn({
            let journal = Arc::clone(&journal);
            async move {
                journal
                    .wait(&EntryFilter::path("/b"), 1, Duration::from_mins(1))
                    .await
            }
        });
        tokio::task::yield_now().await;
        journal.append(exchange("/a"));
        journal.append(exchange("/b"));
        assert_eq!(waiting.await.unwrap().len(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn waiting_while_entries_come_in_from_everywhere_neither_hangs_nor_misses_one() {
        const WRITERS: usize = 4;
        const EACH: usize = 5_000;
        let journal = Arc::new(Journal::new(WRITERS * EACH));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        journal.append(exchange("/a"));
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let filter = EntryFilter::path("/a");
        let all = journal
            .wait(&filter, WRITERS * EACH, Duration::from_mins(1))
            .await;
        assert_eq!(all.len(), WRITERS * EACH);
        for writer in writers {
            writer.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_when_the_time_is_up() {
        let journal = Journal::new(10);
        assert!(
            journal
                .wait(&EntryFilter::default(), 1, Duration::from_mins(1))
                .await
                .is_empty()
        );
    }
}
