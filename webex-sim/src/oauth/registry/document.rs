//! The registry as a part of an exported state: everything that was issued, with its real value.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Code, Grant, Life, Registry, Token};
use crate::control::fields::rejection;
use crate::control::types::Rejection;
use crate::secret::{Secret, exported};
use crate::world::Tag;

/// Highest serial number that is read: what JSON can hold everywhere, and out of the reach of counting.
const HIGHEST_SERIAL: u64 = 1 << 53;

/// All of a registry, in the order of issue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegistryDocument {
    /// Number of the last thing issued.
    serial: u64,
    codes: Vec<Held<Code>>,
    /// Refresh tokens.
    grants: Vec<Held<Grant>>,
    /// Access tokens.
    tokens: Vec<Held<Token>>,
}

/// A code or token, and what is known of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Held<T> {
    #[serde(with = "exported")]
    value: Secret,
    about: T,
}

/// What has a time of issue and of expiry.
trait Alive {
    fn life(&self) -> &Life;
}

impl Registry {
    /// How many access and refresh tokens there are, dead ones included.
    pub(crate) fn token_count(&self) -> usize {
        self.grants.len() + self.tokens.len()
    }

    /// Everything in it.
    pub(crate) fn document(&self) -> RegistryDocument {
        RegistryDocument {
            serial: self.serial,
            codes: in_order(&self.codes),
            grants: in_order(&self.grants),
            tokens: in_order(&self.tokens),
        }
    }

    /// Reads one back. `leads_here` tells whether requests with a code or token would come to this world.
    pub(crate) fn from_document(
        tag: Tag,
        document: RegistryDocument,
        leads_here: impl Fn(&str) -> bool,
    ) -> Result<Self, Rejection> {
        let serial = document.serial;
        if serial > HIGHEST_SERIAL {
            let accepted = format!("a number up to {HIGHEST_SERIAL}");
            return Err(rejection("registry.serial", &format!("is {serial}"), &accepted));
        }
        Ok(Self {
            tag,
            codes: by_value("registry.codes", document.codes, serial, &leads_here)?,
            grants: by_value("registry.grants", document.grants, serial, &leads_here)?,
            tokens: by_value("registry.tokens", document.tokens, serial, &leads_here)?,
            serial,
        })
    }
}

fn in_order<T: Alive + Clone>(all: &HashMap<Secret, T>) -> Vec<Held<T>> {
    let held = all.iter().map(|(value, about)| Held {
        value: value.clone(),
        about: about.clone(),
    });
    let mut held: Vec<_> = held.collect();
    held.sort_by_key(|held| held.about.life().serial);
    held
}

fn by_value<T: Alive>(
    field: &str,
    all: Vec<Held<T>>,
    serial: u64,
    leads_here: impl Fn(&str) -> bool,
) -> Result<HashMap<Secret, T>, Rejection> {
    let mut read = HashMap::new();
    for (n, held) in all.into_iter().enumerate() {
        let wrong = |name: &str, reason: &str, accepted: &str| {
            Err(rejection(&format!("{field}[{n}].{name}"), reason, accepted))
        };
        if !leads_here(held.value.expose()) {
            let accepted = "one that this world has issued: requests find their world by what they carry";
            return wrong("value", "leads to another world", accepted);
        }
        let own = held.about.life().serial;
        if own > serial {
            let accepted = format!("a number up to registry.serial, which is {serial}");
            return wrong("about.life.serial", &format!("is {own}"), &accepted);
        }
        if read.insert(held.value, held.about).is_some() {
            return wrong("value", "is there twice", "each code and token once");
        }
    }
    Ok(read)
}

impl Alive for Code {
    fn life(&self) -> &Life {
        &self.life
    }
}

impl Alive for Grant {
    fn life(&self) -> &Life {
        &self.life
    }
}

impl Alive for Token {
    fn life(&self) -> &Life {
        &self.life
    }
}
