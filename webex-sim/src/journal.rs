//! Every request to the API listener and what became of it, in a ring of bounded size. Secrets never get in: they are
//! replaced by fingerprints on the way ([`redact`]).

pub(crate) mod record;
pub(crate) mod redact;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::control::types::{Entry, EntryFilter};

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
    entries: VecDeque<Entry>,
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

    /// Adds an entry and gives it its number.
    pub(crate) fn append(&self, mut entry: Entry) {
        let mut ring = self.ring();
        ring.sequence += 1;
        entry.sequence = ring.sequence;
        if ring.entries.len() == self.capacity {
            ring.entries.pop_front();
            ring.dropped += 1;
        }
        ring.entries.push_back(entry);
        let sequence = ring.sequence;
        // The ring is free before anybody is woken: who waits looks into it at once.
        drop(ring);
        self.latest.send_replace(sequence);
    }

    /// Matching entries, the oldest first, and how many fell out of the ring.
    pub(crate) fn find(&self, filter: &EntryFilter) -> (Vec<Entry>, u64) {
        let ring = self.ring();
        (
            ring.entries
                .iter()
                .filter(|entry| filter.matches(entry))
                .cloned()
                .collect(),
            ring.dropped,
        )
    }

    pub(crate) fn count(&self, filter: &EntryFilter) -> usize {
        self.ring()
            .entries
            .iter()
            .filter(|entry| filter.matches(entry))
            .count()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.ring().entries.len()
    }

    /// Forgets all entries.
    pub(crate) fn clear(&self) {
        let mut ring = self.ring();
        ring.entries.clear();
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::types::Version;

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
        }
    }

    #[test]
    fn the_oldest_entry_goes_when_the_ring_is_full() {
        let journal = Journal::new(2);
        for path in ["/1", "/2", "/3"] {
            journal.append(entry(path));
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
        journal.append(entry("/1"));
        journal.clear();
        journal.append(entry("/2"));
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
        journal.append(entry("/a"));
        journal.append(entry("/b"));
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
                        journal.append(entry("/a"));
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
