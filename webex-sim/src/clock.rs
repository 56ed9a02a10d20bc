//! Time. The simulator never asks the machine for it: a [`WallClock`] is handed in, and [`SimClock`] adds what the
//! control API has advanced or frozen. Every lifetime, timestamp and `Date` header reads the [`SimClock`].

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where the real time comes from.
pub trait WallClock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

/// A clock that stands still until it is moved; for tests that compare bytes.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

/// The simulated time: the wall clock plus an offset, or a frozen moment.
#[derive(Debug)]
pub struct SimClock {
    wall: Arc<dyn WallClock>,
    mode: Mutex<Mode>,
}

/// A time beyond what can be represented (the year 9999) was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the clock cannot go beyond the year 9999")]
pub struct OutOfRange;

/// What the simulated time is made of: this is kept and exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Wall time plus this much.
    Running(SignedDuration),
    /// This moment, until the clock is advanced or runs again.
    Frozen(Timestamp),
}

// === impl SystemClock ===

impl WallClock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::try_from(std::time::SystemTime::now())
            .expect("the machine's clock is before the year 9999")
    }
}

// === impl ManualClock ===

impl ManualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// Moves the clock to `at`. Clones share the time.
    pub fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl WallClock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl SimClock ===

impl SimClock {
    /// Simulated time equal to wall time.
    #[must_use]
    pub fn new(wall: Arc<dyn WallClock>) -> Self {
        Self {
            wall,
            mode: Mutex::new(Mode::Running(SignedDuration::ZERO)),
        }
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at(*self.mode())
    }

    /// The real time, for the journal, which shows both.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        self.wall.now()
    }

    /// Whether time stands still.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        matches!(*self.mode(), Mode::Frozen(_))
    }

    /// Simulated minus real time.
    #[must_use]
    pub fn offset(&self) -> SignedDuration {
        match *self.mode() {
            Mode::Running(offset) => offset,
            Mode::Frozen(at) => at.duration_since(self.wall.now()),
        }
    }

    /// Moves the simulated time forward. On error nothing has changed.
    pub fn advance(&self, by: SignedDuration) -> Result<(), OutOfRange> {
        let mut mode = self.mode();
        let target = self.at(*mode).checked_add(by).map_err(|_| OutOfRange)?;
        *mode = match *mode {
            Mode::Running(offset) => Mode::Running(offset.checked_add(by).ok_or(OutOfRange)?),
            Mode::Frozen(_) => Mode::Frozen(target),
        };
        Ok(())
    }

    /// Stops the simulated time, or lets it run on from where it stands.
    pub fn freeze(&self, frozen: bool) {
        let mut mode = self.mode();
        let now = self.at(*mode);
        *mode = if frozen {
            Mode::Frozen(now)
        } else {
            Mode::Running(now.duration_since(self.wall.now()))
        };
    }

    /// How the time is made now.
    pub(crate) fn kept(&self) -> Mode {
        *self.mode()
    }

    /// Goes back to how it was made.
    pub(crate) fn restore(&self, kept: Mode) {
        *self.mode() = kept;
    }

    /// What the clock would show with `mode`; absent before 1970, which no `Date` field can tell. After the year 9999 time
    /// stands still.
    pub(crate) fn would_show(&self, mode: Mode) -> Option<Timestamp> {
        let at = match mode {
            Mode::Running(offset) if offset.is_negative() => self.wall.now().checked_add(offset).ok()?,
            mode => self.at(mode),
        };
        (at >= Timestamp::UNIX_EPOCH).then_some(at)
    }

    /// Back to wall time.
    pub fn reset(&self) {
        *self.mode() = Mode::Running(SignedDuration::ZERO);
    }

    fn at(&self, mode: Mode) -> Timestamp {
        match mode {
            Mode::Running(offset) => self.wall.now().checked_add(offset).unwrap_or(Timestamp::MAX),
            Mode::Frozen(at) => at,
        }
    }

    fn mode(&self) -> std::sync::MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks() -> (ManualClock, SimClock) {
        let wall = ManualClock::new(Timestamp::UNIX_EPOCH);
        let sim = SimClock::new(Arc::new(wall.clone()));
        (wall, sim)
    }

    #[test]
    fn advancing_adds_to_wall_time() {
        let (wall, sim) = clocks();
        sim.advance(SignedDuration::from_secs(90)).unwrap();
        wall.set(Timestamp::from_second(10).unwrap());
        assert_eq!(sim.now().as_second(), 100);
        assert_eq!(sim.offset().as_secs(), 90);
    }

    #[test]
    fn a_frozen_clock_moves_only_when_advanced_and_then_runs_on() {
        let (wall, sim) = clocks();
        sim.freeze(true);
        wall.set(Timestamp::from_second(50).unwrap());
        assert_eq!(sim.now().as_second(), 0);
        sim.advance(SignedDuration::from_secs(7)).unwrap();
        assert_eq!(sim.now().as_second(), 7);
        sim.freeze(false);
        wall.set(Timestamp::from_second(51).unwrap());
        assert_eq!(sim.now().as_second(), 8);
    }

    #[test]
    fn out_of_range_changes_nothing() {
        let (_wall, sim) = clocks();
        assert_eq!(sim.advance(SignedDuration::MAX), Err(OutOfRange));
        assert_eq!(sim.now(), Timestamp::UNIX_EPOCH);
    }
}
