//! Parameters of the lists. What a list does not know it ignores, as Webex does; a known one that makes no sense is
//! refused.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::api::error::{ApiError, Problem};
use crate::api::paging::{self, CURSOR, Cursor, Limits, Pager};
use crate::api::request_url::RequestUrl;

/// The parameters of a request, and what is wrong with them so far.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, Param)>,
    problems: Vec<Problem>,
}

/// A value. Clients send `Reseller1+acme` as it is, although a plus is a space in a form: both readings count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Param {
    form: String,
    plain: String,
}

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        let form = form_urlencoded::parse(query.as_bytes());
        let literal = query.replace('+', "%2B");
        let plain = form_urlencoded::parse(literal.as_bytes());
        let pairs = form.zip(plain).map(|((name, form), (_, plain))| {
            let value = Param {
                form: form.into_owned(),
                plain: plain.into_owned(),
            };
            (name.into_owned(), value)
        });
        Self {
            pairs: pairs.collect(),
            problems: Vec::new(),
        }
    }

    /// A parameter; one without value counts as absent, and the first one if it is there twice.
    pub(super) fn param(&self, name: &str) -> Option<Param> {
        let mut values = self.pairs.iter().filter(|(own, _)| own == name);
        let (_, value) = values.find(|(_, value)| !value.form.is_empty())?;
        Some(value.clone())
    }

    /// What cuts the list into pages; `url` is that of the request.
    pub(super) fn pager<'a>(&mut self, url: &'a RequestUrl, limits: Limits) -> Pager<'a> {
        let max = self.read("max", "a number from 1", |text| paging::max(text, limits));
        let cursor = self.read(CURSOR, "that of a link", Cursor::decode);
        Pager::new(url, max.unwrap_or(limits.default), cursor)
    }

    /// A moment: milliseconds since 1970 or ISO 8601.
    pub(super) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.read(name, "milliseconds since 1970 or an ISO 8601 date", time)
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.read(name, "true or false", |text| {
            text.to_ascii_lowercase().parse().ok()
        })
    }

    /// Some of several words, between commas.
    pub(super) fn choices<T: Copy>(&mut self, name: &'static str, known: &[(&str, T)]) -> Option<Vec<T>> {
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        self.read(name, &format!("some of {}", words.join(", ")), |text| {
            let one = |word: &str| {
                let found = known.iter().find(|(known, _)| *known == word.trim());
                found.map(|(_, choice)| *choice)
            };
            text.split(',').map(one).collect()
        })
    }

    /// Refuses the request if anything is wrong with it.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(ApiError::Invalid(self.problems)),
        }
    }

    fn read<T>(&mut self, name: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.param(name)?;
        let read = read(&value.form).or_else(|| read(&value.plain));
        if read.is_none() {
            self.problems.push(Problem {
                description: format!("{name} must be {expected}."),
                code: None,
                field: Some(name.to_owned()),
            });
        }
        read
    }
}

impl Param {
    /// Whether this is asked for, in either reading.
    pub(super) fn is(&self, matches: impl Fn(&str) -> bool) -> bool {
        matches(&self.form) || matches(&self.plain)
    }
}

/// Without an offset it is UTC, without a time it is midnight.
fn time(text: &str) -> Option<Timestamp> {
    let number = text.strip_prefix('-').unwrap_or(text);
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Timestamp::from_millisecond(text.parse().ok()?).ok();
    }
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let with_offset = text.parse::<Timestamp>().ok();
    with_offset
        .or_else(|| utc(text.parse::<DateTime>().ok()?))
        .or_else(|| utc(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        default: 50,
        most: 100,
    };

    #[test]
    fn times_are_numbers_or_dates() {
        for (text, seconds) in [
            ("1579046400245", Some(1_579_046_400)),
            ("0", Some(0)),
            ("2020-01-15T00:00:00.000Z", Some(1_579_046_400)),
            ("2020-01-15T01:00:00+01:00", Some(1_579_046_400)),
            ("2020-01-15T00:00:00", Some(1_579_046_400)),
            ("2020-01-15", Some(1_579_046_400)),
            ("yesterday", None),
            ("-", None),
            ("99999999999999999999", None),
            ("9223372036854775807", None),
        ] {
            assert_eq!(time(text).map(Timestamp::as_second), seconds, "{text}");
        }
    }

    #[test]
    fn a_plus_is_a_plus_or_a_space() {
        let query = Query::parse("spEnterpriseId=My+SP%2Bacme&after=2020-01-15T01:00:00+01:00");
        let param = query.param("spEnterpriseId").unwrap();
        assert!(param.is(|text| text == "My SP+acme") && param.is(|text| text == "My+SP+acme"));
        let mut query = query;
        assert_eq!(query.time("after").unwrap().as_second(), 1_579_046_400);
        assert_eq!(query.finish(), Ok(()));
    }

    #[test]
    fn a_maximum_or_cursor_that_makes_no_sense_is_a_problem_of_its_field() {
        for (query, field) in [("max=0", "max"), ("max=ten", "max"), ("cursor=x", "cursor")] {
            let mut parsed = Query::parse(query);
            parsed.pager(&RequestUrl::at("/"), LIMITS);
            let Err(ApiError::Invalid(problems)) = parsed.finish() else {
                panic!("{query}");
            };
            assert_eq!(problems[0].field.as_deref(), Some(field));
        }
        for query in ["", "max=", "max&max=7", "max=101", "max=99999999999999999999999"] {
            let mut parsed = Query::parse(query);
            parsed.pager(&RequestUrl::at("/"), LIMITS);
            assert_eq!(parsed.finish(), Ok(()), "{query}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in ".{0,60}") {
            let mut query = Query::parse(&query.replace('x', "max=").replace('y', "after="));
            query.pager(&RequestUrl::at("/"), LIMITS);
            let _ = (query.time("after"), query.flag("selfActivated"), query.finish());
        }
    }
}
