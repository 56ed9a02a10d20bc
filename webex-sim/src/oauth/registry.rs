//! Codes, grants and access tokens of a world: what is issued, what is still good, and why not. Pure: the time and
//! the randomness of each step are arguments, and nothing here knows HTTP.

pub(crate) mod document;
mod holder;
mod listing;
mod revocation;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::pkce::Challenge;
use super::scope::ScopeSet;
use super::token_value::generate;
use crate::control::types::{Rotation, Settings};
use crate::random::Random;
use crate::secret::{Secret, exported};
use crate::world::Tag;

pub(crate) use listing::Selection;

/// How long after its issue Webex answers a refresh with the same access token (README of `webex/integration-refresh`).
const SAME_TOKEN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Dead codes and tokens that are kept to be listed. A test that refreshes in a loop must not fill the memory.
const DEAD_KEPT: usize = 2_000;

/// Everything issued in a world.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    /// What marks the codes and tokens as this world's.
    tag: Tag,
    codes: HashMap<Secret, Code>,
    /// By refresh token.
    grants: HashMap<Secret, Grant>,
    /// By access token.
    tokens: HashMap<Secret, Token>,
    /// Number of the last thing issued; listings are in this order.
    serial: u64,
}

/// What a person has agreed to on the authorize page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Authorization {
    pub(crate) client_id: String,
    pub(crate) person: Uuid,
    pub(crate) organization: Uuid,
    pub(crate) scopes: ScopeSet,
    /// The parameter of the authorize request, if it had one.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<Challenge>,
}

/// What a client sends to exchange a code.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) code_verifier: Option<&'a str>,
}

/// What the token endpoint answers with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) access_token: Secret,
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: Secret,
    pub(crate) refresh_token_expires_in: i64,
    pub(crate) scopes: ScopeSet,
    pub(crate) person: Uuid,
}

/// Who stands behind a good access token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) person: Uuid,
    pub(crate) scopes: ScopeSet,
    pub(crate) expires_at: Timestamp,
}

/// Why nothing is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the code is unknown, expired, used, or of another client")]
    Code,
    #[error("the redirect_uri is not the one of the authorize request")]
    RedirectUri,
    #[error("the code_verifier does not match")]
    Verifier,
    /// As Webex says it, where refresh tokens stay.
    #[error("the refresh token is unknown, expired, revoked, or of another client")]
    RefreshToken,
    /// The same where they are replaced, which Webex does not do: as the standard says it.
    #[error(
        "the refresh token is unknown, expired, revoked, or of another client, where refresh tokens rotate"
    )]
    RotatingRefreshToken,
    #[error("the refresh token was replaced by a newer one")]
    Replaced,
    #[error("the person has too many access tokens")]
    TooMany,
}

/// When something was issued and until when it is good.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Life {
    serial: u64,
    issued_at: Timestamp,
    expires_at: Timestamp,
    revoked: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Code {
    life: Life,
    used: bool,
    authorization: Authorization,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Grant {
    life: Life,
    client_id: String,
    person: Uuid,
    organization: Uuid,
    scopes: ScopeSet,
    /// The access token issued last, which a refresh within a day returns again.
    #[serde(with = "exported")]
    latest: Secret,
    /// Serial number of the first refresh token since the authorization; rotation keeps it.
    family: u64,
    /// Whether a refresh has given a newer refresh token.
    replaced: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Token {
    life: Life,
    client_id: String,
    person: Uuid,
    scopes: ScopeSet,
    /// [`Grant::family`] of the grant it was issued for.
    family: u64,
}

// === impl Registry ===

impl Registry {
    /// Nothing is issued yet.
    pub(crate) fn new(tag: Tag) -> Self {
        Self {
            tag,
            codes: HashMap::new(),
            grants: HashMap::new(),
            tokens: HashMap::new(),
            serial: 0,
        }
    }

    /// A code for what a person has agreed to.
    pub(crate) fn issue_code(
        &mut self,
        authorization: Authorization,
        settings: &Settings,
        now: Timestamp,
        random: &dyn Random,
    ) -> Secret {
        let code = generate(random, self.tag, authorization.organization);
        let life = self.life(now, settings.code_lifetime_s);
        self.codes.insert(
            code.clone(),
            Code {
                life,
                used: false,
                authorization,
            },
        );
        self.forget_the_dead(now);
        code
    }

    /// Exchanges a code. Once the client that it belongs to has presented it, it is spent, whatever comes of it.
    pub(crate) fn exchange(
        &mut self,
        exchange: &Exchange<'_>,
        settings: &Settings,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Issued, Refusal> {
        let code = self
            .codes
            .get_mut(&Secret::new(exchange.code))
            .ok_or(Refusal::Code)?;
        if code.authorization.client_id != exchange.client_id {
            return Err(Refusal::Code);
        }
        let good = !code.used && code.life.is_good(now);
        code.used = true;
        if !good {
            return Err(Refusal::Code);
        }
        let authorization = code.authorization.clone();
        authorization.admits(exchange, settings)?;
        self.check_limit(authorization.person, settings, now)?;
        let refresh_token = generate(random, self.tag, authorization.organization);
        let life = self.life(now, settings.refresh_token_lifetime_s);
        let access_token = self.issue_token(&authorization.grantee(life), settings, now, random);
        let grant = Grant {
            life,
            client_id: authorization.client_id,
            person: authorization.person,
            organization: authorization.organization,
            scopes: authorization.scopes,
            latest: access_token,
            family: life.serial,
            replaced: false,
        };
        let issued = self.answer(&grant, &refresh_token, now);
        self.grants.insert(refresh_token, grant);
        Ok(issued)
    }

    /// A refresh as Webex does it: the refresh token stays and its life starts anew, and within a day of the last issue
    /// the same access token comes back, unless it is dead or [`Settings::same_token_within_24h`] is off. With
    /// [`Settings::rotation`] the refresh token is replaced instead; the rule for access tokens is the same.
    pub(crate) fn refresh(
        &mut self,
        client_id: &str,
        refresh_token: &str,
        settings: &Settings,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Issued, Refusal> {
        let refresh_token = Secret::new(refresh_token);
        let dead = match settings.rotation {
            Rotation::None => Refusal::RefreshToken,
            Rotation::Grace { .. } | Rotation::Strict => Refusal::RotatingRefreshToken,
        };
        let grant = self.grants.get(&refresh_token).ok_or(dead)?;
        if grant.client_id != client_id || grant.life.revoked {
            return Err(dead);
        }
        if !grant.life.is_good(now) && grant.replaced {
            let family = grant.family;
            if settings.rotation == Rotation::Strict {
                self.revoke_family(family, now);
            }
            return Err(Refusal::Replaced);
        }
        if !grant.life.is_good(now) {
            return Err(dead);
        }
        let reuse = settings.same_token_within_24h
            && self.tokens.get(&grant.latest).is_some_and(|token| {
                token.life.is_good(now) && now.duration_since(token.life.issued_at) < SAME_TOKEN_FOR
            });
        if !reuse {
            self.check_limit(grant.person, settings, now)?;
        }
        let mut grant = self.grants.remove(&refresh_token).expect("it was found above");
        if !reuse {
            grant.latest = self.issue_token(&grant.grantee(), settings, now, random);
        }
        let (refresh_token, grant) = match settings.rotation {
            Rotation::None => {
                grant.life.expires_at = later(now, settings.refresh_token_lifetime_s);
                (refresh_token, grant)
            }
            Rotation::Grace { seconds } => self.rotate(refresh_token, grant, seconds, settings, now, random),
            Rotation::Strict => self.rotate(refresh_token, grant, 0, settings, now, random),
        };
        let issued = self.answer(&grant, &refresh_token, now);
        self.grants.insert(refresh_token, grant);
        Ok(issued)
    }

    /// Puts a new refresh token in the place of `old`, which works for `grace` seconds more.
    fn rotate(
        &mut self,
        old: Secret,
        mut grant: Grant,
        grace: u64,
        settings: &Settings,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Secret, Grant) {
        let new = Grant {
            life: self.life(now, settings.refresh_token_lifetime_s),
            replaced: false,
            ..grant.clone()
        };
        if !grant.replaced {
            grant.life.expires_at = grant.life.expires_at.min(later(now, grace));
            grant.replaced = true;
        }
        self.grants.insert(old, grant);
        (generate(random, self.tag, new.organization), new)
    }

    /// Who stands behind an access token, if it is good.
    pub(crate) fn authenticate(&self, access_token: &str, now: Timestamp) -> Option<Bearer> {
        let token = self
            .tokens
            .get(&Secret::new(access_token))
            .filter(|token| token.life.is_good(now))?;
        Some(Bearer {
            person: token.person,
            scopes: token.scopes.clone(),
            expires_at: token.life.expires_at,
        })
    }

    fn check_limit(&self, person: Uuid, settings: &Settings, now: Timestamp) -> Result<(), Refusal> {
        let active = self
            .tokens
            .values()
            .filter(|token| token.person == person && token.life.is_good(now))
            .count();
        if active < usize::try_from(settings.max_access_tokens).unwrap_or(usize::MAX) {
            Ok(())
        } else {
            Err(Refusal::TooMany)
        }
    }

    fn issue_token(
        &mut self,
        grantee: &Grantee<'_>,
        settings: &Settings,
        now: Timestamp,
        random: &dyn Random,
    ) -> Secret {
        let access_token = generate(random, self.tag, grantee.organization);
        let token = Token {
            life: self.life(now, settings.access_token_lifetime_s),
            client_id: grantee.client_id.to_owned(),
            person: grantee.person,
            scopes: grantee.scopes.clone(),
            family: grantee.family,
        };
        self.tokens.insert(access_token.clone(), token);
        self.forget_the_dead(now);
        access_token
    }

    fn answer(&self, grant: &Grant, refresh_token: &Secret, now: Timestamp) -> Issued {
        let token = self
            .tokens
            .get(&grant.latest)
            .expect("a grant's latest token is kept while it is good");
        Issued {
            access_token: grant.latest.clone(),
            expires_in: token.life.remaining(now),
            refresh_token: refresh_token.clone(),
            refresh_token_expires_in: grant.life.remaining(now),
            scopes: grant.scopes.clone(),
            person: grant.person,
        }
    }

    fn life(&mut self, now: Timestamp, seconds: u64) -> Life {
        self.serial += 1;
        Life {
            serial: self.serial,
            issued_at: now,
            expires_at: later(now, seconds),
            revoked: false,
        }
    }

    /// Drops the oldest dead entries beyond [`DEAD_KEPT`].
    fn forget_the_dead(&mut self, now: Timestamp) {
        forget(&mut self.codes, |code| {
            (code.used || !code.life.is_good(now)).then_some(code.life.serial)
        });
        forget(&mut self.tokens, |token| {
            (!token.life.is_good(now)).then_some(token.life.serial)
        });
        forget(&mut self.grants, |grant| {
            (!grant.life.is_good(now)).then_some(grant.life.serial)
        });
    }
}

fn forget<T>(entries: &mut HashMap<Secret, T>, dead: impl Fn(&T) -> Option<u64>) {
    if entries.len() <= DEAD_KEPT {
        return;
    }
    let mut serials: Vec<_> = entries.values().filter_map(&dead).collect();
    if serials.len() > DEAD_KEPT {
        serials.sort_unstable();
        let oldest_kept = serials[serials.len() - DEAD_KEPT / 2];
        entries.retain(|_, entry| dead(entry).is_none_or(|serial| serial >= oldest_kept));
    }
}

/// `now` and so many seconds, or the end of time.
fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(seconds).unwrap_or(Timestamp::MAX)
}

// === impl Authorization, Grant ===

/// Whom a token is for.
struct Grantee<'a> {
    client_id: &'a str,
    person: Uuid,
    organization: Uuid,
    scopes: &'a ScopeSet,
    family: u64,
}

impl Authorization {
    fn grantee(&self, grant: Life) -> Grantee<'_> {
        Grantee {
            client_id: &self.client_id,
            person: self.person,
            organization: self.organization,
            scopes: &self.scopes,
            family: grant.serial,
        }
    }

    /// RFC 6749, section 4.1.3 and RFC 7636, section 4.6.
    fn admits(&self, exchange: &Exchange<'_>, settings: &Settings) -> Result<(), Refusal> {
        let redirect_uri = match (&self.redirect_uri, exchange.redirect_uri) {
            (Some(own), Some(sent)) => own == sent,
            (Some(_), None) => false,
            (None, Some(sent)) => settings.redirect_uris.iter().any(|registered| registered == sent),
            (None, None) => true,
        };
        if !redirect_uri {
            return Err(Refusal::RedirectUri);
        }
        match (&self.challenge, exchange.code_verifier) {
            (None, _) => Ok(()),
            (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => Ok(()),
            (Some(_), _) => Err(Refusal::Verifier),
        }
    }
}

impl Grant {
    fn grantee(&self) -> Grantee<'_> {
        Grantee {
            client_id: &self.client_id,
            person: self.person,
            organization: self.organization,
            scopes: &self.scopes,
            family: self.family,
        }
    }
}

// === impl Life ===

impl Life {
    fn is_good(self, now: Timestamp) -> bool {
        !self.revoked && now < self.expires_at
    }

    /// Whole seconds left.
    fn remaining(self, now: Timestamp) -> i64 {
        self.expires_at.duration_since(now).as_secs().max(0)
    }
}

#[cfg(test)]
mod tests;
