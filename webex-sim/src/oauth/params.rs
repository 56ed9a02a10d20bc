//! Parameters of a query or a form, as both OAuth endpoints read them: without a value is as good as absent, and none
//! may come twice (RFC 6749, sections 3.1 and 3.2).

/// Decoded parameters in the order sent. No `Debug`: they hold secrets.
#[derive(Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded`, which is also the format of a query.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text).filter(|(_, value)| !value.is_empty());
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that was sent more than once.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut names = self.0.iter().map(|(name, _)| name.as_str()).enumerate();
        names
            .find(|(n, name)| self.0[..*n].iter().any(|(earlier, _)| earlier == name))
            .map(|(_, name)| name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plus_is_a_space_and_empty_is_absent() {
        let params = Params::parse(b"scope=a+b%20c&state=&code");
        assert_eq!(params.get("scope"), Some("a b c"));
        assert_eq!((params.get("state"), params.get("code")), (None, None));
    }

    #[test]
    fn a_repetition_is_named() {
        assert_eq!(Params::parse(b"a=1&b=2&a=1").repeated(), Some("a"));
        assert_eq!(Params::parse(b"a=1&b=2").repeated(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let params = Params::parse(&bytes);
            prop_assert!(params.iter().all(|(_, value)| !value.is_empty()));
        }

        #[test]
        fn what_is_written_reads_back(name in "\\PC{1,20}", value in "\\PC{1,40}") {
            let text = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let params = Params::parse(text.as_bytes());
            prop_assert_eq!(params.get(&name), Some(value.as_str()));
        }
    }
}
