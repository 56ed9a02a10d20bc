//! `TrackingID`: the client's, or one of our own in the form `ROUTERGW_<uuid>`.

use axum::extract::Request;
use http::{HeaderName, HeaderValue};

use crate::random::{self, Random};

/// Request and answer call it the same.
pub(crate) const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

/// Longest client value that is echoed. Longer ones are not ids.
const LONGEST: usize = 128;

/// The tracking id of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrackingId(String);

impl TrackingId {
    /// The client's, if it sent one, in visible ASCII; otherwise a new one.
    pub(crate) fn of(request: &Request, random: &dyn Random) -> Self {
        let sent = request
            .headers()
            .get(TRACKING_ID)
            .and_then(|value| value.to_str().ok());
        match sent {
            Some(text)
                if !text.is_empty()
                    && text.len() <= LONGEST
                    && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Self(text.to_owned())
            }
            _ => Self(format!("ROUTERGW_{}", random::uuid(random))),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("a tracking id is visible ASCII")
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::random::CountingRandom;

    fn of(sent: Option<&str>) -> TrackingId {
        let mut request = Request::new(Body::empty());
        if let Some(sent) = sent {
            request.headers_mut().insert(TRACKING_ID, sent.parse().unwrap());
        }
        TrackingId::of(&request, &CountingRandom::default())
    }

    #[test]
    fn a_clients_id_is_echoed() {
        assert_eq!(of(Some("WW_1")).as_str(), "WW_1");
    }

    #[test]
    fn without_one_the_router_makes_one_of_45_characters() {
        assert_eq!(of(None).as_str().len(), 45);
        assert!(of(Some("with space")).as_str().starts_with("ROUTERGW_"));
        assert!(of(Some(&"x".repeat(129))).as_str().starts_with("ROUTERGW_"));
    }
}
