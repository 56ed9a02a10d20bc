//! Which request targets are forwarded. The decision is taken on the very bytes that go out: nothing is normalised.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Uri, Version, header};

use super::headers::lines;
use crate::error::GatewayError;

/// Longer targets are answered 414 (RFC 9112 section 3 asks for 8000 octets at least).
const LONGEST_TARGET: usize = 16 * 1024;

/// Larger heads are answered 431; the listener's own limit is only as exact as its buffer.
const LARGEST_HEAD: usize = 64 * 1024;

/// The port that an `http` address without one means (RFC 9110 section 4.2.1).
const HTTP_PORT: u16 = 80;

/// The local address of the connection on which a request came.
#[derive(Clone, Copy, Debug)]
pub struct ServedAt(pub SocketAddr);

/// The path and query to send to Webex.
pub fn check<B>(request: &Request<B>, served_at: &ServedAt) -> Result<PathAndQuery, GatewayError> {
    check_head(request.version(), request.headers())?;
    check_method(request.method(), request.headers())?;
    check_form(request.uri(), served_at)?;
    let target = path_and_query(request.uri())
        .ok_or(GatewayError::TargetRefused("the request target is not a path"))?;
    if target.as_str().len() > LONGEST_TARGET {
        return Err(GatewayError::TargetTooLong {
            limit: LONGEST_TARGET,
        });
    }
    if !target.as_str().bytes().all(is_uri_byte) {
        return Err(GatewayError::TargetRefused(
            "the request target has a character that RFC 3986 does not allow",
        ));
    }
    if has_dot_segment(target.path()) {
        return Err(GatewayError::TargetRefused(
            "the path has a dot segment; write it resolved",
        ));
    }
    Ok(target)
}

/// What follows the authority. RFC 9112 section 3.2.1: where a target in absolute form has no path, `/` goes out.
fn path_and_query(uri: &Uri) -> Option<PathAndQuery> {
    let target = uri.path_and_query()?;
    let target = match (target.as_str().starts_with('?'), uri.scheme()) {
        (true, Some(_)) => PathAndQuery::try_from(["/", target.as_str()].concat()).ok()?,
        _ => target.clone(),
    };
    target.as_str().starts_with('/').then_some(target)
}

/// What every request has to keep to, whoever answers it.
pub fn check_head(version: Version, headers: &HeaderMap) -> Result<(), GatewayError> {
    check_size(headers)?;
    check_framing(headers)?;
    check_host(version, headers)?;
    check_expectation(version, headers)
}

fn check_size(headers: &HeaderMap) -> Result<(), GatewayError> {
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    match size > LARGEST_HEAD {
        true => Err(GatewayError::HeadTooLarge { limit: LARGEST_HEAD }),
        false => Ok(()),
    }
}

fn check_method(method: &Method, headers: &HeaderMap) -> Result<(), GatewayError> {
    if *method == Method::CONNECT || *method == Method::TRACE {
        return Err(GatewayError::TargetRefused("CONNECT and TRACE are not forwarded"));
    }
    // Java's HTTP client offers h2c with every request (RFC 9110 section 7.8: a server may ignore Upgrade).
    let ignorable = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"h2c");
    match lines(headers, header::UPGRADE).all(ignorable) {
        true => Ok(()),
        false => Err(GatewayError::TargetRefused("protocol upgrades are not forwarded")),
    }
}

/// A body is framed anew on its way out, so a coding besides `chunked` would be lost without a trace (RFC 9112 section 6.1).
fn check_framing(headers: &HeaderMap) -> Result<(), GatewayError> {
    let mut codings = lines(headers, header::TRANSFER_ENCODING);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(GatewayError::BadRequest(
            "the request has a Transfer-Encoding other than chunked",
        )),
    }
}

/// RFC 9112 section 3.2: exactly one Host, but for HTTP/1.0, whose clients may leave it out.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), GatewayError> {
    let mut hosts = lines(headers, header::HOST);
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_10 => Ok(()),
        (None, _) => Err(GatewayError::BadRequest("the request has no Host header")),
        (Some(_), Some(_)) => Err(GatewayError::BadRequest(
            "the request has more than one Host header",
        )),
        (Some(host), None) => match host.to_str() {
            Ok(host) if is_host(host) => Ok(()),
            _ => Err(GatewayError::BadRequest(
                "the Host header is not a host with an optional port",
            )),
        },
    }
}

/// RFC 9110 section 10.1.1: an expectation of HTTP/1.0 is ignored, an unknown one may be answered 417. Nothing would meet it.
fn check_expectation(version: Version, headers: &HeaderMap) -> Result<(), GatewayError> {
    let known = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    match version == Version::HTTP_10 || lines(headers, header::EXPECT).all(known) {
        true => Ok(()),
        false => Err(GatewayError::ExpectationFailed),
    }
}

fn is_host(text: &str) -> bool {
    is_plain_host(text) || is_any_host(text)
}

/// A name or an IPv4 address, with a port or none: what nearly every client sends, told at a glance.
fn is_plain_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        && is_port(port)
}

/// RFC 3986 section 3.2.3: a port may be empty.
fn is_port(text: &str) -> bool {
    text.is_empty() || (text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

fn is_any_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<http::uri::Authority>() else {
        return false;
    };
    let port = text.strip_prefix(authority.host());
    let port = port.and_then(|rest| rest.strip_prefix(':').or(rest.is_empty().then_some("")));
    !authority.host().is_empty() && port.is_some_and(is_port)
}

/// Origin-form, or absolute-form for this very gateway (RFC 9112 section 3.2.2).
fn check_form(uri: &Uri, served_at: &ServedAt) -> Result<(), GatewayError> {
    match (uri.scheme(), uri.authority()) {
        (None, None) => Ok(()),
        (Some(scheme), Some(authority)) if *scheme == Scheme::HTTP => {
            let ServedAt(address) = served_at;
            let mut own = vec![address.to_string(), format!("localhost:{}", address.port())];
            if address.port() == HTTP_PORT {
                own.extend([address.ip().to_string(), "localhost".to_owned()]);
            }
            // Compared as text: parsers take `+9001` and `09001` for the same port.
            match own.iter().any(|own| authority.as_str().eq_ignore_ascii_case(own)) {
                true => Ok(()),
                false => Err(GatewayError::TargetRefused(
                    "the request is meant for another host; this is no open proxy",
                )),
            }
        }
        _ => Err(GatewayError::TargetRefused("the request target is not a path")),
    }
}

/// Unreserved, reserved, and the percent sign (RFC 3986 section 2).
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Whether a server that decodes the path once, and takes `\` for `/` or cuts at `;` as some do, could see `.` or `..`.
fn has_dot_segment(path: &str) -> bool {
    let decoded = decode_once(path.as_bytes());
    decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| {
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    })
}

/// `bytes` with each percent-encoded byte decoded, once.
#[must_use]
pub fn decode_once(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            rest = &tail[2..];
        } else {
            decoded.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1:9001";

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let builder = Request::builder().method(method).uri(target);
        headers
            .iter()
            .fold(builder, |builder, (name, value)| builder.header(*name, *value))
            .body(())
            .unwrap()
    }

    fn get(target: &str) -> Result<String, GatewayError> {
        check(
            &request("GET", target, &[("host", "gw:9001")]),
            &ServedAt(HERE.parse().unwrap()),
        )
        .map(|ok| ok.to_string())
    }

    #[test]
    fn a_path_goes_out_as_it_came() {
        for target in [
            "/",
            "/v1/people/me",
            "/v1//people",
            "//evil.example/x",
            "/v1/people?email=a%40b&max=null&before",
            "/identity/scim/1/v2/Users?filter=userName%20eq%20%22a%22",
            "/v1/people/Y2lz%3D%3D",
            "/v1/%zz/%252e%252e/x",
            "/.well-known/x",
            "/v1/...",
            "/v1/people/a;b=c",
        ] {
            assert_eq!(get(target).as_deref(), Ok(target));
        }
    }

    #[test]
    fn dot_segments_are_refused_in_every_encoding() {
        for target in [
            "/..",
            "/../x",
            "/v1/..",
            "/v1/../x",
            "/v1/./x",
            "/%2e%2e/x",
            "/.%2E/x",
            "/v1/%2e",
            "/..;/x",
            "/v1/..;a=b/x",
            "/v1/..%2fx",
            "/v1/x%2f..%2fy",
            "/v1/..%5cx",
            "/%2e%2e%3b/x",
        ] {
            assert!(
                matches!(get(target), Err(GatewayError::TargetRefused(_))),
                "{target}"
            );
        }
    }

    #[test]
    fn targets_of_other_hosts_and_other_forms_are_refused() {
        for target in [
            "http://evil.example/x",
            "https://127.0.0.1:9001/x",
            "evil.example",
            "evil.example:443",
            "*",
            "http://127.0.0.1/x",
            "http://127.0.0.1:+9001/x",
            "http://u@127.0.0.1:9001/x",
        ] {
            assert!(get(target).is_err(), "{target}");
        }
        assert_eq!(get("http://127.0.0.1:9001/v1/x?y").as_deref(), Ok("/v1/x?y"));
        assert_eq!(get("http://localhost:9001/").as_deref(), Ok("/"));
        assert_eq!(get("http://localhost:9001").as_deref(), Ok("/"));
        assert_eq!(get("http://localhost:9001?x").as_deref(), Ok("/?x"));
    }

    #[test]
    fn methods_and_upgrades_that_are_no_requests_are_refused() {
        let check = |method, headers: &[_]| {
            check(&request(method, "/x", headers), &ServedAt(HERE.parse().unwrap())).is_ok()
        };
        assert!(check("PROPFIND", &[("host", "gw")]));
        assert!(check("GET", &[("host", "gw"), ("upgrade", "h2c")]));
        assert!(!check("TRACE", &[("host", "gw")]));
        assert!(!check("GET", &[("host", "gw"), ("upgrade", "websocket")]));
        assert!(!check(
            "GET",
            &[("host", "gw"), ("upgrade", "h2c"), ("upgrade", "websocket")]
        ));
    }

    #[test]
    fn what_no_uri_may_hold_is_refused() {
        for target in [
            "/v1/{x}",
            "/v1/a\"b",
            "/v1/a|b",
            "/v1/a^b",
            "/v1/a\\b",
            "/v1/x?q={}",
        ] {
            assert!(
                matches!(get(target), Err(GatewayError::TargetRefused(_))),
                "{target}"
            );
        }
    }

    #[test]
    fn a_body_is_chunked_or_not_coded_at_all() {
        let check = |codings: &[&str]| {
            let codings = codings.iter().map(|coding| ("transfer-encoding", *coding));
            let headers: Vec<_> = [("host", "gw")].into_iter().chain(codings).collect();
            check(&request("POST", "/x", &headers), &ServedAt(HERE.parse().unwrap())).is_ok()
        };
        for codings in [&[][..], &["chunked"], &["Chunked"]] {
            assert!(check(codings), "{codings:?}");
        }
        for codings in [
            &["gzip"][..],
            &["gzip, chunked"],
            &["chunked", "chunked"],
            &["gzip", "chunked"],
            &[""],
        ] {
            assert!(!check(codings), "{codings:?}");
        }
    }

    #[test]
    fn a_request_has_exactly_one_host() {
        let check =
            |headers: &[_]| check(&request("GET", "/x", headers), &ServedAt(HERE.parse().unwrap())).is_ok();
        assert!(check(&[("host", "gw:9001")]));
        for hosts in [
            &[][..],
            &[("host", "a"), ("host", "a")],
            &[("host", "")],
            &[("host", "u:p@a")],
            &[("host", "a/b")],
            &[("host", "a:b")],
            &[("host", "a:65536")],
            &[("host", "a:+80")],
            &[("host", "[::1")],
        ] {
            assert!(!check(hosts), "{hosts:?}");
        }
    }

    #[test]
    fn an_old_health_checker_may_leave_the_host_out() {
        let mut old = request("GET", "/x", &[]);
        *old.version_mut() = Version::HTTP_10;
        assert!(check(&old, &ServedAt(HERE.parse().unwrap())).is_ok());
    }

    #[test]
    fn only_the_expectation_that_somebody_meets_is_taken() {
        let check = |version, values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", http::HeaderValue::from_static("gw"));
            for value in values {
                headers.append("expect", http::HeaderValue::from_static(value));
            }
            check_head(version, &headers)
        };
        assert_eq!(check(Version::HTTP_11, &["100-Continue"]), Ok(()));
        assert_eq!(check(Version::HTTP_10, &["the impossible"]), Ok(()));
        for values in [&["the impossible"][..], &["100-continue", "x"], &[""]] {
            assert_eq!(
                check(Version::HTTP_11, values),
                Err(GatewayError::ExpectationFailed)
            );
        }
    }

    #[test]
    fn a_target_of_more_than_16_kib_is_too_long() {
        assert!(get(&format!("/{}", "a".repeat(16_383))).is_ok());
        assert_eq!(
            get(&format!("/{}", "a".repeat(16_384))),
            Err(GatewayError::TargetTooLong { limit: 16_384 })
        );
    }

    #[test]
    fn a_head_of_more_than_64_kib_is_too_large() {
        let check = |padding: usize| {
            let mut headers = HeaderMap::new();
            headers.insert("host", http::HeaderValue::from_static("gw"));
            headers.insert(
                "padding",
                http::HeaderValue::try_from("x".repeat(padding)).unwrap(),
            );
            check_head(Version::HTTP_11, &headers)
        };
        // Each field as it is sent: its name, a colon, a space, its value, the end of the line.
        let fields = "host: gw\r\npadding: \r\n".len();
        assert_eq!(check(65_536 - fields), Ok(()));
        assert_eq!(
            check(65_536 - fields + 1),
            Err(GatewayError::HeadTooLarge { limit: 65_536 })
        );
    }
}
