//! `webex_gw tokens`: what is in the tokens file, for people and for scripts. No token leaves this module, only fingerprints.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::authorization::SCOPES;
use crate::clock::Timestamp;
use crate::human::{distance, moment};
use crate::organization::OrgId;
use crate::printable::printable;
use crate::token::TokenSet;
use crate::token::file::{Loaded, TokenFile, Unusable};

/// What was found in the tokens file.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub tokens: TokenSet,
    /// Mode and owner.
    pub access: FileAccess,
    /// When it was looked at.
    pub now: Timestamp,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileAccess {
    /// Permission bits.
    pub mode: u32,
    /// Its owner.
    pub owner: u32,
    /// The user of this process.
    pub reader: u32,
}

/// What is wrong with a file that holds good tokens, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

/// Reads the file. It is not changed, locked or created. An error is one sentence with the fix.
pub fn read(path: &Path, now: Timestamp) -> Result<Held, Flaw> {
    let tokens = match TokenFile::new(path).load() {
        Loaded::Tokens(tokens) => *tokens,
        Loaded::Absent => return Err(absent(path)),
        Loaded::Unusable(problem) => return Err(unusable(path, &problem)),
    };
    Ok(Held {
        path: path.to_path_buf(),
        tokens,
        access: FileAccess::of(path).map_err(|error| unusable(path, &Unusable::Unreadable(error)))?,
        now,
    })
}

/// There is no such file.
#[must_use]
pub fn absent(path: &Path) -> Flaw {
    Flaw {
        problem: format!("there is no file {}", path.display()),
        fix: "log in as a Partner Full Admin (webex_gw authorize-url prints where), or name the right file with -tokensFile"
            .to_owned(),
    }
}

/// The file is there and holds no tokens.
#[must_use]
pub fn unusable(path: &Path, problem: &Unusable) -> Flaw {
    let fix = match problem {
        Unusable::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            "run this as the user of the gateway, or give the file to that user"
        }
        Unusable::Unreadable(_) => "check the path of -tokensFile and the disk",
        Unusable::Malformed(_) => {
            "put the right file back, or log in again: the gateway keeps a copy of this one"
        }
    };
    Flaw {
        problem: format!("{} {problem}", path.display()),
        fix: fix.to_owned(),
    }
}

impl FileAccess {
    /// Of the file at `path`, for this process.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            mode: metadata.permissions().mode() & 0o7777,
            owner: metadata.uid(),
            reader: nix::unistd::geteuid().as_raw(),
        })
    }
}

impl Held {
    /// Whether the access token has ended.
    #[must_use]
    pub fn expired(&self) -> bool {
        self.tokens.expires_at() <= self.now
    }

    /// The scopes of the product that the grant does not have; empty where the file names no scopes.
    #[must_use]
    pub fn missing_scopes(&self) -> Vec<&'static str> {
        let granted: Vec<_> = self.scopes().collect();
        let missing = SCOPES.into_iter().filter(|scope| !granted.contains(scope));
        missing.filter(|_| self.tokens.scope.is_some()).collect()
    }

    /// Whose tokens these are: by the file, else by the token itself.
    #[must_use]
    pub fn organization(&self) -> Option<OrgId> {
        let named = || OrgId::parse(self.tokens.access_token.organization()?).ok();
        self.tokens.org_id.or_else(named)
    }

    /// What is wrong with file and tokens.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let path = self.path.display();
        let flaw = |problem: String, fix: String| Flaw { problem, fix };
        let mut flaws = Vec::new();
        if self.access.mode & 0o077 != 0 {
            flaws.push(flaw(
                format!("{path} is readable by others (mode {:04o})", self.access.mode),
                format!("chmod 600 {path}"),
            ));
        }
        if self.access.owner != self.access.reader && self.access.reader != 0 {
            flaws.push(flaw(
                format!("{path} belongs to user {}", self.access.owner),
                format!(
                    "chown {} {path}, if that is the user of the gateway",
                    self.access.reader
                ),
            ));
        }
        if self.tokens.issued_at.unix_seconds() == 0 {
            flaws.push(flaw(
                "the file does not say when the tokens were issued (at)".to_owned(),
                "none is needed: the gateway refreshes such a token first".to_owned(),
            ));
        } else if self.tokens.issued_at > self.now {
            flaws.push(flaw(
                format!(
                    "the tokens were issued {}",
                    distance(self.tokens.issued_at, self.now)
                ),
                "set the clock of this machine".to_owned(),
            ));
        }
        if !self.missing_scopes().is_empty() {
            flaws.push(flaw(
                format!("the grant lacks {}", self.missing_scopes().join(" ")),
                "tick the scopes of the integration at developer.webex.com, then log in again".to_owned(),
            ));
        }
        flaws
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let (tokens, now) = (&self.tokens, self.now);
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            writeln!(text, "{name:<15}{}", printable(value)).expect("a String takes any text");
        };
        line("file", &self.path.display().to_string());
        let issued = match tokens.issued_at.unix_seconds() {
            0 => "not known".to_owned(),
            _ => moment(tokens.issued_at, now),
        };
        let word = if self.expired() { "expired" } else { "valid until" };
        let validity = format!("{word} {}", moment(tokens.expires_at(), now));
        line("access token", &format!("{} {validity}", tokens.access_token));
        let end = tokens.refresh_token_expires_at().map_or_else(
            || "no end known".to_owned(),
            |end| {
                let word = if end <= now { "expired" } else { "valid until" };
                format!("{word} {}", moment(end, now))
            },
        );
        line("refresh token", &format!("{} {end}", tokens.refresh_token));
        line("issued", &issued);
        line(
            "organisation",
            &self.organization().map_or_else(
                || "not known; the gateway asks Webex at its start".to_owned(),
                |org_id| org_id.to_string(),
            ),
        );
        let mut scopes = self.scopes();
        line("scopes", scopes.next().unwrap_or("not known"));
        scopes.for_each(|scope| line("", scope));
        if !tokens.extra.is_empty() {
            line("other fields", &self.unknown_fields().join(", "));
        }
        for Flaw { problem, fix } in self.flaws() {
            line("warning", &problem);
            line("", &format!("fix: {fix}"));
        }
        text
    }

    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let (tokens, now) = (&self.tokens, self.now);
        let left = |end: Timestamp| end.unix_seconds() - now.unix_seconds();
        let end = tokens.refresh_token_expires_at();
        json!({
            "file": self.path.display().to_string(),
            "issued_at": (tokens.issued_at.unix_seconds() != 0).then(|| tokens.issued_at.to_string()),
            "access_token": {
                "fingerprint": tokens.access_token.fingerprint(),
                "expired": self.expired(),
                "expires_at": tokens.expires_at().to_string(),
                "expires_in_seconds": left(tokens.expires_at()),
            },
            "refresh_token": {
                "fingerprint": tokens.refresh_token.fingerprint(),
                "expired": end.map(|end| end <= now),
                "expires_at": end.map(|end| end.to_string()),
                "expires_in_seconds": end.map(left),
            },
            "org_id": self.organization().map(|org_id| org_id.to_string()),
            "scopes": self.scopes().collect::<Vec<_>>(),
            "missing_scopes": self.missing_scopes(),
            "other_fields": self.unknown_fields(),
            "warnings": self.flaws().into_iter().map(|flaw| flaw.problem).collect::<Vec<_>>(),
        })
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        let text = self.tokens.scope.as_deref().unwrap_or_default();
        text.split_whitespace()
    }

    fn unknown_fields(&self) -> Vec<&str> {
        self.tokens.extra.keys().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests;
