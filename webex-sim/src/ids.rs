//! Ids in the form Webex gives them out: base64url without padding of `ciscospark://us/<TYPE>/<value>`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt::Display;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Organization,
    Role,
    License,
    Subscriber,
    Enterprise,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Person => "PEOPLE",
            Self::Organization => "ORGANIZATION",
            Self::Role => "ROLE",
            Self::License => "LICENSE",
            Self::Subscriber => "SUBSCRIBER",
            Self::Enterprise => "ENTERPRISE",
        }
    }
}

/// The id of the thing `value` names.
pub(crate) fn encode(kind: Kind, value: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("ciscospark://us/{}/{value}", kind.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_those_of_the_documentation() {
        assert_eq!(
            encode(Kind::Person, "f5b36187-c8dd-4727-8b2f-f9c447f29046"),
            "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY"
        );
    }
}
