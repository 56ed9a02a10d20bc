//! Ids in the form Webex gives them out: base64url without padding of `ciscospark://us/<TYPE>/<value>`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt::Display;
use uuid::Uuid;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Organization,
    Role,
    License,
    Location,
    Subscriber,
    Enterprise,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Person => "PEOPLE",
            Self::Organization => "ORGANIZATION",
            Self::Role => "ROLE",
            Self::License => "LICENSE",
            Self::Location => "LOCATION",
            Self::Subscriber => "SUBSCRIBER",
            Self::Enterprise => "ENTERPRISE",
        }
    }
}

/// The id of the thing `value` names.
pub(crate) fn encode(kind: Kind, value: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("ciscospark://us/{}/{value}", kind.name()))
}

/// What an id of this kind names: the other way round. Ids of any cluster count, such as `ciscospark://urn:TEAM:…/…`.
pub(crate) fn decode(kind: Kind, id: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (cluster, rest) = text.strip_prefix("ciscospark://")?.split_once('/')?;
    let (name, value) = rest.split_once('/')?;
    let good = !cluster.is_empty() && name == kind.name() && !value.is_empty();
    good.then(|| value.to_owned())
}

/// The UUID in an id of this kind.
pub(crate) fn decode_uuid(kind: Kind, id: &str) -> Option<Uuid> {
    let value = decode(kind, id)?;
    // Other ways to write a UUID are no ids of Webex.
    let uuid = Uuid::try_parse(&value).ok()?;
    (uuid.to_string() == value).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_look_like_those_of_the_documentation() {
        assert_eq!(
            encode(Kind::Person, "f5b36187-c8dd-4727-8b2f-f9c447f29046"),
            "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY"
        );
    }
    #[test]
    fn ids_read_back_and_those_of_another_kind_do_not() {
        let role = encode(Kind::Role, "id_full_admin");
        assert_eq!(decode(Kind::Role, &role).as_deref(), Some("id_full_admin"));
        assert_eq!(decode(Kind::Person, &role), None);
        let other_cluster = URL_SAFE_NO_PAD
            .encode("ciscospark://urn:TEAM:us-west-2_r/PEOPLE/f5b36187-c8dd-4727-8b2f-f9c447f29046");
        assert!(decode_uuid(Kind::Person, &other_cluster).is_some());
    }

    #[test]
    fn a_uuid_has_one_form_and_a_type_a_value() {
        let of = |text: &str| decode_uuid(Kind::Person, &URL_SAFE_NO_PAD.encode(text));
        assert_eq!(
            of("ciscospark://us/PEOPLE/F5B36187-C8DD-4727-8B2F-F9C447F29046"),
            None
        );
        assert_eq!(
            of("ciscospark://us/PEOPLE/f5b36187c8dd47278b2ff9c447f29046"),
            None
        );
        assert_eq!(of("ciscospark://us/PEOPLE/"), None);
        assert_eq!(
            of("ciscospark:///PEOPLE/f5b36187-c8dd-4727-8b2f-f9c447f29046"),
            None
        );
    }

    proptest! {
        #[test]
        fn any_text_is_an_id_or_none(text in "\\PC{0,80}") {
            prop_assert_eq!(decode(Kind::Person, &text).is_some() && decode(Kind::Role, &text).is_some(), false);
        }

        #[test]
        fn what_is_encoded_reads_back(value in "\\PC{1,40}") {
            prop_assert_eq!(decode(Kind::License, &encode(Kind::License, &value)), Some(value));
        }
    }
}
