//! The tokens of one grant: what they are, where they live, when and how they are refreshed.
//!
//! [`lifecycle`] and [`adoption`] decide, purely; [`keeper`] acts on their decisions; [`endpoint`] and [`resource_server`] speak to Webex, [`mod@file`] to
//! the disk, [`lock`] to other processes that share the file.

pub mod adoption;
pub mod backoff;
pub mod disk;
pub mod endpoint;
pub mod failure;
pub mod file;
mod flight;
mod horizon;
mod json;
pub mod keeper;
pub mod lifecycle;
pub mod lock;
pub mod resource_server;
pub mod sight;
pub mod snapshot;
pub mod state;
pub mod wire;

use std::time::Duration;

use crate::clock::{Now, Timestamp};
use crate::organization::OrgId;
use crate::secret::{AccessToken, RefreshToken};
use wire::TokenResponse;

/// One grant as the tokens file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenSet {
    /// Sent with every request.
    pub access_token: AccessToken,
    /// Lifetime of the access token from `issued_at`.
    pub expires_in: Duration,
    /// Buys the next access token.
    pub refresh_token: RefreshToken,
    /// Lifetime of the refresh token from `issued_at`, where Webex told it.
    pub refresh_token_expires_in: Option<Duration>,
    /// When this access token was issued (`at` in the file).
    pub issued_at: Timestamp,
    /// `token_type` as received; Webex sends `Bearer`.
    pub token_type: Option<String>,
    /// The granted scopes, separated by spaces.
    pub scope: Option<String>,
    /// The organisation this grant acts for, once it is known.
    pub org_id: Option<OrgId>,
    /// Fields of the file that this program does not know; they survive a rewrite.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

impl TokenSet {
    /// The first tokens of a grant. `None` when the answer has no refresh token: such a grant cannot be kept.
    #[must_use]
    pub fn granted(response: TokenResponse, org_id: OrgId, now: Now) -> Option<Self> {
        Some(Self {
            access_token: response.access_token,
            expires_in: response.expires_in,
            refresh_token: response.refresh_token?,
            refresh_token_expires_in: response.refresh_token_expires_in,
            issued_at: now.wall,
            token_type: response.token_type,
            scope: response.scope,
            org_id: Some(org_id),
            extra: serde_json::Map::new(),
        })
    }

    /// The tokens after a refresh. What the answer leaves out stays as it was (RFC 6749 section 6).
    #[must_use]
    pub fn refreshed(&self, response: TokenResponse, now: Now) -> Self {
        let rotated = response
            .refresh_token
            .as_ref()
            .is_some_and(|token| *token != self.refresh_token);
        let kept_deadline = match rotated {
            true => None,
            false => self.refresh_token_expires_at().map(|end| end.since(now.wall)),
        };
        Self {
            access_token: response.access_token,
            expires_in: response.expires_in,
            refresh_token: response
                .refresh_token
                .unwrap_or_else(|| self.refresh_token.clone()),
            refresh_token_expires_in: response.refresh_token_expires_in.or(kept_deadline),
            issued_at: now.wall,
            token_type: response.token_type.or_else(|| self.token_type.clone()),
            scope: response.scope.or_else(|| self.scope.clone()),
            org_id: self.org_id,
            extra: self.extra.clone(),
        }
    }

    /// Whose they are: as stored, or as the access token itself says.
    #[must_use]
    pub fn organization(&self) -> Option<OrgId> {
        let named = || OrgId::parse(self.access_token.organization()?).ok();
        self.org_id.or_else(named)
    }

    /// When the access token ends by the wall clock.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.issued_at + self.expires_in
    }

    /// When the refresh token ends by the wall clock, where Webex told it.
    #[must_use]
    pub fn refresh_token_expires_at(&self) -> Option<Timestamp> {
        self.refresh_token_expires_in
            .map(|lifetime| self.issued_at + lifetime)
    }
}

/// What the file has to hold for what the keeper holds.
#[cfg(test)]
fn json_of(keeper: &keeper::Keeper) -> String {
    let snapshot = keeper.snapshot();
    let tokens = &snapshot.grant.as_ref().expect("tokens").tokens;
    String::from_utf8(tokens.to_json()).expect("JSON")
}

#[cfg(test)]
pub(crate) mod samples {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::HeaderValue;

    use super::lifecycle::Verdict;
    use super::resource_server::{ResourceServer, TokenQuestion};
    use super::*;

    /// A Webex that says of any access token what the test says.
    #[derive(Debug)]
    pub(crate) struct Webex {
        pub(crate) verdict: Mutex<Verdict>,
        pub(crate) asked: AtomicUsize,
    }

    impl Default for Webex {
        fn default() -> Self {
            Self {
                verdict: Mutex::new(Verdict::Accepted),
                asked: AtomicUsize::new(0),
            }
        }
    }

    impl ResourceServer for Webex {
        fn takes<'a>(&'a self, _: &'a HeaderValue) -> TokenQuestion<'a> {
            Box::pin(async {
                self.asked.fetch_add(1, Ordering::SeqCst);
                *self.verdict.lock().unwrap()
            })
        }
    }

    /// A grant issued at `now`, with the lifetimes of Webex.
    pub(crate) fn tokens(name: &str, now: Now) -> TokenSet {
        TokenSet {
            access_token: AccessToken::new(format!("access-{name}")).unwrap(),
            expires_in: Duration::from_secs(1_209_599),
            refresh_token: RefreshToken::new(format!("refresh-{name}")).unwrap(),
            refresh_token_expires_in: Some(Duration::from_secs(7_775_999)),
            issued_at: now.wall,
            token_type: Some("Bearer".to_owned()),
            scope: Some("spark:people_read".to_owned()),
            org_id: None,
            extra: serde_json::Map::new(),
        }
    }

    /// What a refresh answers, with the lifetimes of Webex.
    pub(crate) fn response(name: &str) -> TokenResponse {
        TokenResponse {
            access_token: AccessToken::new(format!("access-{name}")).unwrap(),
            expires_in: Duration::from_secs(1_209_599),
            refresh_token: None,
            refresh_token_expires_in: None,
            token_type: None,
            scope: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{response, tokens};
    use super::*;
    use crate::clock::{Clock, ManualClock};

    #[test]
    fn a_refresh_without_a_refresh_token_keeps_the_old_one_and_its_end() {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_000_000));
        let old = tokens("old", clock.now());
        clock.advance(Duration::from_hours(24));
        let new = old.refreshed(response("new"), clock.now());
        assert_eq!(new.refresh_token, old.refresh_token);
        assert_eq!(new.refresh_token_expires_at(), old.refresh_token_expires_at());
        assert_eq!(new.scope, old.scope);
        assert_eq!(new.issued_at, clock.now().wall);
    }

    #[test]
    fn a_rotated_refresh_token_without_a_lifetime_does_not_inherit_the_old_end() {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_000_000));
        let rotated = TokenResponse {
            refresh_token: Some(RefreshToken::new("rotated").unwrap()),
            ..response("new")
        };
        let new = tokens("old", clock.now()).refreshed(rotated, clock.now());
        assert_eq!(new.refresh_token.expose(), "rotated");
        assert_eq!(new.refresh_token_expires_at(), None);
    }
}
