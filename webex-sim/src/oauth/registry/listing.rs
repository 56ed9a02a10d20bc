//! The registry seen from the control API: listing tokens, and ending them before their time.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Life, Registry, ScopeSet};
use crate::control::types::{TokenInfo, TokenKind, TokenState};
use crate::secret::Secret;

/// Which tokens a control operation is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection<'a> {
    pub(crate) kind: TokenKind,
    /// Only the one with this fingerprint.
    pub(crate) fingerprint: Option<&'a str>,
}

impl Registry {
    /// All tokens, in the order of issue. `email_of` names the person.
    pub(crate) fn list(&self, now: Timestamp, email_of: impl Fn(Uuid) -> Option<String>) -> Vec<TokenInfo> {
        let info = |kind, state, value: &Secret, life: &Life, person, client_id: &str, scopes: &ScopeSet| {
            let info = TokenInfo {
                fingerprint: value.fingerprint(),
                kind,
                state,
                person: email_of(person),
                client_id: client_id.to_owned(),
                scope: scopes.to_string(),
                issued_at: format!("{:.3}", life.issued_at),
                expires_at: format!("{:.3}", life.expires_at),
            };
            (life.serial, info)
        };
        let grants = self.grants.iter().map(|(value, grant)| {
            let state = match grant.life.state(now) {
                TokenState::Active | TokenState::Expired if grant.replaced => TokenState::Replaced,
                state => state,
            };
            info(
                TokenKind::Refresh,
                state,
                value,
                &grant.life,
                grant.person,
                &grant.client_id,
                &grant.scopes,
            )
        });
        let tokens = self.tokens.iter().map(|(value, token)| {
            info(
                TokenKind::Access,
                token.life.state(now),
                value,
                &token.life,
                token.person,
                &token.client_id,
                &token.scopes,
            )
        });
        let mut all: Vec<_> = grants.chain(tokens).collect();
        all.sort_by_key(|(serial, _)| *serial);
        all.into_iter().map(|(_, info)| info).collect()
    }

    /// Lets tokens expire now; the number of those that were good. Access tokens outlive an expired refresh token.
    pub(crate) fn expire(&mut self, selection: Selection<'_>, now: Timestamp) -> usize {
        let lives = self.selected(selection, now);
        lives.into_iter().map(|life| life.expires_at = now).count()
    }

    /// Revokes tokens; the number of those that were good. With a refresh token go its access tokens, as when an
    /// authorization of type `refresh` is deleted at Webex (API reference, "Authorizations"), and those that it replaced.
    pub(crate) fn revoke(&mut self, selection: Selection<'_>, now: Timestamp) -> usize {
        if selection.kind == TokenKind::Access {
            let lives = self.selected(selection, now);
            return lives.into_iter().map(|life| life.revoked = true).count();
        }
        let good = self.grants.iter().filter(|(_, grant)| grant.life.is_good(now));
        let families: HashSet<_> = good
            .filter(|(value, _)| selection.means(value))
            .map(|(_, grant)| grant.family)
            .collect();
        families
            .into_iter()
            .map(|family| self.revoke_family(family, now))
            .sum()
    }

    fn selected(&mut self, selection: Selection<'_>, now: Timestamp) -> Vec<&mut Life> {
        let lives: Vec<_> = match selection.kind {
            TokenKind::Access => self
                .tokens
                .iter_mut()
                .map(|(value, token)| (value, &mut token.life))
                .collect(),
            TokenKind::Refresh => self
                .grants
                .iter_mut()
                .map(|(value, grant)| (value, &mut grant.life))
                .collect(),
        };
        lives
            .into_iter()
            .filter(|(value, life)| life.is_good(now) && selection.means(value))
            .map(|(_, life)| life)
            .collect()
    }
}

impl Selection<'_> {
    fn means(&self, value: &Secret) -> bool {
        self.fingerprint
            .is_none_or(|wanted| value.fingerprint() == wanted)
    }
}

impl Life {
    fn state(&self, now: Timestamp) -> TokenState {
        if self.revoked {
            TokenState::Revoked
        } else if now < self.expires_at {
            TokenState::Active
        } else {
            TokenState::Expired
        }
    }
}
