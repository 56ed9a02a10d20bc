//! Enterprises and subscribers of Webex for BroadWorks (Webex API reference, "BroadWorks Enterprises" and "BroadWorks
//! Subscribers"). What takes Webex a while is due at a moment of the simulated time and done by [`Directory::settle`].
//!
//! [`Directory::settle`]: super::Directory::settle

mod enterprise;
mod provisioning;
mod subscriber;
mod sync;

pub(crate) use enterprise::Enterprise;
pub(crate) use provisioning::{EmailTaken, NewSubscriber};
pub(crate) use subscriber::{PACKAGES, Package, Profile, STATUSES, Subscriber, already_associated, is_email};
pub(crate) use sync::{DirectorySync, SyncStatus};

use jiff::{SignedDuration, Timestamp};

/// A time so many seconds later, as far as the clock goes.
pub(crate) fn after(now: Timestamp, seconds: u64) -> Timestamp {
    let delay = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
