//! Pages of a list ("REST API Basics", pagination): `max` items, and a `Link` with `rel="next"` as long as there are more
//! (RFC 8288). A cursor names the last item that was shown by its place, so that a page neither repeats nor skips
//! anything that was there all the time, whatever was added or deleted meanwhile.

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::HOST;
use http::request::Parts;
use jiff::Timestamp;
use std::convert::Infallible;
use uuid::Uuid;

use super::header_value;
use crate::server::listen::Peer;

/// Parameter that carries the cursor.
pub(super) const CURSOR: &str = "cursor";

/// Who asks without saying whom is answered with Webex's own name.
const NAMELESS: &str = "webexapis.com";

/// The place of an item in a list: by time of creation, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    pub(super) created: Timestamp,
    pub(super) id: Uuid,
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Place of the last item, if there are more.
    pub(super) next: Option<Cursor>,
}

/// The request as its client sees it, to make links from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    scheme: &'static str,
    host: String,
    path: String,
    pub(super) query: String,
}

/// Up to `max` items after the cursor, in the order of their places.
pub(super) fn page<T>(
    items: impl Iterator<Item = T>,
    place: impl Fn(&T) -> Cursor,
    after: Option<Cursor>,
    max: usize,
) -> Page<T> {
    let rest = items.filter(|item| after.is_none_or(|after| place(item) > after));
    let mut items: Vec<_> = rest.collect();
    items.sort_by_key(&place);
    let more = items.len() > max;
    items.truncate(max);
    let next = items.last().filter(|_| more).map(&place);
    Page { items, next }
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

impl Cursor {
    /// What [`Cursor::text`] has made.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (nanoseconds, id) = text.split_once(':')?;
        Some(Self {
            created: Timestamp::from_nanosecond(nanoseconds.parse().ok()?).ok()?,
            id: id.parse().ok()?,
        })
    }

    /// Opaque to clients.
    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.created.as_nanosecond(), self.id))
    }
}

impl Asked {
    /// The `Link` to what follows `next`: the same request with another cursor.
    pub(super) fn link(&self, next: &Cursor) -> Option<HeaderValue> {
        let Self {
            scheme,
            host,
            path,
            query,
        } = self;
        let is_kept = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some(CURSOR);
        let mut pairs: Vec<_> = query.split('&').filter(is_kept).collect();
        let cursor = format!("{CURSOR}={}", next.text());
        pairs.push(&cursor);
        let query = pairs.join("&");
        header_value(format!("<{scheme}://{host}{path}?{query}>; rel=\"next\""))
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().copied().unwrap_or_default();
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        // HTTP/2 has the authority in the target.
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        Ok(Self {
            scheme: if peer.tls { "https" } else { "http" },
            host: host.or(authority).unwrap_or(NAMELESS).to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(n: u32) -> Cursor {
        Cursor {
            created: Timestamp::from_second(i64::from(n / 3)).unwrap(),
            id: Uuid::from_u128(u128::from(n)),
        }
    }

    fn asked(query: &str) -> Asked {
        Asked {
            scheme: "http",
            host: "sim:8080".into(),
            path: "/v1/x".into(),
            query: query.into(),
        }
    }

    #[test]
    fn the_link_is_the_request_with_another_cursor() {
        let of = |query| {
            let link = asked(query).link(&at(7)).unwrap();
            link.to_str().unwrap().replace(&at(7).text(), "C")
        };
        assert_eq!(
            of("max=2&status=error,updating&cursor=old&x"),
            r#"<http://sim:8080/v1/x?max=2&status=error,updating&x&cursor=C>; rel="next""#
        );
        assert_eq!(of(""), r#"<http://sim:8080/v1/x?cursor=C>; rel="next""#);
    }

    #[test]
    fn what_is_deleted_between_pages_hides_nothing_else() {
        let first = page([1, 2, 3, 4].into_iter(), |n| at(*n), None, 2);
        assert_eq!((first.items, first.next), (vec![1, 2], Some(at(2))));
        let second = page([3, 4].into_iter(), |n| at(*n), Some(at(2)), 2);
        assert_eq!((second.items, second.next), (vec![3, 4], None));
    }

    proptest! {
        #[test]
        fn the_pages_together_are_the_list(count in 0_u32..40, max in 1_usize..9) {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = page((0..count).rev(), |n| at(*n), after, max);
                prop_assert!(page.items.len() <= max);
                seen.extend(page.items);
                after = page.next;
                if after.is_none() { break }
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn a_cursor_reads_what_it_wrote_and_nothing_panics(n in any::<u32>(), text in ".{0,40}") {
            prop_assert_eq!(Cursor::parse(&at(n).text()), Some(at(n)));
            let _ = Cursor::parse(&text);
        }
    }
}
