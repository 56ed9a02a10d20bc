//! Flows that the gateway started: a one-time state bound to the browser by a cookie (RFC 9700 section 4.7), and PKCE (RFC 7636).
//!
//! The login page is open to everybody, so starting a flow must cost no memory that another one needs. All that is to be known of
//! a flow is sealed and kept by its browser; the gateway remembers only the states that came back with their cookie.

pub mod seal;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::refusal::Refusal;
use super::{Integration, SCOPES};
use crate::clock::Now;
use crate::secret::{CodeVerifier, hex};
use seal::{Purpose, Seal};

/// An administrator who needs longer starts again.
pub const LIFETIME: Duration = Duration::from_mins(10);
/// States that came back within their lifetime. The limit of codes a minute lets at most 100 in; above it none is taken any more,
/// because to forget one would let it be used again.
const MOST_USED: usize = 200;
/// Random bytes of state and verifier: far above the 128 bits that RFC 6819 section 5.1.4.2.2 asks for.
const RANDOM_BYTES: usize = 32;
/// Hex digits that tell the cookies of one browser apart.
const LABEL_DIGITS: usize = 8;
/// Tells the states of all gateways from those of the portal and of scripts, so that one from before a restart is not taken for
/// one of those.
const PREFIX: &str = "webex_gw.";

type Hash = [u8; 32];

/// Starts flows, and knows its own when they come back.
#[derive(Debug)]
pub struct Logins {
    seal: Seal,
    used: Mutex<HashMap<Hash, Duration>>,
}

/// A flow that came back to the browser in which it was started.
#[derive(Clone, PartialEq, Eq)]
pub struct Flow {
    state: Hash,
    verifier: CodeVerifier,
    ends: Duration,
}

/// A flow that has just been started.
pub struct Started {
    /// Where to send the browser.
    pub location: Url,
    /// Makes the cookie's name another one for each flow: several may run in one browser.
    pub label: String,
    /// What the browser has to show at the callback.
    pub cookie: String,
}

/// What a callback's state is.
#[derive(Debug, PartialEq, Eq)]
pub enum Login {
    /// A flow of this gateway, from the same browser, in time.
    Ours(Flow),
    /// A flow of this gateway that cannot go on.
    Over(Refusal),
    /// Not a flow of a gateway.
    Foreign,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            seal: Seal::with_new_key(),
            used: Mutex::default(),
        }
    }
}

impl Logins {
    /// Starts a flow.
    #[must_use]
    pub fn start(&self, integration: &Integration, now: Now) -> Started {
        let (id, secret) = (random(), URL_SAFE_NO_PAD.encode(random()));
        let ends = now.mono + LIFETIME;
        let sealed = self
            .seal
            .seal(Purpose::State, &[&seconds(ends)[..], &id[..]].concat());
        let state = format!("{PREFIX}{sealed}");
        let cookie = [&seconds(ends)[..], &hash(&state)[..], secret.as_bytes()].concat();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&secret));
        let mut location = integration.authorize_url.clone();
        location
            .query_pairs_mut()
            .append_pair("client_id", &integration.client_id)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &integration.redirect_uri)
            .append_pair("scope", &SCOPES.join(" "))
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Started {
            location,
            label: label(&state),
            cookie: self.seal.seal(Purpose::Cookie, &cookie),
        }
    }

    /// Whose flow `state` is, and whether one of the browser's `cookies` belongs to it. Nothing is used up by asking.
    #[must_use]
    pub fn find(&self, state: &str, cookies: &[String], now: Now) -> Login {
        let Some(sealed) = state.strip_prefix(PREFIX) else {
            return Login::Foreign;
        };
        let opened = self.seal.open(Purpose::State, sealed);
        let Some(ends) = opened.as_deref().and_then(split_ends).map(|(ends, _)| ends) else {
            return Login::Over(Refusal::LoginUnknown);
        };
        if ends <= now.mono {
            return Login::Over(Refusal::LoginExpired);
        }
        let state = hash(state);
        // Before the cookie is asked for: the browser that has come to the end has been told to forget it.
        if self.used().contains_key(&state) {
            return Login::Over(Refusal::LoginUsed);
        }
        let flow = cookies
            .iter()
            .filter_map(|cookie| self.flow(cookie))
            .find(|flow| flow.state.ct_eq(&state).into());
        flow.map_or(Login::Over(Refusal::OtherBrowser), Login::Ours)
    }

    /// Uses a flow up: its state works once.
    pub fn take(&self, flow: &Flow, now: Now) -> Result<(), Refusal> {
        let mut used = self.used();
        used.retain(|_, ends| *ends > now.mono);
        if used.contains_key(&flow.state) {
            return Err(Refusal::LoginUsed);
        }
        if used.len() >= MOST_USED {
            return Err(Refusal::TooMany);
        }
        used.insert(flow.state, flow.ends);
        Ok(())
    }

    /// Gives a flow back whose code was never answered, so that a reload of the callback can end it.
    pub fn restore(&self, flow: &Flow) {
        self.used().remove(&flow.state);
    }

    /// How long the flow of a cookie may still take; `None` for one that is over or not of this process.
    #[must_use]
    pub fn remaining(&self, cookie: &str, now: Now) -> Option<Duration> {
        let flow = self.flow(cookie)?;
        flow.ends.checked_sub(now.mono).filter(|left| !left.is_zero())
    }

    fn flow(&self, cookie: &str) -> Option<Flow> {
        let content = self.seal.open(Purpose::Cookie, cookie)?;
        let (ends, rest) = split_ends(&content)?;
        let (state, verifier) = rest.split_first_chunk::<32>()?;
        let verifier = CodeVerifier::new(String::from_utf8(verifier.to_vec()).ok()?).ok()?;
        Some(Flow {
            state: *state,
            verifier,
            ends,
        })
    }

    fn used(&self) -> MutexGuard<'_, HashMap<Hash, Duration>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    /// Proves to Webex that who redeems the code is who started the flow.
    #[must_use]
    pub fn verifier(&self) -> &CodeVerifier {
        &self.verifier
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

/// What the cookie of the flow with this state has in its name.
#[must_use]
pub fn label(state: &str) -> String {
    let mut label = hex(&hash(state));
    label.truncate(LABEL_DIGITS);
    label
}

/// The end of a flow as it is sealed. The process's own clock counts, which nobody can set back.
fn seconds(ends: Duration) -> [u8; 8] {
    ends.as_secs().to_be_bytes()
}

fn split_ends(content: &[u8]) -> Option<(Duration, &[u8])> {
    let (seconds, rest) = content.split_first_chunk()?;
    Some((Duration::from_secs(u64::from_be_bytes(*seconds)), rest))
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

fn random() -> [u8; RANDOM_BYTES] {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

#[cfg(test)]
mod tests;
