//! Flows that the gateway started: a one-time state bound to the browser by a cookie, and PKCE (RFC 7636).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::{Integration, SCOPES};
use crate::clock::Now;
use crate::secret::CodeVerifier;

/// An administrator who needs longer starts again.
const LIFETIME: Duration = Duration::from_mins(10);
/// The oldest flow makes room: the login page is open to everybody.
const MOST_PENDING: usize = 10_000;
/// Random bytes of state, cookie and verifier: far above the 128 bits that RFC 6819 section 5.1.4.2.2 asks for.
const RANDOM_BYTES: usize = 32;

type Hash = [u8; 32];

/// The flows that wait for their callback.
#[derive(Default)]
pub struct Logins {
    pending: Mutex<VecDeque<Flow>>,
}

/// A flow that was started. Of state and cookie only hashes are kept: what leaks from here opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    state: Hash,
    cookie: Hash,
    verifier: CodeVerifier,
    ends: Duration,
}

/// A flow that has just been started.
#[derive(Debug)]
pub struct Started {
    /// Where to send the browser.
    pub location: Url,
    /// What the browser has to show at the callback.
    pub cookie: String,
}

/// What a callback's state is.
#[derive(Debug, PartialEq, Eq)]
pub enum Login {
    /// A flow of this gateway, from the same browser.
    Ours(Flow),
    /// A flow of this gateway, but the cookie is missing, or the time is over.
    OtherBrowser,
    /// Not a flow of this gateway.
    Unknown,
}

impl Logins {
    /// Starts a flow.
    pub fn start(&self, integration: &Integration, now: Now) -> Started {
        let (state, cookie, secret) = (random(), random(), random());
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
        let verifier = CodeVerifier::new(secret).expect("base64url is unreserved");
        let flow = Flow {
            state: hash(&state),
            cookie: hash(&cookie),
            verifier,
            ends: now.mono + LIFETIME,
        };
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back(flow);
        if all.len() > MOST_PENDING {
            all.pop_front();
        }
        Started { location, cookie }
    }

    /// Takes a flow back whose code was never answered, so that a reload of the callback can end it.
    pub fn restore(&self, flow: Flow) {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(flow);
    }

    /// Ends the flow of `state`, if there is one and the browser is the one in which it began. A state works once.
    pub fn finish(&self, state: &str, cookie: Option<&str>, now: Now) -> Login {
        let (state, cookie) = (hash(state), cookie.map(hash));
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = all.iter().position(|pending| pending.state.ct_eq(&state).into()) else {
            return Login::Unknown;
        };
        let same_browser = cookie.is_some_and(|cookie| all[index].cookie.ct_eq(&cookie).into());
        match all
            .remove(index)
            .filter(|pending| same_browser && pending.ends > now.mono)
        {
            Some(flow) => Login::Ours(flow),
            None => Login::OtherBrowser,
        }
    }
}

impl Flow {
    /// Proves to Webex that who redeems the code is who started the flow.
    #[must_use]
    pub fn verifier(&self) -> &CodeVerifier {
        &self.verifier
    }
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

fn random() -> String {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock, Timestamp};

    fn integration() -> Integration {
        Integration {
            client_id: "C1".to_owned(),
            redirect_uri: "https://apio.example/api/v01/webex/auth/code".to_owned(),
            authorize_url: Url::parse("https://webexapis.com/v1/authorize").unwrap(),
            org_id: None,
            require_state: false,
        }
    }

    fn parameter(started: &Started, name: &str) -> String {
        started
            .location
            .query_pairs()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .into_owned()
    }

    #[test]
    fn the_same_browser_gets_its_verifier_once() {
        let (logins, now) = (
            Logins::default(),
            ManualClock::at(Timestamp::from_unix_seconds(0)).now(),
        );
        let started = logins.start(&integration(), now);
        let state = parameter(&started, "state");
        let Login::Ours(flow) = logins.finish(&state, Some(&started.cookie), now) else {
            panic!("not ours")
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(flow.verifier().expose()));
        assert_eq!(challenge, parameter(&started, "code_challenge"));
        assert_eq!(logins.finish(&state, Some(&started.cookie), now), Login::Unknown);
    }

    #[test]
    fn another_browser_and_a_late_one_are_refused() {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(0));
        for (cookie, wait) in [(None, 0), (Some("other"), 0), (Some("own"), 600)] {
            let logins = Logins::default();
            let started = logins.start(&integration(), clock.now());
            clock.advance(Duration::from_secs(wait));
            let cookie = cookie.map(|cookie| {
                if cookie == "own" {
                    started.cookie.as_str()
                } else {
                    cookie
                }
            });
            assert_eq!(
                logins.finish(&parameter(&started, "state"), cookie, clock.now()),
                Login::OtherBrowser
            );
        }
    }

    #[test]
    fn the_portals_fixed_state_is_not_ours() {
        let now = ManualClock::at(Timestamp::from_unix_seconds(0)).now();
        assert_eq!(
            Logins::default().finish("set_state_here", None, now),
            Login::Unknown
        );
    }

    #[test]
    fn a_flood_of_logins_keeps_memory_bounded() {
        let (logins, now) = (
            Logins::default(),
            ManualClock::at(Timestamp::from_unix_seconds(0)).now(),
        );
        (0..MOST_PENDING + 3).for_each(|_| drop(logins.start(&integration(), now)));
        assert_eq!(logins.pending.lock().unwrap().len(), MOST_PENDING);
    }
}
