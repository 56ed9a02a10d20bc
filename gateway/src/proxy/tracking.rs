//! The `TrackingID` by which Webex, this gateway and its callers find a request again in their logs.

use std::fmt;

use bytes::Bytes;
use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};
use uuid::fmt::Hyphenated;
use uuid::{Builder, Uuid};

use super::headers::nominates;

/// The field's name.
pub const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");
/// Longer ones are no ids.
const LONGEST: usize = 128;

/// An id as the field has it: visible ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingId(HeaderValue);

/// The client's own id where it sent a proper one, else `<prefix>_<uuid>`.
#[must_use]
pub fn of(headers: &HeaderMap, prefix: &str) -> TrackingId {
    own(headers).map_or_else(|| new(prefix), |id| TrackingId(id.clone()))
}

/// `<prefix>_<uuid>` for a request of the gateway's own. It has to be unique and not secret: the process's own generator does,
/// without asking the system for each.
#[must_use]
pub fn new(prefix: &str) -> TrackingId {
    let uuid = Builder::from_random_bytes(rand::random())
        .into_uuid()
        .hyphenated();
    let mut id = String::with_capacity(prefix.len() + 1 + Hyphenated::LENGTH);
    id.push_str(prefix);
    id.push('_');
    id.push_str(uuid.encode_lower(&mut Uuid::encode_buffer()));
    TrackingId(HeaderValue::from_maybe_shared(Bytes::from(id)).expect("the prefix is visible ASCII"))
}

impl TrackingId {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Makes it the one id of a message.
    pub fn set(&self, headers: &mut HeaderMap) {
        headers.insert(TRACKING_ID, self.0.clone());
    }

    /// Makes it the id of a message that has none.
    pub fn set_where_there_is_none(&self, headers: &mut HeaderMap) {
        if let Entry::Vacant(place) = headers.entry(TRACKING_ID) {
            place.insert(self.0.clone());
        }
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TrackingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<TrackingId> for HeaderValue {
    fn from(id: TrackingId) -> Self {
        id.0
    }
}

fn own(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut values = headers.get_all(TRACKING_ID).iter();
    let (first, second) = (values.next()?, values.next());
    let text = first.to_str().ok()?;
    let proper =
        !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    (proper && second.is_none() && !nominates(headers, &TRACKING_ID)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_fields(fields: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        of(&headers, "WW").to_string()
    }

    #[test]
    fn a_clients_own_id_is_kept() {
        assert_eq!(of_fields(&[("TrackingID", "SIMPLE_1")]), "SIMPLE_1");
    }

    #[test]
    fn otherwise_one_is_made() {
        let long = "x".repeat(LONGEST + 1);
        for fields in [
            &[][..],
            &[("TrackingID", "")],
            &[("TrackingID", "a b")],
            &[("TrackingID", &long)],
            &[("TrackingID", "a"), ("TrackingID", "b")],
            &[("TrackingID", "a"), ("Connection", "trackingid")],
        ] {
            let id = of_fields(fields);
            let uuid = id.strip_prefix("WW_").expect("the prefix");
            assert!(uuid::Uuid::try_parse(uuid).is_ok(), "{id}");
        }
    }
}
