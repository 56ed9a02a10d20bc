//! Everything as `GET /metrics` shows it: what was counted, and the state of the tokens at this moment.

use std::sync::atomic::Ordering::Relaxed;

use super::Metrics;
use super::counters::Counters;
use super::labels::{Label, Method, Source};
use super::text::{Family, Kind, Text};
use super::traffic::Traffic;
use crate::clock::{Now, Timestamp};
use crate::token::keeper::Snapshot;
use crate::token::lifecycle::AuthState;

/// What a scrape sees beside the counters.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The tokens.
    pub snapshot: &'a Snapshot,
    /// When the gateway started.
    pub started: Timestamp,
    /// The moment of the scrape.
    pub now: Now,
}

impl Metrics {
    /// The page in the text format of Prometheus.
    #[must_use]
    pub fn page(&self, scene: Scene<'_>) -> String {
        let mut text = Text::default();
        process(&mut text, scene);
        requests_and_answers(&mut text, &self.all_traffic());
        self.refreshes(&mut text);
        tokens(&mut text, scene);
        self.storage(&mut text, scene.snapshot);
        self.authorisations(&mut text);
        text.finish()
    }

    fn refreshes(&self, text: &mut Text) {
        let family = text.family(
            Kind::Counter,
            "webex_gw_token_refreshes_total",
            "Refreshes that ended, by result.",
        );
        counts(family, &self.refreshes);
        let help = "Refreshes that run: 0 or 1, for a moment 2 after a new authorisation.";
        text.family(Kind::Gauge, "webex_gw_token_refresh_in_flight", help)
            .sample(self.refreshes_in_flight.load(Relaxed));
        let last = self.last_refresh();
        let name = "webex_gw_token_refresh_last_attempt_timestamp_seconds";
        text.family(Kind::Gauge, name, "When a refresh was started last.")
            .sample_if(last.attempted.map(Timestamp::unix_seconds));
        let name = "webex_gw_token_refresh_last_success_timestamp_seconds";
        text.family(Kind::Gauge, name, "When a refresh brought tokens last.")
            .sample_if(last.succeeded.map(Timestamp::unix_seconds));
    }

    fn storage(&self, text: &mut Text, snapshot: &Snapshot) {
        let help = "Writes of the tokens file that failed.";
        text.family(Kind::Counter, "webex_gw_token_store_failures_total", help)
            .sample(self.store_failures.load(Relaxed));
        let help = "1 while the newest tokens are in memory only.";
        text.family(Kind::Gauge, "webex_gw_tokens_unsaved", help)
            .sample(u8::from(snapshot.unsaved.is_some()));
        let help = "1 while a tokens file is there that cannot be used.";
        text.family(Kind::Gauge, "webex_gw_tokens_file_unusable", help)
            .sample(u8::from(snapshot.unusable_file.is_some()));
    }

    fn authorisations(&self, text: &mut Text) {
        let help = "Authorisations that came in at the callback, by result.";
        let family = text.family(Kind::Counter, "webex_gw_authorisations_total", help);
        counts(family, &self.authorisations);
        let help = "Flows that the gateway started at its login page.";
        text.family(Kind::Counter, "webex_gw_logins_started_total", help)
            .sample(self.logins.load(Relaxed));
    }
}

fn requests_and_answers(text: &mut Text, traffic: &Traffic) {
    let help = "Requests by who answered; those of probes, pages and this one count too.";
    let mut family = text.family(Kind::Counter, "webex_gw_requests_total", help);
    for (method, source) in Method::ALL
        .iter()
        .flat_map(|m| Source::ALL.iter().map(move |s| (*m, *s)))
    {
        for (status, count) in traffic.requests_of(method, source).counts() {
            let labels = [pair(method), pair(status), pair(source)];
            family.labelled(&labels, count);
        }
    }
    let help = "Requests whose answer has not been sent completely.";
    text.family(Kind::Gauge, "webex_gw_requests_in_flight", help)
        .sample(traffic.in_flight.load(Relaxed));
    let help = "Answers that were not sent to their end, by who ended them.";
    let family = text.family(Kind::Counter, "webex_gw_answers_cut_total", help);
    counts(family, &traffic.cuts);

    let help = "Requests sent to Webex by what came back; a second attempt after a 401 counts again.";
    let family = text.family(Kind::Counter, "webex_gw_upstream_requests_total", help);
    counts(family, &traffic.upstream);
    let help = "Time from sending a request to the head of the answer of Webex.";
    let mut family = text.family(Kind::Histogram, "webex_gw_upstream_latency_seconds", help);
    let observed = traffic.latency.observed();
    for (bound, count) in &observed.buckets {
        family.suffixed("_bucket", &[("le", bound)], count);
    }
    family.suffixed("_sum", &[], observed.sum);
    family.suffixed("_count", &[], observed.buckets.last().map_or(0, |(_, all)| *all));

    let help = "Requests that Webex answered 401, by what became of them.";
    let family = text.family(Kind::Counter, "webex_gw_retries_after_401_total", help);
    counts(family, &traffic.retries);
    let help = "Bodies of requests that were too large to be kept for a second attempt.";
    text.family(Kind::Counter, "webex_gw_replay_overflows_total", help)
        .sample(traffic.overflows.load(Relaxed));
    let help = "Requests that were sent once more because Webex had turned them away unread.";
    text.family(Kind::Counter, "webex_gw_resends_total", help)
        .sample(traffic.resends.load(Relaxed));
}

fn process(text: &mut Text, scene: Scene<'_>) {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.family(
        Kind::Gauge,
        "webex_gw_build_info",
        "1, with the version of the program.",
    )
    .labelled(&version, 1);
    let name = "webex_gw_start_timestamp_seconds";
    text.family(Kind::Gauge, name, "When the gateway started.")
        .sample(scene.started.unix_seconds());
}

fn tokens(text: &mut Text, scene: Scene<'_>) {
    let Scene { snapshot, now, .. } = scene;
    let mut family = text.family(
        Kind::Gauge,
        "webex_gw_auth_state",
        "The state of the authorisation: 1 for the one that it is in.",
    );
    for state in AuthState::ALL {
        family.labelled(&[("state", state.as_str())], u8::from(snapshot.state == state));
    }
    let help = "1 while an access token is held that can be sent, as /readyz tells.";
    text.family(Kind::Gauge, "webex_gw_ready", help)
        .sample(u8::from(snapshot.ready(now)));
    let grant = snapshot.grant.as_ref();
    let help = "Counts the tokens that this process has held; 0 before the first.";
    text.family(Kind::Gauge, "webex_gw_token_generation", help)
        .sample(grant.map_or(0, |grant| grant.generation.number()));
    let name = "webex_gw_access_token_expiry_timestamp_seconds";
    text.family(Kind::Gauge, name, "When the access token ends.")
        .sample_if(grant.map(|grant| grant.tokens.expires_at().unix_seconds()));
    let end = grant.and_then(|grant| grant.tokens.refresh_token_expires_at());
    let name = "webex_gw_refresh_token_expiry_timestamp_seconds";
    text.family(
        Kind::Gauge,
        name,
        "When the refresh token ends, where Webex told it.",
    )
    .sample_if(end.map(Timestamp::unix_seconds));
}

fn counts<L: Label>(mut family: Family<'_>, counters: &Counters<L>) {
    for (value, count) in counters.counts() {
        family.labelled(&[pair(value)], count);
    }
}

fn pair<L: Label>(value: L) -> (&'static str, &'static str) {
    (L::NAME, value.as_str())
}
