//! The fields of a request that go to Webex.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, HeaderValue, Version, header};

use super::{announced_trailers, ends_here, has, lines, nominated, wants_trailers};
use crate::tracking_id::TRACKING_ID;

/// Fields that senders add to a map: the token, the `TrackingID`.
const ADDED: usize = 2;

static NO_LENGTH: HeaderValue = HeaderValue::from_static("0");
static CHUNKED: HeaderValue = HeaderValue::from_static("chunked");
static TRAILERS: HeaderValue = HeaderValue::from_static("trailers");

/// The fields of a client's request, of which those that pass are looked at; the token, the `TrackingID` and the host are for whoever
/// sends the request to add. There is no `Debug`: credentials of the client are among those that do not pass.
pub struct Passing {
    /// As they came in.
    sent: HeaderMap,
    /// Those of them that are the connection's.
    nominated: BTreeSet<String>,
    /// The body is told to have no bytes.
    empty: bool,
    /// The length of the body is not known.
    coded: bool,
    /// Trailers are asked for.
    takes_trailers: bool,
    /// Those that the request announces.
    trailers: Option<HeaderValue>,
}

impl Passing {
    /// Those of a request that came with `sent`, in this version of HTTP.
    #[must_use]
    pub fn of(sent: HeaderMap, version: Version) -> Self {
        // A body of unknown length needs its framing told, or methods that rarely have a body would lose it.
        let coded = has(&sent, &header::TRANSFER_ENCODING);
        // A length of zero is not told by the body alone, and some servers insist on it (RFC 9110 section 8.6).
        let empty = !coded && lines(&sent, header::CONTENT_LENGTH).any(|length| length == "0");
        Self {
            nominated: nominated(&sent),
            empty,
            coded,
            takes_trailers: version != Version::HTTP_10 && wants_trailers(&sent),
            trailers: if coded { announced_trailers(&sent) } else { None },
            sent,
        }
    }

    /// Those of a request that no client has sent.
    #[must_use]
    pub fn none() -> Self {
        Self::of(HeaderMap::new(), Version::HTTP_11)
    }

    /// Gives `put` those that pass, in their order, and then what tells of the body.
    pub fn each(&self, mut put: impl FnMut(&HeaderName, &HeaderValue)) {
        for (name, value) in &self.sent {
            let text = name.as_str();
            if !ends_here(text) && name != TRACKING_ID && !self.nominated.contains(text) {
                put(name, value);
            }
        }
        let told = [
            (&header::CONTENT_LENGTH, self.empty.then_some(&NO_LENGTH)),
            (&header::TRANSFER_ENCODING, self.coded.then_some(&CHUNKED)),
            (&header::TE, self.takes_trailers.then_some(&TRAILERS)),
            (&header::TRAILER, self.trailers.as_ref()),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                put(name, value);
            }
        }
    }

    /// A map of those.
    #[must_use]
    pub fn to_map(&self) -> HeaderMap {
        let mut passing = HeaderMap::with_capacity(self.sent.keys_len() + ADDED);
        self.each(|name, value| {
            passing.append(name.clone(), value.clone());
        });
        passing
    }

    /// As the client has sent them.
    #[must_use]
    pub fn sent(&self) -> &HeaderMap {
        &self.sent
    }

    /// Whether the client takes trailers.
    #[must_use]
    pub fn takes_trailers(&self) -> bool {
        self.takes_trailers
    }

    /// Whether the body's length is told by its coding.
    #[must_use]
    pub fn is_coded(&self) -> bool {
        self.coded
    }

    /// The names of the trailers that the request announces.
    #[must_use]
    pub fn trailer_names(&self) -> Vec<HeaderName> {
        let announced = self.trailers.as_ref().map(HeaderValue::as_bytes);
        let names = announced.unwrap_or_default().split(|byte| *byte == b',');
        names
            .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{headers, names};
    use super::*;

    fn passing(sent: &HeaderMap) -> HeaderMap {
        passing_with(sent, Version::HTTP_11)
    }

    fn passing_with(sent: &HeaderMap, version: Version) -> HeaderMap {
        Passing::of(sent.clone(), version).to_map()
    }

    #[test]
    fn the_connection_the_inner_network_and_other_credentials_stay_behind() {
        let sent = headers(&[
            ("Host", "gw"),
            ("Authorization", "Bearer dummy"),
            ("Cookie", "a=b"),
            ("X-Gateway-Key", "k"),
            ("Connection", "x-hop, close"),
            ("X-Hop", "1"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Authorization", "Basic eA=="),
            ("Proxy-Connection", "keep-alive"),
            ("TE", "gzip"),
            ("Trailer", "X-T"),
            ("Upgrade", "h2c"),
            ("HTTP2-Settings", "AAMAAABk"),
            ("X-Forwarded-For", "10.0.0.1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Anything", "1"),
            ("X-Real-IP", "10.0.0.1"),
            ("Forwarded", "for=10.0.0.1"),
            ("Via", "1.1 nginx"),
            ("Expect", "100-continue"),
            ("Content-Length", "3"),
            ("Proxy", "evil"),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
            ("Content-Type", "application/json"),
            ("If-None-Match", "\"x\""),
        ]);
        assert_eq!(
            names(&passing(&sent)),
            ["accept", "accept-encoding", "content-type", "if-none-match"]
        );
    }

    #[test]
    fn a_body_is_framed_once() {
        let sent = headers(&[("Content-Length", "0"), ("Transfer-Encoding", "chunked")]);
        assert_eq!(names(&passing(&sent)), ["transfer-encoding"]);
        assert_eq!(
            names(&passing(&headers(&[("Content-Length", "0")]))),
            ["content-length"]
        );
    }

    #[test]
    fn repeated_fields_stay_repeated_and_in_order() {
        let sent = headers(&[("X-Many", "1"), ("X-Many", "2"), ("X-Many", "3")]);
        let passed = passing(&sent);
        assert_eq!(
            passed.get_all("x-many").iter().collect::<Vec<_>>(),
            ["1", "2", "3"]
        );
    }

    #[test]
    fn a_body_of_unknown_length_keeps_its_framing_and_its_trailers() {
        let sent = headers(&[
            ("Transfer-Encoding", "chunked"),
            ("Trailer", "X-Sum, Host, Cookie"),
        ]);
        let passed = passing(&sent);
        assert_eq!(
            (&passed["transfer-encoding"], &passed["trailer"]),
            (&"chunked".parse().unwrap(), &"x-sum".parse().unwrap())
        );
    }

    #[test]
    fn trailers_are_asked_for_where_the_client_takes_them() {
        let te = |value, version| passing_with(&headers(&[("TE", value)]), version).contains_key("te");
        assert!(te("trailers", Version::HTTP_11) && te("gzip;q=0.5, Trailers", Version::HTTP_11));
        assert!(!te("gzip", Version::HTTP_11) && !te("trailers", Version::HTTP_10));
        let takes = |version| Passing::of(headers(&[("TE", "trailers")]), version).takes_trailers();
        assert!(takes(Version::HTTP_11) && !takes(Version::HTTP_10));
    }
}
