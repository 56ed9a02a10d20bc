//! What holds for every input, as functions that panic where it does not: proptest calls them in `cargo test`, and the fuzz
//! targets in `gateway/fuzz` call the same ones. The rules are written here a second time, in other words than in the code
//! they check.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, Version};

use crate::proxy::headers;
use crate::proxy::headers::passing::Passing;
use crate::proxy::target::{self, ServedAt};
use crate::secret::RefreshToken;
use crate::token::TokenSet;
use crate::token::failure::{TokenError, interpret};

/// The address at which the gateway of these properties is reached.
const HERE: &str = "127.0.0.1:9001";
/// Fields that end at the gateway in either direction.
const OF_THE_CONNECTION: &str = "connection http2-settings keep-alive proxy-authenticate proxy-authentication-info \
    proxy-authorization proxy-connection te trailer transfer-encoding upgrade";
/// Fields of a request that end at the gateway.
const OF_THE_CLIENT: &str =
    "authorization content-length cookie expect forwarded host proxy via x-gateway-key x-real-ip";
/// Fields that no trailer may bring, besides those.
const OF_THE_HEAD: &str =
    "content-encoding content-type content-range max-forwards set-cookie www-authenticate";

/// A target that is accepted goes out as the same bytes, starts with `/`, stays on the configured host, and has no dot segment
/// for a server that decodes it once.
pub fn target_goes_out_as_it_came(bytes: &[u8]) {
    let Ok(uri) = Uri::from_maybe_shared(Bytes::copy_from_slice(bytes)) else {
        return;
    };
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    request
        .headers_mut()
        .insert("host", HeaderValue::from_static("gw"));
    let served_at = ServedAt(HERE.parse().expect("an address"));
    let Ok(checked) = target::check(&request, &served_at) else {
        return;
    };

    let own = [format!("http://{HERE}"), "http://localhost:9001".to_owned()];
    let sent = own
        .iter()
        .find_map(|origin| {
            let (start, rest) = bytes.split_at_checked(origin.len())?;
            start.eq_ignore_ascii_case(origin.as_bytes()).then_some(rest)
        })
        .unwrap_or(bytes);
    // A fragment is no part of what a client asks for (RFC 9110 section 7.1).
    let sent = sent.split(|byte| *byte == b'#').next().unwrap_or_default();
    // RFC 9112 section 3.2.1: an empty path in absolute form stands for `/`.
    let expected = match sent.first() {
        None => b"/".to_vec(),
        Some(b'?') => [b"/", sent].concat(),
        Some(_) => sent.to_vec(),
    };
    assert_eq!(checked.as_str().as_bytes(), expected, "the target was changed");
    assert!(checked.as_str().starts_with('/'));
    let outgoing = Uri::builder()
        .scheme("https")
        .authority("webexapis.com")
        .path_and_query(checked.clone())
        .build()
        .expect("an accepted target makes a URI");
    assert_eq!(outgoing.host(), Some("webexapis.com"));
    assert_eq!(outgoing.to_string(), format!("https://webexapis.com{checked}"));

    let path = checked.path().as_bytes();
    let decoded = percent_decoded(path);
    for segment in decoded.split(|byte| b"/\\".contains(byte)) {
        for dots in [&b"."[..], b".."] {
            let rest = segment.strip_prefix(dots);
            assert!(
                !rest.is_some_and(|rest| rest.is_empty() || rest[0] == b';'),
                "a dot segment passed"
            );
        }
    }
}

/// Of the fields of a message, in lines of `name: value`, none passes that must not, and none is lost that should pass.
pub fn fields_pass_by_the_rules(bytes: &[u8]) {
    let message = fields(bytes);
    let to_webex = Passing::of(message.clone(), Version::HTTP_11).to_map();
    compare(
        &message,
        &to_webex,
        &["te", "trailer", "transfer-encoding", "content-length"],
        |name| {
            // Some servers take `_` for `-`.
            let name = &name.replace('_', "-");
            among(OF_THE_CONNECTION, name)
                || among(OF_THE_CLIENT, name)
                || name.starts_with("x-forwarded-")
                || *name == "trackingid" // Whoever sends the request adds the one that it has.
        },
    );
    assert!(!to_webex.contains_key("content-length") || !to_webex.contains_key("transfer-encoding"));
    assert!(to_webex.get("te").is_none_or(|te| te == "trailers"));
    assert!(to_webex.get("content-length").is_none_or(|length| length == "0"));

    assert!(
        to_webex
            .get("transfer-encoding")
            .is_none_or(|coding| coding == "chunked")
    );
    for trailers in [false, true] {
        let to_client = headers::for_client(message.clone(), trailers);
        let coded = message.contains_key("transfer-encoding");
        compare(&message, &to_client, &["trailer"], |name| {
            among(OF_THE_CONNECTION, name) || name == "set-cookie" || (coded && name == "content-length")
        });
        assert!(trailers || !to_client.contains_key("trailer"));
    }
    let trailing = headers::for_trailers(message.clone());
    for name in trailing.keys() {
        for forbidden in [OF_THE_CONNECTION, OF_THE_CLIENT, OF_THE_HEAD] {
            assert!(
                !among(forbidden, &name.as_str().replace('_', "-")),
                "{name} came in a trailer"
            );
        }
    }
}

/// An answer of the token endpoint never makes the gateway panic, installs only what can be sent, and writes no control
/// characters to a log. The first two bytes are the status, the third decides about `Retry-After`.
pub fn token_answer_is_sane(bytes: &[u8]) {
    let Some((head, body)) = bytes.split_at_checked(3) else {
        return;
    };
    let status = u16::from_be_bytes([head[0], head[1]]) % 500 + 100;
    let status = StatusCode::from_u16(status).expect("three digits");
    let mut fields = HeaderMap::new();
    if let (true, Ok(value)) = (
        head[2] > 127,
        HeaderValue::from_bytes(&body[..body.len().min(20)]),
    ) {
        fields.insert("retry-after", value);
    }
    match interpret(status, &fields, body) {
        Ok(tokens) => {
            assert!(status.is_success(), "tokens came from an answer {status}");
            let bearer = tokens.access_token.bearer();
            let value = bearer.to_str().expect("visible ASCII");
            assert!(value.len() > "Bearer ".len() && value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            assert!((1..=31_536_000).contains(&tokens.expires_in.as_secs()));
            let refresh = tokens.refresh_token.as_ref().map(RefreshToken::expose);
            assert!(
                refresh.is_none_or(
                    |token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
                )
            );
        }
        Err(TokenError::Transient { reason, .. }) => assert_printable(&reason),
        Err(TokenError::Rejected { reason, .. }) => {
            assert!(status.is_client_error(), "an answer {status} ended the grant");
            assert_printable(&reason);
        }
    }
}

/// `passed` is `message` without the fields that `ends_here` names and those that it nominates itself, but for those `made` anew.
fn compare(message: &HeaderMap, passed: &HeaderMap, made: &[&str], ends_here: impl Fn(&str) -> bool) {
    let nominated = |name: &str| {
        let lines = message.get_all("connection").into_iter();
        lines
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .any(|element| String::from_utf8_lossy(element).trim().eq_ignore_ascii_case(name))
    };
    for name in message.keys() {
        let (before, after) = (message.get_all(name), passed.get_all(name));
        if ends_here(name.as_str()) || nominated(name.as_str()) {
            assert!(
                made.contains(&name.as_str()) || after.iter().next().is_none(),
                "{name} passed"
            );
        } else {
            assert!(before.iter().eq(after.iter()), "{name} was lost or changed");
        }
    }
    for name in passed.keys() {
        assert!(message.contains_key(name), "{name} came from nowhere");
    }
}

fn fields(bytes: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(1000) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.trim_ascii()),
        ) {
            fields.append(name, value);
        }
    }
    fields
}

fn among(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|listed| listed == name)
}

fn percent_decoded(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let hex = path
            .get(at + 1..at + 3)
            .filter(|hex| path[at] == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(path[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    decoded
}

fn assert_printable(reason: &str) {
    assert!(
        !reason.chars().any(char::is_control),
        "a control character reaches the log"
    );
    assert!(reason.chars().count() < 1024, "an endless text reaches the log");
}

/// A tokens file that is read and written is read as the same tokens, and nothing makes the reader panic.
pub fn tokens_file_survives_a_rewrite(bytes: &[u8]) {
    let Ok(tokens) = TokenSet::from_json(bytes) else {
        return;
    };
    let again = TokenSet::from_json(&tokens.to_json()).expect("what was written can be read");
    assert_eq!(again, tokens);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Parts of targets that have been trouble somewhere.
    const TARGET: &str = "(http://127\\.0\\.0\\.1:9001|HTTP://localhost:9001|http://evil\\.example|@evil|\\*|)\
        (/|\\.|%2e|%2E|%2f|%5c|\\\\|;|%3b|\\?|#|%25|%zz|[a-z]|[ -~]){0,12}";
    /// Names that are treated in some way, and others.
    const FIELD: &str = "(connection|te|trailer|transfer-encoding|Transfer_Encoding|content-length|Cookie|set-cookie|\
        authorization|TrackingID|x-forwarded-[a-z]{1,3}|x-[a-z]{1,3}):( |,|trailers|close|x-[a-z]{1,3}|cookie|0|[ -~]){0,6}";

    #[test]
    fn a_number_that_only_others_know_survives_to_its_last_digit() {
        tokens_file_survives_a_rewrite(
            br#"{"access_token":"a","refresh_token":"r","theirs":1209599999959999999999999999999}"#,
        );
    }

    proptest! {
        #[test]
        fn targets(text in TARGET) {
            target_goes_out_as_it_came(text.as_bytes());
        }

        #[test]
        fn headers(lines in proptest::collection::vec(FIELD, 0..12)) {
            fields_pass_by_the_rules(lines.join("\n").as_bytes());
        }

        #[test]
        fn token_answers(
            head in any::<[u8; 3]>(),
            body in r#"\{("(access_token|expires_in|refresh_token|error|error_description)":("[ -~\n]{0,9}"|-?[0-9e]{1,5}|null|\{\}),?){0,4}\}"#
        ) {
            token_answer_is_sane(&[&head, body.as_bytes()].concat());
        }

        #[test]
        fn tokens_files(
            body in r#"\{"access_token":"a","refresh_token":"r"(,"(at|expires_in|refresh_token_expires_in|org_id|scope|token_type|x-unknown)":("[ -!#-\[\]-~]{0,9}"|"Bearer"|-?[1-9][0-9.]{0,5}|null|\{\}|\[1\])){0,4}\}"#
        ) {
            tokens_file_survives_a_rewrite(body.as_bytes());
        }

        #[test]
        fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            target_goes_out_as_it_came(&bytes);
            fields_pass_by_the_rules(&bytes);
            token_answer_is_sane(&bytes);
            tokens_file_survives_a_rewrite(&bytes);
        }
    }
}
