//! Whom a caller may look at.

use uuid::Uuid;

use crate::api::caller::Caller;
use crate::api::operation::READERS;
use crate::ids::{self, Kind};
use crate::world::{Directory, Person};

/// The scope without which an administrator is a user like any other here.
const ADMIN_SCOPE: &str = "spark-admin:people_read";

/// A caller's range: an administrator sees their own organisation and those it manages, others see their own one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) organization: Uuid,
    pub(super) admin: bool,
}

impl Sight {
    pub(super) fn of(caller: &Caller) -> Self {
        Self {
            organization: caller.person.organization,
            admin: caller.has_scope(ADMIN_SCOPE) && caller.person.has_role(READERS),
        }
    }

    /// Whether the caller sees people of this organisation.
    pub(super) fn reaches(&self, directory: &Directory, organization: Uuid) -> bool {
        organization == self.organization || (self.admin && directory.sees(self.organization, organization))
    }

    /// The person of this Webex id, if the caller sees them.
    pub(super) fn find<'a>(&self, directory: &'a Directory, id: &str) -> Option<&'a Person> {
        let person = directory.people.get(&ids::decode_uuid(Kind::Person, id)?)?;
        self.reaches(directory, person.organization).then_some(person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn an_administrator_sees_customers_and_a_user_does_not() {
        let mut directory = Seed::default().directory;
        let (own, other) = (directory.organizations[0].id, directory.organizations[1].id);
        let customer = ids::encode(Kind::Person, directory.people[3].id);
        let mut sight = Sight {
            organization: own,
            admin: true,
        };
        assert!(sight.find(&directory, &customer).is_none());
        directory.organizations[1].managed_by = Some(own);
        assert!(sight.find(&directory, &customer).is_some());
        sight.admin = false;
        assert!(sight.find(&directory, &customer).is_none());
        assert!(sight.reaches(&directory, own) && !sight.reaches(&directory, other));
    }

    #[test]
    fn only_a_webex_id_of_a_person_names_one() {
        let directory = Seed::default().directory;
        let person = &directory.people[0];
        let sight = Sight {
            organization: person.organization,
            admin: true,
        };
        let find = |id: &str| sight.find(&directory, id);
        assert!(find(&ids::encode(Kind::Person, person.id)).is_some());
        for id in [
            person.id.to_string(),
            person.email().to_owned(),
            ids::encode(Kind::Organization, person.id),
            String::new(),
        ] {
            assert!(find(&id).is_none(), "{id}");
        }
    }
}
