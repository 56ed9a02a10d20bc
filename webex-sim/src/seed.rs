//! What a world starts with: organisations, people and the integration, read from JSON (`fixtures/worlds/*.json`).
//! Everything is checked here, once, so that the rest of the simulator can rely on it.

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::control::settings;
use crate::control::types::{Rejection, Settings, SettingsPatch};
use crate::oauth::ScopeSet;
use crate::secret::Secret;
use crate::world::{Directory, Integration, Organization, Person, Role};

/// The world that is built in.
const ACME: &str = include_str!("../../fixtures/worlds/acme.json");

/// The start of a world.
#[derive(Debug, Clone)]
pub struct Seed {
    pub(crate) directory: Directory,
    pub(crate) integration: Integration,
    /// Settings that differ from the defaults.
    pub(crate) settings: SettingsPatch,
}

/// A seed file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Not JSON, a missing or an unknown field; the text says where.
    #[error("the seed is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// A setting that cannot be.
    #[error("the seed is not valid: settings.{0}")]
    Settings(#[from] Rejection),
    /// A value that JSON allows and Webex would not.
    #[error("the seed is not valid: {field} is {value:?}, expected {expected}")]
    Value {
        /// Where in the file, such as `people[2].email`.
        field: String,
        /// What stands there; never a secret.
        value: String,
        /// What should stand there.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SeedFile {
    organizations: Vec<OrganizationSeed>,
    integration: IntegrationSeed,
    people: Vec<PersonSeed>,
    /// As for `PATCH /__sim/settings`, in the names of the control API.
    #[serde(default)]
    settings: SettingsPatch,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrganizationSeed {
    id: String,
    display_name: String,
    created: String,
    /// Id of the partner whose customer it is.
    #[serde(default)]
    managed_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntegrationSeed {
    name: String,
    client_id: String,
    client_secret: Secret,
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PersonSeed {
    id: String,
    email: String,
    password: Secret,
    first_name: String,
    last_name: String,
    display_name: String,
    nick_name: String,
    organization: String,
    role: Role,
    licenses: Vec<String>,
    site_urls: Vec<String>,
    created: String,
    last_modified: String,
}

// === impl Seed ===

impl Seed {
    /// Reads a seed from JSON.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        serde_json::from_str::<SeedFile>(text)?.check()
    }

    /// The client id of the integration.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.integration.client_id
    }

    /// The client secret of the integration.
    #[must_use]
    pub fn client_secret(&self) -> &Secret {
        &self.integration.client_secret
    }

    /// The scopes of the integration, separated by spaces.
    #[must_use]
    pub fn scopes(&self) -> String {
        self.integration.scopes.to_string()
    }

    /// The redirect URIs that are registered with the integration.
    #[must_use]
    pub fn redirect_uris(&self) -> &[String] {
        &self.integration.redirect_uris
    }

    /// E-mail address and password of the person to sign in as: the first one who is a Partner Full Admin.
    #[must_use]
    pub fn administrator(&self) -> Option<(&str, &Secret)> {
        let mut people = self.directory.people.values();
        let person = people.find(|person| self.directory.role(person) == Role::PartnerFullAdmin)?;
        Some((person.email(), &person.password))
    }
}

impl Default for Seed {
    fn default() -> Self {
        Self::from_json(ACME).expect("the seed that is built in is valid; a test reads it")
    }
}

// === impl SeedFile ===

impl SeedFile {
    fn check(self) -> Result<Seed, SeedError> {
        let mut directory = Directory::default();
        for (n, organization) in self.organizations.into_iter().enumerate() {
            let organization = organization.check(n, &self.people)?;
            directory.organizations.insert(organization.id, organization);
        }
        managers(&directory)?;
        for (n, person) in self.people.into_iter().enumerate() {
            let person = person.check(n, &directory)?;
            directory.people.insert(person.id, person);
        }
        settings::apply(&mut Settings::default(), &self.settings)?;
        Ok(Seed {
            directory,
            integration: self.integration.check()?,
            settings: self.settings,
        })
    }
}

impl OrganizationSeed {
    /// An organisation with a Partner Full Admin is a partner.
    fn check(self, n: usize, people: &[PersonSeed]) -> Result<Organization, SeedError> {
        let partner = people
            .iter()
            .any(|person| person.organization == self.id && person.role == Role::PartnerFullAdmin);
        Ok(Organization {
            id: uuid(format!("organizations[{n}].id"), &self.id)?,
            display_name: self.display_name,
            created: time(format!("organizations[{n}].created"), &self.created)?,
            partner,
            managed_by: match &self.managed_by {
                Some(id) => Some(uuid(format!("organizations[{n}].managedBy"), id)?),
                None => None,
            },
        })
    }
}

impl IntegrationSeed {
    fn check(self) -> Result<Integration, SeedError> {
        let scopes = self.scopes.join(" ");
        Ok(Integration {
            name: self.name,
            client_id: self.client_id,
            client_secret: self.client_secret,
            redirect_uris: self.redirect_uris,
            scopes: ScopeSet::parse(&scopes).map_err(|_| {
                wrong(
                    "integration.scopes".into(),
                    &scopes,
                    "a list of OAuth scopes (RFC 6749, 3.3)",
                )
            })?,
        })
    }
}

impl PersonSeed {
    fn check(self, n: usize, directory: &Directory) -> Result<Person, SeedError> {
        let at = |field: &str| format!("people[{n}].{field}");
        let organization = uuid(at("organization"), &self.organization)?;
        let Some(known) = directory.organizations.get(&organization) else {
            return Err(wrong(
                at("organization"),
                &self.organization,
                "the id of an organisation of this seed",
            ));
        };
        if self.role == Role::FullAdmin && known.partner {
            let expected = "partner_full_admin or user, because another one of this organisation is a partner_full_admin";
            return Err(wrong(at("role"), "full_admin", expected));
        }
        if !self.email.contains('@') {
            return Err(wrong(at("email"), &self.email, "an e-mail address"));
        }
        let id = uuid(at("id"), &self.id)?;
        if directory.people.contains_key(&id) || directory.person(&self.email).is_some() {
            let expected = "an id and an e-mail address of its own";
            return Err(wrong(format!("people[{n}]"), &self.email, expected));
        }
        let created = time(at("created"), &self.created)?;
        Ok(Person {
            last_modified: time(at("lastModified"), &self.last_modified)?,
            password: self.password,
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            nick_name: Some(self.nick_name),
            roles: self.role.names().iter().map(|&name| name.to_owned()).collect(),
            licenses: self.licenses,
            site_urls: self.site_urls,
            invite_pending: false,
            ..Person::new(id, organization, self.email, self.display_name, created)
        })
    }
}

/// Each organisation is managed by a partner of this seed other than itself, if by anyone.
fn managers(directory: &Directory) -> Result<(), SeedError> {
    for (n, organization) in directory.organizations.values().enumerate() {
        let Some(id) = organization.managed_by else {
            continue;
        };
        let partner = directory
            .organizations
            .get(&id)
            .is_some_and(|other| other.partner);
        if !partner || id == organization.id {
            let expected = "the id of another organisation of this seed, one with a partner_full_admin";
            return Err(wrong(
                format!("organizations[{n}].managedBy"),
                &id.to_string(),
                expected,
            ));
        }
    }
    Ok(())
}

fn uuid(field: String, text: &str) -> Result<Uuid, SeedError> {
    Uuid::parse_str(text).map_err(|_| wrong(field, text, "a UUID"))
}

fn time(field: String, text: &str) -> Result<Timestamp, SeedError> {
    text.parse()
        .map_err(|_| wrong(field, text, "a time such as 2024-03-04T09:12:31.000Z"))
}

fn wrong(field: String, value: &str, expected: &'static str) -> SeedError {
    SeedError::Value {
        field,
        value: value.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::types::Rotation;

    #[test]
    fn the_built_in_seed_has_an_administrator_and_ten_scopes() {
        let seed = Seed::default();
        assert_eq!(seed.administrator().unwrap().0, "avery.quinn@acme.example.com");
        assert_eq!(seed.scopes().split(' ').count(), 10);
        assert_eq!(
            (seed.client_id().len(), seed.client_secret().expose().len()),
            (65, 64)
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        let text = ACME.replacen("avery.quinn@acme.example.com", "avery", 1);
        let error = Seed::from_json(&text).unwrap_err().to_string();
        assert_eq!(
            error,
            r#"the seed is not valid: people[0].email is "avery", expected an e-mail address"#
        );
    }

    #[test]
    fn settings_of_a_seed_are_checked_like_those_of_the_control_api() {
        let with =
            |settings: &str| Seed::from_json(&ACME.replacen('{', &format!("{{\"settings\":{settings},"), 1));
        let seed = with(r#"{"rotation":{"grace":{"seconds":30}}}"#).unwrap();
        assert_eq!(seed.settings.rotation, Some(Rotation::Grace { seconds: 30 }));
        let error = with(r#"{"rotation":{"grace":{"seconds":0}}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the seed is not valid: settings.rotation.grace.seconds is 0; accepted: whole seconds from 1 to 315360000"
        );
        let error = with(r#"{"rotate":true}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `rotate`"), "{error}");
    }

    #[test]
    fn an_unknown_organisation_is_refused() {
        let text = ACME.replace(r#""organization": "b3d9e7a4"#, r#""organization": "c3d9e7a4"#);
        let error = Seed::from_json(&text).unwrap_err().to_string();
        assert!(error.contains("people[3].organization"), "{error}");
    }

    #[test]
    fn the_same_address_twice_is_refused() {
        let text = ACME.replace("blake.moreno@acme.example.com", "AVERY.quinn@acme.example.com");
        let error = Seed::from_json(&text).unwrap_err().to_string();
        assert!(error.contains("people[1]"), "{error}");
    }
    #[test]
    fn a_customer_names_a_partner_of_the_seed() {
        let managed_by = |id: &str| {
            let birch = r#""displayName": "Birch Telecom","#;
            Seed::from_json(&ACME.replace(birch, &format!("{birch} \"managedBy\": \"{id}\",")))
        };
        let seed = managed_by("5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11").unwrap();
        let (acme, birch) = (&seed.directory.organizations[0], &seed.directory.organizations[1]);
        assert_eq!(birch.managed_by, Some(acme.id));
        assert!(seed.directory.sees(acme.id, birch.id) && !seed.directory.sees(birch.id, acme.id));
        for id in [
            "nobody",
            "00000000-0000-4000-8000-000000000000",
            "b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622",
        ] {
            let error = managed_by(id).unwrap_err().to_string();
            assert!(error.contains("organizations[1].managedBy"), "{error}");
        }
    }
}
