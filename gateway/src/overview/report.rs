//! What `/status` tells, as its JSON has it. Tokens stand in it as fingerprints.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::Facts;
use super::words::Words;
use crate::authorization::SCOPES;
use crate::clock::{Now, Timestamp};
use crate::metrics::LastRefresh;
use crate::metrics::labels::Label as _;
use crate::token::TokenSet;
use crate::token::keeper::Snapshot;
use crate::token::lifecycle::{Action, Grant};

/// A day, in seconds.
const DAY: u64 = 86_400;

/// The state at one moment. Times are RFC 3339 in UTC; what is not known is left out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// As `/health`, logs and metrics name it.
    pub state: &'static str,
    /// Whether a token is held that can be sent, as `/readyz` tells.
    pub ready: bool,
    /// What mends it, where something is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// The state in one line.
    pub summary: &'static str,
    /// The organisation whose tokens are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// The token that is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessTokenReport>,
    /// The token that buys the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshTokenReport>,
    /// What the token may do, where tokens are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// The refreshes of this process.
    pub refresh: RefreshReport,
    /// Why the last refresh failed; absent after a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<TroubleReport>,
    /// Where the tokens live.
    pub tokens_file: FileReport,
    /// The program's version.
    pub version: &'static str,
    /// When it started.
    pub started_at: String,
    /// How long ago that was.
    pub uptime_seconds: u64,
    /// Where calls go.
    pub webex_url: String,
    /// Through which forward proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Where an administrator logs in.
    pub login_url: String,
    /// For the page.
    #[serde(skip)]
    pub words: Words,
}

/// The access token.
#[derive(Clone, Debug, Serialize)]
pub struct AccessTokenReport {
    /// As logs show it.
    pub fingerprint: String,
    /// 1 for the first tokens of this process.
    pub generation: u64,
    /// When it was issued.
    pub issued_at: String,
    /// When it ends.
    pub expires_at: String,
    /// How long it can still be sent.
    pub expires_in_seconds: u64,
}

/// The refresh token.
#[derive(Clone, Debug, Serialize)]
pub struct RefreshTokenReport {
    /// As logs show it.
    pub fingerprint: String,
    /// When it ends, where Webex told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How many days are left until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<u64>,
}

/// The scopes of the token, where Webex told them.
#[derive(Clone, Debug, Serialize)]
pub struct Scopes {
    /// What Webex granted.
    pub granted: Vec<String>,
    /// What the product needs and was not granted.
    pub missing: Vec<&'static str>,
}

/// Refreshes since the start.
#[derive(Clone, Debug, Serialize)]
pub struct RefreshReport {
    /// When one was started last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt_at: Option<String>,
    /// When one brought tokens last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<String>,
    /// What the last one that ended came to, in the words of the metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_result: Option<&'static str>,
    /// When the next one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
    /// How long that takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_in_seconds: Option<u64>,
}

/// The last failure.
#[derive(Clone, Debug, Serialize)]
pub struct TroubleReport {
    /// For the operator.
    pub reason: String,
    /// When the first failure in a row was.
    pub since: String,
    /// How many there were.
    pub failures: u32,
}

/// The tokens file.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// Where it is.
    pub path: String,
    /// Why the newest tokens are not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsaved: Option<String>,
    /// Why it is not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
}

impl Report {
    /// For the state `snapshot`, with the next refresh due after `next`.
    #[must_use]
    pub fn of(
        facts: &Facts,
        snapshot: &Snapshot,
        last: LastRefresh,
        next: Option<Duration>,
        now: Now,
    ) -> Self {
        let words = Words::of(snapshot, now);
        let grant = snapshot.grant.as_ref();
        let tokens = grant.map(|grant| grant.tokens.as_ref());
        let org_id = tokens.and_then(|tokens| tokens.org_id);
        let trouble = snapshot.trouble.as_ref().map(|trouble| TroubleReport {
            reason: trouble.reason.clone(),
            since: trouble.since.to_string(),
            failures: trouble.failures,
        });
        Self {
            state: snapshot.state.as_str(),
            ready: snapshot.ready(now),
            action: words.action.map(Action::as_str),
            summary: words.headline,
            org_id: org_id.map(|org_id| org_id.to_string()),
            access_token: grant.map(|grant| access_token(grant, now)),
            refresh_token: tokens.map(|tokens| refresh_token(tokens, now)),
            scopes: tokens.and_then(|tokens| tokens.scope.as_deref()).map(scopes),
            refresh: refresh(last, next, now),
            trouble,
            tokens_file: FileReport {
                path: facts.tokens_file.display().to_string(),
                unsaved: snapshot.unsaved.clone(),
                unusable: snapshot.unusable_file.clone(),
            },
            version: env!("CARGO_PKG_VERSION"),
            started_at: facts.started.wall.to_string(),
            uptime_seconds: now.mono.saturating_sub(facts.started.mono).as_secs(),
            webex_url: facts.webex_url.clone(),
            proxy: facts.proxy.clone(),
            login_url: facts.login_url.clone(),
            words,
        }
    }

    /// The report as `/status` answers it to programs.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a report is made of texts and numbers")
    }
}

fn access_token(grant: &Grant, now: Now) -> AccessTokenReport {
    AccessTokenReport {
        fingerprint: grant.tokens.access_token.fingerprint(),
        generation: grant.generation.number(),
        issued_at: grant.tokens.issued_at.to_string(),
        expires_at: grant.tokens.expires_at().to_string(),
        expires_in_seconds: grant.remaining(now).as_secs(),
    }
}

fn refresh_token(tokens: &TokenSet, now: Now) -> RefreshTokenReport {
    let end = tokens.refresh_token_expires_at();
    RefreshTokenReport {
        fingerprint: tokens.refresh_token.fingerprint(),
        expires_at: end.map(|end| end.to_string()),
        days_left: end.map(|end| end.since(now.wall).as_secs() / DAY),
    }
}

fn scopes(granted: &str) -> Scopes {
    let granted: BTreeSet<_> = granted.split_whitespace().collect();
    let missing = SCOPES.into_iter().filter(|scope| !granted.contains(scope));
    Scopes {
        missing: missing.collect(),
        granted: granted.iter().map(|scope| (*scope).to_owned()).collect(),
    }
}

fn refresh(last: LastRefresh, next: Option<Duration>, now: Now) -> RefreshReport {
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    RefreshReport {
        last_attempt_at: text(last.attempted),
        last_success_at: text(last.succeeded),
        last_result: last.result.map(crate::metrics::labels::Refresh::as_str),
        next_at: text(next.map(|next| now.wall + next)),
        next_in_seconds: next.map(|next| next.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::scopes;
    use crate::authorization::SCOPES;

    #[test]
    fn scopes_that_the_product_needs_and_does_not_have_are_missing() {
        let all = SCOPES.join(" ");
        assert!(scopes(&format!("{all} spark:kms")).missing.is_empty());
        let without_one = all.replace("identity:people_read", "");
        assert_eq!(scopes(&without_one).missing, ["identity:people_read"]);
    }
}
