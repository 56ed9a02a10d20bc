//! The state in words: what it means for those who call Webex through the gateway, and what to do.

use std::time::Duration;

use crate::clock::Now;
use crate::token::keeper::Snapshot;
use crate::token::lifecycle::{Action, AuthState, Standing};

/// The refresh token is renewed with each refresh; nearer to its end than this, something is wrong or about to be.
const HORIZON: Duration = Duration::from_hours(30 * 24);

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Nothing to do.
    Good,
    /// Calls work; somebody should look.
    Warning,
    /// Calls do not work.
    Failed,
}

/// The state as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// How urgent it is.
    pub urgency: Urgency,
    /// One line.
    pub headline: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do, where there is something.
    pub remedy: &'static str,
    /// The same for programs.
    pub action: Option<Action>,
}

impl Words {
    /// For `snapshot` at this moment.
    #[must_use]
    pub fn of(snapshot: &Snapshot, now: Now) -> Self {
        let ready = snapshot.ready(now);
        let (headline, meaning, remedy, action) = match snapshot.state {
            AuthState::Unauthorised if snapshot.unusable_file.is_some() => UNUSABLE_FILE,
            AuthState::Unauthorised => UNAUTHORISED,
            AuthState::Reauthorise if ready => DYING,
            AuthState::Reauthorise => DEAD,
            AuthState::Misconfigured if ready => MISCONFIGURED,
            AuthState::Misconfigured => MISCONFIGURED_AND_OUT,
            AuthState::Degraded if ready => DEGRADED,
            AuthState::Degraded if snapshot.standing == Standing::Dead => REFUSED,
            AuthState::Degraded => OUT,
            AuthState::Ok | AuthState::Refreshing if snapshot.unsaved.is_some() => UNSAVED,
            AuthState::Ok | AuthState::Refreshing if !ready => RENEWING,
            AuthState::Ok | AuthState::Refreshing if snapshot.unusable_file.is_some() => SPOILT_FILE,
            AuthState::Ok | AuthState::Refreshing if near_its_end(snapshot, now) => ENDING,
            AuthState::Ok | AuthState::Refreshing => WORKING,
        };
        let urgency = match (ready, action) {
            (false, _) => Urgency::Failed,
            (true, Some(_)) => Urgency::Warning,
            (true, None) => Urgency::Good,
        };
        Self {
            urgency,
            headline,
            meaning,
            remedy,
            action,
        }
    }
}

type Entry = (&'static str, &'static str, &'static str, Option<Action>);

const UNAUTHORISED: Entry = (
    "Not authorised yet",
    "The gateway holds no tokens; calls to Webex are answered 503.",
    "Log in once as a Partner Full Admin.",
    Some(Action::Reauthorise),
);
const UNUSABLE_FILE: Entry = (
    "The tokens file cannot be used",
    "The gateway holds no tokens; calls to Webex are answered 503.",
    "Put the right file back, which is noticed within seconds, or log in as a Partner Full Admin: the old file is copied aside first.",
    Some(Action::Reauthorise),
);
const WORKING: Entry = ("Working", "Calls go to Webex with a valid token.", "", None);
const RENEWING: Entry = (
    "Renewing the access token",
    "The access token has ended; calls wait for the new one.",
    "",
    Some(Action::Retry),
);
const ENDING: Entry = (
    "Working, but the authorisation ends soon",
    "Calls go to Webex with a valid token. The refresh token ends within 30 days and has not been renewed.",
    "Log in again as a Partner Full Admin; nothing is interrupted by it.",
    Some(Action::Reauthorise),
);
const UNSAVED: Entry = (
    "Working, but the tokens are not saved",
    "The newest tokens are in memory only: a restart would lose them.",
    "Free the disk, or mend the permissions of the tokens file and its folder; the write is tried again by itself.",
    Some(Action::FixConfiguration),
);
const SPOILT_FILE: Entry = (
    "Working, but the tokens file cannot be used",
    "The tokens in use are in memory only: somebody has changed the file, and a restart would not find them.",
    "Put the right file back, or log in again as a Partner Full Admin: the file is copied aside and written anew.",
    Some(Action::FixConfiguration),
);
const DEGRADED: Entry = (
    "Working, but the last refresh failed",
    "Calls go to Webex with the token held. The refresh is tried again by itself.",
    "If it lasts: look at the reason below, the network, the forward proxy and status.webex.com.",
    Some(Action::Retry),
);
const OUT: Entry = (
    "No valid access token",
    "The access token has ended and could not be refreshed; calls to Webex are answered 503. It is tried again by itself.",
    "Look at the reason below, the network, the forward proxy and status.webex.com.",
    Some(Action::Retry),
);
const REFUSED: Entry = (
    "Webex refuses the access token",
    "Webex has ended the access token before its time, and it could not be refreshed; calls to Webex are answered 503. Both are tried again by themselves.",
    "Look at the reason below, the network, the forward proxy and status.webex.com.",
    Some(Action::Retry),
);
const DYING: Entry = (
    "Working, but not for long",
    "Webex has ended the authorisation. Calls work until the access token ends.",
    "Log in again as a Partner Full Admin; no restart is needed.",
    Some(Action::Reauthorise),
);
const DEAD: Entry = (
    "The authorisation has ended",
    "Webex has ended the authorisation; calls to Webex are answered 503.",
    "Log in again as a Partner Full Admin; no restart is needed.",
    Some(Action::Reauthorise),
);
const MISCONFIGURED: Entry = (
    "Working, but Webex refuses this gateway",
    "Calls work until the access token ends. Webex refuses client_id, client_secret or a scope.",
    "Compare them with the integration at developer.webex.com, mend them, and restart the gateway.",
    Some(Action::FixConfiguration),
);
const MISCONFIGURED_AND_OUT: Entry = (
    "Webex refuses this gateway",
    "Webex refuses client_id, client_secret or a scope; calls to Webex are answered 503.",
    "Compare them with the integration at developer.webex.com, mend them, and restart the gateway.",
    Some(Action::FixConfiguration),
);

fn near_its_end(snapshot: &Snapshot, now: Now) -> bool {
    let grant = snapshot.grant.as_ref();
    let end = grant.and_then(|grant| grant.tokens.refresh_token_expires_at());
    end.is_some_and(|end| end.since(now.wall) < HORIZON)
}

/// A time as a person says it, by its two largest units.
#[must_use]
pub fn time_in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let largest = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown = units[largest..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0 || seconds == 0);
    let shown: Vec<_> = shown
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_by_its_two_largest_units() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (3_661, "1 hour 1 minute"),
            (3_601, "1 hour"),
            (1_209_599, "13 days 23 hours"),
        ] {
            assert_eq!(time_in_words(Duration::from_secs(seconds)), words);
        }
    }
}
