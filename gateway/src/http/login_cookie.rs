//! The cookies of the login page (RFC 6265): one for each flow, so that two tabs do not take each other's.

use http::{HeaderMap, header};

use crate::authorization::login::LIFETIME;

/// Over https the `__Host-` prefix keeps other hosts of the domain from setting the cookie (RFC 6265bis section 4.1.3.2).
const SECURE_PREFIX: &str = "__Host-webex_gw_login_";
/// Without https that prefix is not allowed.
const PLAIN_PREFIX: &str = "webex_gw_login_";
/// Flows at once in one browser. Each cookie has some 200 bytes, and nginx takes 8 KiB of them by default.
const MOST_FLOWS: usize = 5;

/// The name and the attributes, as the public address allows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginCookies {
    secure: bool,
}

impl LoginCookies {
    /// For a public address with `https`, or without.
    #[must_use]
    pub fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Labels and values of the login cookies that a browser sent.
    pub fn sent<'a>(&self, headers: &'a HeaderMap) -> Vec<(&'a str, &'a str)> {
        let lines = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let pairs = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .filter_map(|(name, value)| Some((name.strip_prefix(self.prefix())?, value)))
            .collect()
    }

    /// `Set-Cookie` of a flow that has just been started.
    #[must_use]
    pub fn set(&self, label: &str, value: &str) -> String {
        self.line(label, value, LIFETIME.as_secs())
    }

    /// `Set-Cookie` that makes the browser forget a flow.
    #[must_use]
    pub fn clear(&self, label: &str) -> String {
        self.line(label, "", 0)
    }

    fn line(self, label: &str, value: &str, seconds: u64) -> String {
        let (prefix, secure) = (self.prefix(), if self.secure { "; Secure" } else { "" });
        format!("{prefix}{label}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    fn prefix(self) -> &'static str {
        match self.secure {
            true => SECURE_PREFIX,
            false => PLAIN_PREFIX,
        }
    }
}

/// The labels of those `sent` that make room for one more flow: those that are over first, then those that end first.
/// `remaining` tells how long a cookie's flow may still take.
pub fn crowded_out<'a, T: Ord>(
    mut sent: Vec<(&'a str, &'a str)>,
    remaining: impl Fn(&str) -> Option<T>,
) -> Vec<&'a str> {
    sent.retain(|(label, _)| is_label(label));
    sent.sort_by_cached_key(|(_, cookie)| remaining(cookie));
    let crowd = (sent.len() + 1).saturating_sub(MOST_FLOWS);
    sent[..crowd].iter().map(|(label, _)| *label).collect()
}

/// What comes from a browser goes back to it only if this program could have made it.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_no_other_host_can_set_the_cookie_and_without_https_it_works_too() {
        assert_eq!(
            LoginCookies::new(true).set("a1", "value"),
            "__Host-webex_gw_login_a1=value; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            LoginCookies::new(false).clear("a1"),
            "webex_gw_login_a1=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn only_cookies_with_the_own_prefix_count() {
        let mut headers = HeaderMap::new();
        let line = "theme=dark; webex_gw_login_b=plain; __Host-webex_gw_login_a=1";
        headers.append(header::COOKIE, line.parse().unwrap());
        headers.append(header::COOKIE, "__Host-webex_gw_login_a=2".parse().unwrap());
        assert_eq!(LoginCookies::new(true).sent(&headers), [("a", "1"), ("a", "2")]);
        assert_eq!(LoginCookies::new(false).sent(&headers), [("b", "plain")]);
    }

    #[test]
    fn the_sixth_flow_crowds_out_what_is_over_or_ends_first() {
        let remaining = |cookie: &str| cookie.parse::<u32>().ok();
        let four = vec![("a", "30"), ("b", "10"), ("c", "over"), ("d", "20")];
        assert_eq!(crowded_out(four.clone(), remaining), [""; 0]);
        let mut six = four;
        six.extend([("e", "40"), ("f", "50")]);
        assert_eq!(crowded_out(six, remaining), ["c", "b"]);
    }

    #[test]
    fn a_name_that_is_not_of_this_program_is_not_written_back() {
        let strange = vec![("<script>", "1"); 9];
        assert_eq!(crowded_out(strange, |_| None::<u32>), [""; 0]);
    }
}
