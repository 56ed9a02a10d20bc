//! What the page shows of a world, as texts that the template puts in their places. It comes from the handlers of the
//! control API, which show fingerprints and never a secret.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::html::{SCRIPT, STYLE};
use super::notes::Note;
use super::{Wish, base, form, home, words};
use crate::api::operation::{OPERATIONS, Operation};
use crate::control::handlers::{clock, consent, faults, settings, snapshots, tokens, violations, worlds};
use crate::control::router::{Answer, Control, Controlled};
use crate::control::types::{
    ClockState, Consent, Entry, Fault, Rotation, Settings, SnapshotInfo, TokenInfo, TokenKind, TokenState,
    Violation,
};
use crate::world::{Role, World};
/// Rows of each list: more are not read, and the page stays quick.
const MOST: usize = 50;

/// Grace that the settings form offers, unless another one is set: a retry comes within seconds.
const OFFERED_GRACE_S: u64 = 30;

/// The page.
#[derive(Template)]
#[template(path = "control/page.html", whitespace = "minimize")]
pub(super) struct Page {
    style: &'static str,
    script: &'static str,
    version: &'static str,
    home: String,
    base: String,
    /// Where the control API of the world is.
    api: String,
    world: String,
    client_id: String,
    addresses: [(&'static str, String); 3],
    worlds: Rows<WorldRow>,
    note: Option<Note>,
    clock: Clock,
    tokens: Rows<TokenRow>,
    people: Rows<PersonRow>,
    person: String,
    consent: Rows<String>,
    faults: Rows<FaultRow>,
    operations: &'static [Operation],
    violations: Rows<ViolationRow>,
    /// Number of the newest entry of the journal.
    latest: u64,
    journal: Rows<EntryRow>,
    path: String,
    settings: Vec<(String, String)>,
    set: Settings,
    rotation: String,
    grace: u64,
    snapshots: Rows<SnapshotInfo>,
}

/// The first rows of a list.
struct Rows<T> {
    shown: Vec<T>,
    /// How many there are.
    total: usize,
}

struct WorldRow {
    name: String,
    home: String,
}

struct Clock {
    state: ClockState,
    now: String,
    /// How far it is from the real time.
    offset: String,
}

struct TokenRow {
    info: TokenInfo,
    kind: &'static str,
    state: &'static str,
    good: bool,
    scopes: usize,
    expires: String,
    expires_at: String,
}

struct PersonRow {
    id: String,
    name: String,
    email: String,
    organization: String,
    role: &'static str,
}

struct FaultRow {
    id: String,
    words: String,
    fault: Fault,
}

struct ViolationRow {
    /// As the control API names it.
    kind: String,
    violation: Violation,
}

struct EntryRow {
    entry: Entry,
    /// Time of day.
    time: String,
    status: String,
    /// Whether the answer is none, or an error.
    bad: bool,
    duration: String,
}

impl Page {
    pub(super) async fn of(control: &Control, world: &Arc<World>, wish: &Wish, note: Option<Note>) -> Self {
        let own = || Controlled(Arc::clone(world));
        let now = world.clock.now();
        let set = had(settings::get(own()).await);
        let client_id = world.state().integration.client_id.clone();
        let (latest, journal) = requests(world, &wish.path);
        Self {
            style: STYLE,
            script: SCRIPT,
            version: env!("CARGO_PKG_VERSION"),
            home: home(&world.name),
            base: base(world),
            api: format!("/__sim/worlds/{}", world.name),
            world: world.name.clone(),
            client_id,
            addresses: [
                ("API", control.addresses.api_url()),
                ("API over TLS", control.addresses.tls_url()),
                ("Control", control.addresses.control_url()),
            ],
            worlds: Rows::first(had(worlds::list(State(control.clone())).await).worlds, |world| {
                WorldRow {
                    home: home(&world.name),
                    name: world.name,
                }
            }),
            note,
            clock: Clock::of(had(clock::get(own()).await), now),
            tokens: Rows::last(had(tokens::get(own()).await).tokens, |token| {
                TokenRow::of(token, now)
            }),
            people: people(world, &wish.person),
            person: wish.person.clone(),
            consent: Rows::first(had(consent::get(own()).await).queue, |consent| answer(&consent)),
            faults: Rows::first(had(faults::list(own()).await).faults, FaultRow::of),
            operations: OPERATIONS,
            violations: Rows::last(had(violations::get(own()).await).violations, ViolationRow::of),
            latest,
            journal,
            path: wish.path.clone(),
            settings: table(&set),
            rotation: form::rotation(set.rotation),
            grace: match set.rotation {
                Rotation::Grace { seconds } => seconds,
                Rotation::None | Rotation::Strict => OFFERED_GRACE_S,
            },
            set,
            snapshots: Rows::first(had(snapshots::list(own()).await).snapshots, |snapshot| snapshot),
        }
    }
}

impl<T> Rows<T> {
    fn first<S>(all: Vec<S>, row: impl FnMut(S) -> T) -> Self {
        Self {
            total: all.len(),
            shown: all.into_iter().take(MOST).map(row).collect(),
        }
    }

    /// The newest first.
    fn last<S>(all: Vec<S>, row: impl FnMut(S) -> T) -> Self {
        Self {
            total: all.len(),
            shown: all.into_iter().rev().take(MOST).map(row).collect(),
        }
    }

    /// How many there are, and how many of them are shown.
    fn count(&self) -> String {
        if self.total == self.shown.len() {
            self.total.to_string()
        } else {
            format!("{} of {}", self.shown.len(), self.total)
        }
    }
}

impl Clock {
    fn of(state: ClockState, now: Timestamp) -> Self {
        let seconds = state.offset_ms / 1_000;
        let offset = match seconds {
            0 => "the real time".to_owned(),
            1.. => format!("{} ahead of the real time", words::length(seconds)),
            _ => format!("{} behind the real time", words::length(-seconds)),
        };
        Self {
            now: words::moment(now),
            offset,
            state,
        }
    }
}

impl TokenRow {
    fn of(info: TokenInfo, now: Timestamp) -> Self {
        let at = info.expires_at.parse().unwrap_or(now);
        Self {
            kind: match info.kind {
                TokenKind::Access => "access",
                TokenKind::Refresh => "refresh",
            },
            state: match info.state {
                TokenState::Active => "active",
                TokenState::Expired => "expired",
                TokenState::Revoked => "revoked",
                TokenState::Replaced => "replaced",
            },
            good: info.state == TokenState::Active,
            scopes: info.scope.split_whitespace().count(),
            expires: words::distance(now, at),
            expires_at: words::moment(at),
            info,
        }
    }
}

impl FaultRow {
    fn of(fault: Fault) -> Self {
        Self {
            id: fault.rule.id.clone().unwrap_or_default(),
            words: words::rule(&fault.rule),
            fault,
        }
    }
}

impl ViolationRow {
    fn of(violation: Violation) -> Self {
        let kind = serde_json::to_value(violation.kind).expect("kinds are JSON");
        Self {
            kind: kind.as_str().unwrap_or_default().to_owned(),
            violation,
        }
    }
}

impl EntryRow {
    fn of(entry: Entry) -> Self {
        let time: Option<Timestamp> = entry.time.parse().ok();
        Self {
            time: time.map_or_else(String::new, |time| time.strftime("%H:%M:%S").to_string()),
            status: entry
                .status
                .map_or_else(|| "none".to_owned(), |status| status.to_string()),
            bad: entry.status.is_none_or(|status| status >= 400),
            duration: format!("{:.1} ms", entry.duration_ms),
            entry,
        }
    }
}

/// The answer of a handler that does not refuse.
fn had<T>(answer: Answer<T>) -> T {
    answer.expect("reading without parameters is not refused").0
}

/// The newest requests, and the number of the newest of all.
fn requests(world: &World, path: &str) -> (u64, Rows<EntryRow>) {
    // The number comes first: an entry that comes in between is then shown, and asked for once more.
    let latest = world.journal.latest();
    let entries = world.journal.newest(MOST, |entry| entry.path.contains(path));
    let rows = Rows {
        shown: entries.into_iter().map(EntryRow::of).collect(),
        total: world.journal.len(),
    };
    (latest, rows)
}

fn people(world: &World, wanted: &str) -> Rows<PersonRow> {
    let state = world.state();
    let wanted = wanted.to_lowercase();
    let people = state.directory.people.values().filter(|person| {
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        has(person.email()) || has(&person.display_name)
    });
    let rows = people.take(MOST).map(|person| {
        let organization = state.directory.organizations.get(&person.organization);
        PersonRow {
            id: person.id.to_string(),
            name: person.display_name.clone(),
            email: person.email().to_owned(),
            organization: organization.map_or_else(String::new, |own| own.display_name.clone()),
            role: match state.directory.role(person) {
                Role::User => "",
                role => role.label(),
            },
        }
    });
    Rows {
        shown: rows.collect(),
        total: state.directory.people.len(),
    }
}

fn answer(consent: &Consent) -> String {
    match consent {
        Consent::Accept { email } => format!("{email} accepts"),
        Consent::Decline => "declined".to_owned(),
        Consent::Error { error, description } => match description {
            Some(description) => format!("error {error}: {description}"),
            None => format!("error {error}"),
        },
    }
}

/// All settings with their names in the control API.
fn table(settings: &Settings) -> Vec<(String, String)> {
    let json = serde_json::to_value(settings).expect("settings are JSON");
    let fields = json.as_object().into_iter().flatten();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            let items = items.iter().filter_map(serde_json::Value::as_str);
            items.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    fields.map(|(name, value)| (name.clone(), text(value))).collect()
}
