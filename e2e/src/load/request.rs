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

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Applications that call Webex.
    Calls,
    /// Besides, browsers that come to the gateway's pages: both through nginx.
    CallsAndPages,
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
}

impl Request {
    /// The request of this number in the load of this name.
    pub(super) fn nth(load: &str, mix: Mix, number: u64) -> Self {
        let kind = match (number % 5, mix) {
            (0, _) => Kind::Create,
            (1, _) => Kind::Me,
            (2, _) => Kind::Replace,
            (3, Mix::CallsAndPages) => Kind::Page,
            _ => Kind::List,
        };
        Self {
            id: format!("{load}-{number}"),
            kind,
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
    pub(super) fn host(&self) -> &'static str {
        match self.kind {
            Kind::Page => PUBLIC_HOST,
            Kind::Me | Kind::List | Kind::Create | Kind::Replace => APPLICATIONS_HOST,
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
        write!(f, "{} {} {}", self.id, self.method(), self.target())
    }
}
