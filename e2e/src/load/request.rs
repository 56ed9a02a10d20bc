//! What the load sends: reads, and writes that must not happen twice.

use std::fmt;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::PUBLIC_HOST;

/// Somebody of the simulator's built-in world whose name the load changes all the time: Casey Lind.
const CASEY: &str = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9lMTdhOTMwZC00YzZmLTQyNTgtOGIwZS1kMmY1YTg0YzdiNjk";
/// Her address.
const CASEYS_ADDRESS: &str = "casey.lind@acme.example.com";

/// The name under which applications find the gateway behind nginx, in `e2e/nginx/applications.conf`.
const APPLICATIONS_HOST: &str = "webex-gw.example.com";

/// How a request comes to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// On its own port.
    Straight,
    /// Through nginx. Browsers that come to the gateway's pages do so, too.
    ThroughNginx,
}

/// The ways that a load takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// [`Way::Straight`] alone.
    Straight,
    /// Every other request takes the other one.
    Both,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who the gateway acts for.
    Me,
    /// A page of people.
    List,
    /// Somebody new. Twice is one too many: the display name is the request's id.
    Create,
    /// Another name for Casey.
    Replace,
    /// A page of the gateway itself, which Webex never hears of.
    Page,
}

/// One request of the load.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its `TrackingID`.
    pub id: String,
    /// What it asks for.
    pub kind: Kind,
    /// How it goes there.
    pub way: Way,
}

impl Ways {
    pub(super) fn all(self) -> &'static [Way] {
        match self {
            Self::Straight => &[Way::Straight],
            Self::Both => &[Way::Straight, Way::ThroughNginx],
        }
    }
}

impl Request {
    /// The request of this number in the load of this name.
    pub(super) fn nth(load: &str, ways: Ways, number: u64) -> Self {
        let way = match (ways, number % 2) {
            (Ways::Both, 1) => Way::ThroughNginx,
            _ => Way::Straight,
        };
        // Five and two have no factor in common: each way gets each kind.
        let kind = match (number % 5, way) {
            (0, _) => Kind::Create,
            (1, _) => Kind::Me,
            (2, _) => Kind::Replace,
            (3, Way::ThroughNginx) => Kind::Page,
            _ => Kind::List,
        };
        Self {
            id: format!("{load}-{number}"),
            kind,
            way,
        }
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> Method {
        match self.kind {
            Kind::Me | Kind::List | Kind::Page => Method::GET,
            Kind::Create => Method::POST,
            Kind::Replace => Method::PUT,
        }
    }

    /// Its target.
    #[must_use]
    pub fn target(&self) -> String {
        match self.kind {
            Kind::Me => "/v1/people/me".to_owned(),
            Kind::List => "/v1/people?max=2".to_owned(),
            Kind::Create => "/v1/people".to_owned(),
            Kind::Replace => format!("/v1/people/{CASEY}"),
            Kind::Page => "/api/v01/webex/auth/done".to_owned(),
        }
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> Option<Value> {
        match self.kind {
            Kind::Me | Kind::List | Kind::Page => None,
            Kind::Create => {
                Some(json!({ "displayName": self.id, "emails": [format!("{}@acme.example.com", self.id)] }))
            }
            Kind::Replace => Some(json!({ "displayName": self.id, "emails": [CASEYS_ADDRESS] })),
        }
    }

    /// The name under which it looks for the gateway behind nginx.
    pub(super) fn host(&self) -> Option<&'static str> {
        match (self.way, self.kind) {
            (Way::Straight, _) => None,
            (Way::ThroughNginx, Kind::Page) => Some(PUBLIC_HOST),
            (Way::ThroughNginx, Kind::Me | Kind::List | Kind::Create | Kind::Replace) => {
                Some(APPLICATIONS_HOST)
            }
        }
    }

    /// Whether the body of a success is this request's, from its beginning to its end.
    pub(super) fn is_met_by(&self, body: &str) -> bool {
        if self.kind == Kind::Page {
            return body.trim_end().ends_with("</html>");
        }
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return false;
        };
        match self.kind {
            Kind::Me => body["emails"].is_array(),
            Kind::List => body["items"].is_array(),
            Kind::Create | Kind::Replace | Kind::Page => body["displayName"] == self.id.as_str(),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id, self.method(), self.target())?;
        match self.way {
            Way::Straight => Ok(()),
            Way::ThroughNginx => write!(f, " through nginx"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_requests_of_each_kind() {
        for way in Ways::Both.all() {
            let requests = (0..10).map(|number| Request::nth("load-1", Ways::Both, number));
            let kinds: Vec<Kind> = requests
                .filter(|request| request.way == *way)
                .map(|request| request.kind)
                .collect();
            assert_eq!(kinds.len(), 5, "{way:?}");
            for kind in [Kind::Me, Kind::List, Kind::Create, Kind::Replace] {
                assert!(kinds.contains(&kind), "{way:?}: {kinds:?}");
            }
            assert_eq!(kinds.contains(&Kind::Page), *way == Way::ThroughNginx);
        }
    }
}
