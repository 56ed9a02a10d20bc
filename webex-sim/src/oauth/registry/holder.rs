//! Whose a code or token is, dead or alive: for those who look at a request before it is answered.

use jiff::Timestamp;
use uuid::Uuid;

use super::Registry;
use crate::secret::Secret;

/// What the registry knows of a code or token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) person: Uuid,
    pub(crate) good: bool,
    pub(crate) revoked: bool,
}

impl Registry {
    /// Who has this access token, refresh token or code; absent if it was never issued, or long ago.
    pub(crate) fn holder(&self, text: &str, now: Timestamp) -> Option<Holder> {
        let secret = Secret::new(text);
        let token = self.tokens.get(&secret).map(|token| (token.person, token.life));
        let grant = || self.grants.get(&secret).map(|grant| (grant.person, grant.life));
        let code = || {
            let code = self.codes.get(&secret)?;
            Some((code.authorization.person, code.life))
        };
        let (person, life) = token.or_else(grant).or_else(code)?;
        Some(Holder {
            person,
            good: life.is_good(now),
            revoked: life.revoked,
        })
    }

    /// Whether the client that a code belongs to has presented it before.
    pub(crate) fn was_presented(&self, client_id: &str, code: &str) -> bool {
        self.codes
            .get(&Secret::new(code))
            .is_some_and(|code| code.used && code.authorization.client_id == client_id)
    }
}
