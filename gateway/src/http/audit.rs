//! One line for each authorisation that was tried: who came from where with what, and what it led to. Never the code itself, and
//! nothing as a browser wrote it.

use std::net::IpAddr;

use axum::extract::Request;
use http::HeaderMap;
use tracing::info;

use super::Services;
use super::serve::Peer;
use crate::authorization::refusal::Refusal;
use crate::authorization::{Callback, Outcome};
use crate::metrics::labels::{Authorisation, Label as _};
use crate::organization::OrgId;
use crate::secret::fingerprint;

/// The target of audit lines.
pub const TARGET: &str = "webex_gateway::audit";
/// The `topic` of audit lines, by which a filter finds them in either format.
const TOPIC: &str = "audit";
/// The `state` in the address that developer.webex.com gives to an administrator.
const PORTAL_STATE: &str = "set_state_here";

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    peer: Option<IpAddr>,
    claimed: Option<IpAddr>,
}

/// What the line says.
struct Line<'a> {
    outcome: &'static str,
    repeat: bool,
    found: Option<OrgId>,
    expected: Option<OrgId>,
    state: &'static str,
    code: Option<String>,
    browser: &'a Browser,
}

impl Browser {
    /// The other end of the connection, and whom that end claims to speak for.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let peer = request.extensions().get::<Peer>();
        Self {
            peer: peer.map(|Peer(address)| address.ip()),
            claimed: claimed(request.headers()),
        }
    }
}

/// Has the authorizer take `callback`, and writes the line. A query that cannot be read is `None`.
pub async fn complete(services: &Services, callback: Option<Callback>, browser: &Browser) -> Outcome {
    let expected = services.authorizer.pin();
    let Some(callback) = callback else {
        let refusal = Refusal::MalformedCode;
        let line = Line {
            outcome: refusal.code().as_str(),
            repeat: false,
            found: None,
            expected,
            state: "none",
            code: None,
            browser,
        };
        services.count(refusal.code());
        line.write();
        return Err(refusal);
    };
    let (attempt, state) = (callback.attempt.clone(), callback.state.clone());
    let code = callback.code.as_deref().map(fingerprint);
    let outcome = services.authorizer.complete(callback).await;
    let result = outcome
        .as_ref()
        .err()
        .map_or(Authorisation::Success, Refusal::code);
    let repeat = attempt.is_repeat();
    let (found, expected) = match &outcome {
        Err(Refusal::WrongOrganization { found, expected }) => (Some(*found), Some(*expected)),
        Ok(()) => (services.authorizer.pin(), expected),
        Err(_) => (None, expected),
    };
    services.count(if repeat { Authorisation::Repeat } else { result });
    let line = Line {
        outcome: result.as_str(),
        repeat,
        found,
        expected,
        state: kind_of(state.as_deref(), attempt.is_own_flow()),
        code,
        browser,
    };
    line.write();
    outcome
}

/// Writes the line of a flow that the gateway started.
pub fn login_started(services: &Services, browser: &Browser) {
    services.forwarder.keeper.metrics().login_started();
    let line = Line {
        outcome: "login_started",
        repeat: false,
        found: None,
        expected: services.authorizer.pin(),
        state: "gateway",
        code: None,
        browser,
    };
    line.write();
}

impl Services {
    fn count(&self, result: Authorisation) {
        self.forwarder.keeper.metrics().authorised(result);
    }
}

impl Line<'_> {
    fn write(&self) {
        let text = |org_id: Option<OrgId>| org_id.map(|org_id| org_id.to_string());
        let address = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string());
        info!(
            target: TARGET,
            topic = TOPIC,
            outcome = self.outcome,
            repeat = self.repeat,
            state = self.state,
            org_found = text(self.found),
            org_expected = text(self.expected),
            code = self.code,
            peer = address(self.browser.peer),
            client_claimed = address(self.browser.claimed),
            "authorisation"
        );
    }
}

/// The kind of a `state`. What is not the gateway's own and not the portal's may be an old one of either, or anybody's.
fn kind_of(state: Option<&str>, started_here: bool) -> &'static str {
    match state {
        _ if started_here => "gateway",
        None | Some("") => "none",
        Some(PORTAL_STATE) => "portal",
        Some(_) => "other",
    }
}

/// What nginx says about the browser. Anybody can write these fields, so it is a claim, and what is no address is left out.
fn claimed(headers: &HeaderMap) -> Option<IpAddr> {
    let field = |name: &str| headers.get(name)?.to_str().ok();
    let real = field("x-real-ip").and_then(|text| text.trim().parse().ok());
    // The last one is what the nearest proxy saw; those before it came with the request.
    let nearest = || field("x-forwarded-for")?.rsplit(',').next()?.trim().parse().ok();
    real.or_else(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed_by(fields: &[(&'static str, &'static str)]) -> Option<String> {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        claimed(&fields.collect()).map(|ip| ip.to_string())
    }

    #[test]
    fn the_claimed_address_is_that_of_nginx_and_only_an_address() {
        let real = ("x-real-ip", "198.51.100.7");
        let forwarded = ("x-forwarded-for", "203.0.113.9, 198.51.100.8");
        assert_eq!(claimed_by(&[real, forwarded]).as_deref(), Some("198.51.100.7"));
        assert_eq!(claimed_by(&[forwarded]).as_deref(), Some("198.51.100.8"));
        assert_eq!(
            claimed_by(&[("x-real-ip", "2001:db8::1")]).as_deref(),
            Some("2001:db8::1")
        );
        for evil in ["", "outcome=success", "1.2.3.4 outcome=success", "unknown"] {
            assert_eq!(claimed_by(&[("x-real-ip", evil)]), None, "{evil}");
        }
    }

    #[test]
    fn the_kinds_of_state() {
        assert_eq!(kind_of(Some("x"), true), "gateway");
        assert_eq!(kind_of(Some("set_state_here"), false), "portal");
        assert_eq!([kind_of(None, false), kind_of(Some(""), false)], ["none", "none"]);
        assert_eq!(kind_of(Some("x"), false), "other");
    }
}
