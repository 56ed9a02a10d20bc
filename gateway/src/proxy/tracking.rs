//! Which `TrackingID` a request has.

use http::HeaderMap;

use super::headers::{lines, nominates};
use crate::tracking_id::{TRACKING_ID, TrackingId};

/// The client's own id where it sent a proper one, else `<prefix>_<uuid>`.
#[must_use]
pub fn of(headers: &HeaderMap, prefix: &str) -> TrackingId {
    own(headers).unwrap_or_else(|| TrackingId::new(prefix))
}

fn own(headers: &HeaderMap) -> Option<TrackingId> {
    let mut values = lines(headers, TRACKING_ID);
    let (first, second) = (values.next()?, values.next());
    let only = second.is_none() && !nominates(headers, &TRACKING_ID);
    TrackingId::in_field(first).filter(|_| only)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

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
        let long = "x".repeat(129);
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
