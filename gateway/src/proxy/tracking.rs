//! The `TrackingID` by which Webex, this gateway and its callers find a request again in their logs.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::headers::nominates;

/// The field's name.
pub const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");
/// Longer ones are no ids.
const LONGEST: usize = 128;

/// The client's own id where it sent a proper one, else `<prefix>_<uuid>`.
#[must_use]
pub fn of(headers: &HeaderMap, prefix: &str) -> String {
    own(headers).map_or_else(|| new(prefix), str::to_owned)
}

/// `<prefix>_<uuid>` for a request of the gateway's own. It has to be unique and not secret: the process's own generator does,
/// without asking the system for each.
#[must_use]
pub fn new(prefix: &str) -> String {
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    format!("{prefix}_{id}")
}

/// Makes `id` the one id of a message.
pub fn set(headers: &mut HeaderMap, id: &str) {
    let value = HeaderValue::try_from(id).expect("an id is visible ASCII");
    headers.insert(TRACKING_ID, value);
}

fn own(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(TRACKING_ID).iter();
    let (first, second) = (values.next()?, values.next());
    let text = first.to_str().ok()?;
    let proper =
        !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    (proper && second.is_none() && !nominates(headers, &TRACKING_ID)).then_some(text)
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
        of(&headers, "WW")
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
