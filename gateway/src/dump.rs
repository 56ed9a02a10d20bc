//! Requests and responses as one line for the debug log, in the layout of Go's `httputil` dumps, without secrets.

mod names;

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use serde_json::Value;

use crate::secret::fingerprint;
use names::is_secret;

/// Fields that are a scheme and credentials.
const CREDENTIALS: [HeaderName; 2] = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION];
/// Fields that hold addresses, which may have a code in their query.
const ADDRESSES: [HeaderName; 4] = [
    header::LOCATION,
    header::CONTENT_LOCATION,
    header::LINK,
    header::REFERER,
];
/// Each of these ends a part of an address, or of a list of addresses.
const ENDS: [char; 7] = ['?', '&', '#', '>', ';', ',', ' '];
/// Bodies longer than this are not shown: a log is no archive.
pub const LONGEST_BODY: usize = 8 * 1024;

/// A request head and body as they go out.
#[must_use]
pub fn request(method: &Method, uri: &Uri, headers: &HeaderMap, body: &str) -> String {
    let mut text = format!(
        "{method} {} HTTP/1.1\r\nHost: {}\r\n",
        path_and_query(uri),
        uri.authority().map_or("", |a| a.as_str())
    );
    dump_headers(&mut text, headers);
    text + "\r\n" + body
}

/// A response head and body as they came in.
#[must_use]
pub fn response(version: Version, status: StatusCode, headers: &HeaderMap, body: &str) -> String {
    let version = match version {
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let reason = status.canonical_reason().unwrap_or_default();
    let mut text = format!("{version} {} {reason}\r\n", status.as_u16());
    dump_headers(&mut text, headers);
    text + "\r\n" + body
}

/// A form with the values of its secret fields as fingerprints.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    let shown = fields.iter().map(|(name, value)| match is_secret(name) {
        true => (*name, fingerprint(value)),
        false => (*name, (*value).to_owned()),
    });
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(shown)
        .finish()
}

/// A body for the log: JSON and forms with their secret fields as fingerprints, anything else by its size: nobody
/// can say what stands in it.
#[must_use]
pub fn body(headers: &HeaderMap, bytes: &[u8]) -> String {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let encoded = headers.contains_key(header::CONTENT_ENCODING);
    match std::str::from_utf8(bytes) {
        _ if bytes.is_empty() => String::new(),
        Ok(text) if !encoded && bytes.len() <= LONGEST_BODY => match content_type {
            json if json.contains("json") => redact_json(text),
            "application/x-www-form-urlencoded" => {
                let pairs: Vec<_> = form_urlencoded::parse(bytes).collect();
                form(
                    &pairs
                        .iter()
                        .map(|(name, value)| (name.as_ref(), value.as_ref()))
                        .collect::<Vec<_>>(),
                )
            }
            _ => omitted(bytes.len()),
        },
        _ => omitted(bytes.len()),
    }
}

/// What stands for a body that is not shown.
#[must_use]
pub fn omitted(length: usize) -> String {
    format!("<body of {length} bytes>")
}

/// JSON with the values of its secret fields as fingerprints, wherever they are; text that is not JSON by its size, because
/// nobody can say what is in it.
#[must_use]
pub fn redact_json(text: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Value>(text) else {
        return omitted(text.len());
    };
    redact_value(&mut json);
    json.to_string()
}

fn redact_value(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match is_secret(name) {
            true => hide(value),
            false => redact_value(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        _ => {}
    }
}

/// Everything that stands below a secret name is secret; that there is nothing is not.
fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) => *value = fingerprint(text).into(),
        Value::Number(_) | Value::Bool(_) => *value = fingerprint(&value.to_string()).into(),
        Value::Null => {}
    }
}

/// `text` with every one of `secrets` as its fingerprint, wherever it stands.
#[must_use]
pub fn without(text: &str, secrets: &[String]) -> String {
    let present = secrets
        .iter()
        .filter(|secret| !secret.is_empty() && text.contains(secret.as_str()));
    present.fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), &fingerprint(secret))
    })
}

fn path_and_query(uri: &Uri) -> String {
    address(
        &uri.path_and_query()
            .map_or_else(|| uri.path().to_owned(), ToString::to_string),
    )
}

/// An address with the values of secret query fields as fingerprints.
fn address(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // A value goes on over characters that only in other places end it.
    let mut in_secret = false;
    for part in text.split_inclusive(ENDS) {
        let bare = part.trim_end_matches(ENDS);
        let (name, value) = bare.split_once('=').map_or((None, bare), |(n, v)| (Some(n), v));
        in_secret = name.map_or(in_secret, is_secret_in_address);
        match in_secret && !bare.is_empty() {
            true => {
                let equals = if name.is_some() { "=" } else { "" };
                shown.extend([name.unwrap_or_default(), equals, &fingerprint(value)]);
                shown.push_str(&part[bare.len()..]);
            }
            false => shown.push_str(part),
        }
        in_secret &= !part.ends_with(['&', '>']);
    }
    shown
}

/// What stands before an `=`, as a server reads it: `c%6fde` is `code`. In a path the last segment counts.
fn is_secret_in_address(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or_default();
    form_urlencoded::parse(name.as_bytes()).any(|(name, _)| is_secret(&name))
}

/// Sorted by name, in the canonical case of Go's `http.Header`.
fn dump_headers(text: &mut String, headers: &HeaderMap) {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (canonical(name.as_str()), shown(name, value)))
        .collect();
    lines.sort();
    for (name, value) in lines {
        write!(text, "{name}: {value}\r\n").expect("a String takes any text");
    }
}

fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if CREDENTIALS.contains(name) {
        return match text.split_once(' ') {
            Some((scheme, credentials)) => format!("{scheme} {}", fingerprint(credentials)),
            None => fingerprint(&text),
        };
    }
    if value.is_sensitive() || is_secret(name.as_str()) {
        return fingerprint(&text);
    }
    if ADDRESSES.contains(name) {
        address(&text)
    } else {
        text.into_owned()
    }
}

fn canonical(name: &str) -> String {
    let mut upper = true;
    name.chars()
        .map(|c| {
            let shown = if upper { c.to_ascii_uppercase() } else { c };
            upper = c == '-';
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::AccessToken;

    #[test]
    fn a_request_is_dumped_without_its_token() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            AccessToken::new("very-secret").unwrap().bearer(),
        );
        headers.insert("trackingid", HeaderValue::from_static("WW_1"));
        let uri = Uri::from_static("https://webexapis.com/v1/people?code=hidden&max=10");
        let text = request(&Method::GET, &uri, &headers, "");
        let expected = format!(
            "GET /v1/people?code={}&max=10 HTTP/1.1\r\nHost: webexapis.com\r\nAuthorization: Bearer {}\r\nTrackingid: WW_1\r\n\r\n",
            fingerprint("hidden"),
            fingerprint("very-secret")
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_response_starts_with_its_status_line_and_sorts_its_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let body = body(
            &headers,
            br#"{"access_token":"very-secret","items":[{"password":"p"}],"n":1}"#,
        );
        let text = response(Version::HTTP_2, StatusCode::NOT_FOUND, &headers, &body);
        let expected = format!(
            "HTTP/2.0 404 Not Found\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n\r\n\
             {{\"access_token\":\"{}\",\"items\":[{{\"password\":\"{}\"}}],\"n\":1}}",
            fingerprint("very-secret"),
            fingerprint("p")
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn cookies_codes_and_known_secrets_never_stand_in_a_dump() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::SET_COOKIE,
            HeaderValue::from_static("JSESSIONID=hidden-1; Path=/"),
        );
        headers.insert(
            header::LOCATION,
            HeaderValue::from_static("https://x/cb?state=open&code=hidden-2#f"),
        );
        headers.insert(
            header::LINK,
            HeaderValue::from_static("<https://x/?token=hidden-3>; rel=\"next\""),
        );
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let json =
            br#"{"accessToken":"hidden-4","echo":{"Authorization":"Bearer hidden-5"},"text":"hidden-6"}"#;
        let text = response(
            Version::HTTP_11,
            StatusCode::FOUND,
            &headers,
            &body(&headers, json),
        );
        let text = without(&text, &["hidden-6".to_owned()]);
        assert!(
            !text.contains("hidden-") && text.contains("state=open") && text.contains("; rel=\"next\""),
            "{text}"
        );
    }

    #[test]
    fn everything_below_a_secret_name_is_hidden_and_the_rest_stays() {
        let json = r#"{"activationCode":"a","password":424242,"tokens":["b",{"c":"d"},null],"token_type":"Bearer","pin":true}"#;
        let shown = [
            fingerprint("a"),
            fingerprint("424242"),
            fingerprint("b"),
            fingerprint("d"),
            fingerprint("true"),
        ];
        let [code, password, token, inner, pin] = shown;
        assert_eq!(
            redact_json(json),
            format!(
                r#"{{"activationCode":"{code}","password":"{password}","tokens":["{token}",{{"c":"{inner}"}},null],"token_type":"Bearer","pin":"{pin}"}}"#
            )
        );
    }

    #[test]
    fn a_secret_in_an_address_is_found_however_its_name_is_written_and_wherever_it_ends() {
        let f = fingerprint;
        for (text, expected) in [
            ("/x?c%6fde=hidden&a=b", format!("/x?c%6fde={}&a=b", f("hidden"))),
            ("/x?%43ODE=hidden", format!("/x?%43ODE={}", f("hidden"))),
            (
                "/x?code=one,two&a=b",
                format!("/x?code={},{}&a=b", f("one"), f("two")),
            ),
            ("/x?a=b;code=hidden", format!("/x?a=b;code={}", f("hidden"))),
            ("/x?code=a=b", format!("/x?code={}", f("a=b"))),
            ("/tokens/x=1?y=2", "/tokens/x=1?y=2".to_owned()),
            (
                "<https://x/?token=hidden>; rel=\"next\"",
                format!("<https://x/?token={}>; rel=\"next\"", f("hidden")),
            ),
        ] {
            assert_eq!(address(text), expected);
        }
    }

    #[test]
    fn headers_of_secrets_are_known_by_their_names() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("hidden-1"));
        headers.insert("x-auth-token", HeaderValue::from_static("hidden-2"));
        headers.insert("x-plain", HeaderValue::from_static("open"));
        let text = request(&Method::GET, &Uri::from_static("http://x/"), &headers, "");
        assert!(
            !text.contains("hidden") && text.contains("X-Plain: open"),
            "{text}"
        );
    }

    #[test]
    fn a_form_shows_its_secrets_as_fingerprints() {
        let text = form(&[
            ("client_id", "C1"),
            ("client_secret", "s3"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "r4"),
        ]);
        assert_eq!(
            text,
            format!(
                "client_id=C1&client_secret={}&grant_type=refresh_token&refresh_token={}",
                fingerprint("s3"),
                fingerprint("r4")
            )
        );
    }

    #[test]
    fn a_body_that_nobody_can_check_is_shown_by_its_size() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        assert_eq!(body(&headers, b"abc"), "<body of 3 bytes>");
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        assert_eq!(body(&headers, b"Authorization: Bearer x"), "<body of 23 bytes>");
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(
            body(&headers, b"{\"access_token\":\"cut of"),
            "<body of 23 bytes>"
        );
    }
}
