//! Requests and responses as one line for the debug log, in the layout of Go's `httputil` dumps, without secrets.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};

use crate::secret::fingerprint;

/// Fields that are a scheme and credentials.
const CREDENTIALS: [HeaderName; 2] = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION];
/// Fields that are secret from the first character on.
const SECRET_HEADERS: [&str; 3] = ["cookie", "set-cookie", "x-gateway-key"];
/// Fields that hold addresses, which may have a code in their query.
const ADDRESSES: [HeaderName; 4] = [
    header::LOCATION,
    header::CONTENT_LOCATION,
    header::LINK,
    header::REFERER,
];
/// Names of form, query and JSON fields whose values are credentials, in lower case and without separators.
const SECRET_FIELDS: [&str; 14] = [
    "accesstoken",
    "apikey",
    "assertion",
    "authorization",
    "clientsecret",
    "code",
    "codeverifier",
    "cookie",
    "devicecode",
    "idtoken",
    "password",
    "refreshtoken",
    "secret",
    "token",
];
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
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text) else {
        return omitted(text.len());
    };
    redact_value(&mut json);
    json.to_string()
}

fn redact_value(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, value)| match value.as_str() {
                Some(text) if is_secret(name) => *value = fingerprint(text).into(),
                _ => redact_value(value),
            });
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(redact_value),
        _ => {}
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
    for part in text.split_inclusive(['?', '&', '#', '>', ';', ',', ' ']) {
        match part.split_once('=') {
            Some((name, value)) if is_secret(name) => {
                let end = value.trim_end_matches(['?', '&', '#', '>', ';', ',', ' ']);
                write!(shown, "{name}={}{}", fingerprint(end), &value[end.len()..])
                    .expect("a String takes any text");
            }
            _ => shown.push_str(part),
        }
    }
    shown
}

fn is_secret(name: &str) -> bool {
    let bare: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_FIELDS.contains(&bare.as_str())
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
    if value.is_sensitive() || SECRET_HEADERS.contains(&name.as_str()) {
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
