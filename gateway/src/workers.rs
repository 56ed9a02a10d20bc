//! The threads that answer requests. Each has a runtime of its own, and what belongs to a client's connection, the connections
//! to Webex included, stays on one of them: nothing on a request's way has to wake another thread.

use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// More than this do not help: each keeps connections of its own to Webex, and Webex limits rates far below what four give.
const MOST: usize = 4;
/// What still runs on a thread at the end is dropped, which takes moments: its connections close, its lines are logged.
const PATIENCE: Duration = Duration::from_millis(100);

/// Whoever sets a timer that ends before all others wakes the thread that waits for them, were it the own one: a system call for
/// each request where requests are few. This one ends before those of requests.
const TICK: Duration = Duration::from_secs(1);

/// The threads, until this is dropped.
#[derive(Debug)]
pub struct Workers {
    /// Each says nothing, and ends with its thread.
    threads: Vec<Receiver<()>>,
    runtimes: Vec<Handle>,
    stop: CancellationToken,
}

impl Workers {
    /// One thread for each processor that this process may use, up to four.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start() -> io::Result<Self> {
        let mut workers = Self {
            threads: Vec::new(),
            runtimes: Vec::new(),
            stop: CancellationToken::new(),
        };
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for number in 0..processors.min(MOST) {
            workers.add(number)?;
        }
        Ok(workers)
    }

    /// No thread: everything runs where this is called, within a runtime.
    #[must_use]
    pub fn none() -> Self {
        Self {
            threads: Vec::new(),
            runtimes: vec![Handle::current()],
            stop: CancellationToken::new(),
        }
    }

    /// Where work can be put; at least one.
    #[must_use]
    pub fn runtimes(&self) -> &[Handle] {
        &self.runtimes
    }

    fn add(&mut self, number: usize) -> io::Result<()> {
        let stop = self.stop.clone();
        let (ready, started) = mpsc::channel();
        let (running, ended) = mpsc::channel();
        let work = move || {
            let _running: mpsc::Sender<()> = running;
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(problem) => return drop(ready.send(Err(problem))),
            };
            let _ = ready.send(Ok(runtime.handle().clone()));
            runtime.block_on(wait(&stop));
            // A thread that a hanging file system holds must not hold the process.
            runtime.shutdown_background();
        };
        thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(work)?;
        self.threads.push(ended);
        self.runtimes.push(started.recv().map_err(io::Error::other)??);
        Ok(())
    }
}

/// Waits until `stop`, with a timer set all the time.
async fn wait(stop: &CancellationToken) {
    let mut ticks = interval(TICK);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {}
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in &self.threads {
            let _ = thread.recv_timeout(PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn work_runs_on_the_threads_until_they_are_dropped() {
        let workers = Workers::start().unwrap();
        let here = thread::current().id();
        let work: Vec<_> = workers
            .runtimes()
            .iter()
            .map(|runtime| runtime.spawn(async { thread::current().id() }))
            .collect();
        let all = Builder::new_current_thread().build().unwrap();
        let mut seen: Vec<_> = work.into_iter().map(|work| all.block_on(work).unwrap()).collect();
        seen.push(here);
        let different = seen.iter().collect::<std::collections::HashSet<_>>().len();
        assert_eq!(different, workers.runtimes().len() + 1);
        let held = Arc::new(());
        for runtime in workers.runtimes() {
            let held = Arc::clone(&held);
            runtime.spawn(async move {
                std::future::pending::<()>().await;
                drop(held);
            });
        }
        drop(workers);
        assert_eq!(Arc::strong_count(&held), 1, "what ran is dropped by then");
    }
}
