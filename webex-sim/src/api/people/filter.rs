//! What `GET /v1/people` asks for.

use uuid::Uuid;

use super::sight::Sight;
use crate::api::error::ApiError;
use crate::api::paging::Limits;
use crate::api::request_url::RequestUrl;
use crate::ids::{self, Kind};
use crate::world::{Directory, Person};

/// Most ids a list may be asked for (API reference, "List People").
const MOST_IDS: usize = 85;

/// People on a page unless `max` says otherwise (API reference).
const PAGE: usize = 100;

/// Most on a page. The reference names none for a plain list; this is the cap of the list of enterprises.
const MOST: usize = 1_000;

/// Most on a page with `callingData` (API reference).
const MOST_WITH_CALLING: usize = 100;

/// Most on a page with `locationId` (API reference).
const MOST_OF_LOCATION: usize = 50;

/// The parameters, each checked by itself. People who are listed fit all of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    email: Option<String>,
    /// In lower case.
    name_prefix: Option<String>,
    /// As they were written.
    ids: Option<Vec<String>>,
    organization: Option<Uuid>,
    /// Names; one of them is enough.
    roles: Option<Vec<String>>,
    location: Option<String>,
    calling: bool,
}

impl Filter {
    pub(super) fn read(url: &RequestUrl) -> Result<Self, ApiError> {
        let params = url.params();
        let text = |name| params.get(name).map(str::to_owned);
        let ids: Option<Vec<_>> = params
            .get("id")
            .map(|ids| parts(ids).map(str::to_owned).collect());
        if ids.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
            return Err(wrong("id", "a list of at most 85 person ids"));
        }
        let organization = params.get("orgId").map(|id| {
            let id = ids::decode_uuid(Kind::Organization, id);
            id.ok_or_else(|| wrong("orgId", "an organization id"))
        });
        let roles = params.get("roles").map(|ids| {
            let names = parts(ids).map(|id| ids::decode(Kind::Role, id));
            let names: Option<Vec<_>> = names.collect();
            names.ok_or_else(|| wrong("roles", "a list of role ids"))
        });
        Ok(Self {
            email: text("email"),
            name_prefix: params.get("displayName").map(str::to_lowercase),
            ids,
            organization: organization.transpose()?,
            roles: roles.transpose()?,
            location: text("locationId"),
            calling: url.flag("callingData")?,
        })
    }

    /// Whether people are asked for by their ids.
    pub(super) fn is_by_id(&self) -> bool {
        self.ids.is_some()
    }

    pub(super) fn limits(&self) -> Limits {
        let calling = if self.calling { MOST_WITH_CALLING } else { MOST };
        let location = match self.location {
            Some(_) => MOST_OF_LOCATION,
            None => MOST,
        };
        let most = calling.min(location);
        Limits {
            default: PAGE.min(most),
            most,
        }
    }

    /// Whether this caller may ask for it. Only an administrator may list everybody, another organisation, or people by
    /// role or location.
    pub(super) fn check(&self, sight: &Sight, directory: &Directory) -> Result<(), ApiError> {
        let somebody = self.email.is_some() || self.name_prefix.is_some() || self.is_by_id();
        let for_all = somebody && self.roles.is_none() && self.location.is_none();
        let organization = self.organization.unwrap_or(sight.organization);
        if (sight.admin || for_all) && sight.reaches(directory, organization) {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// The people who fit, in the order of creation.
    pub(super) fn people<'a>(&self, sight: &Sight, directory: &'a Directory) -> Vec<&'a Person> {
        let ids: Option<Vec<_>> = self.ids.as_ref().map(|ids| {
            let uuids = ids.iter().filter_map(|id| ids::decode_uuid(Kind::Person, id));
            uuids.collect()
        });
        let people = directory.people.values();
        let fitting = people.filter(|person| {
            self.ranges_over(sight, directory, person.organization)
                && ids.as_ref().is_none_or(|ids| ids.contains(&person.id))
                && self.fits(person)
        });
        fitting.collect()
    }

    /// The ids that name nobody the caller sees.
    pub(super) fn not_found(&self, sight: &Sight, directory: &Directory) -> Vec<&str> {
        let ids = self.ids.iter().flatten().map(String::as_str);
        ids.filter(|id| sight.find(directory, id).is_none()).collect()
    }

    /// Without `orgId` the caller's own organisation is listed; an address or an id finds people of managed ones, too.
    fn ranges_over(&self, sight: &Sight, directory: &Directory, organization: Uuid) -> bool {
        match self.organization {
            Some(asked) => organization == asked,
            None if self.email.is_some() || self.is_by_id() => sight.reaches(directory, organization),
            None => organization == sight.organization,
        }
    }

    fn fits(&self, person: &Person) -> bool {
        let email = self.email.as_ref();
        let prefix = self.name_prefix.as_ref();
        let roles = self.roles.as_ref();
        let location = self.location.as_ref();
        email.is_none_or(|email| person.emails.iter().any(|own| own.eq_ignore_ascii_case(email)))
            && prefix.is_none_or(|prefix| person.display_name.to_lowercase().starts_with(prefix))
            && roles.is_none_or(|roles| person.roles.iter().any(|own| roles.contains(own)))
            && location.is_none_or(|location| person.location_id.as_ref() == Some(location))
    }
}

/// Of a list with commas.
fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn wrong(name: &str, expected: &str) -> ApiError {
    ApiError::invalid(format!("'{name}' must be {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn read(query: &str) -> Result<Filter, ApiError> {
        Filter::read(&RequestUrl::at(&format!("/v1/people?{query}")))
    }

    #[test]
    fn caps_depend_on_what_is_asked_for() {
        let limits = |query| {
            let limits = read(query).unwrap().limits();
            (limits.default, limits.most)
        };
        assert_eq!(limits(""), (100, 1_000));
        assert_eq!(limits("callingData=true"), (100, 100));
        assert_eq!(limits("locationId=x"), (50, 50));
        assert_eq!(limits("locationId=x&callingData=true"), (50, 50));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for query in ["orgId=x", "roles=x", "callingData=maybe"] {
            assert!(read(query).is_err(), "{query}");
        }
        let ids = |count| format!("id={}", vec!["x"; count].join(","));
        assert!(read(&ids(85)).is_ok() && read(&ids(86)).is_err());
    }

    #[test]
    fn a_user_needs_to_name_somebody_and_an_administrator_does_not() {
        let directory = Seed::default().directory;
        let organization = directory.organizations[0].id;
        let other = ids::encode(Kind::Organization, directory.organizations[1].id);
        let own = ids::encode(Kind::Organization, organization);
        let role = ids::encode(Kind::Role, "id_full_admin");
        for (query, user, administrator) in [
            (String::new(), false, true),
            ("max=1".to_owned(), false, true),
            ("email=a".to_owned(), true, true),
            ("displayName=a".to_owned(), true, true),
            ("id=a".to_owned(), true, true),
            (format!("email=a&roles={role}"), false, true),
            ("email=a&locationId=x".to_owned(), false, true),
            (format!("orgId={own}"), false, true),
            (format!("email=a&orgId={own}"), true, true),
            (format!("email=a&orgId={other}"), false, false),
        ] {
            for (admin, expected) in [(false, user), (true, administrator)] {
                let sight = Sight { organization, admin };
                let allowed = read(&query).unwrap().check(&sight, &directory).is_ok();
                assert_eq!(allowed, expected, "{query} {admin}");
            }
        }
    }
}
