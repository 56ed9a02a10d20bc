//! Replaces secrets by their fingerprints: by the name of the field they stand in, and, wherever else they turn up, by
//! their shape. What is left can be shown, logged and attached to a bug report.

use crate::control::types::Exchange;
use crate::oauth::token_value::CLUSTER;
use crate::secret::fingerprint;
use crate::vault::Vault;

/// Query and form fields that hold a secret. `state` is not one of them: a test wants to see it.
const SECRET_FIELDS: [&str; 9] = [
    "access_token",
    "assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "password",
    "refresh_token",
    "token",
];

/// Header fields that hold a secret and nothing else.
const SECRET_HEADERS: [&str; 4] = ["cookie", "proxy-authorization", "set-cookie", "x-gateway-key"];

/// Schemes of `Authorization` that are shown (RFC 9110, section 16.4.1, as far as clients of APIs use them).
const SCHEMES: [&str; 4] = ["Basic", "Bearer", "Digest", "Negotiate"];

/// Characters before the cluster in a token and after it, with the separators.
const TOKEN_HEAD: usize = 64;
const TOKEN_TAIL: usize = 36;

/// A header field's value: `Bearer <fingerprint>` for Authorization, a fingerprint for other secrets.
pub(crate) fn header(name: &str, value: &str) -> String {
    if name.eq_ignore_ascii_case("authorization") {
        // A client that forgets the scheme has its token stand first.
        let known = |scheme: &str| SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
        return match value.split_once(' ') {
            Some((scheme, rest)) if known(scheme) => format!("{scheme} {}", fingerprint(rest.trim())),
            _ => fingerprint(value),
        };
    }
    if SECRET_HEADERS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
    {
        return fingerprint(value);
    }
    tokens(value)
}

/// A decoded form field's value.
pub(crate) fn field(name: &str, value: &str) -> String {
    if SECRET_FIELDS
        .iter()
        .any(|secret| name.trim().eq_ignore_ascii_case(secret))
        && !value.is_empty()
    {
        fingerprint(value)
    } else {
        tokens(value)
    }
}

/// A query as sent; only the values of secret fields change.
pub(crate) fn query(query: &str) -> String {
    let fields = query.split('&').map(|pair| {
        let decoded = form_urlencoded::parse(pair.as_bytes()).next();
        match (pair.split_once('='), decoded) {
            (Some((name, _)), Some((key, value))) => {
                let shown = field(&key, &value);
                if shown == value {
                    pair.to_owned()
                } else {
                    format!("{name}={shown}")
                }
            }
            _ => tokens(pair),
        }
    });
    fields.collect::<Vec<_>>().join("&")
}

/// Whether the name of a secret field stands in a text; if not, no JSON in it has to be read.
pub(crate) fn names_a_secret(text: &str) -> bool {
    // A name in JSON stands between quotes.
    let mut quoted = text.split('"').skip(1);
    quoted.any(|word| SECRET_FIELDS.iter().any(|name| name.eq_ignore_ascii_case(word)))
}

/// Any text: whatever has the shape of a token of this simulator becomes its fingerprint, also where its underscores are
/// percent-encoded.
pub(crate) fn tokens(text: &str) -> String {
    let shown = shaped(text, &format!("_{CLUSTER}_"));
    let encoded = ["%5F", "%5f"].map(|mark| format!("{mark}{CLUSTER}{mark}"));
    encoded
        .iter()
        .fold(shown, |shown, middle| match shown.contains(middle) {
            true => shaped(&shown, middle),
            false => shown,
        })
}

/// The same with these characters in the middle of a token.
fn shaped(text: &str, middle: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(middle) {
        let head = rest[..at]
            .bytes()
            .rev()
            .take(TOKEN_HEAD)
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let after = at + middle.len();
        let tail = rest[after..]
            .bytes()
            .take(TOKEN_TAIL)
            .take_while(|byte| is_uuid_byte(*byte))
            .count();
        shown.push_str(&rest[..at - head]);
        shown.push_str(&fingerprint(&rest[at - head..after + tail]));
        rest = &rest[after + tail..];
    }
    shown.push_str(rest);
    shown
}

/// The secrets that any world knows, as they are and percent-encoded, wherever they stand in an exchange.
pub(crate) fn known(exchange: &mut Exchange, vault: &Vault) {
    let entry = &mut exchange.entry;
    let texts = [
        &mut entry.method,
        &mut entry.path,
        &mut entry.query,
        &mut entry.tracking_id,
    ];
    let headers = entry.headers.iter_mut().chain(&mut exchange.response_headers);
    let form = entry.form.iter_mut().flat_map(|(name, value)| [name, value]);
    let bodies = [&mut exchange.request_body, &mut exchange.response_body];
    let bodies = bodies.into_iter().flatten().map(|body| &mut body.text);
    let headers = headers.flat_map(|(name, value)| [name, value]);
    for text in texts.into_iter().chain(headers).chain(form).chain(bodies) {
        if let Some(shown) = vault.redacted(text) {
            *text = shown;
        }
    }
}

fn is_uuid_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxMDAwMDAwMDAtMDAw_P0A1_5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";

    #[test]
    fn authorization_keeps_its_scheme() {
        assert_eq!(header("Authorization", "Bearer abc"), "Bearer ba7816bf8f01");
        assert_eq!(header("authorization", "abc"), "ba7816bf8f01");
        assert_eq!(header("authorization", "abc x"), fingerprint("abc x"));
        assert_eq!(header("Accept", "text/html"), "text/html");
        assert_eq!(header("X-Gateway-Key", "abc"), "ba7816bf8f01");
    }

    #[test]
    fn a_query_changes_only_where_a_secret_is() {
        assert_eq!(query("state=a%20b&code=abc&x"), "state=a%20b&code=ba7816bf8f01&x");
        assert_eq!(query("%63ode=%61bc"), "%63ode=ba7816bf8f01");
        assert_eq!(query(""), "");
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        let fp = fingerprint(TOKEN);
        assert_eq!(
            tokens(&format!("/v1/x/{TOKEN}/y/{TOKEN}")),
            format!("/v1/x/{fp}/y/{fp}")
        );
        assert_eq!(
            header("X-Debug", &format!("token={TOKEN}")),
            format!("token={fp}")
        );
        assert_eq!(query(&format!("q={TOKEN}")), format!("q={fp}"));
        let encoded = TOKEN.replace('_', "%5F");
        assert!(!tokens(&format!("/v1/x/{encoded}")).contains(&TOKEN[..40]));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_secret_survives(before in "\\PC{0,20}", secret in "[a-z]{8,20}", after in "\\PC{0,20}") {
            let sent = format!("{before}&client_secret={secret}&{after}");
            prop_assume!(!before.contains(&secret) && !after.contains(&secret));
            prop_assert!(!query(&sent).contains(&secret));
            let sent = format!("{before}{TOKEN}{after}");
            prop_assert!(!tokens(&sent).contains(&TOKEN[..40]));
        }
    }
}
