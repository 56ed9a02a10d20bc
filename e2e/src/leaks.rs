//! Secrets in logs. Those that Webex makes and the cookies of the gateway's logins are known by their shape, so that a
//! scenario needs no list of the tokens, codes and logins that came and went in it; the others are known by name. However
//! they are written: as they are, percent-encoded as in a form, in base64 as in `Authorization: Basic`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::stack::secrets;

/// Long enough not to be met by chance, and a part of a secret is a leak too.
const TELLING: usize = 16;

/// Characters of a cluster's name and of a UUID.
const CLUSTER: usize = 4;
const UUID: usize = 36;

/// What the names of the gateway's cookies begin with, whether there is TLS or not; then comes which login it is.
const COOKIE: &str = "webex_gw_login_";

/// A secret that a scenario knows.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// What was found, in words that do not repeat it.
pub(crate) fn find(log: &str, secrets: &[Secret]) -> Vec<String> {
    let known = secrets.iter().filter(|secret| {
        let telling = secret.value.get(..TELLING).unwrap_or(&secret.value);
        forms(telling).iter().any(|form| log.contains(form))
    });
    let known = known.map(|secret| secret.name.to_owned());
    let shaped = log.lines().enumerate().filter(|(_, line)| has_token(line));
    known
        .chain(shaped.map(|(number, _)| format!("a token or a code in line {}", number + 1)))
        .collect()
}

/// The same in what a test has left, with the secrets that every test has.
#[must_use]
pub fn in_evidence(text: &str) -> Vec<String> {
    find_in_log(text, &secrets::known())
}

/// The same in a log, where a cookie has no more to do than a token; a browser is given one in its answer.
pub(crate) fn find_in_log(log: &str, secrets: &[Secret]) -> Vec<String> {
    let mut found = find(log, secrets);
    let lines = log.lines().enumerate().filter(|(_, line)| has_cookie(line));
    found.extend(lines.map(|(number, _)| format!("the cookie of a login in line {}", number + 1)));
    found
}

/// The ways in which a text may be written, or be a part of what is.
fn forms(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    // Escaped where it has to be, and everywhere; with digits of either kind.
    for has_to_be in [true, false] {
        for is_upper in [true, false] {
            forms.push(percent_encoded(text, has_to_be, is_upper));
        }
    }
    // What stands before it decides where its bits begin; the characters at both ends have bits of others.
    for before in 0..3 {
        let bytes = [&vec![0; before][..], text.as_bytes()].concat();
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.push(encoded[own.clone()].to_owned());
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn percent_encoded(text: &str, only_where_it_has_to_be: bool, is_upper: bool) -> String {
    let encoded = text.bytes().map(|byte| {
        let may_stay = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        match (may_stay && only_where_it_has_to_be, is_upper) {
            (true, _) => char::from(byte).to_string(),
            (false, true) => format!("%{byte:02X}"),
            (false, false) => format!("%{byte:02x}"),
        }
    });
    encoded.collect()
}

/// Whether there is, anywhere, a cookie of a login with its value.
fn has_cookie(line: &str) -> bool {
    line.split(COOKIE).skip(1).any(|behind| {
        let is_of_value = |c: &char| c.is_ascii_alphanumeric() || "-_.~+/%".contains(*c);
        behind.split_once('=').is_some_and(|(login, value)| {
            login.chars().all(|c| is_of_value(&c)) && value.chars().take_while(is_of_value).count() >= TELLING
        })
    })
}

/// Whether there is, anywhere, what the tokens and the codes of Webex end with: `_`, four characters for the cluster, `_`,
/// the UUID of the organisation.
fn has_token(line: &str) -> bool {
    let fields: Vec<&str> = line.split('_').collect();
    fields.windows(3).any(|fields| {
        let organisation = fields[2]
            .get(..UUID)
            .is_some_and(|text| uuid::Uuid::try_parse(text).is_ok());
        let cluster =
            fields[1].len() == CLUSTER && fields[1].bytes().all(|byte| byte.is_ascii_alphanumeric());
        organisation
            && cluster
            && fields[0].ends_with(|c: char| c.is_ascii_alphanumeric() || "-+/=".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ZDYxYWZiNmItNTY3OC00YTQyLWE0N2EtYjc0NGIwOTcyYjg5MTIzNDU2NzgtMzE0_PF84_1eb65fdf-9643-417f-9974-ad72cae0e10f";

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        for line in [
            format!("Authorization: Bearer {TOKEN}"),
            format!("GET /code?code={TOKEN}&state=x"),
            format!("{{\"access_token\":\"{TOKEN}\"}}"),
            format!("redirect=http%3A%2F%2Fx%2F%3Fcode%3D{TOKEN}%26state%3Dx"),
            format!("GET /v1/tokens/{TOKEN}/x"),
            format!("{TOKEN}-and-more"),
        ] {
            assert_eq!(find(&line, &[]), ["a token or a code in line 1"], "{line}");
        }
    }

    #[test]
    fn what_only_resembles_a_token_is_none() {
        for line in [
            "WW_1eb65fdf-9643-417f-9974-ad72cae0e10f",
            "using token 3f2a9c (iteration 0)",
            "a_PF84_b",
        ] {
            assert!(find(line, &[]).is_empty(), "{line}");
        }
    }

    #[test]
    fn the_start_of_a_known_secret_is_enough() {
        let secrets = [Secret {
            name: "the client secret",
            value: "9a4e1c7f20b85d36e1f4a7092c6b3d58".into(),
        }];
        assert_eq!(
            find("secret=9a4e1c7f20b85d36...", &secrets),
            ["the client secret"]
        );
        assert!(find("secret=9a4e1c...", &secrets).is_empty());
    }

    #[test]
    fn a_known_secret_is_found_however_it_is_written() {
        let secret = "9a4e1c7f20b85d36e1f4a7092c6b3d58";
        let secrets = [Secret {
            name: "the client secret",
            value: secret.into(),
        }];
        let escaped = "%39%61%34%65%31%63%37%66%32%30%62%38%35%64%33%36%65%31%66%34".to_owned();
        let mut written = vec![escaped.clone(), escaped.to_uppercase()];
        for id in ["", "C", "C6", "C6f", "C6f1d0a9b47e25c83f9e6b12"] {
            let basic = format!("{id}:{secret}");
            written.push(format!("Authorization: Basic {}", STANDARD_NO_PAD.encode(&basic)));
            written.push(URL_SAFE_NO_PAD.encode(format!("{basic}:and more")));
        }
        for log in written {
            assert_eq!(find(&log, &secrets), ["the client secret"], "{log}");
        }
        let other = STANDARD_NO_PAD.encode("C6f:0a4e1c7f20b85d36e1f4a7092c6b3d58");
        assert_eq!(find(&other, &secrets), [""; 0]);
        let password = [Secret {
            name: "a password",
            value: "p w/d".into(),
        }];
        assert_eq!(find("user:p%20w%2Fd@proxy", &password), ["a password"]);
    }

    #[test]
    fn the_cookie_of_a_login_is_found_in_a_log() {
        for line in [
            "Cookie: theme=dark; webex_gw_login_a1=c2VjcmV0LXZlcmlmaWVy; x=y",
            "set-cookie=\"__Host-webex_gw_login_3f=c2VjcmV0LXZlcmlmaWVy; Path=/\"",
        ] {
            assert_eq!(
                find_in_log(line, &[]),
                ["the cookie of a login in line 1"],
                "{line}"
            );
            assert_eq!(find(line, &[]), [""; 0], "a browser may get it: {line}");
        }
        for line in [
            "webex_gw_login_a1=; Path=/; Max-Age=0",
            "the cookie webex_gw_login_a1 is missing: state=c2VjcmV0LXZlcmlmaWVy",
        ] {
            assert_eq!(find_in_log(line, &[]), [""; 0], "{line}");
        }
    }
}
