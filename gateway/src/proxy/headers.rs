//! Which fields pass, in either direction. Stripping comes first and injection after it, so that a client cannot name an
//! injected field in `Connection` and have it removed (RFC 9110 section 7.6.1).

pub mod passing;

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The prefix of the fields in which proxies describe the client.
const FORWARDED_PREFIX: &str = "x-forwarded-";

/// Tells the gateway's own errors from answers of Webex, which must not be able to say so.
pub const GATEWAY_ERROR: HeaderName = HeaderName::from_static("x-webex-gateway-error");

/// Fields of one connection (RFC 9110 section 7.6.1), framing fields, and the fields of proxy authentication.
pub(super) fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authentication-info"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Fields of a request that are not for Webex: other credentials, the inner network, and what is made anew.
fn is_private(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "content-length"
            | "cookie"
            | "expect"
            | "forwarded"
            | "host"
            | "proxy"
            | "via"
            | "x-gateway-key"
            | "x-real-ip"
    ) || name.starts_with(FORWARDED_PREFIX)
}

/// Fields that must not come in a trailer: framing, routing, credentials (RFC 9110 section 6.5.1).
fn is_no_trailer(name: &str) -> bool {
    matches!(
        name,
        "content-encoding"
            | "content-type"
            | "content-range"
            | "max-forwards"
            | "set-cookie"
            | "www-authenticate"
    )
}

/// The values of a field, line by line. To look at the few fields that there are takes less than to hash the name.
pub fn lines(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &HeaderValue> {
    let named = headers.iter().filter(move |(each, _)| **each == name);
    named.map(|(_, value)| value)
}

/// Whether the message has a field. To look at the few that there are takes less than to hash the name.
#[must_use]
pub fn has(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.keys().any(|each| each == name)
}

/// The fields of an answer that go to the client. `Set-Cookie` does not: all clients share one grant. `trailers` says whether
/// the client takes trailers; `Trailer` names those that can come.
#[must_use]
pub fn for_client(upstream: HeaderMap, trailers: bool) -> HeaderMap {
    let nominated = nominated(&upstream);
    let announced = if trailers {
        announced_trailers(&upstream)
    } else {
        None
    };
    // Of two lengths the transfer coding is the true one (RFC 9112 section 6.3); the other must not go on.
    let coded = has(&upstream, &header::TRANSFER_ENCODING);
    let mut kept = filtered(upstream, |name| {
        !is_hop_by_hop(name) && name != "set-cookie" && !is_gateway_error(name) && !nominated.contains(name)
    });
    if coded {
        kept.remove(header::CONTENT_LENGTH);
    }
    if let Some(announced) = announced {
        kept.insert(header::TRAILER, announced);
    }
    kept
}

/// `Trailer` without the names of what does not pass.
fn announced_trailers(from: &HeaderMap) -> Option<HeaderValue> {
    let announced: Vec<_> = list(from, header::TRAILER)
        .filter(|name| may_trail(name))
        .collect();
    let value = HeaderValue::try_from(announced.join(", ")).ok();
    value.filter(|value| !value.is_empty())
}

/// The last transfer coding of the message, in lower case (RFC 9112 section 6.1).
#[must_use]
pub fn last_coding(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    list(headers, header::TRANSFER_ENCODING).last()
}

/// The fields of a trailer section that pass.
#[must_use]
pub fn for_trailers(trailers: HeaderMap) -> HeaderMap {
    filtered(trailers, may_trail)
}

fn may_trail(name: &str) -> bool {
    !ends_here(name) && !is_gateway_error(name) && !is_no_trailer(&as_servers_read(name))
}

/// Whether a field of a request stays at the gateway.
fn ends_here(name: &str) -> bool {
    let name = as_servers_read(name);
    is_hop_by_hop(&name) || is_private(&name)
}

/// Whether a field says that an answer is one of the gateway's own errors.
fn is_gateway_error(name: &str) -> bool {
    // Few fields are as long.
    name.len() == GATEWAY_ERROR.as_str().len() && as_servers_read(name) == GATEWAY_ERROR.as_str()
}

/// Servers that hand fields on as variables, as CGI does (RFC 3875 section 4.1.18), take `_` for `-`: `Content_Length` frames,
/// and `X_Forwarded_For` describes the client.
fn as_servers_read(name: &str) -> Cow<'_, str> {
    match name.as_bytes().contains(&b'_') {
        true => Cow::Owned(name.replace('_', "-")),
        false => Cow::Borrowed(name),
    }
}

/// Whether the client takes trailers (RFC 9110 section 10.1.4).
#[must_use]
pub fn wants_trailers(headers: &HeaderMap) -> bool {
    list(headers, header::TE).any(|coding| coding == "trailers")
}

/// Whether the message nominates `name` as a field of the connection.
#[must_use]
pub fn nominates(headers: &HeaderMap, name: &HeaderName) -> bool {
    elements(headers, header::CONNECTION)
        .any(|nominated| nominated.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// The fields that the message nominates as fields of the connection, but for those that are that anyway.
/// A head has room for tens of thousands: a set, so that each field is looked up and not compared with all of them.
fn nominated(headers: &HeaderMap) -> BTreeSet<String> {
    if lines(headers, header::CONNECTION).all(|line| line == "keep-alive") {
        return BTreeSet::new();
    }
    list(headers, header::CONNECTION)
        .filter(|name| !is_hop_by_hop(name))
        .map(Cow::into_owned)
        .collect()
}

/// The elements of a comma-separated field in lower case, over all its lines.
fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = Cow<'_, str>> {
    elements(headers, name).map(|element| in_lower_case(String::from_utf8_lossy(element)))
}

/// The elements of a comma-separated field as they came, over all its lines.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let elements = lines(headers, name).flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii)
}

fn in_lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => text,
    }
}

/// Those whose names are kept, in their order: taking single ones out of a map would change it.
fn filtered(mut headers: HeaderMap, keep: impl Fn(&str) -> bool) -> HeaderMap {
    let first = headers.keys().take_while(|name| keep(name.as_str())).count();
    if headers.keys().skip(first).all(|name| !keep(name.as_str())) {
        // Mostly nothing, or a last `Connection`: nobody's place changes.
        while let Some(name) = headers.keys().nth(first).cloned() {
            headers.remove(name);
        }
        return headers;
    }
    let mut kept = HeaderMap::with_capacity(headers.keys_len() + 1);
    let mut current = None;
    for (name, value) in headers {
        // Further values of a field come without its name.
        if let Some(name) = name {
            current = keep(name.as_str()).then_some(name);
        }
        if let Some(name) = &current {
            kept.append(name.clone(), value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::passing::Passing;
    use super::*;

    pub(super) fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        headers
    }

    pub(super) fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn what_passes_stays_in_its_order_wherever_something_is_left_out() {
        for stripped in [
            vec![("connection", "x")],
            vec![("a", "1"), ("b", "2"), ("c", "3")],
            vec![("a", "1"), ("b", "2"), ("connection", "x")],
            vec![
                ("a", "1"),
                ("a", "2"),
                ("keep-alive", "x"),
                ("connection", "x"),
                ("te", "x"),
            ],
            vec![("connection", "x"), ("a", "1"), ("b", "2"), ("c", "3")],
            vec![
                ("a", "1"),
                ("connection", "x"),
                ("b", "2"),
                ("te", "x"),
                ("c", "3"),
                ("c", "4"),
            ],
        ] {
            let own: Vec<_> = stripped
                .iter()
                .filter(|(name, _)| name.len() == 1)
                .copied()
                .collect();
            let answered = for_client(headers(&stripped), false);
            let sent = Passing::of(headers(&stripped), Version::HTTP_11).to_map();
            for passed in [answered, sent] {
                let passed: Vec<_> = passed
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                    .collect();
                assert_eq!(passed, own);
            }
        }
    }

    #[test]
    fn an_answer_keeps_what_it_says_and_loses_the_connection_and_cookies() {
        let answer = headers(&[
            ("Content-Type", "application/json"),
            ("Content-Length", "5"),
            ("TrackingID", "a"),
            ("TrackingID", "a"),
            ("Set-Cookie", "s=1"),
            ("X-Webex-Gateway-Error", "not_authorised"),
            ("X_Webex_Gateway_Error", "not_authorised"),
            ("Connection", "X-Internal"),
            ("X-Internal", "1"),
            ("Retry-After", "30"),
            ("Content-Encoding", "gzip"),
        ]);
        assert_eq!(
            names(&for_client(answer.clone(), false)),
            [
                "content-type",
                "content-length",
                "trackingid",
                "trackingid",
                "retry-after",
                "content-encoding"
            ]
        );
    }

    #[test]
    fn of_two_lengths_the_transfer_coding_counts() {
        let answer = headers(&[("Content-Length", "5"), ("Transfer-Encoding", "chunked")]);
        assert!(for_client(answer.clone(), false).is_empty());
    }

    #[test]
    fn trailers_are_announced_to_clients_that_take_them() {
        let answer = headers(&[
            ("Trailer", "X-Checksum, Set-Cookie"),
            ("Trailer", "Content-Length, Server-Timing"),
        ]);
        assert_eq!(
            for_client(answer.clone(), true)["trailer"],
            "x-checksum, server-timing"
        );
        assert!(for_client(answer.clone(), false).is_empty());
    }

    #[test]
    fn a_trailer_cannot_bring_credentials_framing_or_routing() {
        let trailers = headers(&[
            ("X-Checksum", "1"),
            ("Authorization", "Bearer x"),
            ("Content-Length", "9"),
            ("Host", "evil"),
            ("Transfer-Encoding", "chunked"),
            ("Set-Cookie", "a"),
            ("X-Webex-Gateway-Error", "internal"),
        ]);
        assert_eq!(names(&for_trailers(trailers)), ["x-checksum"]);
    }

    #[test]
    fn an_underscore_does_not_smuggle_a_field_past_the_rules() {
        let sent = headers(&[
            ("Content_Length", "5"),
            ("Transfer_Encoding", "chunked"),
            ("X_Forwarded_For", "10.0.0.1"),
            ("X_Gateway_Key", "k"),
            ("X_Own", "1"),
        ]);
        let passing = Passing::of(sent.clone(), Version::HTTP_11);
        assert_eq!(names(&passing.to_map()), ["x_own"]);
        assert_eq!(names(&for_trailers(sent)), ["x_own"]);
    }
}
