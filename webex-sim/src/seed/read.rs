//! From the tree to a seed: every section is read, then whether they fit together; what is wrong is collected.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::generate::Generate;
use super::person::{self, Draft};
use super::problem::SeedError;
use super::section::{Problems, Section, nearest};
use super::tree::{Content, Node};
use super::{Seed, defaults};
use crate::control::fields::Fields;
use crate::control::handlers::settings::read as read_settings;
use crate::control::settings::apply;
use crate::control::types::{Settings, SettingsPatch};
use crate::oauth::ScopeSet;
use crate::secret::Secret;
use crate::world::{Directory, Integration, Organization, Role, Shared};
use crate::worlds::checked_credential;

/// Organisations by what a seed may call them.
#[derive(Debug, Default)]
struct Names<'a> {
    by_name: HashMap<&'a str, Uuid>,
    ids: HashSet<Uuid>,
}

/// Reads the tree as the seed of the world of this name. `built_in` is what an integration lacks.
pub(super) fn read(root: &Node, world: &str, built_in: Option<&Integration>) -> Result<Seed, SeedError> {
    let problems = Problems::default();
    let seed = read_root(root, world, built_in, &problems);
    let problems = problems.into_sorted();
    match seed {
        Some(seed) if problems.is_empty() => Ok(seed),
        _ => Err(SeedError { problems }),
    }
}

fn read_root(root: &Node, world: &str, built_in: Option<&Integration>, problems: &Problems) -> Option<Seed> {
    let mut root = Section::of(root, String::new(), problems)?;
    let (mut directory, names, managers) = organizations(root.sections("organizations"), world);
    let drafts = root.sections("people").into_iter();
    let drafts = drafts.map(|section| person::read(section, world)).collect();
    for (_, manager) in managers {
        if let Some(manager) = directory.organizations.get_mut(&manager) {
            manager.partner = true;
        }
    }
    let addresses = people(drafts, &mut directory, &names);
    let generate = root.section("generate").and_then(Generate::read);
    if let Some(generate) = generate {
        generate.add_to(&mut directory, world, &addresses, problems);
    }
    let brought = integration(root.section("integration"), built_in);
    let settings = settings(&mut root, problems);
    if brought.is_none() {
        root.wrong("integration", None, "is missing", "a map of fields");
    }
    root.finish();
    let (integration, brings_client, brings_secret) = brought?;
    Some(Seed {
        directory: Shared::new(directory),
        integration,
        settings,
        brings_client,
        brings_secret,
    })
}

/// The organisations, what they are called, and who manages whom.
fn organizations<'a>(sections: Vec<Section<'a>>, world: &str) -> (Directory, Names<'a>, Vec<(Uuid, Uuid)>) {
    let mut directory = Directory::default();
    let (mut names, mut later) = (Names::default(), Vec::new());
    for mut section in sections {
        let display_name = section.required("displayName");
        let id = person::uuid(&mut section, "id");
        let created = person::time(&mut section, "created");
        let manager = section.text("managedBy");
        if let Some(name) = display_name {
            let id = id.unwrap_or_else(|| defaults::id(world, "organization", name.value));
            let organization = Organization {
                id,
                display_name: name.value.to_owned(),
                created: created.unwrap_or_else(defaults::created),
                partner: false,
                managed_by: None,
            };
            if directory.organizations.contains_key(&id) {
                let reason = format!("is {id}, which another one has");
                section.wrong("id", name.place, reason, "an id of its own");
            } else {
                directory.organizations.insert(id, organization);
            }
            names.by_name.entry(name.value).or_insert(id);
            names.ids.insert(id);
            later.push((id, manager, section));
        } else {
            section.finish();
        }
    }
    let mut managers = Vec::new();
    for (id, manager, section) in later {
        if let Some(manager) = manager {
            match names.find(manager.value) {
                Ok(manager) if manager != id => {
                    if let Some(organization) = directory.organizations.get_mut(&id) {
                        organization.managed_by = Some(manager);
                    }
                    managers.push((id, manager));
                }
                Ok(_) => {
                    let accepted = "the id or displayName of another organisation";
                    section.wrong("managedBy", manager.place, "is the organisation itself", accepted);
                }
                Err(accepted) => {
                    let reason = format!("is {:?}", manager.value);
                    section.wrong("managedBy", manager.place, reason, accepted);
                }
            }
        }
        section.finish();
    }
    (directory, names, managers)
}

/// Puts people into their organisations; their addresses in lower case.
fn people(drafts: Vec<Draft<'_>>, directory: &mut Directory, names: &Names<'_>) -> HashSet<String> {
    let mut placed = Vec::new();
    for draft in drafts {
        let organization = organization_of(&draft, directory, names);
        if let Some(organization) = organization.filter(|_| draft.role.value == Role::PartnerFullAdmin)
            && let Some(organization) = directory.organizations.get_mut(&organization)
        {
            organization.partner = true;
        }
        placed.push((draft, organization));
    }
    let mut addresses = HashSet::new();
    for (draft, organization) in placed {
        let Draft {
            section,
            email,
            role,
            mut person,
            is_complete,
            ..
        } = draft;
        let place = email.and_then(|email| email.place);
        let known = organization.and_then(|id| directory.organizations.get(&id));
        if role.value == Role::FullAdmin && known.is_some_and(|known| known.partner) {
            let accepted = "partner_full_admin or user, because the organisation is a partner: it manages another one or has a partner_full_admin";
            section.wrong("role", role.place, "is full_admin", accepted);
        }
        for own in person.emails.iter().filter(|own| !own.is_empty()) {
            if !addresses.insert(own.to_lowercase()) {
                let reason = format!("is {own:?}, which somebody has already");
                section.wrong("email", place, reason, "an e-mail address of its own");
            }
        }
        if directory.people.contains_key(&person.id) {
            let reason = format!("is {}, which somebody has already", person.id);
            section.wrong("id", place, reason, "an id of its own");
        }
        if let Some(organization) = organization.filter(|_| is_complete) {
            person.organization = organization;
            directory.people.insert(person.id, person);
        }
        section.finish();
    }
    addresses
}

/// The one that is named; the only one, if none is.
fn organization_of(draft: &Draft<'_>, directory: &Directory, names: &Names<'_>) -> Option<Uuid> {
    match &draft.organization {
        Some(written) => names.find(written.value).map_or_else(
            |accepted| {
                let reason = format!("is {:?}", written.value);
                draft
                    .section
                    .wrong("organization", written.place, reason, accepted);
                None
            },
            Some,
        ),
        None if directory.organizations.len() == 1 => directory.organizations.keys().next().copied(),
        None => {
            let accepted = "the id or displayName of an organisation; only where there is exactly one it may be left out";
            draft.section.wrong("organization", None, "is missing", accepted);
            None
        }
    }
}

/// The integration, and whether the seed says its client id and its secret.
fn integration(
    section: Option<Section<'_>>,
    built_in: Option<&Integration>,
) -> Option<(Integration, bool, bool)> {
    let Some(mut section) = section else {
        return built_in.map(|built_in| (built_in.clone(), false, false));
    };
    let name = section.owned("name");
    let id = section.parsed("clientId", "1 to 256 visible ASCII characters", |text| {
        checked_credential("clientId", text).ok()
    });
    let secret = section.secret("clientSecret").filter(|secret| {
        let good = checked_credential("clientSecret", secret.expose());
        if let Err(error) = &good {
            section.wrong("clientSecret", None, &error.reason, &error.accepted);
        }
        good.is_ok()
    });
    let uris = section.texts("redirectUris").map(|uris| {
        let texts: Vec<_> = uris.iter().map(|uri| uri.value.to_owned()).collect();
        let patch = SettingsPatch {
            redirect_uris: Some(texts.clone()),
            ..SettingsPatch::default()
        };
        if let Err(error) = apply(&mut Settings::default(), &patch) {
            let place = uris.first().and_then(|uri| uri.place);
            section.wrong("redirectUris", place, &error.reason, &error.accepted);
        }
        texts
    });
    let scopes = section.texts("scopes").map(|scopes| {
        let place = scopes.first().and_then(|scope| scope.place);
        let texts: Vec<_> = scopes.iter().map(|scope| scope.value).collect();
        ScopeSet::parse(&texts.join(" ")).unwrap_or_else(|_| {
            let reason = format!("is {texts:?}");
            section.wrong("scopes", place, reason, "a list of OAuth scopes (RFC 6749, 3.3)");
            ScopeSet::default()
        })
    });
    section.finish();
    let (brings_client, brings_secret) = (id.is_some(), secret.is_some());
    let or = |choose: fn(&Integration) -> String| built_in.map(choose).unwrap_or_default();
    let integration = Integration {
        name: name.unwrap_or_else(|| or(|built_in| built_in.name.clone())),
        client_id: id.map_or_else(|| or(|built_in| built_in.client_id.clone()), |id| id.value),
        client_secret: secret
            .unwrap_or_else(|| Secret::new(or(|built_in| built_in.client_secret.expose().to_owned()))),
        redirect_uris: uris
            .or_else(|| built_in.map(|built_in| built_in.redirect_uris.clone()))
            .unwrap_or_default(),
        scopes: scopes
            .or_else(|| built_in.map(|built_in| built_in.scopes.clone()))
            .unwrap_or_default(),
    };
    Some((integration, brings_client, brings_secret))
}

/// The settings, one by one, so that each wrong one is told with its place.
fn settings(root: &mut Section<'_>, problems: &Problems) -> SettingsPatch {
    let Some(node) = root.node("settings") else {
        return SettingsPatch::default();
    };
    let Content::Map(members) = &node.content else {
        root.wrong("settings", node.place, "is no map", "a map of settings");
        return SettingsPatch::default();
    };
    let known = serde_json::to_value(Settings::default()).expect("settings are plain values");
    let known: Vec<_> = known
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let mut all = serde_json::Map::new();
    for member in members {
        let path = format!("settings.{}", member.name);
        if !known.contains(&member.name.as_str()) {
            problems.add(member.place, path, "is unknown", nearest(&member.name, &known));
            continue;
        }
        let mut one = serde_json::Map::new();
        one.insert(member.name.clone(), member.node.to_json());
        let checked =
            read_settings(Fields::new(one.clone())).and_then(|patch| apply(&mut Settings::default(), &patch));
        match checked {
            Ok(()) => all.append(&mut one),
            Err(error) => {
                let path = format!("settings.{}", error.field);
                problems.add(member.node.place, path, error.reason, error.accepted);
            }
        }
    }
    read_settings(Fields::new(all)).expect("each setting was read above")
}

// === impl Names ===

impl Names<'_> {
    /// The organisation of this id or name; otherwise what would be accepted.
    fn find(&self, text: &str) -> Result<Uuid, String> {
        let id = Uuid::parse_str(text).ok().filter(|id| self.ids.contains(id));
        id.or_else(|| self.by_name.get(text).copied()).ok_or_else(|| {
            let mut known: Vec<_> = self.by_name.keys().copied().collect();
            known.sort_unstable();
            match known.as_slice() {
                [] => "the id or displayName of an organisation of this seed; it has none".to_owned(),
                known => nearest(text, known),
            }
        })
    }
}
