//! Time as a parameter: what the wall clock and the monotonic clock say, and how to wait.
//!
//! Expiry is judged on both clocks ([`Now`]), because either can be wrong alone: the wall clock is stepped by
//! NTP, the monotonic clock stands still while a machine is suspended. Only [`SystemClock`] reads the real ones.

use std::fmt;
use std::future::Future;
use std::ops::Add;
use std::pin::Pin;
use std::time::Duration;

use jiff::fmt::strtime;
use tokio::sync::watch;

/// A moment of the wall clock in UNIX milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// What both clocks say at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock; it can jump either way.
    pub wall: Timestamp,
    /// Time since an arbitrary start; it never goes back, and does not count a suspended machine.
    pub mono: Duration,
}

/// A future that ends when the time has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// What both clocks say now.
    fn now(&self) -> Now;
    /// Ends when the monotonic clock has moved on by `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: tokio::time::Instant,
}

/// A clock that moves only when it is told to; clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: watch::Sender<Now>,
}

impl Timestamp {
    /// The moment `seconds` after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment in UTC by a `strftime` pattern.
    #[must_use]
    pub fn format(self, pattern: &str) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        strtime::format(pattern, &moment.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

/// RFC 3339 with whole seconds, as the log and the pages show it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: tokio::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now {
            wall: wall_clock(),
            mono: self.start.elapsed(),
        }
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

impl ManualClock {
    /// A clock that stands at `wall`.
    #[must_use]
    pub fn at(wall: Timestamp) -> Self {
        Self {
            now: watch::Sender::new(Now {
                wall,
                mono: Duration::from_secs(1000),
            }),
        }
    }

    /// Moves both clocks on.
    pub fn advance(&self, duration: Duration) {
        self.now.send_modify(|now| {
            now.wall = now.wall + duration;
            now.mono += duration;
        });
    }

    /// Sets the wall clock as an administrator or NTP would; the monotonic clock stays.
    pub fn set_wall(&self, wall: Timestamp) {
        self.now.send_modify(|now| now.wall = wall);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut now = self.now.subscribe();
        let end = now.borrow().mono.saturating_add(duration);
        Box::pin(async move {
            if now.wait_for(|now| now.mono >= end).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

/// The machine's wall clock; also the log's own source of time.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
#[must_use]
pub fn wall_clock() -> Timestamp {
    let now = std::time::SystemTime::now();
    let since_epoch = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(millis(since_epoch))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_shown_in_utc_with_whole_seconds() {
        assert_eq!(
            Timestamp::from_unix_seconds(1_769_606_789).to_string(),
            "2026-01-28T13:26:29Z"
        );
    }

    #[test]
    fn time_since_a_later_moment_is_zero() {
        let (early, late) = (Timestamp::from_unix_seconds(10), Timestamp::from_unix_seconds(20));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.since(early), Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_its_sleepers_and_setting_the_wall_does_not() {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(0));
        let mut sleep = clock.sleep(Duration::from_secs(5));
        clock.set_wall(Timestamp::from_unix_seconds(1000));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_secs(5));
        sleep.await;
        assert_eq!(clock.now().wall, Timestamp::from_unix_seconds(1005));
    }
}
