//! The journal as the control API shows it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Version of HTTP a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub enum Version {
    /// HTTP/1.0
    #[serde(rename = "HTTP/1.0")]
    Http10,
    /// HTTP/1.1
    #[serde(rename = "HTTP/1.1")]
    Http11,
    /// HTTP/2
    #[serde(rename = "HTTP/2.0")]
    Http2,
}

/// One request and what became of it. Secrets are fingerprints, in every field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Number of the request, from 1; it goes on when the journal is emptied.
    pub sequence: u64,
    /// Simulated time at which the request came in.
    pub time: String,
    /// Real time of the same moment.
    pub wall_time: String,
    /// Method.
    pub method: String,
    /// Path as sent, without query.
    pub path: String,
    /// Query as sent; empty if there was none.
    pub query: String,
    /// Version of HTTP.
    pub http_version: Version,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Address of the client.
    pub client_ip: String,
    /// Header fields in the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Fields of a form body; empty for other bodies.
    pub form: Vec<(String, String)>,
    /// Status of the answer; absent if the client went away before there was one, or if it was lost or never sent.
    pub status: Option<u16>,
    /// OAuth error code of the answer or of its redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_error: Option<String>,
    /// E-mail address of the person the request acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `TrackingID` of the answer.
    pub tracking_id: String,
    /// Time until the answer's head was ready, in real milliseconds.
    pub duration_ms: f64,
    /// The path is one that the simulator does not know.
    pub not_simulated: bool,
    /// What was asked for, such as `listPeople`; absent where nothing is simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Id of the fault rule that fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The simulated operation that is nearest to a request for which there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// One request with everything that was sent and answered, `GET /__sim/journal/{sequence}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Exchange {
    /// What a listing shows of it.
    #[serde(flatten)]
    pub entry: Entry,
    /// The body of the request; absent if there was none.
    pub request_body: Option<Content>,
    /// Header fields of the answer, names in lower case; empty if there was none.
    pub response_headers: Vec<(String, String)>,
    /// The body of the answer; absent if there was none, or if it came in pieces.
    pub response_body: Option<Content>,
}

/// A body. Secrets are fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Content {
    /// `Content-Type`; empty if it was not told.
    pub media_type: String,
    /// Bytes that were sent.
    pub size: usize,
    /// The text; the first part of it if it is long.
    pub text: String,
    /// The bytes are no text, and are not kept: nobody could say whether there is a secret in them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// `text` is not the whole body.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// Which entries are meant; absent fields match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct EntryFilter {
    /// Method, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Field `grant_type` of the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Only entries with a higher sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only requests for paths that are (not) simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_simulated: Option<bool>,
    /// What was asked for, such as `listPeople`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// E-mail address of the person the request acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Only requests on which the fault rule of this id fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// For how many entries `GET /__sim/journal/wait` waits, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct WaitLimits {
    /// As many entries; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Real milliseconds, 600,000 at most; 10,000 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// `GET /__sim/journal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct JournalPage {
    /// The oldest first.
    pub entries: Vec<Entry>,
    /// Entries that fell out of the journal because it was full.
    pub dropped: u64,
}

/// `GET /__sim/journal/count`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct JournalCount {
    /// Entries that match.
    pub count: usize,
}

/// `GET /__sim/journal/wait`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct JournalWait {
    /// Whether there were as many as waited for, in time.
    pub reached: bool,
    /// Those that match, the oldest first.
    pub entries: Vec<Entry>,
    /// Where there were too few: those that nearly match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<NearMiss>,
}

/// `GET /__sim/journal/near-misses`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct NearMisses {
    /// The nearest first, and of those that are as near the newest.
    pub near_misses: Vec<NearMiss>,
}

/// A request that is nearly what a filter asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct NearMiss {
    /// The request.
    pub entry: Entry,
    /// What is different, such as `status is 401, not 200`.
    pub differences: Vec<String>,
}

// === impl EntryFilter ===

impl EntryFilter {
    /// Requests for this path.
    #[must_use]
    pub fn path(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// Requests to the token endpoint with this grant type.
    #[must_use]
    pub fn grant(grant_type: impl Into<String>) -> Self {
        Self {
            path: Some("/v1/access_token".into()),
            grant_type: Some(grant_type.into()),
            ..Self::default()
        }
    }

    /// Only answers with this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Requests for this operation.
    #[must_use]
    pub fn operation(id: impl Into<String>) -> Self {
        Self {
            operation: Some(id.into()),
            ..Self::default()
        }
    }

    /// Requests on which this fault rule fired.
    #[must_use]
    pub fn fault(id: impl Into<String>) -> Self {
        Self {
            fault: Some(id.into()),
            ..Self::default()
        }
    }

    /// Only entries after this one.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = Some(sequence);
        self
    }

    /// Whether `entry` is meant.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        self.criteria(entry).iter().all(Criterion::holds)
    }

    /// What is different from what is meant; nothing if `entry` is meant.
    #[must_use]
    pub fn differences(&self, entry: &Entry) -> Vec<String> {
        let failed = self
            .criteria(entry)
            .into_iter()
            .filter(|criterion| !criterion.holds());
        failed.map(|criterion| criterion.difference()).collect()
    }

    fn criteria<'a>(&'a self, entry: &'a Entry) -> [Criterion<'a>; 9] {
        let text = |name, wanted: &'a Option<String>, actual: Option<&'a str>| Criterion {
            name,
            wanted: wanted.as_deref().map(Value::Text),
            actual: actual.map(Value::Text),
        };
        [
            text("method", &self.method, Some(&entry.method)),
            text("path", &self.path, Some(&entry.path)),
            text("operation", &self.operation, entry.operation.as_deref()),
            text("person", &self.person, entry.person.as_deref()),
            text("fault", &self.fault, entry.fault.as_deref()),
            text("grant_type", &self.grant_type, entry.form("grant_type")),
            Criterion {
                name: "status",
                wanted: self.status.map(|status| Value::Number(status.into())),
                actual: entry.status.map(|status| Value::Number(status.into())),
            },
            Criterion {
                name: "not_simulated",
                wanted: self.not_simulated.map(Value::Flag),
                actual: Some(Value::Flag(entry.not_simulated)),
            },
            Criterion {
                name: "sequence",
                wanted: self.after.map(Value::After),
                actual: Some(Value::Number(entry.sequence)),
            },
        ]
    }
}

/// One field of a filter against what an entry has there.
struct Criterion<'a> {
    name: &'static str,
    wanted: Option<Value<'a>>,
    actual: Option<Value<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value<'a> {
    Text(&'a str),
    Number(u64),
    Flag(bool),
    /// Anything above.
    After(u64),
}

impl Criterion<'_> {
    fn holds(&self) -> bool {
        match (self.wanted, self.actual) {
            (None, _) => true,
            (Some(Value::After(after)), Some(Value::Number(number))) => number > after,
            (wanted, actual) => wanted == actual,
        }
    }

    fn difference(&self) -> String {
        let shown = |value: Option<Value<'_>>| match value {
            None => "absent".to_owned(),
            Some(value) => value.to_string(),
        };
        format!(
            "{} is {}, not {}",
            self.name,
            shown(self.actual),
            shown(self.wanted)
        )
    }
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::After(number) => write!(f, "above {number}"),
        }
    }
}

impl Entry {
    /// The value of a header field of the request.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The value of a form field of the request.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<&str> {
        self.form
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// How long the answer took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.duration_ms / 1_000.0)
    }
}
