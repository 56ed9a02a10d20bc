//! `.dockerignore`: which files belong to the build context. The rules of the engine's own client, without character
//! classes, which the project does not use.

use anyhow::Context;

/// The rules of one file, in order: the last one that matches a path decides.
#[derive(Debug)]
pub(super) struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// Parts of the path, each of which may have `*` and `?`, or is `**`.
    parts: Vec<String>,
    /// The rule began with `!`.
    includes: bool,
}

impl Ignore {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Self {
            rules: lines.map(Rule::parse).collect::<anyhow::Result<_>>()?,
        })
    }

    /// Whether the file or folder stays out of the context.
    pub(super) fn excludes(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let deciding = self.rules.iter().rev().find(|rule| rule.matches_or_holds(&parts));
        deciding.is_some_and(|rule| !rule.includes)
    }

    /// Whether nothing below an excluded folder can be in the context, so that it need not be read.
    pub(super) fn prunes(&self, folder: &str) -> bool {
        let depth = folder.split('/').count();
        let reaches = |rule: &&Rule| {
            rule.includes
                && folder
                    .split('/')
                    .zip(&rule.parts)
                    .all(|(part, rule)| rule == "**" || matches(rule, part))
        };
        self.excludes(folder)
            && !self
                .rules
                .iter()
                .filter(reaches)
                .any(|rule| rule.parts.len() > depth)
    }
}

impl Rule {
    fn parse(line: &str) -> anyhow::Result<Self> {
        let (includes, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let parts: Vec<String> = pattern.trim_matches('/').split('/').map(str::to_owned).collect();
        let plain = parts
            .iter()
            .all(|part| !part.is_empty() && !part.contains(['[', '\\']));
        plain
            .then_some(Self { parts, includes })
            .with_context(|| format!(".dockerignore: {line:?} is not supported"))
    }

    /// A rule for a folder holds for all that is in it.
    fn matches_or_holds(&self, path: &[&str]) -> bool {
        (1..=path.len()).any(|length| matches_parts(&self.parts, &path[..length]))
    }
}

fn matches_parts(rule: &[String], path: &[&str]) -> bool {
    match (rule.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            matches_parts(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, below)| matches_parts(rule, below))
        }
        (Some((first, rest)), Some((part, below))) => matches(first, part) && matches_parts(rest, below),
        _ => false,
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let mut rest = name.chars();
    let mut signs = pattern.chars();
    match signs.next() {
        None => name.is_empty(),
        Some('*') => {
            matches(signs.as_str(), name) || rest.next().is_some_and(|_| matches(pattern, rest.as_str()))
        }
        Some('?') => rest.next().is_some() && matches(signs.as_str(), rest.as_str()),
        Some(sign) => rest.next() == Some(sign) && matches(signs.as_str(), rest.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(text: &str) -> Ignore {
        Ignore::parse(text).unwrap()
    }

    #[test]
    fn the_last_rule_that_matches_decides() {
        let ignore = ignore("*\n!gateway\ngateway/tests\n");
        assert!(ignore.excludes("README.md"));
        assert!(!ignore.excludes("gateway"));
        assert!(!ignore.excludes("gateway/src/main.rs"));
        assert!(ignore.excludes("gateway/tests/it/main.rs"));
    }

    #[test]
    fn two_stars_are_any_number_of_folders() {
        let ignore = ignore("**/*.snap\n**/target\n");
        for path in ["a.snap", "x/y/a.snap", "target", "x/target/debug/z"] {
            assert!(ignore.excludes(path), "{path}");
        }
        assert!(!ignore.excludes("x/targets"));
    }

    #[test]
    fn comments_empty_lines_and_outer_slashes_mean_nothing() {
        let ignore = ignore("# a\n\n/docs/\n");
        assert!(ignore.excludes("docs/a.md"));
        assert!(!ignore.excludes("a"));
    }

    #[test]
    fn a_folder_with_an_exception_below_is_read() {
        let ignore = ignore("*\n!e2e/Cargo.toml\n");
        assert!(ignore.excludes("e2e"));
        assert!(!ignore.prunes("e2e"));
        assert!(ignore.prunes("e2e/src"));
        assert!(ignore.prunes("target"));
    }

    #[test]
    fn what_is_not_supported_is_said() {
        assert!(Ignore::parse("[ab]").is_err());
    }
}
