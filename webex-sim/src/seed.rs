//! What a world starts with: organisations, people and the integration, read from YAML or JSON (`fixtures/worlds/`).
//! Everything is checked here, once, so that the rest of the simulator can rely on it.

mod defaults;
mod generate;
mod person;
mod problem;
mod read;
mod section;
mod tree;

use std::sync::LazyLock;

use serde_json::Value;

use crate::control::types::SettingsPatch;
use crate::secret::Secret;
use crate::world::{Directory, Integration, Role, Shared};
use crate::worlds::FIRST;

pub use problem::{Place, Problem, SeedError};

/// The world that is built in.
const ACME: &str = include_str!("../../fixtures/worlds/acme.json");

/// The same with comments, to start a seed file from.
const STARTER: &str = include_str!("../../fixtures/worlds/starter.yaml");

/// Read once: the first world and every other one may start with it.
static BUILT_IN: LazyLock<Seed> = LazyLock::new(|| {
    let tree = tree::parse(ACME).expect("the seed that is built in is JSON");
    read::read(&tree, FIRST, None).expect("the seed that is built in is valid; a test reads it")
});

/// The start of a world.
#[derive(Debug, Clone)]
pub struct Seed {
    pub(crate) directory: Shared<Directory>,
    pub(crate) integration: Integration,
    /// Settings that differ from the defaults.
    pub(crate) settings: SettingsPatch,
    /// Whether it says a client id; otherwise that is the built-in one.
    pub(crate) brings_client: bool,
    /// Whether it says a client secret; otherwise that is the built-in one.
    pub(crate) brings_secret: bool,
}

// === impl Seed ===

impl Seed {
    /// Reads a seed from YAML or JSON.
    pub fn parse(text: &str) -> Result<Self, SeedError> {
        read::read(&tree::parse(text)?, FIRST, Some(&BUILT_IN.integration))
    }

    /// Reads a seed from JSON; the same as [`Seed::parse`], because JSON is YAML.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        Self::parse(text)
    }

    /// The seed of the world of this name. Ids that are left out depend on the name.
    pub(crate) fn from_value(value: &Value, world: &str) -> Result<Self, SeedError> {
        read::read(&value.clone().into(), world, Some(&BUILT_IN.integration))
    }

    /// A commented seed file in YAML that describes the built-in world.
    #[must_use]
    pub fn starter() -> &'static str {
        STARTER
    }

    /// How many organisations it has.
    #[must_use]
    pub fn organizations(&self) -> usize {
        self.directory.organizations.len()
    }

    /// How many people it has.
    #[must_use]
    pub fn people(&self) -> usize {
        self.directory.people.len()
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
        BUILT_IN.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    fn problems(text: &str) -> Vec<String> {
        let error = Seed::parse(text).unwrap_err();
        error.problems().iter().map(ToString::to_string).collect()
    }

    fn same(one: &Seed, other: &Seed) {
        assert_eq!(one.integration, other.integration);
        assert_eq!(one.directory.organizations, other.directory.organizations);
        assert_eq!(one.directory.people, other.directory.people);
        assert_eq!(one.settings, other.settings);
    }

    #[test]
    fn the_starter_is_the_built_in_world() {
        same(&Seed::parse(Seed::starter()).unwrap(), &Seed::default());
    }

    #[test]
    fn what_the_starter_has_in_comments_is_valid_too() {
        let text: String = Seed::starter()
            .lines()
            .map(|line| match line.trim_start().strip_prefix("# ") {
                Some(rest) if rest.starts_with("- displayName") => format!("  {rest}\n"),
                Some(rest) if rest.trim_start().starts_with("managedBy") => format!("    {}\n", rest.trim()),
                Some(rest) if ["generate:", "settings:"].contains(&rest) => format!("{rest}\n"),
                Some(rest) if rest.starts_with("  ") && !rest.starts_with("   ") => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let seed = Seed::parse(&text).unwrap();
        assert_eq!((seed.organizations(), seed.people()), (13, 1_004));
        assert_eq!(seed.settings.access_token_lifetime_s, Some(3_600));
    }

    #[test]
    fn a_name_and_an_address_are_enough() {
        let seed = Seed::parse(
            "organizations: [{displayName: Acme}]\npeople: [{email: a@acme.example.com, displayName: A}]",
        )
        .unwrap();
        let person = seed.directory.person("a@acme.example.com").unwrap();
        let organization = &seed.directory.organizations[0];
        assert_eq!(person.organization, organization.id);
        assert_eq!(person.password.expose(), "a-at-acme");
        assert_eq!(person.created.to_string(), "2024-01-01T00:00:00Z");
        assert!(person.login_enabled && !person.invite_pending && !organization.partner);
        assert_eq!(seed.integration, Seed::default().integration);
        let again = Seed::parse("organizations: [{displayName: Acme}]").unwrap();
        assert_eq!(again.directory.organizations[0].id, organization.id);
    }

    #[test]
    fn ids_that_are_left_out_depend_on_the_world() {
        let value = serde_json::json!({"organizations": [{"displayName": "Acme"}]});
        let id = |world| Seed::from_value(&value, world).unwrap().directory.organizations[0].id;
        assert_ne!(id("a"), id("b"));
        assert_eq!(id("a"), id("a"));
    }

    #[test]
    fn an_empty_map_is_a_world_without_people_and_an_empty_file_is_a_mistake() {
        let seed = Seed::parse("{}").unwrap();
        assert_eq!((seed.organizations(), seed.people()), (0, 0));
        assert!(seed.administrator().is_none());
        for text in ["", "\n", "# organizations:\n"] {
            assert!(
                problems(text)[0].starts_with("the seed is empty"),
                "{:?}",
                problems(text)
            );
        }
    }

    #[test]
    fn all_fields_of_a_person_are_read() {
        let text = r#"
organizations: [{displayName: Acme}]
people:
  - email: a@acme.example.com
    displayName: A
    otherEmails: [b@acme.example.com]
    role: partner_full_admin
    roles: [id_user_admin]
    phoneNumbers: [{type: mobile, value: "+1 555 0100", primary: true}, {value: "2"}]
    extension: "1001"
    locationId: L1
    avatar: https://avatar.example.com/1
    department: Voice
    manager: B
    managerId: M1
    title: Engineer
    addresses: [{type: work, country: DE, locality: Berlin, region: BE, streetAddress: Weg 1, postalCode: "10115"}]
    timezone: Europe/Berlin
    loginEnabled: false
    invitePending: true
    scim: {userType: user, meta: [1, true, ~]}
"#;
        let seed = Seed::parse(text).unwrap();
        let person = &seed.directory.people[0];
        let written = serde_json::to_string_pretty(person).unwrap();
        insta::assert_snapshot!(written);
    }

    #[test]
    fn every_problem_is_told_with_line_column_and_field() {
        let text = r#"organizations:
  - displayName: Acme
    colour: blue
  - id: 17
  - displayName: Birch
    managedBy: Acmee
  - displayName: Cedar
    managedBy: Cedar
  - displayName: Acme
integration:
  clientID: C1
  clientSecret: 12345
  redirectUris: [/callback]
  scopes: [a"b]
people:
  - email: avery
    displayName: A
    organization: Acme
  - displayName: B
  - email: c@acme.example.com
    displayName: C
    organization: Nobody
    role: admin
    password: [secret]
    created: yesterday
    loginEnabled: maybe
    phoneNumbers: [{type: work}]
    otherEmails: [d@acme.example.com, no]
    scim: 7
  - email: C@acme.example.com
    displayName: 7
  - email: D@acme.example.com
    displayName: D
    organization: Birch
    dispalyName: D
  - email: e@acme.example.com
    displayName: E
  - just a text
generate: {customers: -1, peoplePerCustomer: 100000000}
settings:
  code_lifetime_s: 0
  rotaton: strict
  redirect_uris: 7
  rotation: sometimes
peple: []
"#;
        insta::assert_snapshot!(problems(text).join("\n"));
    }

    #[test]
    fn no_problem_repeats_a_secret() {
        for text in [
            "people: [{email: a@b, displayName: A, password: [topsecret]}]",
            "integration: {clientSecret: {topsecret: 1}}",
            "integration: {clientSecret: \"topsecret\\u00e4\"}",
        ] {
            let all = problems(text).join("\n");
            assert!(!all.contains("topsecret") && !all.is_empty(), "{all}");
        }
    }

    #[test]
    fn a_full_admin_of_a_partner_is_refused() {
        let text = "
organizations: [{displayName: Acme}]
people:
  - {email: a@b, displayName: A, role: full_admin}
  - {email: c@d, displayName: C, role: partner_full_admin}
";
        assert_eq!(problems(text).len(), 1);
        assert!(problems(text)[0].starts_with("4:"), "{:?}", problems(text));
    }

    #[test]
    fn customers_have_their_partner_and_their_own_administrators() {
        let text = "
organizations: [{displayName: Acme}, {displayName: Corner Bakery, managedBy: Acme}]
people: [{email: a@b, displayName: A, organization: Corner Bakery, role: full_admin}]
";
        let directory = Seed::parse(text).unwrap().directory;
        let (partner, customer) = (&directory.organizations[0], &directory.organizations[1]);
        assert!(partner.partner && !customer.partner);
        assert_eq!(customer.managed_by, Some(partner.id));
        assert_eq!(directory.role(&directory.people[0]), Role::FullAdmin);
    }

    #[test]
    fn generated_people_are_the_same_in_each_run() {
        let text = "
organizations: [{displayName: Acme}]
people: [{email: a@b, displayName: A, role: partner_full_admin}]
generate: {customers: 3, peoplePerCustomer: 2}
";
        let (one, other) = (Seed::parse(text).unwrap(), Seed::parse(text).unwrap());
        same(&one, &other);
        assert_eq!((one.organizations(), one.people()), (4, 7));
        let fifth = one
            .directory
            .person("subscriber-5@customer-3.example.com")
            .unwrap();
        assert_eq!(fifth.display_name, "Subscriber 5");
        let customer = &one.directory.organizations[&fifth.organization];
        assert_eq!(customer.display_name, "Customer 3");
        assert_eq!(customer.managed_by, Some(one.directory.organizations[0].id));
    }

    #[test]
    fn generating_needs_a_partner_and_free_addresses() {
        let text = "generate: {customers: 1, peoplePerCustomer: 1}";
        assert!(
            problems(text)[0].contains("has no partner"),
            "{:?}",
            problems(text)
        );
        let text = "
organizations: [{displayName: Acme}]
people: [{email: subscriber-1@customer-1.example.com, displayName: A, role: partner_full_admin}]
generate: {customers: 1, peoplePerCustomer: 1}
";
        assert!(
            problems(text)[0].contains("which is there already"),
            "{:?}",
            problems(text)
        );
    }

    #[test]
    fn many_people_are_made_quickly_and_shared() {
        let text = "
organizations: [{displayName: Acme}]
people: [{email: a@b, displayName: A, role: partner_full_admin}]
generate: {customers: 100, peoplePerCustomer: 100}
";
        let seed = Seed::parse(text).unwrap();
        assert_eq!(seed.people(), 10_001);
        assert!(std::ptr::eq(
            seed.directory.people.get_index(0).unwrap().1,
            seed.clone().directory.people.get_index(0).unwrap().1
        ));
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
            "the seed is not valid: 1:25: settings.rotation.grace.seconds is 0; accepted: whole seconds from 1 to 315360000"
        );
    }

    proptest! {
        #[test]
        fn any_tree_is_a_seed_or_problems(
            name in "organizations|people|integration|generate|settings|other",
            field in "displayName|id|email|managedBy|customers|rotation|scopes|scim|x",
            value in "[a-z@]{0,4}|[0-9]{1,3}|\\[\\]|\\{\\}|true|~|\\[1, a\\]",
        ) {
            for text in [
                format!("{name}: {value}"),
                format!("{name}: {{{field}: {value}}}"),
                format!("{name}: [{{{field}: {value}, displayName: a, email: a@b}}, {value}]"),
            ] {
                if let Err(error) = Seed::parse(&text) {
                    prop_assert!(!error.problems().is_empty());
                }
            }
        }
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
