//! Where the log goes, written to by a thread of its own: lines that come within five milliseconds are written at once. Who logs waits
//! for a slow reader, so that no line is lost, and does not wait for one that has stopped reading: then lines are lost and counted.

use std::cell::Cell;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines are gathered for this long once one has been written: two hundred writes a second at most, however many lines there are.
/// Nobody who reads a log sees the difference, and no more than this is lost with a process that is killed.
const PAUSE: Duration = Duration::from_millis(5);
/// When so much waits, because it is read more slowly than it is written, those who log wait too.
const MOST_WAITING: usize = 1024 * 1024;
/// Memory above this is given back once it has been written.
const KEPT: usize = 64 * 1024;
/// Nobody waits longer than this for an output that takes nothing: answering requests is worth more than telling of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Told how many lines were lost, once lines can be written again.
pub type Told = fn(u64);

thread_local! {
    /// How many lost lines the thread that writes is telling of.
    static TELLING: Cell<u64> = const { Cell::new(0) };
}

/// Where lines go. Clones share it.
#[derive(Clone)]
pub struct Sink(Arc<Shared>);

/// Writes what waits when it is dropped.
pub struct Flush(Sink);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    filled: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    thread: Doing,
    /// Lines are not to be gathered any more.
    closing: bool,
    /// The output has taken nothing for as long as those who log wait.
    stuck: bool,
    /// Lines that were not written, and of which nobody knows yet.
    lost: u64,
    /// Threads that wait until something is written. To tell nobody costs a system call, too.
    listeners: usize,
}

/// What the thread does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Doing {
    /// It gathers lines for a moment.
    #[default]
    Gathering,
    /// It waits for a line.
    Waiting,
    /// It writes those that it has taken.
    Writing,
}

/// What comes with the lines that are taken.
struct Taken {
    /// More should be taken at once.
    closing: bool,
    /// Lines lost after these.
    lost: u64,
}

impl Sink {
    /// Starts the thread that writes to `output`. `told` is told of lines that were lost.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(output: impl Write + Send + 'static, told: Told) -> io::Result<(Self, Flush)> {
        let sink = Self(Arc::default());
        let shared = Arc::clone(&sink.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.work(output, told))?;
        let flush = Flush(sink.clone());
        Ok((sink, flush))
    }

    /// Has a line, its end included, written soon.
    pub fn put(&self, line: &[u8]) {
        self.0.put(line);
    }
}

impl Shared {
    fn work(&self, mut output: impl Write, told: Told) {
        let mut lines = Vec::new();
        loop {
            let Taken { closing, lost } = self.take(&mut lines);
            let unwritten = count(write(&mut output, &lines));
            lines.clear();
            lines.shrink_to(KEPT);
            self.written(lost + unwritten);
            if unwritten == 0 && lost > 0 {
                TELLING.set(lost);
                told(lost);
                TELLING.set(0);
            }
            if !closing {
                thread::sleep(PAUSE);
            }
        }
    }

    /// Takes all the lines there are, waiting for one.
    fn take(&self, lines: &mut Vec<u8>) -> Taken {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            state.thread = Doing::Waiting;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (state.thread, state.stuck) = (Doing::Writing, false);
        mem::swap(&mut state.waiting, lines);
        // There is room again, however long the write takes.
        self.tell(&state);
        Taken {
            closing: state.closing,
            lost: mem::take(&mut state.lost),
        }
    }

    /// Notes that what was taken is written, and that `lost` lines are not, of which nobody has been told.
    fn written(&self, lost: u64) {
        let mut state = self.lock();
        state.thread = Doing::Gathering;
        state.lost += lost;
        self.tell(&state);
    }

    /// Has those look again who wait for something to be written.
    fn tell(&self, state: &State) {
        if state.listeners > 0 {
            self.written.notify_all();
        }
    }

    /// Waits while `is_so`, and not for ever.
    fn listen<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        is_so: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        state.listeners += 1;
        let waited = self
            .written
            .wait_timeout_while(state, PATIENCE, |state| is_so(state));
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.listeners -= 1;
        state
    }

    fn put(&self, line: &[u8]) {
        let mut state = self.lock();
        let told = TELLING.get();
        if told > 0 {
            // The thread cannot wait for itself.
            state.waiting.extend_from_slice(line);
            state.lost = state.lost.saturating_sub(told);
            return;
        }
        if state.is_full() && !state.stuck && !state.closing {
            state = self.listen(state, |state| state.is_full() && !state.closing);
            state.stuck = state.is_full();
        }
        if state.is_full() {
            state.lost += 1;
            return;
        }
        state.waiting.extend_from_slice(line);
        let wake = state.thread == Doing::Waiting;
        if wake {
            // Nobody else has to.
            state.thread = Doing::Gathering;
        }
        drop(state);
        if wake {
            self.filled.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() > MOST_WAITING
    }
}

/// Writes all of `lines`, or gives back what cannot be written.
fn write<'a>(output: &mut impl Write, mut lines: &'a [u8]) -> &'a [u8] {
    while !lines.is_empty() {
        match output.write(lines) {
            Ok(0) => break,
            Ok(written) => lines = &lines[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Whoever started the gateway has made the other end one that does not wait.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(_) => break,
        }
    }
    lines
}

/// How many lines, the rest of one included.
fn count(lines: &[u8]) -> u64 {
    let ends = lines.split_inclusive(|byte| *byte == b'\n').count();
    u64::try_from(ends).unwrap_or(u64::MAX)
}

impl Drop for Flush {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut state = shared.lock();
        state.closing = true;
        // Whoever waits for room does not any more.
        shared.tell(&state);
        let unwritten = |state: &State| state.thread == Doing::Writing || !state.waiting.is_empty();
        drop(shared.listen(state, unwritten));
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
        let (sink, flush) = Sink::start(output, |_| ()).unwrap();
        (sink, flush, leave, written)
    }

    fn log(sink: &Sink, line: &str) {
        sink.put(line.as_bytes());
    }

    #[test]
    fn lines_that_come_while_others_are_written_are_written_together_and_in_order() {
        let (sink, _flush, leave, written) = watched();
        log(&sink, "1\n");
        while sink.0.lock().thread != Doing::Writing {
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
    fn who_logs_waits_for_a_slow_reader_and_no_line_is_lost() {
        let (sink, _flush, leave, written) = watched();
        let line = "x".repeat(MOST_WAITING / 2) + "\n";
        let (text, writing) = (line.clone(), sink.clone());
        let writer = thread::spawn(move || (0..8).for_each(|_| log(&writing, &text)));
        while !sink.0.lock().is_full() {
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

    #[test]
    fn who_logs_does_not_wait_for_an_output_that_is_stuck_and_what_is_lost_is_told() {
        /// The notice goes where all lines go, also while there is no room.
        static LOGGED: Mutex<Option<Sink>> = Mutex::new(None);
        let ((told, written), (leave, granted)) = (channel(), channel());
        let output = Watched { told, leave: granted };
        let (sink, _flush) = Sink::start(output, |lost| {
            if let Some(sink) = &*LOGGED.lock().unwrap() {
                log(sink, &format!("{lost} lost\n"));
            }
        })
        .unwrap();
        *LOGGED.lock().unwrap() = Some(sink.clone());
        let fill = "x".repeat(MOST_WAITING) + "\n";
        // One is being written, one fills what may wait.
        log(&sink, "first\n");
        while sink.0.lock().thread != Doing::Writing {
            thread::yield_now();
        }
        log(&sink, &fill);
        // Only the first of them waits: if each did, this would take an hour.
        (0..3_600).for_each(|_| log(&sink, "gone\n"));
        leave.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), "first\n");
        // It is full again while the second one is written: the notice of what is lost does not wait for itself.
        while !sink.0.lock().waiting.is_empty() {
            thread::yield_now();
        }
        log(&sink, &fill);
        leave.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), fill);
        drop(leave);
        let rest = written.recv().unwrap();
        assert_eq!(rest.strip_prefix(fill.as_str()), Some("3600 lost\n"));
    }

    /// Takes a byte at a time, not always, and nothing more once it has come to the end of `room`.
    struct Full {
        room: usize,
        ready: bool,
        taken: Vec<u8>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.ready = !self.ready;
            match (self.ready, self.room) {
                (false, _) => Err(ErrorKind::WouldBlock.into()),
                (true, 0) => Err(ErrorKind::StorageFull.into()),
                (true, _) => {
                    self.room -= 1;
                    self.taken.push(bytes[0]);
                    Ok(1)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_output_that_takes_little_or_has_no_room_loses_only_what_it_does_not_take() {
        let mut output = Full {
            room: 5,
            ready: true,
            taken: Vec::new(),
        };
        let unwritten = write(&mut output, b"1\n2\n3\n4\n");
        assert_eq!(
            (output.taken.as_slice(), unwritten),
            (&b"1\n2\n3"[..], &b"\n4\n"[..])
        );
        assert_eq!(count(unwritten), 2);
    }
}
