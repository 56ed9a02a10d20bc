//! Standard output, written to by a thread of its own: a request does not wait for it, and lines that come within a millisecond
//! are written at once.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines are gathered for this long once one has been written: a thousand writes a second at most, however many lines there are.
const PAUSE: Duration = Duration::from_millis(1);
/// When so much waits, because nobody reads it, those who log wait too: no line is lost.
const MOST_WAITING: usize = 1024 * 1024;
/// Memory above this is given back once it has been written.
const KEPT: usize = 64 * 1024;
/// At the end nobody waits longer than this for whoever does not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines go. Clones share it.
#[derive(Clone)]
pub struct Sink(Arc<Shared>);

/// Writes what waits when it is dropped.
pub struct Flush(Sink);

/// What one event writes.
pub struct Entry<'a>(&'a Shared);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    filled: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// The thread waits for lines.
    asleep: bool,
    /// It is writing some.
    busy: bool,
    /// It is not to gather any more.
    closing: bool,
}

impl Sink {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<(Self, Flush)> {
        let sink = Self(Arc::default());
        let shared = Arc::clone(&sink.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.work(output))?;
        let flush = Flush(sink.clone());
        Ok((sink, flush))
    }
}

impl Shared {
    fn work(&self, mut output: impl Write) {
        let mut lines = Vec::new();
        loop {
            let closing = self.take(&mut lines);
            // Nobody can be told that a line cannot be written.
            let _ = output.write_all(&lines).and_then(|()| output.flush());
            lines.clear();
            lines.shrink_to(KEPT);
            self.lock().busy = false;
            self.written.notify_all();
            if !closing {
                thread::sleep(PAUSE);
            }
        }
    }

    /// Takes all the lines there are, waiting for one; tells whether more should be taken at once.
    fn take(&self, lines: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            state.asleep = true;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (state.asleep, state.busy) = (false, true);
        mem::swap(&mut state.waiting, lines);
        // There is room again, however long the write takes.
        self.written.notify_all();
        state.closing
    }

    fn put(&self, line: &[u8]) {
        let mut state = self.lock();
        while state.waiting.len() > MOST_WAITING {
            state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.extend_from_slice(line);
        let wake = mem::take(&mut state.asleep);
        drop(state);
        if wake {
            self.filled.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut state = shared.lock();
        state.closing = true;
        let unwritten = |state: &mut State| state.busy || !state.waiting.is_empty();
        drop(shared.written.wait_timeout_while(state, PATIENCE, unwritten));
    }
}

impl Write for Entry<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Entry<'a>;

    fn make_writer(&'a self) -> Entry<'a> {
        Entry(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output that tells what is written to it, and waits for leave before.
    struct Watched {
        told: Sender<String>,
        leave: Receiver<()>,
    }

    impl Write for Watched {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.leave.recv();
            let _ = self.told.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn watched() -> (Sink, Flush, Sender<()>, Receiver<String>) {
        let ((told, written), (leave, granted)) = (channel(), channel());
        let output = Watched { told, leave: granted };
        let (sink, flush) = Sink::start(output).unwrap();
        (sink, flush, leave, written)
    }

    fn log(sink: &Sink, line: &str) {
        sink.make_writer().write_all(line.as_bytes()).unwrap();
    }

    #[test]
    fn lines_that_come_while_others_are_written_are_written_together_and_in_order() {
        let (sink, _flush, leave, written) = watched();
        log(&sink, "1\n");
        while !sink.0.lock().busy {
            thread::yield_now();
        }
        log(&sink, "2\n");
        log(&sink, "3\n");
        leave.send(()).unwrap();
        leave.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), "1\n");
        assert_eq!(written.recv().unwrap(), "2\n3\n");
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let (sink, flush, leave, written) = watched();
        for line in 0..100 {
            log(&sink, &format!("{line}\n"));
        }
        drop(leave);
        drop(flush);
        let all: String = written.try_iter().collect();
        assert_eq!(all.lines().count(), 100);
        assert!(all.ends_with("\n98\n99\n"), "{all}");
    }

    #[test]
    fn nobody_waits_for_ever_for_an_output_that_takes_nothing() {
        let (sink, flush, _leave, written) = watched();
        log(&sink, "1\n");
        drop(flush);
        assert!(written.try_recv().is_err());
    }

    #[test]
    fn who_logs_waits_when_nobody_reads_and_no_line_is_lost() {
        let (sink, _flush, leave, written) = watched();
        let line = "x".repeat(MOST_WAITING / 2) + "\n";
        let (text, writing) = (line.clone(), sink.clone());
        let writer = thread::spawn(move || (0..8).for_each(|_| log(&writing, &text)));
        while sink.0.lock().waiting.len() <= MOST_WAITING {
            thread::yield_now();
        }
        assert!(!writer.is_finished());
        drop(leave);
        writer.join().unwrap();
        let mut length = 0;
        while length < 8 * line.len() {
            length += written.recv().unwrap().len();
        }
        assert_eq!(length, 8 * line.len());
    }
}
