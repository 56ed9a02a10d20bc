//! Scopes in words, for the consent page. The words are this simulator's.

use crate::oauth::ScopeSet;

/// What the integration of the product asks for, and what any integration may ask for.
const WORDS: [(&str, &str); 12] = [
    (
        "spark-admin:broadworks_subscribers_read",
        "See Webex for BroadWorks subscribers",
    ),
    (
        "spark-admin:broadworks_subscribers_write",
        "Create, change and remove Webex for BroadWorks subscribers",
    ),
    (
        "spark-admin:broadworks_enterprises_read",
        "See Webex for BroadWorks enterprises",
    ),
    (
        "spark-admin:broadworks_enterprises_write",
        "Change Webex for BroadWorks enterprises",
    ),
    ("spark:people_read", "See your own profile and look up people"),
    ("spark-admin:people_read", "See all people of the organization"),
    (
        "spark-admin:people_write",
        "Create, change and remove people of the organization",
    ),
    (
        "identity:people_rw",
        "See and change identities of the organization",
    ),
    ("identity:people_read", "See identities of the organization"),
    (
        "spark-admin:organizations_read",
        "See the organizations you administer",
    ),
    ("spark:kms", "Use the encryption keys of your messages"),
    ("openid", "Know who you are"),
];

/// A scope with its words.
pub(super) struct Shown<'a> {
    pub(super) name: &'a str,
    pub(super) words: Option<&'static str>,
}

pub(super) fn shown(scopes: &ScopeSet) -> Vec<Shown<'_>> {
    let words = |name| {
        WORDS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, words)| *words)
    };
    scopes
        .iter()
        .map(|name| Shown {
            name,
            words: words(name),
        })
        .collect()
}
