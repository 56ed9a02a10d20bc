//! The tokens file: JSON as the field has it, whole at every moment, and never destroyed without a copy.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;

use super::TokenSet;
use super::wire::{MalformedTokens, TokenResponse, object};
use crate::clock::Timestamp;
use crate::organization::OrgId;

/// The tokens are readable by the gateway's user alone.
const MODE: u32 = 0o600;
/// The end of the names of temporary files.
const TEMPORARY: &str = ".tmp";
/// A temporary file older than this belongs to nobody who still runs.
const STALE: Duration = Duration::from_mins(1);
/// The fields this program owns; every other field of the file is kept as it is.
const KNOWN: [&str; 8] = [
    "access_token",
    "expires_in",
    "refresh_token",
    "refresh_token_expires_in",
    "at",
    "token_type",
    "scope",
    "org_id",
];

/// Where the tokens live.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

/// What the file holds.
#[derive(Debug)]
pub enum Loaded {
    /// No file yet: nobody has authorised.
    Absent,
    /// Tokens.
    Tokens(Box<TokenSet>),
    /// Something else. It stays where it is; a new authorisation moves it aside.
    Unusable(Unusable),
}

/// Why a file that is there holds no tokens.
#[derive(Debug, Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It is not what this program or the Go program writes.
    #[error("holds no tokens: {0}")]
    Malformed(#[from] MalformedTokens),
}

/// Why tokens could not be stored.
#[derive(Debug, Error)]
#[error("cannot {step} {path}: {source}", path = path.display())]
pub struct StoreError {
    step: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl TokenFile {
    /// The file at `path`; nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the file is, as configured.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file.
    #[must_use]
    pub fn load(&self) -> Loaded {
        match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Loaded::Absent,
            Err(error) => Loaded::Unusable(Unusable::Unreadable(error)),
            Ok(content) => match parse(&content) {
                Ok(tokens) => Loaded::Tokens(Box::new(tokens)),
                Err(problem) => Loaded::Unusable(problem.into()),
            },
        }
    }

    /// Whether others than the owner may read the file.
    #[must_use]
    pub fn readable_by_others(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }

    /// Finds out whether a later [`Self::store`] could work, by making a temporary file beside the real one.
    pub fn probe(&self) -> Result<(), StoreError> {
        self.sweep();
        if self.path.is_dir() {
            return Err(self.failed("use", io::Error::from(io::ErrorKind::IsADirectory)));
        }
        self.temporary().map(drop)
    }

    /// Replaces the file: temporary file in the same folder, fsync, rename, fsync of the folder. A reader sees the old
    /// tokens or the new ones. A file that holds no tokens is copied to `<name>.unusable-<UTC time>` before.
    pub fn store(&self, tokens: &TokenSet, now: Timestamp) -> Result<(), StoreError> {
        if let Loaded::Unusable(_) = self.load() {
            self.set_aside(now)?;
        }
        let mut temporary = self.temporary()?;
        let content = serialize(tokens);
        temporary
            .write_all(&content)
            .map_err(|source| self.failed("write beside", source))?;
        temporary
            .as_file()
            .sync_all()
            .map_err(|source| self.failed("flush beside", source))?;
        temporary
            .persist(self.target())
            .map_err(|error| self.failed("replace", error.error))?;
        let folder = File::open(self.folder()).and_then(|folder| folder.sync_all());
        folder.map_err(|source| self.failed("flush the folder of", source))
    }

    fn temporary(&self) -> Result<tempfile::NamedTempFile, StoreError> {
        self.temporary_beside()
            .map_err(|error| self.failed("write beside", without_path(error)))
    }

    fn temporary_beside(&self) -> io::Result<tempfile::NamedTempFile> {
        tempfile::Builder::new()
            .prefix(&self.file_name())
            .suffix(TEMPORARY)
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(self.folder())
    }

    /// Copies the file to a new name. One that cannot be read cannot be copied, but in a writable folder it can be moved.
    fn set_aside(&self, now: Timestamp) -> Result<(), StoreError> {
        let aside = self.free_name(&format!(
            "{}.unusable-{}",
            self.file_name(),
            now.format("%Y%m%dT%H%M%SZ")
        ));
        let copied = fs::read(&self.path).and_then(|content| {
            let mut copy = self.temporary_beside()?;
            copy.write_all(&content)?;
            copy.as_file().sync_all()?;
            copy.persist_noclobber(&aside)
                .map_err(|error| error.error)
                .map(drop)
        });
        match copied {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => fs::rename(&self.path, &aside),
            copied => copied,
        }
        .map_err(|error| self.failed("set aside", without_path(error)))
    }

    /// `name`, or with a number behind it: a copy kept earlier is never overwritten.
    fn free_name(&self, name: &str) -> PathBuf {
        let names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}-{number}")));
        let mut paths = names.map(|name| self.folder().join(name));
        paths.find(|path| !path.exists()).expect("the numbers do not end")
    }

    /// Removes what a crash between two steps of [`Self::store`] left behind: it holds tokens.
    fn sweep(&self) {
        let (prefix, folder) = (self.file_name(), fs::read_dir(self.folder()));
        for entry in folder.into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let age = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .ok()
                .and_then(|time| time.elapsed().ok());
            if name.starts_with(&prefix) && name.ends_with(TEMPORARY) && age.is_some_and(|age| age > STALE) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The file behind a symbolic link: the link itself must survive a rename.
    fn target(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    fn folder(&self) -> PathBuf {
        match self.target().parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
            _ => PathBuf::from("."),
        }
    }

    fn file_name(&self) -> String {
        self.target()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    fn failed(&self, step: &'static str, source: io::Error) -> StoreError {
        StoreError {
            step,
            path: self.path.clone(),
            source,
        }
    }
}

fn parse(content: &[u8]) -> Result<TokenSet, MalformedTokens> {
    let mut fields = object(content)?;
    let response = TokenResponse::from_fields(&fields)?;
    let at = fields
        .get("at")
        .and_then(|at| at.as_f64().or_else(|| at.as_str()?.trim().parse().ok()));
    let org_id = fields
        .get("org_id")
        .and_then(Value::as_str)
        .and_then(|text| OrgId::parse(text).ok());
    for name in KNOWN {
        fields.shift_remove(name);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as saturates, and no file is older than UNIX time"
    )]
    Ok(TokenSet {
        access_token: response.access_token,
        expires_in: response.expires_in,
        refresh_token: response
            .refresh_token
            .ok_or(MalformedTokens::Missing("refresh_token"))?,
        refresh_token_expires_in: response.refresh_token_expires_in,
        // Without an issue time the access token may be long expired: 0 makes a refresh the first thing to happen.
        issued_at: Timestamp::from_unix_seconds(at.unwrap_or(0.0) as i64),
        token_type: response.token_type,
        scope: response.scope,
        org_id,
        extra: fields,
    })
}

/// The system's error without the temporary file's name, which means nothing to an operator.
fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((cause, _)) => io::Error::new(error.kind(), cause.to_owned()),
        None => error,
    }
}

/// The fields in the order in which the Go program writes them, then ours, then the unknown ones.
fn serialize(tokens: &TokenSet) -> Vec<u8> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("access_token", tokens.access_token.expose().into());
    put("expires_in", seconds(tokens.expires_in));
    put("refresh_token", tokens.refresh_token.expose().into());
    if let Some(lifetime) = tokens.refresh_token_expires_in {
        put("refresh_token_expires_in", seconds(lifetime));
    }
    put("at", tokens.issued_at.unix_seconds().into());
    if let Some(token_type) = &tokens.token_type {
        put("token_type", token_type.as_str().into());
    }
    if let Some(scope) = &tokens.scope {
        put("scope", scope.as_str().into());
    }
    if let Some(org_id) = tokens.org_id {
        put("org_id", org_id.to_string().into());
    }
    for (name, value) in &tokens.extra {
        put(name, value.clone());
    }
    let mut content =
        serde_json::to_vec_pretty(&Value::Object(fields)).expect("a JSON value is serializable");
    content.push(b'\n');
    content
}

fn seconds(duration: Duration) -> Value {
    duration.as_secs().into()
}

#[cfg(test)]
mod tests;
