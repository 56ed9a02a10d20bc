//! The typed client of the control API. It speaks plain HTTP and needs no certificate authorities of the machine.

mod http;
mod raw;
mod state;
mod worlds;

use std::time::Duration;

use crate::control::types::{
    ClockChange, ClockState, Consent, ConsentQueue, Coverage, EndTokens, Ended, Entry, EntryFilter, Exchange,
    Fault, FaultList, FaultRule, Health, JournalCount, JournalPage, JournalWait, LostAnswers, NearMiss,
    NearMisses, PasswordChange, Rejection, ReplayList, Settings, SettingsPatch, SubscriberState,
    SubscriberStatusChange, TokenInfo, TokenKind, TokenList, Violation, ViolationList,
};

pub use crate::control::types;
use crate::encode::percent_encoded;
pub use worlds::World;

/// Controls a simulator. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ControlClient {
    http: http::Http,
}

/// What a control operation can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The simulator cannot be reached, or the connection broke.
    #[error("the simulator at {url} cannot be reached: {source}")]
    Unreachable {
        /// The operation's URL.
        url: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The simulator refused; nothing has changed.
    #[error("the simulator refused with {status}: {rejection}")]
    Refused {
        /// 400 for a wrong value, 404 for something that is not there.
        status: u16,
        /// What was wrong.
        rejection: Rejection,
    },
    /// Whatever answered is not the control API of this version.
    #[error("unexpected answer {status} from {url}: {body}")]
    Unexpected {
        /// The operation's URL.
        url: String,
        /// Status of the answer.
        status: u16,
        /// Its body.
        body: String,
    },
    /// A wait that ended because the time was up.
    #[error("waited for {wanted} requests, but there were only {}{}", .seen.len(), told(.near_misses))]
    NotReached {
        /// How many were waited for.
        wanted: usize,
        /// Those that matched until then.
        seen: Vec<Entry>,
        /// Those that nearly matched.
        near_misses: Vec<NearMiss>,
    },
}

/// The near misses as the end of a sentence.
fn told(misses: &[NearMiss]) -> String {
    let told = misses.iter().map(|miss| {
        let entry = &miss.entry;
        format!(
            "; {} {} nearly matches: {}",
            entry.method,
            entry.path,
            miss.differences.join(", ")
        )
    });
    told.collect()
}

// === impl ControlClient ===

impl ControlClient {
    /// A client for the control listener at `url`, such as `http://127.0.0.1:8081`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            http: http::Http::new(url.into()),
        }
    }

    /// Whether the simulator is there, and its version.
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.http.get("health", &()).await
    }

    /// Everything as at the start: people, tokens, settings, clock, journal, consent queue; no fault rules.
    pub async fn reset(&self) -> Result<(), ClientError> {
        self.http
            .post::<Health>("reset", &serde_json::json!({}))
            .await
            .map(drop)
    }

    /// The certificate authority of the TLS listener, PEM.
    pub async fn ca_pem(&self) -> Result<String, ClientError> {
        self.http.text("ca.pem").await
    }

    /// The simulated time.
    pub async fn clock(&self) -> Result<ClockState, ClientError> {
        self.http.get("clock", &()).await
    }

    /// Moves, stops or starts the simulated time.
    pub async fn change_clock(&self, change: &ClockChange) -> Result<ClockState, ClientError> {
        self.http.post("clock", change).await
    }

    /// Moves the simulated time forward by whole seconds.
    pub async fn advance(&self, by: Duration) -> Result<ClockState, ClientError> {
        let change = ClockChange {
            advance_seconds: Some(by.as_secs()),
            freeze: None,
        };
        self.change_clock(&change).await
    }

    /// Stops the simulated time, or lets it run on.
    pub async fn freeze(&self, freeze: bool) -> Result<ClockState, ClientError> {
        self.change_clock(&ClockChange {
            advance_seconds: None,
            freeze: Some(freeze),
        })
        .await
    }

    /// The answers to coming authorize requests.
    pub async fn consent(&self) -> Result<Vec<Consent>, ClientError> {
        self.http
            .get::<ConsentQueue>("consent", &())
            .await
            .map(|answer| answer.queue)
    }

    /// Adds an answer to a coming authorize request.
    pub async fn push_consent(&self, consent: &Consent) -> Result<(), ClientError> {
        self.http.post::<ConsentQueue>("consent", consent).await.map(drop)
    }

    /// The next authorize request: this person signs in and accepts.
    pub async fn accept_as(&self, email: impl Into<String>) -> Result<(), ClientError> {
        self.push_consent(&Consent::Accept { email: email.into() }).await
    }

    /// The next authorize request: declined.
    pub async fn decline(&self) -> Result<(), ClientError> {
        self.push_consent(&Consent::Decline).await
    }

    /// Empties the consent queue: the page is shown again.
    pub async fn clear_consent(&self) -> Result<(), ClientError> {
        self.http.delete::<ConsentQueue>("consent").await.map(drop)
    }

    /// All tokens, in the order of issue.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, ClientError> {
        self.http
            .get::<TokenList>("tokens", &())
            .await
            .map(|answer| answer.tokens)
    }

    /// Lets all tokens of a kind expire now; how many did.
    pub async fn expire_tokens(&self, kind: TokenKind) -> Result<usize, ClientError> {
        self.end_tokens(
            "expire",
            &EndTokens {
                kind,
                fingerprint: None,
            },
        )
        .await
    }

    /// Revokes all tokens of a kind; how many were good before. With refresh tokens go their access tokens.
    pub async fn revoke_tokens(&self, kind: TokenKind) -> Result<usize, ClientError> {
        self.end_tokens(
            "revoke",
            &EndTokens {
                kind,
                fingerprint: None,
            },
        )
        .await
    }

    /// Lets the token with this fingerprint expire now.
    pub async fn expire_token(&self, kind: TokenKind, fingerprint: &str) -> Result<usize, ClientError> {
        self.end_tokens(
            "expire",
            &EndTokens {
                kind,
                fingerprint: Some(fingerprint.to_owned()),
            },
        )
        .await
    }

    /// Revokes the token with this fingerprint.
    pub async fn revoke_token(&self, kind: TokenKind, fingerprint: &str) -> Result<usize, ClientError> {
        self.end_tokens(
            "revoke",
            &EndTokens {
                kind,
                fingerprint: Some(fingerprint.to_owned()),
            },
        )
        .await
    }

    /// Loses the next `count` answers of the token endpoint that bring tokens: what was asked for is done, then the
    /// connection is reset.
    pub async fn lose_token_answers(&self, count: u32) -> Result<(), ClientError> {
        self.http
            .post::<LostAnswers>("tokens/lose-answers", &LostAnswers { count })
            .await
            .map(drop)
    }

    /// What the clients did that they should not do, the oldest first.
    pub async fn violations(&self) -> Result<Vec<Violation>, ClientError> {
        self.http
            .get::<ViolationList>("violations", &())
            .await
            .map(|answer| answer.violations)
    }

    /// Forgets all violations.
    pub async fn clear_violations(&self) -> Result<(), ClientError> {
        self.http.delete::<ViolationList>("violations").await.map(drop)
    }

    /// Adds a rule by which requests fail, behind those that are there; the rule with its id.
    pub async fn add_fault(&self, rule: &FaultRule) -> Result<Fault, ClientError> {
        self.http.post("faults", rule).await
    }

    /// The rules by which requests fail, and how often they did.
    pub async fn faults(&self) -> Result<Vec<Fault>, ClientError> {
        self.http
            .get::<FaultList>("faults", &())
            .await
            .map(|answer| answer.faults)
    }

    /// One of them.
    pub async fn fault(&self, id: &str) -> Result<Fault, ClientError> {
        self.http
            .get(&format!("faults/{}", percent_encoded(id)), &())
            .await
    }

    /// Those that never fired: a test that has any has not tested what it meant to.
    pub async fn unused_faults(&self) -> Result<Vec<Fault>, ClientError> {
        self.http
            .get::<FaultList>("faults/unused", &())
            .await
            .map(|answer| answer.faults)
    }

    /// Removes a rule; what had come of it.
    pub async fn remove_fault(&self, id: &str) -> Result<Fault, ClientError> {
        self.http.delete(&format!("faults/{}", percent_encoded(id))).await
    }

    /// Removes all rules.
    pub async fn clear_faults(&self) -> Result<(), ClientError> {
        self.http.delete::<FaultList>("faults").await.map(drop)
    }

    /// Changes a person's password, which ends their tokens; how many. `person` is an e-mail address, UUID or Webex id.
    pub async fn change_password(&self, person: &str, password: &str) -> Result<usize, ClientError> {
        let path = format!("people/{}/password", percent_encoded(person));
        let body = PasswordChange {
            password: password.to_owned(),
        };
        self.http
            .post::<Ended>(&path, &body)
            .await
            .map(|answer| answer.ended)
    }

    /// Deletes a person, which ends their tokens; how many.
    pub async fn delete_person(&self, person: &str) -> Result<usize, ClientError> {
        self.http
            .delete::<Ended>(&format!("people/{}", percent_encoded(person)))
            .await
            .map(|answer| answer.ended)
    }

    /// Gives a BroadWorks subscriber a status. `subscriber` is a Webex id, UUID or user ID.
    pub async fn set_subscriber_status(
        &self,
        subscriber: &str,
        change: impl Into<SubscriberStatusChange>,
    ) -> Result<SubscriberState, ClientError> {
        let path = format!("subscribers/{}/status", percent_encoded(subscriber));
        self.http.post(&path, &change.into()).await
    }

    /// Journal entries that match, the oldest first.
    pub async fn journal(&self, filter: &EntryFilter) -> Result<Vec<Entry>, ClientError> {
        self.journal_page(filter).await.map(|answer| answer.entries)
    }

    /// The same, and how many entries fell out of the journal.
    pub async fn journal_page(&self, filter: &EntryFilter) -> Result<JournalPage, ClientError> {
        self.http.get("journal", filter).await
    }

    /// How many journal entries match.
    pub async fn journal_count(&self, filter: &EntryFilter) -> Result<usize, ClientError> {
        self.http
            .get::<JournalCount>("journal/count", filter)
            .await
            .map(|answer| answer.count)
    }

    /// Waits until `count` entries match and returns them; [`ClientError::NotReached`] if the time is up first.
    pub async fn journal_wait(
        &self,
        filter: &EntryFilter,
        count: usize,
        timeout: Duration,
    ) -> Result<Vec<Entry>, ClientError> {
        let answer: JournalWait = self.http.wait("journal/wait", filter, count, timeout).await?;
        if answer.reached {
            Ok(answer.entries)
        } else {
            Err(ClientError::NotReached {
                wanted: count,
                seen: answer.entries,
                near_misses: answer.near_misses,
            })
        }
    }

    /// The entries that nearly match, with what is different.
    pub async fn journal_near_misses(&self, filter: &EntryFilter) -> Result<Vec<NearMiss>, ClientError> {
        let answer: NearMisses = self.http.get("journal/near-misses", filter).await?;
        Ok(answer.near_misses)
    }

    /// One exchange with all that was sent and answered.
    pub async fn journal_exchange(&self, sequence: u64) -> Result<Exchange, ClientError> {
        self.http.get(&format!("journal/{sequence}"), &()).await
    }

    /// The matching exchanges as an HTTP Archive (HAR 1.2), which [`ControlClient::replay`] takes.
    pub async fn journal_har(&self, filter: &EntryFilter) -> Result<serde_json::Value, ClientError> {
        self.http.get("journal/har", filter).await
    }

    /// Gives the answers of an HTTP Archive again, in the place of the recording before.
    pub async fn replay(&self, archive: &serde_json::Value) -> Result<ReplayList, ClientError> {
        self.http.put_json("replay", archive).await
    }

    /// The recorded answers that are given again.
    pub async fn replayed(&self) -> Result<ReplayList, ClientError> {
        self.http.get("replay", &()).await
    }

    /// Simulates everything again.
    pub async fn stop_replay(&self) -> Result<(), ClientError> {
        self.http.delete::<ReplayList>("replay").await.map(drop)
    }

    /// Which operations have been answered with which status.
    pub async fn coverage(&self) -> Result<Coverage, ClientError> {
        self.http.get("coverage", &()).await
    }

    /// Forgets all journal entries.
    pub async fn clear_journal(&self) -> Result<(), ClientError> {
        self.http.delete::<JournalCount>("journal").await.map(drop)
    }

    /// The settings.
    pub async fn settings(&self) -> Result<Settings, ClientError> {
        self.http.get("settings", &()).await
    }

    /// Changes settings; what is absent stays as it is.
    pub async fn change_settings(&self, patch: &SettingsPatch) -> Result<Settings, ClientError> {
        self.http.patch("settings", patch).await
    }

    async fn end_tokens(&self, how: &str, which: &EndTokens) -> Result<usize, ClientError> {
        self.http
            .post::<Ended>(&format!("tokens/{how}"), which)
            .await
            .map(|answer| answer.ended)
    }
}
