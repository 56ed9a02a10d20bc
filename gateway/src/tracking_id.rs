//! The `TrackingID` by which Webex, this gateway and its callers find a request again in their logs.

use std::fmt;

use bytes::Bytes;
use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};
use uuid::fmt::Hyphenated;
use uuid::{Builder, Uuid};

/// The field's name.
pub const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");
/// Longer ones are no ids.
const LONGEST: usize = 128;

/// An id as the field has it: visible ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingId(HeaderValue);

impl TrackingId {
    /// The id in a field's value, if it is one: visible ASCII of a sensible length.
    #[must_use]
    pub fn in_field(value: &HeaderValue) -> Option<Self> {
        let proper =
            (1..=LONGEST).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
        proper.then(|| Self(value.clone()))
    }

    /// `<prefix>_<uuid>` for a new request. It has to be unique and not secret: the process's own generator does, without asking
    /// the system for each.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let uuid = Builder::from_random_bytes(rand::random())
            .into_uuid()
            .hyphenated();
        let mut id = String::with_capacity(prefix.len() + 1 + Hyphenated::LENGTH);
        id.push_str(prefix);
        id.push('_');
        id.push_str(uuid.encode_lower(&mut Uuid::encode_buffer()));
        Self(HeaderValue::from_maybe_shared(Bytes::from(id)).expect("the prefix is visible ASCII"))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as a field's value.
    #[must_use]
    pub fn value(&self) -> &HeaderValue {
        &self.0
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
