//! The registry seen from the control API: listing tokens, and ending them before their time.

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
        let info = |kind, value: &Secret, life: &Life, person, client_id: &str, scopes: &ScopeSet| {
            let info = TokenInfo {
                fingerprint: value.fingerprint(),
                kind,
                state: life.state(now),
                person: email_of(person),
                client_id: client_id.to_owned(),
                scope: scopes.to_string(),
                issued_at: format!("{:.3}", life.issued_at),
                expires_at: format!("{:.3}", life.expires_at),
            };
            (life.serial, info)
        };
        let grants = self.grants.iter().map(|(value, grant)| {
            info(
                TokenKind::Refresh,
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
    /// authorization of type `refresh` is deleted at Webex (API reference, "Authorizations").
    pub(crate) fn revoke(&mut self, selection: Selection<'_>, now: Timestamp) -> usize {
        let grants: Vec<_> = match selection.kind {
            TokenKind::Refresh => self
                .selected(selection, now)
                .into_iter()
                .map(|life| life.serial)
                .collect(),
            TokenKind::Access => Vec::new(),
        };
        let revoked = self
            .selected(selection, now)
            .into_iter()
            .map(|life| life.revoked = true)
            .count();
        let dependent = self
            .tokens
            .values_mut()
            .filter(|token| grants.contains(&token.grant));
        let dependent = dependent.filter(|token| token.life.is_good(now));
        revoked + dependent.map(|token| token.life.revoked = true).count()
    }

    fn selected(&mut self, selection: Selection<'_>, now: Timestamp) -> Vec<&mut Life> {
        let wanted = |value: &Secret| {
            selection
                .fingerprint
                .is_none_or(|wanted| value.fingerprint() == wanted)
        };
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
            .filter(|(value, life)| life.is_good(now) && wanted(value))
            .map(|(_, life)| life)
            .collect()
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
