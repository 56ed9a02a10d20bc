//! Pages of a list and the link to the next one ("REST API Basics", pagination; RFC 8288):
//! `Link: <absolute URL>; rel="next"`, with a cursor that keeps its place while things come and go.
//!
//! A handler reads a [`Pager`] from the URL, gives it all items in their order and puts the link on its answer:
//!
//! ```text
//! let pager = Pager::read(&url, Limits { default: 100, most: 1_000 })?;
//! let page = pager.page(items, |item| Place { id: item.id, created: item.created });
//! let response = page.linked(respond::json(…, &page.items));
//! ```
//!
//! A service that collects what is wrong with a request reads [`max`] and [`Cursor`] itself and makes a [`Pager`] of them.

use std::fmt::Write as _;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::LINK;
use jiff::Timestamp;
use uuid::Uuid;

use super::error::ApiError;
use super::request_url::RequestUrl;
use crate::oauth::params::Params;

/// The parameter in links; lists of subscribers use `after` for a time.
pub(crate) const CURSOR: &str = "cursor";

/// How long pages are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Without `max`.
    pub(crate) default: usize,
    /// A larger `max` means this.
    pub(crate) most: usize,
}

/// What tells where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) id: Uuid,
    pub(crate) created: Timestamp,
}

/// Cuts a list into pages, for one request.
#[derive(Debug)]
pub(crate) struct Pager<'a> {
    url: &'a RequestUrl,
    max: usize,
    cursor: Option<Cursor>,
}

/// Some of the items, and where to find the next ones.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Value of the `Link` field; absent on the last page.
    pub(crate) next: Option<HeaderValue>,
}

/// The place between two items. Each of them alone finds it again if the other one is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    last: Place,
    next: Uuid,
}

// === impl Pager ===

impl<'a> Pager<'a> {
    /// Reads `max` and the cursor.
    pub(crate) fn read(url: &'a RequestUrl, limits: Limits) -> Result<Self, ApiError> {
        let params = url.params();
        let cursor = match params.get(CURSOR) {
            None => None,
            Some(text) => Some(
                Cursor::decode(text)
                    .ok_or_else(|| ApiError::invalid(format!("'{CURSOR}' is not one that was given out.")))?,
            ),
        };
        let max = match params.get("max") {
            None => limits.default,
            Some(text) => {
                max(text, limits).ok_or_else(|| ApiError::invalid("'max' must be a number of at least 1."))?
            }
        };
        Ok(Self::new(url, max, cursor))
    }

    /// Pages of `max` items, from the cursor on.
    pub(crate) fn new(url: &'a RequestUrl, max: usize, cursor: Option<Cursor>) -> Self {
        Self { url, max, cursor }
    }

    /// The page of `items`, which are all there are, in an order that does not change; new ones come at the end.
    pub(crate) fn page<T>(&self, items: Vec<T>, place: impl Fn(&T) -> Place) -> Page<T> {
        let start = self
            .cursor
            .map_or(0, |cursor| cursor.find(items.iter().map(&place)));
        let mut items = items.into_iter().skip(start);
        let page: Vec<_> = items.by_ref().take(self.max).collect();
        let next = match (page.last(), items.next()) {
            (Some(last), Some(next)) => Some(self.link(Cursor {
                last: place(last),
                next: place(&next).id,
            })),
            _ => None,
        };
        Page { items: page, next }
    }

    fn link(&self, cursor: Cursor) -> HeaderValue {
        let url = self.url.with_param(CURSOR, &cursor.encode());
        // A few more bytes pass in a URL than belong into a header field.
        let url = url.bytes().fold(String::new(), |mut url, byte| {
            if byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"') {
                url.push(char::from(byte));
            } else {
                let _ = write!(url, "%{byte:02X}");
            }
            url
        });
        HeaderValue::try_from(format!("<{url}>; rel=\"next\"")).expect("it is visible ASCII")
    }
}

// === impl Page ===

impl<T> Page<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }

    /// Puts the link on an answer.
    pub(crate) fn linked(&self, mut response: Response) -> Response {
        if let Some(next) = &self.next {
            response.headers_mut().insert(LINK, next.clone());
        }
        response
    }
}

// === impl Cursor ===

impl Cursor {
    /// Index of the first item after the place. If both neighbours are gone, it goes on by the time of creation: what was created at
    /// the same moment as the last one may come again, and what a seed has dated back behind later ones may be left out.
    fn find(self, places: impl Iterator<Item = Place> + Clone) -> usize {
        let mut search = places.clone();
        if let Some(index) = search.position(|place| place.id == self.last.id) {
            return index + 1;
        }
        let mut search = places.clone();
        if let Some(index) = search.position(|place| place.id == self.next) {
            return index;
        }
        let mut search = places.clone();
        search
            .position(|place| place.created >= self.last.created)
            .unwrap_or_else(|| places.count())
    }

    /// Opaque to clients: base64 of a query, as in links of Webex that have been seen.
    fn encode(self) -> String {
        let text = form_urlencoded::Serializer::new(String::new())
            .append_pair("last", &self.last.id.to_string())
            .append_pair("created", &self.last.created.as_nanosecond().to_string())
            .append_pair("next", &self.next.to_string())
            .finish();
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The cursor of a link; absent if the text is none.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let params = Params::parse(&URL_SAFE_NO_PAD.decode(text).ok()?);
        let nanoseconds = params.get("created")?.parse().ok()?;
        Some(Self {
            last: Place {
                id: params.get("last")?.parse().ok()?,
                created: Timestamp::from_nanosecond(nanoseconds).ok()?,
            },
            next: params.get("next")?.parse().ok()?,
        })
    }
}

/// A whole number of at least 1, as many as a page may have. One too large for a machine is as good as any large one.
pub(crate) fn max(text: &str, limits: Limits) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().unwrap_or(usize::MAX));
    number
        .filter(|number| *number > 0)
        .map(|number: usize| number.min(limits.most))
}

#[cfg(test)]
mod tests;
