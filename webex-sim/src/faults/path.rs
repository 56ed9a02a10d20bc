//! Paths that a rule means: exact, with `*` for a segment, with `**` for any rest.

use crate::control::fields::rejection;
use crate::control::types::Rejection;

/// What a pattern may look like.
const ACCEPTED: &str =
    "a path such as /v1/people/me, with * for a whole segment and ** for any rest, at the end only";

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern {
    segments: Vec<Segment>,
    /// Whether `**` ends it.
    open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Exactly(String),
    Any,
}

impl PathPattern {
    /// Reads a pattern; `field` is its name in a rejection.
    pub(super) fn parse(text: &str, field: &str) -> Result<Self, Rejection> {
        let wrong = || rejection(field, &format!("is {text:?}"), ACCEPTED);
        let rest = text.strip_prefix('/').ok_or_else(wrong)?;
        let mut names: Vec<_> = rest.split('/').collect();
        let open = names.last() == Some(&"**");
        if open {
            names.pop();
        }
        let segments = names.into_iter().map(|name| match name {
            "*" => Ok(Segment::Any),
            // A query is no part of the path, and the braces of a template never stand in one.
            _ if name.contains(['*', '?', '#', '{', '}']) => Err(wrong()),
            _ if !name.bytes().all(|byte| byte.is_ascii_graphic()) => Err(wrong()),
            _ => Ok(Segment::Exactly(name.to_owned())),
        });
        Ok(Self {
            segments: segments.collect::<Result<_, _>>()?,
            open,
        })
    }

    /// Whether `path` is meant, as it was sent: nothing is decoded.
    pub(super) fn means(&self, path: &str) -> bool {
        let names: Vec<_> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let long_enough = if self.open {
            names.len() >= self.segments.len()
        } else {
            names.len() == self.segments.len()
        };
        long_enough && self.segments.iter().zip(names).all(|(own, name)| own.means(name))
    }
}

impl Segment {
    fn means(&self, name: &str) -> bool {
        match self {
            Self::Exactly(own) => own == name,
            Self::Any => !name.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn means(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern, "path").unwrap().means(path)
    }

    #[test]
    fn a_path_without_stars_is_exact() {
        assert!(means("/", "/"));
        assert!(means("/v1/people/me", "/v1/people/me"));
        for other in ["/v1/people", "/v1/people/me/", "/v1/people/Me", "/v1/people/me/x"] {
            assert!(!means("/v1/people/me", other), "{other}");
        }
    }

    #[test]
    fn a_star_is_a_segment_that_is_not_empty() {
        assert!(means("/v1/people/*", "/v1/people/abc"));
        assert!(means("/identity/scim/*/v2/Users", "/identity/scim/x/v2/Users"));
        for other in ["/v1/people", "/v1/people/", "/v1/people/a/b"] {
            assert!(!means("/v1/people/*", other), "{other}");
        }
    }

    #[test]
    fn two_stars_are_any_rest() {
        for path in ["/v1", "/v1/", "/v1/a", "/v1/a/b"] {
            assert!(means("/v1/**", path), "{path}");
        }
        assert!(!means("/v1/**", "/v2/a") && !means("/v1/**", "/"));
        assert!(means("/**", "/") && means("/**", "/a/b"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "", "v1", "/v1/**/x", "/a*", "/***", "/a?b=c", "/a#b", "/{id}", "/a b", "/ä",
        ] {
            assert_eq!(
                PathPattern::parse(text, "match.path").unwrap_err().field,
                "match.path",
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_pattern_without_stars_means_itself(path in "(/[a-zA-Z0-9%._~-]{0,8}){1,5}") {
            prop_assert!(means(&path, &path));
        }

        #[test]
        fn no_text_makes_it_panic(pattern in "\\PC{0,20}", path in "\\PC{0,20}") {
            if let Ok(pattern) = PathPattern::parse(&pattern, "path") {
                let _ = pattern.means(&path);
            }
        }
    }
}
