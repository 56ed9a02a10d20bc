//! Ending tokens: what one client presents, a whole grant, everything of a person.

use jiff::Timestamp;
use uuid::Uuid;

use super::Registry;
use crate::secret::Secret;

impl Registry {
    /// Ends the token that a client presents: an access token alone, a refresh token with its whole grant.
    pub(crate) fn revoke_token(&mut self, client_id: &str, token: &str, now: Timestamp) {
        let token = Secret::new(token);
        let own = |owner: &str| owner == client_id;
        if let Some(token) = self.tokens.get_mut(&token).filter(|token| own(&token.client_id)) {
            token.life.revoked = true;
        }
        if let Some(grant) = self.grants.get(&token).filter(|grant| own(&grant.client_id)) {
            self.revoke_family(grant.family, now);
        }
    }

    /// Ends every code and token of a person; the number of tokens that were good.
    pub(crate) fn revoke_person(&mut self, person: Uuid, now: Timestamp) -> usize {
        self.codes.retain(|_, code| code.authorization.person != person);
        let grants = self
            .grants
            .values_mut()
            .filter(|grant| grant.person == person)
            .map(|grant| &mut grant.life);
        let tokens = self
            .tokens
            .values_mut()
            .filter(|token| token.person == person)
            .map(|token| &mut token.life);
        grants
            .chain(tokens)
            .filter(|life| life.is_good(now))
            .map(|life| life.revoked = true)
            .count()
    }

    /// Ends all tokens of a family (RFC 9700, section 4.14.2); the number of those that were good.
    pub(super) fn revoke_family(&mut self, family: u64, now: Timestamp) -> usize {
        let grants = self.grants.values_mut().filter(|grant| grant.family == family);
        let tokens = self.tokens.values_mut().filter(|token| token.family == family);
        let lives = grants
            .map(|grant| &mut grant.life)
            .chain(tokens.map(|token| &mut token.life));
        let mut good = 0;
        for life in lives {
            good += usize::from(life.is_good(now));
            life.revoked = true;
        }
        good
    }
}
