//! Which requests a rule means.

use http::{HeaderMap, HeaderName};

use super::path::PathPattern;
use crate::secret::fingerprint;

/// What a rule sees of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// Id of the operation; absent where nothing is simulated.
    pub(crate) operation: Option<&'static str>,
    pub(crate) method: &'a str,
    /// As sent.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// E-mail address of the person behind the tokens.
    pub(crate) person: Option<&'a str>,
    /// Access token, refresh token and code, whichever there are.
    pub(crate) tokens: &'a [&'a str],
    pub(crate) grant_type: Option<&'a str>,
}

/// What a request must be like; what is absent may be anything.
#[derive(Debug, Clone, Default)]
pub(super) struct Matcher {
    pub(super) operation: Option<&'static str>,
    pub(super) method: Option<String>,
    pub(super) path: Option<PathPattern>,
    pub(super) person: Option<String>,
    /// A fingerprint.
    pub(super) token: Option<String>,
    pub(super) grant_type: Option<String>,
    pub(super) header: Option<(HeaderName, Option<String>)>,
}

impl Matcher {
    pub(super) fn means(&self, seen: &Seen<'_>) -> bool {
        let person = |own: &String| seen.person.is_some_and(|person| person.eq_ignore_ascii_case(own));
        let token = |own: &String| seen.tokens.iter().any(|token| fingerprint(token) == *own);
        let header = |(name, value): &(HeaderName, Option<String>)| {
            let mut fields = seen.headers.get_all(name).iter();
            fields.any(|field| {
                value
                    .as_ref()
                    .is_none_or(|value| field.as_bytes() == value.as_bytes())
            })
        };
        self.operation.is_none_or(|own| seen.operation == Some(own))
            && self.method.as_ref().is_none_or(|own| own == seen.method)
            && self.path.as_ref().is_none_or(|own| own.means(seen.path))
            && self.person.as_ref().is_none_or(person)
            && self
                .grant_type
                .as_ref()
                .is_none_or(|own| seen.grant_type == Some(own))
            && self.header.as_ref().is_none_or(header)
            && self.token.as_ref().is_none_or(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(change: impl FnOnce(&mut Matcher)) -> bool {
        let mut headers = HeaderMap::new();
        headers.append("accept", "text/html".parse().unwrap());
        headers.append("accept", "application/json".parse().unwrap());
        let seen = Seen {
            operation: Some("token"),
            method: "POST",
            path: "/v1/access_token",
            headers: &headers,
            person: Some("avery.quinn@acme.example.com"),
            tokens: &["abc"],
            grant_type: Some("refresh_token"),
        };
        let mut matcher = Matcher::default();
        change(&mut matcher);
        matcher.means(&seen)
    }

    #[test]
    fn nothing_said_means_everything() {
        assert!(means(|_| ()));
    }

    #[test]
    fn each_field_is_compared() {
        assert!(means(|own| own.operation = Some("token")));
        assert!(!means(|own| own.operation = Some("getMe")));
        assert!(means(|own| own.method = Some("POST".into())));
        assert!(!means(|own| own.method = Some("GET".into())));
        let path = |text| Some(PathPattern::parse(text, "path").unwrap());
        assert!(means(|own| own.path = path("/v1/*")));
        assert!(!means(|own| own.path = path("/v2/*")));
        assert!(means(
            |own| own.person = Some("Avery.Quinn@acme.example.com".into())
        ));
        assert!(!means(|own| own.person = Some("avery".into())));
        assert!(means(|own| own.token = Some("ba7816bf8f01".into())));
        assert!(!means(|own| own.token = Some("ba7816bf8f02".into())));
        assert!(means(|own| own.grant_type = Some("refresh_token".into())));
        assert!(!means(|own| own.grant_type = Some("authorization_code".into())));
    }

    #[test]
    fn a_header_field_may_come_several_times_and_its_value_is_exact() {
        let header = |name: &'static str, value: Option<&str>| {
            means(|own| own.header = Some((HeaderName::from_static(name), value.map(str::to_owned))))
        };
        assert!(header("accept", None) && header("accept", Some("application/json")));
        assert!(!header("accept", Some("application")) && !header("cookie", None));
    }

    #[test]
    fn all_fields_must_hold_together() {
        let both = |method: &str| {
            means(|own| {
                own.operation = Some("token");
                own.method = Some(method.into());
            })
        };
        assert!(both("POST") && !both("GET"));
    }

    #[test]
    fn what_the_request_does_not_have_is_not_meant() {
        let headers = HeaderMap::new();
        let seen = Seen {
            operation: None,
            method: "GET",
            path: "/x",
            headers: &headers,
            person: None,
            tokens: &[],
            grant_type: None,
        };
        let matcher = |change: fn(&mut Matcher)| {
            let mut matcher = Matcher::default();
            change(&mut matcher);
            matcher.means(&seen)
        };
        assert!(!matcher(|own| own.operation = Some("getMe")));
        assert!(!matcher(|own| own.person = Some("a@b".into())));
        assert!(!matcher(|own| own.token = Some("ba7816bf8f01".into())));
        assert!(!matcher(|own| own.grant_type = Some("refresh_token".into())));
    }
}
