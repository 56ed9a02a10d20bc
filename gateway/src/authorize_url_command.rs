//! `webex_gw authorize-url`: the address that an administrator opens.

use crate::authorization::{Integration, SCOPES};
use crate::config::login_url;

/// The state that the developer portal puts into its address.
const PORTAL_STATE: &str = "set_state_here";

/// What to print: the address for standard output, an explanation for standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// One line.
    pub address: String,
    /// For people.
    pub explanation: &'static str,
}

/// The gateway's login page, or with `portal` the address of Webex itself. An error says why there is none.
pub fn address(integration: &Integration, portal: bool) -> Result<Printed, &'static str> {
    match (portal, integration.require_state) {
        (true, true) => Err(
            "with -requireState the gateway takes only what was started on its own login page, never the address of the \
             portal; leave out -portal, or set -requireState=false",
        ),
        (true, false) => Ok(Printed {
            address: portal_address(integration),
            explanation: "Open this address in a browser and log in as a Partner Full Admin. It is the one that the portal \
                          shows; the gateway's own login page, without -portal, is safer.",
        }),
        (false, _) => Ok(Printed {
            address: login_url(&integration.redirect_uri),
            explanation: "Open this address in a browser while the gateway runs, and log in as a Partner Full Admin.",
        }),
    }
}

/// As the portal writes it: spaces as `%20`, a fixed state, no PKCE, whose verifier nobody would know.
fn portal_address(integration: &Integration) -> String {
    let mut address = integration.authorize_url.clone();
    address
        .query_pairs_mut()
        .append_pair("client_id", &integration.client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &integration.redirect_uri)
        .append_pair("scope", &SCOPES.join(" "))
        .append_pair("state", PORTAL_STATE);
    // A plus sign that is meant is %2B here.
    address.as_str().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn integration(require_state: bool) -> Integration {
        Integration {
            client_id: "C1".to_owned(),
            redirect_uri: "https://apio.example.com/api/v01/webex/auth/code".to_owned(),
            authorize_url: Url::parse("https://webexapis.com/v1/authorize").unwrap(),
            org_id: None,
            require_state,
        }
    }

    #[test]
    fn the_login_page_has_the_host_of_the_redirect_uri() {
        for require_state in [false, true] {
            assert_eq!(
                address(&integration(require_state), false).unwrap().address,
                "https://apio.example.com/api/v01/webex/auth/login"
            );
        }
    }

    #[test]
    fn the_portals_address_is_as_the_portal_writes_it() {
        insta::assert_snapshot!("portal", address(&integration(false), true).unwrap().address);
    }

    #[test]
    fn the_portals_address_is_not_given_where_the_gateway_would_refuse_it() {
        let problem = address(&integration(true), true).unwrap_err();
        assert!(problem.contains("-requireState"), "{problem}");
    }
}
