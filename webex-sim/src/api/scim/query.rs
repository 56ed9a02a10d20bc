//! The parameters of a search (API reference, "Search users"; RFC 7644, section 3.4.2).

use std::cmp::Ordering;

use super::error::ScimError;
use super::filter::Filter;
use super::select::Selection;
use super::support;
use crate::oauth::params::Params;
use crate::world::Person;

/// Users on a page where the request does not say (API reference).
const COUNT: usize = 100;

/// A search.
#[derive(Debug, PartialEq)]
pub(crate) struct Search {
    pub(crate) filter: Option<Filter>,
    pub(crate) selection: Selection,
    pub(crate) sort: Option<Sort>,
    /// From 1.
    pub(crate) start: usize,
    pub(crate) count: usize,
}

/// The order of the answer. Without one it is that of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    by: SortBy,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortBy {
    UserName,
    Id,
    LastModified,
}

impl Search {
    /// Reads a query. Parameters without a value are as good as absent, unknown ones are ignored, and so are those about
    /// groups: there are none.
    pub(crate) fn parse(query: &str) -> Result<Self, ScimError> {
        let params = Params::parse(query.as_bytes());
        let number = |name: &str| {
            let number = params.get(name).map(str::parse::<i64>).transpose();
            number.map_err(|_| ScimError::Value(format!("{name} is not an integer.")))
        };
        let at_least = |number: i64, least: i64| usize::try_from(number.max(least)).unwrap_or(usize::MAX);
        Ok(Self {
            filter: params.get("filter").map(support::supported).transpose()?,
            selection: Selection::parse(params.get("attributes"), params.get("excludedAttributes")),
            sort: Sort::parse(params.get("sortBy"), params.get("sortOrder"))?,
            start: at_least(number("startIndex")?.unwrap_or(1), 1),
            count: number("count")?.map_or(COUNT, |count| at_least(count, 0)),
        })
    }
}

impl Sort {
    fn parse(by: Option<&str>, order: Option<&str>) -> Result<Option<Self>, ScimError> {
        let is = |text: &str, name: &str| text.eq_ignore_ascii_case(name);
        let descending = match order {
            None => false,
            Some(order) if is(order, "ascending") => false,
            Some(order) if is(order, "descending") => true,
            Some(_) => {
                let text = "sortOrder is neither ascending nor descending.";
                return Err(ScimError::Value(text.to_owned()));
            }
        };
        let by = match by {
            None => return Ok(None),
            Some(by) if is(by, "userName") => SortBy::UserName,
            Some(by) if is(by, "id") => SortBy::Id,
            Some(by) if is(by, "meta.lastModified") => SortBy::LastModified,
            Some(_) => {
                let text = "sortBy is none of userName, id, meta.lastModified.";
                return Err(ScimError::Value(text.to_owned()));
            }
        };
        Ok(Some(Self { by, descending }))
    }

    /// How two people follow one another.
    pub(crate) fn compare(self, one: &Person, other: &Person) -> Ordering {
        let order = match self.by {
            SortBy::UserName => one.email().to_lowercase().cmp(&other.email().to_lowercase()),
            SortBy::Id => one.id.cmp(&other.id),
            SortBy::LastModified => one.last_modified.cmp(&other.last_modified),
        };
        if self.descending { order.reverse() } else { order }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_parameters_it_is_the_first_hundred() {
        let search =
            Search::parse("filter=&returnGroups=true&includeGroupDetails=true&groupUsageTypes=x").unwrap();
        assert_eq!((search.start, search.count), (1, 100));
        assert_eq!((search.filter, search.sort), (None, None));
        assert_eq!(search.selection, Selection::default());
    }

    #[test]
    fn numbers_below_the_least_are_the_least() {
        let page = |query| Search::parse(query).map(|search| (search.start, search.count));
        assert_eq!(page("startIndex=0&count=-1"), Ok((1, 0)));
        assert_eq!(page("startIndex=-5&count=0"), Ok((1, 0)));
        assert_eq!(page("startIndex=7&count=9223372036854775807").unwrap().0, 7);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let table = [
            ("startIndex=x", "startIndex is not an integer."),
            ("count=1.5", "count is not an integer."),
            (
                "sortBy=title",
                "sortBy is none of userName, id, meta.lastModified.",
            ),
            (
                "sortBy=id&sortOrder=up",
                "sortOrder is neither ascending nor descending.",
            ),
        ];
        for (query, text) in table {
            assert_eq!(
                Search::parse(query),
                Err(ScimError::Value(text.to_owned())),
                "{query}"
            );
        }
        assert!(matches!(Search::parse("filter=x"), Err(ScimError::Filter(_))));
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "\\PC{0,60}", number in "\\PC{0,20}") {
            let _ = Search::parse(&query);
            let _ = Search::parse(&format!("startIndex={number}&count={number}&filter={query}&attributes={query}"));
        }
    }
}
