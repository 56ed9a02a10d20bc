//! `Link` and `Location` that point at Webex, turned to the address the client used, so that SDKs stay on the gateway.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::headers::{has, lines};
use super::upstream::Upstream;

/// The scheme by which a proxy in front was asked.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Rewrites both fields of an answer, where they point at one of `upstream`'s origins, for the client that has `asked` with these fields.
pub fn rewrite(headers: &mut HeaderMap, upstream: &Upstream, asked: &HeaderMap) {
    if !has(headers, &header::LINK) && !has(headers, &header::LOCATION) {
        return;
    }
    let Some(client) = client_address(asked) else {
        return;
    };
    for (name, rewrite) in [
        (header::LINK, link as fn(&str, &Upstream, &str) -> Option<String>),
        (header::LOCATION, location),
    ] {
        if let header::Entry::Occupied(mut entry) = headers.entry(name) {
            for value in entry.iter_mut() {
                let rewritten = value
                    .to_str()
                    .ok()
                    .and_then(|text| rewrite(text, upstream, &client));
                if let Some(new) = rewritten.and_then(|text| HeaderValue::try_from(text).ok()) {
                    *value = new;
                }
            }
        }
    }
}

/// How the client addresses the gateway, `http://webex_gw:9001`: by its `Host` and a single `X-Forwarded-Proto`; `None` without a
/// Host, as in old HTTP/1.0.
fn client_address(asked: &HeaderMap) -> Option<String> {
    let host = lines(asked, header::HOST).next()?.to_str().ok()?;
    let mut schemes = lines(asked, FORWARDED_PROTO);
    let scheme = match (schemes.next().map(HeaderValue::as_bytes), schemes.next()) {
        (Some(b"https"), None) => "https",
        _ => "http",
    };
    Some(format!("{scheme}://{host}"))
}

fn location(text: &str, upstream: &Upstream, client: &str) -> Option<String> {
    upstream.origins().find_map(|origin| {
        let rest = strip_origin(text, origin)?;
        Some(format!("{client}{rest}"))
    })
}

/// Every `<target>` of the field (RFC 8288 section 3); a `<` inside a quoted parameter is not one.
fn link(text: &str, upstream: &Upstream, client: &str) -> Option<String> {
    let mut rewritten = String::with_capacity(text.len());
    let (mut rest, mut quoted, mut changed) = (text, false, false);
    while let Some(next) = rest.find(['<', '"', '\\']) {
        let (before, found) = rest.split_at(next);
        rewritten.push_str(before);
        let target = (!quoted && found.starts_with('<'))
            .then(|| found[1..].split_once('>'))
            .flatten();
        let taken = match (target, found.as_bytes()[0]) {
            (Some((target, _)), _) => {
                let new = location(target, upstream, client);
                changed |= new.is_some();
                rewritten.push('<');
                rewritten.push_str(new.as_deref().unwrap_or(target));
                rewritten.push('>');
                target.len() + 2
            }
            (None, b'\\') if quoted => {
                let escaped = found.chars().take(2).map(char::len_utf8).sum();
                rewritten.push_str(&found[..escaped]);
                escaped
            }
            (None, first) => {
                quoted ^= first == b'"';
                rewritten.push(char::from(first));
                1
            }
        };
        rest = &found[taken..];
    }
    rewritten.push_str(rest);
    changed.then_some(rewritten)
}

/// What follows `origin` in `url`, if the origin ends there: a path, a query, a fragment, or nothing. The port of the scheme
/// may be told or not (RFC 3986 section 6.2.3).
fn strip_origin<'a>(url: &'a str, origin: &str) -> Option<&'a str> {
    let port = match origin.starts_with("https:") {
        true => ":443",
        false => ":80",
    };
    let origin = origin.strip_suffix(port).unwrap_or(origin);
    let (start, rest) = url.split_at_checked(origin.len())?;
    let rest = rest.strip_prefix(port).unwrap_or(rest);
    let ends = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    (start.eq_ignore_ascii_case(origin) && ends).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(name: &'static str, value: &str) -> String {
        rewritten_behind("http://webex-sim:8080", name, value)
    }

    fn rewritten_behind(origin: &str, name: &'static str, value: &str) -> String {
        let upstream = Upstream::for_tests(origin);
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).unwrap());
        let asked = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("gw:9001"))]);
        rewrite(&mut headers, &upstream, &asked);
        headers[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_next_page_stays_on_the_gateway() {
        assert_eq!(
            rewritten(
                "link",
                r#"<https://webexapis.com/v1/people?max=10&before&after=Y2lz>; rel="next""#
            ),
            r#"<http://gw:9001/v1/people?max=10&before&after=Y2lz>; rel="next""#
        );
        assert_eq!(
            rewritten(
                "link",
                r#"<http://webex-sim:8080/a>; rel="prev", <HTTPS://WEBEXAPIS.COM/b>; rel="next""#
            ),
            r#"<http://gw:9001/a>; rel="prev", <http://gw:9001/b>; rel="next""#
        );
        assert_eq!(
            rewritten("location", "https://webexapis.com/v1/x"),
            "http://gw:9001/v1/x"
        );
        // Only within quotes does a backslash take the next character with it.
        assert_eq!(
            rewritten("link", r"<https://other.example/>; a=\<https://webexapis.com/b>"),
            r"<https://other.example/>; a=\<http://gw:9001/b>"
        );
    }

    #[test]
    fn the_port_of_the_scheme_may_be_told() {
        for (origin, url) in [
            ("http://webex-sim:8080", "https://webexapis.com:443/v1/x"),
            ("http://webex-sim:80", "http://webex-sim/v1/x"),
            ("http://webex-sim", "http://webex-sim:80/v1/x"),
        ] {
            assert_eq!(rewritten_behind(origin, "location", url), "http://gw:9001/v1/x");
        }
        for elsewhere in ["https://webexapis.com:80/", "https://webexapis.com:4430/"] {
            assert_eq!(rewritten("location", elsewhere), elsewhere);
        }
    }

    #[test]
    fn what_points_elsewhere_stays_as_it_is() {
        for value in [
            r#"<https://webexapis.com.evil.example/>; rel="next""#,
            r#"<https://webexapis.com:8443/>; rel="next""#,
            r#"</v1/relative>; rel="next""#,
            r#"<https://other.example/>; title="see <https://webexapis.com/x>""#,
            r#"<https://other.example/>; title="a \" <https://webexapis.com/x>""#,
            "<unfinished",
        ] {
            assert_eq!(rewritten("link", value), value);
        }
    }

    #[test]
    fn the_clients_address_is_its_host_and_one_forwarded_scheme() {
        let address = |fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, HeaderValue::from_static(value));
            }
            client_address(&headers)
        };
        assert_eq!(address(&[]), None);
        assert_eq!(address(&[("host", "gw:9001")]).as_deref(), Some("http://gw:9001"));
        assert_eq!(
            address(&[("host", "gw"), ("x-forwarded-proto", "https")]).as_deref(),
            Some("https://gw")
        );
        assert_eq!(
            address(&[("host", "gw"), ("x-forwarded-proto", "https, http")]).as_deref(),
            Some("http://gw")
        );
    }
}
