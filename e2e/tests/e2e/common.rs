//! What several scenarios need: who comes along, where they log in, and what the journal tells of time.

use std::time::Duration;

use webex_sim::types::{Entry, SettingsPatch};

/// Where administrators log in, from outside.
pub(crate) const LOGIN: &str = "/api/v01/webex/auth/login";
/// Where Webex sends them back to.
pub(crate) const CALLBACK: &str = "/api/v01/webex/auth/code";
/// The last page.
pub(crate) const DONE: &str = "/api/v01/webex/auth/done";

/// Another administrator of the same organisation.
pub(crate) const COLLEAGUE: &str = "blake.moreno@acme.example.com";
/// An administrator of another organisation than the one that is pinned.
pub(crate) const STRANGER: &str = "devon.okafor@birch.example.com";

/// What the tokens file has had since the program before this one, in its order.
pub(crate) const FIELDS: [&str; 7] = [
    "access_token",
    "expires_in",
    "refresh_token",
    "refresh_token_expires_in",
    "at",
    "token_type",
    "scope",
];

/// A Webex whose access tokens end so soon. Each refresh brings another one.
pub(crate) fn short_lived(lifetime: Duration) -> SettingsPatch {
    SettingsPatch {
        access_token_lifetime_s: Some(lifetime.as_secs()),
        same_token_within_24h: Some(false),
        ..SettingsPatch::default()
    }
}

/// How much later the second request came to Webex than the first, at most a day. However late a test hears of them, and
/// whatever the simulation takes the time for.
pub(crate) fn between(first: &Entry, second: &Entry) -> Duration {
    let day = Duration::from_hours(24);
    let (first, second) = (time_of_day(&first.wall_time), time_of_day(&second.wall_time));
    // Midnight may have been between them.
    let second = if second < first { second + day } else { second };
    second.saturating_sub(first)
}

/// Of a time such as `2026-02-10T08:09:44.123Z`.
fn time_of_day(time: &str) -> Duration {
    let clock = time
        .split_once('T')
        .and_then(|(_, clock)| clock.strip_suffix('Z'));
    let parts: Option<Vec<f64>> =
        clock.and_then(|clock| clock.split(':').map(|part| part.parse().ok()).collect());
    let Some([hours, minutes, seconds]) = parts.as_deref() else {
        panic!("{time} is no time")
    };
    Duration::from_secs_f64((hours * 60.0 + minutes) * 60.0 + seconds)
}

#[test]
fn midnight_may_be_between_two_requests() {
    assert_eq!(
        time_of_day("2026-02-10T08:09:44.250Z"),
        Duration::from_millis(((8 * 60 + 9) * 60 + 44) * 1_000 + 250)
    );
}
