//! What Webex says about the access token of the file.

use crate::authorization::identity::Person;
use crate::check::report::Line;
use crate::organization::OrgId;

/// Whose tokens they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// By the tokens file.
    pub stored: Option<OrgId>,
    /// By `-orgID`.
    pub configured: Option<OrgId>,
}

/// What `GET /v1/people/me` with the token of the file comes to.
#[must_use]
pub fn identity(holder: Holder, person: &Person) -> Line {
    let what = "access token at Webex";
    let expected = holder.configured.or(holder.stored);
    match person {
        Person::Of(found) => match expected {
            Some(expected) if expected != *found => Line::failed(
                what,
                format!("it works, but for the organisation {found} instead of {expected}"),
                "correct -orgID, or log in as an administrator of the right organisation",
            ),
            _ => Line::ok(what, format!("it works, for the organisation {found}")),
        },
        Person::Forbidden => Line::warning(
            what,
            "it works, but may not ask whose it is (403)",
            "tick spark:people_read for the integration at developer.webex.com, then log in again",
        ),
        Person::Rejected => Line::failed(
            what,
            "Webex refuses it (401), although it has not expired",
            "a running gateway refreshes it with the next request; if /health then says reauthorise, log in again",
        ),
        Person::Unknown(reason) => Line::warning(
            what,
            format!("Webex did not say whose it is: {reason}"),
            "look at status.webex.com, and try again",
        ),
    }
}
